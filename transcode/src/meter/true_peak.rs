//! The highest level between the samples, computed only where it could be a new one.

use std::f64::consts::PI;

/// Points per sample (ITU-R BS.1770-4 Annex 2 asks for four at 48 kHz).
const FACTOR: usize = 4;

/// Coefficients a point.
const TAPS: usize = 12;

/// Frames judged at once. Shorter ones are skipped more often, longer ones are cheaper to judge.
const STRETCH: usize = 60;

/// The highest true peak of a signal of `C` channels.
///
/// A point between samples is a sum of twelve samples times coefficients, so it is at most their largest
/// magnitude times the largest sum of coefficient magnitudes (`bound`, 1.87 here, 5.4 dB). Stretches
/// whose samples stay below the highest peak so far by more than that cannot raise it and are skipped: the
/// result is the same as if every point had been computed.
#[derive(Debug)]
pub(super) struct TruePeak<const C: usize> {
    /// Coefficients by tap, newest sample last.
    taps: [[f32; FACTOR]; TAPS],
    bound: f32,
    highest: f32,
    /// The frames before the next stretch, `TAPS - 1` of them, and then the stretch.
    channels: [[f32; TAPS - 1 + STRETCH]; C],
    /// The largest magnitude among those before.
    before: f32,
}

impl<const C: usize> TruePeak<C> {
    pub(super) fn new() -> Self {
        let taps = taps();
        let gain = |phase: usize| taps.iter().map(|tap| tap[phase].abs()).sum::<f32>();
        // Sums of f32 round by a few millionths; the bound is a little wider than that.
        let bound = (0..FACTOR).map(gain).fold(0.0, f32::max) * 1.0001;
        Self { taps, bound, highest: 0.0, channels: [[0.0; TAPS - 1 + STRETCH]; C], before: 0.0 }
    }

    /// The highest so far, 1.0 being full scale.
    pub(super) fn highest(&self) -> f32 {
        self.highest
    }

    pub(super) fn push(&mut self, frames: &[[f32; C]]) {
        for stretch in frames.chunks(STRETCH) {
            let now = self.take(stretch);
            if self.bound * now.max(self.before) > self.highest {
                for channel in &self.channels {
                    let point = highest_point(&self.taps, &channel[..TAPS - 1 + stretch.len()]);
                    self.highest = self.highest.max(point);
                }
            }
            self.keep_last(stretch.len());
        }
    }

    /// Puts a stretch behind the frames before it. Returns its largest magnitude.
    fn take(&mut self, stretch: &[[f32; C]]) -> f32 {
        for (index, channel) in self.channels.iter_mut().enumerate() {
            for (place, frame) in channel[TAPS - 1..].iter_mut().zip(stretch) {
                *place = frame[index];
            }
        }
        largest(stretch.as_flattened())
    }

    fn keep_last(&mut self, frames: usize) {
        self.before = 0.0;
        for channel in &mut self.channels {
            channel.copy_within(frames..frames + TAPS - 1, 0);
            self.before = self.before.max(largest(&channel[..TAPS - 1]));
        }
    }
}

fn largest(samples: &[f32]) -> f32 {
    let (eights, rest) = samples.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for eight in eights {
        for (lane, sample) in lanes.iter_mut().zip(eight) {
            *lane = if sample.abs() > *lane { sample.abs() } else { *lane };
        }
    }
    rest.iter().map(|sample| sample.abs()).chain(lanes).fold(0.0, f32::max)
}

fn highest_point(taps: &[[f32; FACTOR]; TAPS], samples: &[f32]) -> f32 {
    let mut highest = [0.0_f32; FACTOR];
    for window in samples.windows(TAPS) {
        let mut points = [0.0_f32; FACTOR];
        for (tap, sample) in taps.iter().zip(window) {
            for (point, coefficient) in points.iter_mut().zip(tap) {
                *point += coefficient * sample;
            }
        }
        for (highest, point) in highest.iter_mut().zip(points) {
            *highest = if point.abs() > *highest { point.abs() } else { *highest };
        }
    }
    highest.into_iter().fold(0.0, f32::max)
}

/// A Hann-windowed sinc over 49 points, as libebur128 and most meters have it.
fn taps() -> [[f32; FACTOR]; TAPS] {
    let points = (FACTOR * TAPS) as f64;
    let coefficient = |index: usize| {
        let index = index as f64;
        let window = 0.5 * (1.0 - (2.0 * PI * index / points).cos());
        let angle = (index - points / 2.0) * PI / FACTOR as f64;
        if angle == 0.0 { window } else { window * angle.sin() / angle }
    };
    std::array::from_fn(|tap| {
        // The newest sample meets the first coefficients.
        std::array::from_fn(|phase| coefficient((TAPS - 1 - tap) * FACTOR + phase) as f32)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every point computed, nothing skipped.
    fn in_full(frames: &[[f32; 2]]) -> f32 {
        let side = |side: usize| {
            let before = [0.0; TAPS - 1].into_iter();
            let samples: Vec<f32> = before.chain(frames.iter().map(|frame| frame[side])).collect();
            highest_point(&taps(), &samples)
        };
        side(0).max(side(1))
    }

    #[test]
    fn no_point_exceeds_its_samples_by_more_than_the_bound() {
        let peak = TruePeak::<2>::new();
        assert!((1.8..1.9).contains(&peak.bound), "{}", peak.bound);
        // The worst case: samples of full scale whose signs are the coefficients'.
        for phase in 0..FACTOR {
            let samples: Vec<f32> = peak.taps.iter().map(|tap| tap[phase].signum()).collect();
            assert!(highest_point(&peak.taps, &samples) <= peak.bound);
        }
    }

    proptest! {
        #[test]
        fn skipping_changes_nothing(
            frames in prop::collection::vec(
                prop_oneof![prop::array::uniform2(-1.0_f32..1.0), prop::array::uniform2(-0.3_f32..0.3)],
                0..2_000,
            ),
            pieces in prop::collection::vec(1_usize..300, 1..20),
        ) {
            let mut peak = TruePeak::new();
            let mut rest = &frames[..];
            for piece in pieces.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at(rest.len().min(*piece));
                peak.push(now);
                rest = later;
            }
            prop_assert_eq!(peak.highest(), in_full(&frames));
        }
    }
}
