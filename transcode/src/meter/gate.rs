//! The two gates of EBU R128: what is too quiet does not count towards the integrated loudness.

use super::lufs;

/// The absolute gate in LUFS, where the histogram begins.
pub(super) const SILENCE: f64 = -70.0;

/// The relative gate, in LU below the mean of what passed the absolute one.
const QUIETER: f64 = -10.0;

/// Steps of the histogram a LU.
pub(super) const STEPS: f64 = 10.0;

/// Steps up to 30 LUFS, which nothing within full scale reaches; the last one holds what is louder.
pub(super) const BINS: usize = 1000;

/// Blocks of equal loudness within a tenth of a LU.
#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    blocks: u64,
    energy: f64,
}

/// The loudness of all gating blocks so far, in memory that does not grow.
#[derive(Debug)]
pub(super) struct Gate {
    bins: Box<[Bin; BINS]>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self { bins: Box::new([Bin::default(); BINS]) }
    }

    /// Counts a block of 400 ms by its mean energy.
    pub(super) fn push(&mut self, energy: f64) {
        let loudness = lufs(energy);
        if loudness >= SILENCE {
            let bin = &mut self.bins[place(loudness)];
            bin.blocks += 1;
            bin.energy += energy;
        }
    }

    /// The integrated loudness in LUFS; `None` where nothing passed the absolute gate.
    pub(super) fn loudness(&self) -> Option<f64> {
        let threshold = lufs(mean(&self.bins[..])?) + QUIETER;
        // Whole steps: the one in which the threshold lies counts where its middle is above.
        let from = if threshold < SILENCE { 0 } else { place(threshold + 0.5 / STEPS) };
        mean(&self.bins[from..]).map(lufs)
    }
}

/// The step of a loudness of [`SILENCE`] or more.
pub(super) fn place(loudness: f64) -> usize {
    (((loudness - SILENCE) * STEPS) as usize).min(BINS - 1)
}

fn mean(bins: &[Bin]) -> Option<f64> {
    let blocks: u64 = bins.iter().map(|bin| bin.blocks).sum();
    let energy: f64 = bins.iter().map(|bin| bin.energy).sum();
    (blocks > 0).then(|| energy / blocks as f64)
}

#[cfg(test)]
mod tests {
    use super::super::energy_of;
    use super::*;

    fn integrated(blocks: &[(f64, usize)]) -> Option<f64> {
        let mut gate = Gate::new();
        for &(loudness, count) in blocks {
            for _ in 0..count {
                gate.push(energy_of(loudness));
            }
        }
        gate.loudness().map(|loudness| (loudness * 1_000.0).round() / 1_000.0)
    }

    #[test]
    fn what_is_too_quiet_does_not_count() {
        assert_eq!(integrated(&[]), None);
        assert_eq!(integrated(&[(-71.0, 9)]), None);
        assert_eq!(integrated(&[(-23.04, 5)]), Some(-23.04));
        assert_eq!(integrated(&[(-23.04, 5), (-80.0, 500)]), Some(-23.04), "the absolute gate");
        assert_eq!(integrated(&[(-23.04, 5), (-40.0, 5)]), Some(-23.04), "the relative gate");
        assert_eq!(integrated(&[(-23.0, 4), (-26.0, 4)]), Some(-24.246), "both count");
        assert_eq!(integrated(&[(99.0, 2)]), Some(99.0));
    }
}
