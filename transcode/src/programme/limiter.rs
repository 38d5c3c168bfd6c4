//! Keeps the mix within full scale without being heard.

use super::Tick;
use crate::intake::TICK_FRAMES;

/// The highest level that leaves: the largest positive 16-bit value.
const CEILING: f32 = 32_767.0 / 32_768.0;

/// Frames by which the limiter looks ahead, 2 ms: the time its gain has to fall before a peak. Its sound
/// is late by as much.
pub(super) const LOOK_AHEAD: usize = 96;

/// The most by which the gain falls from one frame to the next: from 1 to 0 within the look-ahead.
const FALL: f32 = 1.0 / LOOK_AHEAD as f32;

/// How much the gain recovers from one frame to the next: from 0 to 1 in 0.2 s, slow enough that a low
/// note is not bent.
const RECOVER: f32 = 1.0 / 9_600.0;

const WINDOW: usize = TICK_FRAMES + LOOK_AHEAD;

/// A look-ahead peak limiter over ticks. What stays within full scale passes bit for bit, late by
/// [`LOOK_AHEAD`].
pub(super) struct Limiter<const C: usize> {
    /// The end of the tick before, then this tick.
    window: [[f32; C]; WINDOW],
    /// The gain each frame of the window may have.
    gains: [f32; WINDOW],
    /// The gain of the newest frame that left.
    gain: f32,
}

impl<const C: usize> Limiter<C> {
    pub(super) fn new() -> Self {
        Self { window: [[0.0; C]; WINDOW], gains: [1.0; WINDOW], gain: 1.0 }
    }

    /// Replaces a tick by what leaves in its place.
    pub(super) fn process(&mut self, tick: &mut Tick<C>) {
        self.window[LOOK_AHEAD..].copy_from_slice(tick);
        let loudest = self.window.as_flattened().iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        tick.copy_from_slice(&self.window[..TICK_FRAMES]);
        if loudest > CEILING || self.gain < 1.0 {
            self.limit(tick);
        }
        self.window.copy_within(TICK_FRAMES.., 0);
    }

    fn limit(&mut self, tick: &mut Tick<C>) {
        // Backwards: the gain is low enough at every peak and falls no faster than FALL towards it.
        let mut gain = 1.0_f32;
        for (frame, allowed) in self.window.iter().zip(&mut self.gains).rev() {
            let peak = frame.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            gain = (gain + FALL).min(1.0);
            if peak * gain > CEILING {
                gain = CEILING / peak;
            }
            *allowed = gain;
        }
        // Forwards: it recovers no faster than RECOVER.
        for (frame, &allowed) in tick.iter_mut().zip(&self.gains) {
            self.gain = (self.gain + RECOVER).min(allowed);
            // Rounding in the products may reach past the ceiling by a bit.
            *frame = frame.map(|sample| (sample * self.gain).clamp(-CEILING, CEILING));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: usize = TICK_FRAMES;

    /// A 200 Hz tone of this amplitude through the limiter, with what went in.
    fn through(limiter: &mut Limiter<2>, amplitude: f32, ticks: usize) -> (Vec<f32>, Vec<f32>) {
        let tone = |frame: usize| amplitude * (frame as f32 * 200.0 / 48_000.0 * std::f32::consts::TAU).sin();
        let (mut fed, mut left) = (Vec::new(), Vec::new());
        for tick in 0..ticks {
            let mut sound: Tick<2> =
                std::array::from_fn(|i| [tone(tick * TICK + i), -0.5 * tone(tick * TICK + i)]);
            fed.extend_from_slice(sound.as_flattened());
            limiter.process(&mut sound);
            left.extend_from_slice(sound.as_flattened());
        }
        (fed, left)
    }

    #[test]
    fn sound_within_full_scale_passes_bit_for_bit() {
        let (fed, left) = through(&mut Limiter::new(), CEILING, 10);
        let late = 2 * LOOK_AHEAD;
        assert_eq!(left[late..], fed[..fed.len() - late]);
    }

    #[test]
    fn nothing_leaves_above_full_scale_however_loud_it_is() {
        for amplitude in [1.01, 2.0, 8.0, 64.0, 1e6] {
            let (_, left) = through(&mut Limiter::new(), amplitude, 50);
            let peak = left.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            assert!((0.5..=CEILING).contains(&peak), "{amplitude} left at {peak}");
        }
    }

    #[test]
    fn a_loud_tone_is_turned_down_not_cut_off() {
        let (fed, left) = through(&mut Limiter::new(), 2.0, 50);
        // Past its beginning the gain hardly moves within a period: the rest against the input is small.
        let (late, from) = (2 * LOOK_AHEAD, 20 * 2 * TICK);
        let (fed, left) = (&fed[from - late..fed.len() - late], &left[from..]);
        let gain = dot(fed, left) / dot(fed, fed);
        let rest: f64 =
            fed.iter().zip(left).map(|(a, b)| (f64::from(*b) - gain * f64::from(*a)).powi(2)).sum();
        let distortion = 10.0 * (rest / dot(left, left)).log10();
        assert!((0.48..=0.52).contains(&gain), "gain {gain}");
        assert!(distortion < -35.0, "distortion {distortion} dB");
    }

    fn dot(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    #[test]
    fn the_gain_moves_without_a_step() {
        // A constant level with bursts at every place relative to the ticks.
        for place in (0..TICK).step_by(7) {
            let mut limiter = Limiter::new();
            let mut left = Vec::new();
            for tick in 0..4 {
                let mut sound = [[0.25; 2]; TICK];
                if tick == 1 {
                    sound[place][0] = 4.0;
                }
                limiter.process(&mut sound);
                left.extend(sound.iter().map(|frame| frame[1]));
            }
            let step =
                left[LOOK_AHEAD + 1..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            assert!(step <= 0.25 * FALL * 1.01, "a step of {step} with a burst at {place}");
        }
    }

    #[test]
    fn after_a_burst_the_sound_is_untouched_again() {
        let mut limiter = Limiter::new();
        through(&mut limiter, 4.0, 5);
        through(&mut limiter, 0.5, 11);
        let (fed, left) = through(&mut limiter, 0.5, 5);
        let late = 2 * LOOK_AHEAD;
        assert_eq!(left[late..], fed[..fed.len() - late]);
    }
}
