//! The K-weighting filter of ITU-R BS.1770-4: a shelf for the head, and a high-pass for how low notes are heard.

use std::f64::consts::PI;

use super::RATE;

/// What is left of a sound below this is nothing. Subnormal numbers, into which silence would decay, make
/// every multiplication slow.
const NOTHING: f64 = 1e-30;

/// Recursive coefficients of one second-order section.
#[derive(Clone, Copy, Debug)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

/// The filter over `C` channels.
#[derive(Debug)]
pub(crate) struct KWeighting<const C: usize> {
    shelf: Section,
    high_pass: Section,
    /// The memory of both sections, by channel.
    memory: [[f64; C]; 4],
}

impl<const C: usize> KWeighting<C> {
    pub(crate) fn new() -> Self {
        Self { shelf: shelf(), high_pass: high_pass(), memory: [[0.0; C]; 4] }
    }

    /// The energy (sum of squares over frames and channels) of the next frames as they are heard.
    pub(crate) fn energy(&mut self, frames: &[[f32; C]]) -> f64 {
        let (shelf, high_pass) = (self.shelf, self.high_pass);
        let [mut s1, mut s2, mut h1, mut h2] = self.memory;
        let mut energy = [0.0; C];
        // Transposed direct form II; the channels stand side by side, so that they share vector registers.
        for frame in frames {
            for c in 0..C {
                let sample = f64::from(frame[c]);
                let raised = shelf.b[0] * sample + s1[c];
                s1[c] = shelf.b[1] * sample - shelf.a[0] * raised + s2[c];
                s2[c] = shelf.b[2] * sample - shelf.a[1] * raised;
                let heard = high_pass.b[0] * raised + h1[c];
                h1[c] = high_pass.b[1] * raised - high_pass.a[0] * heard + h2[c];
                h2[c] = high_pass.b[2] * raised - high_pass.a[1] * heard;
                energy[c] += heard * heard;
            }
        }
        let alive = |value: f64| if value.abs() < NOTHING { 0.0 } else { value };
        self.memory = [s1, s2, h1, h2].map(|memory| memory.map(alive));
        energy.iter().sum()
    }
}

// The standard tabulates the coefficients for 48 kHz; these formulas give them to the last digit it prints.

fn shelf() -> Section {
    let (frequency, decibels, q) = (1_681.974_450_955_533, 3.999_843_853_973_347, 0.707_175_236_955_419_6);
    let k = (PI * frequency / f64::from(RATE)).tan();
    let high = 10_f64.powf(decibels / 20.0);
    let band = high.powf(0.499_666_774_154_541_6);
    let a0 = 1.0 + k / q + k * k;
    Section {
        b: [
            (high + band * k / q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    }
}

fn high_pass() -> Section {
    let (frequency, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
    let k = (PI * frequency / f64::from(RATE)).tan();
    let a0 = 1.0 + k / q + k * k;
    Section { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coefficients_are_those_that_the_standard_prints() {
        let near = |got: f64, printed: f64| assert!((got - printed).abs() < 1e-12, "{got}, not {printed}");
        let (shelf, high_pass) = (shelf(), high_pass());
        near(shelf.b[0], 1.535_124_859_586_97);
        near(shelf.b[1], -2.691_696_189_406_38);
        near(shelf.b[2], 1.198_392_810_852_85);
        near(shelf.a[0], -1.690_659_293_182_41);
        near(shelf.a[1], 0.732_480_774_215_85);
        near(high_pass.a[0], -1.990_047_454_833_98);
        near(high_pass.a[1], 0.990_072_250_366_21);
    }

    #[test]
    fn silence_leaves_nothing_behind() {
        let mut filter = KWeighting::<1>::new();
        filter.energy(&[[1.0]]);
        for _ in 0..50 {
            filter.energy(&[[0.0]; 960]);
        }
        assert_eq!(filter.memory, [[0.0]; 4]);
    }
}
