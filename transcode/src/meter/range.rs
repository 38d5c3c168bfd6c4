//! The loudness range: how far the loud and the quiet of a programme are apart (EBU Tech 3342).

use super::gate::{BINS, SILENCE, STEPS, place};
use super::lufs;

/// The relative gate, in LU below the mean of what passed the absolute one.
const QUIETER: f64 = -20.0;

/// What is quieter than all but these hundredths is not the quiet of a programme, but its end or a pause.
const LOW: f64 = 0.10;

/// What is louder than these hundredths is not its loud, but a shot or a door.
const HIGH: f64 = 0.95;

/// How often each short-term loudness was read, in memory that does not grow.
#[derive(Debug)]
pub(super) struct Range {
    readings: Box<[u32; BINS]>,
    count: u64,
    energy: f64,
}

impl Range {
    pub(super) fn new() -> Self {
        Self { readings: Box::new([0; BINS]), count: 0, energy: 0.0 }
    }

    /// Counts a reading over 3 s by its mean energy.
    pub(super) fn push(&mut self, energy: f64) {
        let loudness = lufs(energy);
        if loudness >= SILENCE {
            let readings = &mut self.readings[place(loudness)];
            *readings = readings.saturating_add(1);
            self.count += 1;
            self.energy += energy;
        }
    }

    /// The range in LU; `None` where nothing passed the absolute gate.
    pub(super) fn range(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let threshold = lufs(self.energy / self.count as f64) + QUIETER;
        // Whole steps, as for the integrated loudness.
        let from = if threshold < SILENCE { 0 } else { place(threshold + 0.5 / STEPS) };
        let heard = &self.readings[from..];
        let count: u64 = heard.iter().map(|&readings| u64::from(readings)).sum();
        let at = |share: f64| {
            let rank = (count.saturating_sub(1) as f64 * share).round() as u64;
            let mut below = 0;
            heard.iter().position(|&readings| {
                below += u64::from(readings);
                below > rank
            })
        };
        Some((at(HIGH)? - at(LOW)?) as f64 / STEPS)
    }
}

#[cfg(test)]
mod tests {
    use super::super::energy_of;
    use super::*;

    fn range(readings: &[(f64, usize)]) -> Option<f64> {
        let mut range = Range::new();
        for &(loudness, count) in readings {
            for _ in 0..count {
                range.push(energy_of(loudness));
            }
        }
        range.range()
    }

    #[test]
    fn the_quietest_tenth_and_the_loudest_twentieth_do_not_count() {
        assert_eq!(range(&[(-20.04, 100)]), Some(0.0));
        assert_eq!(range(&[(-30.04, 50), (-20.04, 50)]), Some(10.0));
        assert_eq!(range(&[(-30.04, 9), (-20.04, 91)]), Some(0.0), "the end of it");
        assert_eq!(range(&[(-20.04, 96), (-5.04, 4)]), Some(0.0), "a shot");
    }

    #[test]
    fn what_is_too_quiet_does_not_count() {
        assert_eq!(range(&[]), None);
        assert_eq!(range(&[(-71.0, 9)]), None);
        assert_eq!(range(&[(-71.0, 500), (-30.04, 50), (-20.04, 50)]), Some(10.0), "the absolute gate");
        assert_eq!(range(&[(-45.04, 50), (-30.04, 50), (-20.04, 50)]), Some(10.0), "the relative gate");
    }
}
