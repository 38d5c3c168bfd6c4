//! How fast a source is played: the slow loop that holds its buffer at the target while the publisher's
//! clock and ours disagree.

/// Parts in a million, as a ratio.
const PPM: f64 = 1e-6;

/// Sound over which the level is averaged: long against the publisher's frames and the network's jitter.
const MEMORY: f64 = 2.0;

/// Nothing is decided on less sound than this.
const SETTLED: f64 = 1.0;

/// Natural frequency of the loop in rad/s, critically damped: a step of 1000 ppm moves the level by less
/// than 15 ms and is gone after two minutes, and jitter of 10 ms moves the pitch by some 50 ppm.
const OMEGA: f64 = 0.05;
const PROPORTIONAL: f64 = 2.0 * OMEGA;
const INTEGRAL: f64 = OMEGA * OMEGA;

/// Publisher clocks are off by up to 1000 ppm; a little more for a target that moves at the same time.
const MOST_SKEW: f64 = 1_400.0 * PPM;
/// What the level may add to that while it is far from the target. Together less than five cents.
const MOST_CORRECTION: f64 = 1_400.0 * PPM;
/// The level teaches the loop about the clocks only when it is this near: further off, it was the target
/// that moved.
const NEAR: f64 = 0.020;
/// Change of speed, per second. Far below what an ear follows as a glide.
const SLEW: f64 = 100.0 * PPM;

/// A source plays at its own speed until its level has fallen by this much, which the buffer has to spare,
const WAKE_BELOW: f64 = 0.005;
/// has risen by this much, as a busy machine alone makes it do,
const WAKE_ABOVE: f64 = 0.010;
/// or stands this far above the target. A level within that which stays where it is needs no resampler.
const REST_ABOVE: f64 = 0.015;
/// It goes back to its own speed when the clocks agree this well,
const CALM_SKEW: f64 = 10.0 * PPM;
/// the level stands this near the target,
const CALM_LEVEL: f64 = 0.004;
/// and both did so for this many seconds.
const CALM_FOR: f64 = 10.0;
/// Speed at which the playing point is steered onto a whole frame before that: half a frame in 5 s, and a
/// stop from it is no click.
const DOCKING: f64 = 2.0 * PPM;

/// What the playing point does in the next tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Move {
    /// Source and programme run alike; the playing point stands on whole frames.
    Even,
    /// Source time per programme time, at the tick's beginning and at its end.
    Stretched([f64; 2]),
    /// The same throughout the tick, at whose end the playing point stands on a whole frame.
    Docking(f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// The level stands at `rest`, once that is known.
    Asleep {
        rest: Option<f64>,
    },
    Following {
        calm: f64,
    },
    Docking,
}

/// The loop. Levels in seconds, speeds as a ratio over 1.
#[derive(Debug)]
pub(super) struct Pace {
    level: f64,
    /// Sound averaged in `level`, up to `MEMORY`.
    heard: f64,
    skew: f64,
    speed: f64,
    mode: Mode,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { level: 0.0, heard: 0.0, skew: 0.0, speed: 0.0, mode: Mode::Asleep { rest: None } }
    }

    /// How much faster than nominal the source is played, in ppm.
    pub(super) fn ppm(&self) -> f64 {
        self.speed / PPM
    }

    pub(super) fn is_asleep(&self) -> bool {
        matches!(self.mode, Mode::Asleep { .. })
    }

    /// The averaged level, once enough was heard to believe it.
    pub(super) fn level(&self) -> Option<f64> {
        (self.heard >= SETTLED).then_some(self.level)
    }

    /// `sound` seconds arrived and made the level `level`.
    pub(super) fn observe(&mut self, level: f64, sound: f64) {
        self.heard = (self.heard + sound).min(MEMORY);
        if self.heard > 0.0 {
            self.level += (level - self.level) * (sound / self.heard).min(1.0);
        }
    }

    /// The level jumped for a reason of its own (a start, a cut); what is known of the clocks stays.
    pub(super) fn forget_level(&mut self) {
        self.heard = 0.0;
        if let Mode::Asleep { rest } = &mut self.mode {
            *rest = None;
        }
    }

    /// Another source's clock from here on.
    pub(super) fn forget_clock(&mut self) {
        *self = Self::new();
    }

    /// The speed for the next tick of `tick` seconds and `frames` frames. `fraction` is how far the playing
    /// point stands after a whole frame, `None` for a source that is converted from another rate anyway.
    pub(super) fn next(&mut self, target: f64, tick: f64, frames: f64, fraction: Option<f64>) -> Move {
        let error = self.level().map(|level| level - target);
        self.change_mode(error, tick, fraction.is_some());
        match (self.mode, fraction) {
            (Mode::Asleep { .. }, Some(_)) => Move::Even,
            (Mode::Docking, Some(fraction)) => self.dock(fraction, tick, frames),
            _ => {
                let before = self.speed;
                self.follow(error.unwrap_or(0.0), tick);
                Move::Stretched([1.0 + before, 1.0 + self.speed])
            }
        }
    }

    /// The same speed as before for the next tick, whatever the level is.
    pub(super) fn hold(&self, fraction: Option<f64>) -> Move {
        match (self.mode, fraction) {
            (Mode::Asleep { .. }, Some(_)) => Move::Even,
            _ => Move::Stretched([1.0 + self.speed; 2]),
        }
    }

    fn change_mode(&mut self, error: Option<f64>, tick: f64, may_sleep: bool) {
        let Some(error) = error else { return };
        self.mode = match self.mode {
            Mode::Asleep { .. } | Mode::Docking if !may_sleep => Mode::Following { calm: 0.0 },
            Mode::Docking if !(-WAKE_BELOW..=WAKE_ABOVE).contains(&error) => Mode::Following { calm: 0.0 },
            Mode::Asleep { rest } => {
                let rest = rest.or((self.heard >= MEMORY).then_some(self.level));
                let moved = rest.map_or(0.0, |rest| self.level - rest);
                let calm = (-WAKE_BELOW..=WAKE_ABOVE).contains(&moved);
                if !calm || !(-WAKE_BELOW..=REST_ABOVE).contains(&error) {
                    Mode::Following { calm: 0.0 }
                } else {
                    Mode::Asleep { rest }
                }
            }
            Mode::Following { calm } if error.abs() < CALM_LEVEL && self.skew.abs() < CALM_SKEW => {
                if may_sleep && calm >= CALM_FOR {
                    Mode::Docking
                } else {
                    Mode::Following { calm: calm + tick }
                }
            }
            Mode::Following { .. } => Mode::Following { calm: 0.0 },
            Mode::Docking => Mode::Docking,
        };
    }

    fn follow(&mut self, error: f64, tick: f64) {
        if error.abs() < NEAR {
            self.skew = (self.skew + INTEGRAL * error * tick).clamp(-MOST_SKEW, MOST_SKEW);
        }
        let correction = (PROPORTIONAL * error).clamp(-MOST_CORRECTION, MOST_CORRECTION);
        self.slew_to(self.skew + correction, tick);
    }

    fn slew_to(&mut self, wanted: f64, tick: f64) {
        self.speed += (wanted - self.speed).clamp(-SLEW * tick, SLEW * tick);
    }

    /// Steers the playing point onto the nearest whole frame, then sleeps.
    fn dock(&mut self, fraction: f64, tick: f64, frames: f64) -> Move {
        let way = if fraction > 0.5 { 1.0 - fraction } else { -fraction };
        let needed = way / frames;
        if needed.abs() <= DOCKING && self.speed.abs() <= DOCKING {
            *self = Self { level: self.level, heard: self.heard, ..Self::new() };
            return Move::Docking(1.0 + needed);
        }
        let before = self.speed;
        self.slew_to(DOCKING.copysign(needed), tick);
        Move::Stretched([1.0 + before, 1.0 + self.speed])
    }
}
