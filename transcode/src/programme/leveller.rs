//! Brings the programme to one loudness, so slowly that nobody notices.

use super::Tick;
use crate::intake::TICK_FRAMES;
use crate::meter::{BLOCK, KWeighting, SHORT_TERM, lufs};

/// The loudness that is sought, in LUFS: what players expect of speech.
const SOUGHT: f64 = -16.0;

/// The most by which the mix is raised or lowered, in dB.
const RANGE: f64 = 12.0;

/// Seconds of a tick.
const TICK: f64 = TICK_FRAMES as f64 / 48_000.0;

/// How fast the gain rises, in dB a second: a sentence is over before it is noticed.
const RISE: f64 = 1.0;

/// How fast it falls: what is too loud hurts, and is noticed anyway.
const FALL: f64 = 3.0;

/// Nearer to the goal than this, in dB, the gain stays: it does not follow every word.
const NEAR: f64 = 0.5;

/// Sound below this is a room, not a voice, in LUFS.
const SILENCE: f64 = -50.0;

/// So is what lies this far below the loudest block, in LU,
const ROOM_BELOW: f64 = 20.0;

/// which is slowly forgotten, in LU a second: after a loud voice comes a soft one, some day.
const FORGET: f64 = 0.2;

/// Blocks of sound that must have been heard before anything is done: 1 s.
const FIRST: usize = 10;

/// Seconds of a block.
const BLOCK_SECONDS: f64 = 0.1;

/// Rides the gain of a programme of `C` channels.
pub(super) struct Leveller<const C: usize> {
    wanted: bool,
    filter: KWeighting<C>,
    /// The energy of the block that is being measured, and its frames.
    open: (f64, usize),
    /// Mean energies of the newest blocks that were no silence, as a ring, and how many there ever were.
    heard: [f64; SHORT_TERM],
    count: usize,
    /// Whether the newest block was no silence.
    sounds: bool,
    /// The loudness of the loudest block that is not forgotten.
    loudest: f64,
    /// In dB.
    gain: f64,
}

impl<const C: usize> Leveller<C> {
    /// One that has heard nothing.
    pub(super) fn new() -> Self {
        Self {
            wanted: true,
            filter: KWeighting::new(),
            open: (0.0, 0),
            heard: [0.0; SHORT_TERM],
            count: 0,
            sounds: false,
            loudest: SILENCE,
            gain: 0.0,
        }
    }

    /// Whether it is wanted from here on.
    pub(super) fn set(&mut self, on: bool) {
        self.wanted = on;
    }

    /// Whether it has gone back to where it began, and sound would pass untouched.
    pub(super) fn is_idle(&self) -> bool {
        !self.wanted && self.gain == 0.0
    }

    /// Listens to a tick and brings it nearer to the loudness sought.
    pub(super) fn process(&mut self, tick: &mut Tick<C>) {
        self.measure(tick);
        let before = self.gain;
        self.ride();
        let [from, to] = [before, self.gain].map(|gain| 10_f64.powf(gain / 20.0) as f32);
        if from == 1.0 && to == 1.0 {
            return;
        }
        let slope = (to - from) / TICK_FRAMES as f32;
        for (n, frame) in tick.iter_mut().enumerate() {
            let gain = from + slope * (n + 1) as f32;
            *frame = frame.map(|sample| sample * gain);
        }
    }

    fn ride(&mut self) {
        let towards = |goal: f64, rise: f64, gain: f64| gain + (goal - gain).clamp(-FALL * TICK, rise * TICK);
        if !self.wanted {
            self.gain = towards(0.0, FALL, self.gain);
        } else if let Some(loudness) = self.loudness().filter(|_| self.sounds) {
            let goal = (SOUGHT - loudness).clamp(-RANGE, RANGE);
            if (goal - self.gain).abs() > NEAR {
                self.gain = towards(goal, RISE, self.gain);
            }
        }
    }

    /// The loudness of the last 3 s that were no silence, before any gain; `None` until there was enough.
    fn loudness(&self) -> Option<f64> {
        let known = self.count.min(SHORT_TERM);
        (known >= FIRST).then(|| lufs(self.heard[..known].iter().sum::<f64>() / known as f64))
    }

    fn measure(&mut self, mut frames: &[[f32; C]]) {
        while !frames.is_empty() {
            let (now, later) = frames.split_at(frames.len().min(BLOCK - self.open.1));
            self.open.0 += self.filter.energy(now);
            self.open.1 += now.len();
            frames = later;
            if self.open.1 == BLOCK {
                let (energy, frames) = std::mem::take(&mut self.open);
                // A single channel is played on both sides.
                self.close_block(energy / frames as f64 * (2 / C) as f64);
            }
        }
    }

    fn close_block(&mut self, energy: f64) {
        let loudness = lufs(energy);
        self.loudest = (self.loudest - FORGET * BLOCK_SECONDS).max(loudness);
        self.sounds = loudness > SILENCE.max(self.loudest - ROOM_BELOW);
        if self.sounds {
            self.heard[self.count % SHORT_TERM] = energy;
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone that reads `lufs` in stereo for so many seconds; returns the gain after each tick, in dB, as it
    /// was heard.
    fn ride(leveller: &mut Leveller<2>, lufs: f64, seconds: usize) -> Vec<f64> {
        // A full-scale sine of 997 Hz in both channels reads 0 LUFS.
        let amplitude = 10_f64.powf(lufs / 20.0);
        (0..seconds * 50)
            .map(|tick| {
                let angle = |i: usize| (tick * TICK_FRAMES + i) as f64 * 997.0 / 48_000.0;
                let tone = |i| (amplitude * (angle(i) * std::f64::consts::TAU).sin()) as f32;
                let fed: Tick<2> = std::array::from_fn(|i| [tone(i); 2]);
                let mut heard = fed;
                leveller.process(&mut heard);
                let energy =
                    |tick: &Tick<2>| tick.iter().map(|frame| f64::from(frame[0]).powi(2)).sum::<f64>();
                10.0 * (energy(&heard) / energy(&fed)).log10()
            })
            .collect()
    }

    #[test]
    fn what_is_soft_is_raised_and_what_is_loud_is_lowered_to_the_same_loudness() {
        for (lufs, gain) in [(-24.0, 8.0), (-16.0, 0.0), (-6.0, -10.0), (-30.0, 12.0)] {
            let gains = ride(&mut Leveller::new(), lufs, 20);
            let last = gains[gains.len() - 1];
            assert!((last - gain).abs() <= NEAR + 0.1, "{lufs} LUFS: {last} dB");
        }
    }

    #[test]
    fn it_rises_by_a_decibel_a_second_and_falls_by_three() {
        let mut leveller = Leveller::new();
        let up = ride(&mut leveller, -26.0, 20);
        let down = ride(&mut leveller, -10.0, 10);
        let fastest = |gains: &[f64], sign: f64| {
            gains.windows(2).map(|pair| sign * (pair[1] - pair[0])).fold(0.0, f64::max) / TICK
        };
        assert!((0.95..1.06).contains(&fastest(&up, 1.0)), "{}", fastest(&up, 1.0));
        assert!((2.9..3.1).contains(&fastest(&down, -1.0)), "{}", fastest(&down, -1.0));
        assert!(up[48] == 0.0, "a second is heard first");
    }

    #[test]
    fn it_holds_while_nobody_speaks() {
        let mut leveller = Leveller::new();
        ride(&mut leveller, -22.0, 20);
        let held = leveller.gain;
        assert!(held > 5.0);
        // A room at 26 LU below the voice, then nothing at all. The block in which the voice ended may count.
        ride(&mut leveller, -48.0, 20);
        assert!((leveller.gain - held).abs() < 0.2, "{} after {held}", leveller.gain);
        ride(&mut leveller, -120.0, 60);
        assert!((leveller.gain - held).abs() < 0.2, "{} after {held}", leveller.gain);
    }

    #[test]
    fn a_soft_voice_after_a_loud_one_is_raised_in_the_end() {
        let mut leveller = Leveller::new();
        ride(&mut leveller, -12.0, 10);
        let gains = ride(&mut leveller, -38.0, 90);
        assert!(gains[gains.len() - 1] > 11.0, "{}", gains[gains.len() - 1]);
    }

    #[test]
    fn told_to_end_it_glides_back_and_then_leaves_everything_untouched() {
        let mut leveller = Leveller::new();
        ride(&mut leveller, -26.0, 15);
        leveller.set(false);
        assert!(!leveller.is_idle());
        let gains = ride(&mut leveller, -26.0, 4);
        assert!(gains.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9));
        assert!(leveller.is_idle() && gains[gains.len() - 1] == 0.0);
    }
}
