//! The interpolator's coefficients: a windowed sinc, tabulated by phase.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::RATE;

/// Phases between two source frames. Between two phases the coefficients are interpolated linearly; at 256
/// the error of that stays below -98 dB at 20 kHz and below -140 dB at 1 kHz.
pub(super) const PHASES: usize = 256;

/// Source frames on each side of a point for sources up to 48 kHz: flat to 0.42 of the source's rate. CPU
/// grows with it; four more give 0.01 of the rate.
const HALF: usize = 20;

/// Kaiser's shape parameter for 96 dB of stop band.
const BETA: f64 = 9.62;

/// Rows of coefficients, one a phase; row 0 of a full-band kernel is the identity.
pub(super) struct Kernel {
    /// Source frames that a point needs after the frame it stands on; one less before it.
    pub(super) half: usize,
    /// `PHASES + 1` rows of `2 * half` coefficients.
    rows: Vec<f32>,
}

// Four kernels serve every rate, so a publisher that changes its rate all the time makes us compute none.
static FULL_BAND: LazyLock<Kernel> = LazyLock::new(|| Kernel::new(1.0, HALF));
static FROM_64_KHZ: LazyLock<Kernel> = LazyLock::new(|| Kernel::new(48.0 / 64.0, 28));
static FROM_88_KHZ: LazyLock<Kernel> = LazyLock::new(|| Kernel::new(48.0 / 88.2, 36));
static FROM_96_KHZ: LazyLock<Kernel> = LazyLock::new(|| Kernel::new(48.0 / 96.0, 40));

impl Kernel {
    /// The kernel for a source of `rate`: full band up to 48 kHz, above that cut off at 24 kHz or a little
    /// lower, so that nothing folds back.
    pub(super) fn for_rate(rate: u32) -> &'static Self {
        match rate {
            ..=RATE => &FULL_BAND,
            48_001..=64_000 => &FROM_64_KHZ,
            64_001..=88_200 => &FROM_88_KHZ,
            _ => &FROM_96_KHZ,
        }
    }

    /// `cutoff` as a share of the source's Nyquist frequency.
    fn new(cutoff: f64, half: usize) -> Self {
        let mut rows = Vec::with_capacity((PHASES + 1) * 2 * half);
        for phase in 0..=PHASES {
            let fraction = phase as f64 / PHASES as f64;
            let row: Vec<f64> = (0..2 * half)
                .map(|tap| {
                    let x = tap as f64 - (half - 1) as f64 - fraction;
                    cutoff * sinc(cutoff * x) * kaiser(x / half as f64)
                })
                .collect();
            // Every phase passes a constant unchanged.
            let sum: f64 = row.iter().sum();
            rows.extend(row.iter().map(|tap| (tap / sum) as f32));
        }
        Self { half, rows }
    }

    /// The point at `fraction` (0..1) of the way after frame `half - 1` of each channel's window, which is
    /// `2 * half` frames long, a multiple of 8.
    #[inline]
    pub(super) fn point<const C: usize>(&self, fraction: f64, windows: [&[f32]; C]) -> [f32; C] {
        let taps = 2 * self.half;
        let phase = fraction * PHASES as f64;
        let row = (phase as usize).min(PHASES - 1);
        let between = (phase - row as f64) as f32;
        let (low, high) = self.rows[row * taps..(row + 2) * taps].split_at(taps);

        // Eight running sums a channel: the widest that every x86-64 and ARM core keeps in registers.
        let mut sums = [[0.0_f32; 8]; C];
        let windows = windows.map(|window| window.as_chunks::<8>().0);
        for (eight, (low, high)) in low.as_chunks::<8>().0.iter().zip(high.as_chunks::<8>().0).enumerate() {
            for lane in 0..8 {
                let tap = low[lane] + between * (high[lane] - low[lane]);
                for (sums, window) in sums.iter_mut().zip(windows) {
                    sums[lane] += tap * window[eight][lane];
                }
            }
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.fract() == 0.0 {
        // Exactly nothing at the neighbours, so that phase 0 is the identity to the bit.
        0.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// The Kaiser window at `x` in -1..=1.
fn kaiser(x: f64) -> f64 {
    bessel_i0(BETA * (1.0 - x * x).max(0.0).sqrt()) / bessel_i0(BETA)
}

/// The modified Bessel function of the first kind and order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..60 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}
