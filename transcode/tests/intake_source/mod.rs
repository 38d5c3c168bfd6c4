//! A publisher in virtual time with a clock of its own, and an ear that finds any click in a sine.

use std::f64::consts::TAU;
use std::time::Duration;

use media::{Channels, Pcm};
use transcode::intake::{Intake, TICK_FRAMES};

/// Plays a sine through an encoder's frames; each arrives when its last sample was recorded.
pub(crate) struct Publisher {
    rate: u32,
    /// Its clock's seconds per second of ours.
    speed: f64,
    hz: f64,
    /// Frames per push.
    frame: usize,
    sent: u64,
}

impl Publisher {
    pub(crate) fn new(rate: u32, ppm: f64, hz: f64) -> Self {
        // An AAC frame where that is short, else 20 ms.
        let frame = if rate >= 44_100 { 1024 } else { rate as usize / 50 };
        Self { rate, speed: 1.0 + ppm * 1e-6, hz, frame, sent: 0 }
    }

    /// When its next frame arrives.
    fn next_arrival(&self) -> Duration {
        let recorded = (self.sent + self.frame as u64) as f64 / f64::from(self.rate);
        Duration::from_secs_f64(recorded / self.speed)
    }

    /// Pushes what arrived until `now`.
    pub(crate) fn deliver(&mut self, now: Duration, intake: &mut Intake<2>) {
        while self.next_arrival() <= now {
            let at = self.next_arrival();
            intake.push(at, &self.frame());
        }
    }

    fn frame(&mut self) -> Pcm {
        let step = TAU * self.hz / f64::from(self.rate);
        // One sine a frame, then a rotation: the twelve hours are spent in the intake, not here.
        let (mut sin, mut cos) = (self.sent as f64 * step % TAU).sin_cos();
        let (turn_sin, turn_cos) = step.sin_cos();
        let mut samples = Vec::with_capacity(2 * self.frame);
        for _ in 0..self.frame {
            samples.extend([(LEVEL * sin) as f32; 2]);
            (sin, cos) = (sin * turn_cos + cos * turn_sin, cos * turn_cos - sin * turn_sin);
        }
        self.sent += self.frame as u64;
        Pcm { rate: self.rate, channels: Channels::Stereo, samples }
    }
}

/// Full scale is 1.0.
const LEVEL: f64 = 0.9;

/// Functions that a window is explained by, at most.
const TERMS: usize = 6;

/// Follows a sine through windows of 20 ms that overlap by half: in each it fits frequency, phase, amplitude
/// and amplitude's slope (and, asked to, how frequency glides), and keeps the largest sample that the fit
/// does not explain.
pub(crate) struct Tracker {
    terms: usize,
    omega: f64,
    sines: Sines,
    window: Vec<f64>,
    worst: f64,
}

/// The functions of the fit for one frequency, and how they overlap.
struct Sines {
    omega: f64,
    basis: [Vec<f64>; TERMS],
    gram: [[f64; TERMS]; TERMS],
}

impl Tracker {
    pub(crate) fn new(hz: f64) -> Self {
        Self::with_terms(hz, 4)
    }

    /// A glide of some ppm a second is no click, and shows in the residual of high tones.
    pub(crate) fn that_follows_a_glide(hz: f64) -> Self {
        Self::with_terms(hz, TERMS)
    }

    fn with_terms(hz: f64, terms: usize) -> Self {
        let omega = TAU * hz / 48_000.0;
        Self { terms, omega, sines: Sines::new(omega), window: Vec::new(), worst: 0.0 }
    }

    pub(crate) fn hear(&mut self, stereo: &[f32]) {
        let (frames, _) = stereo.as_chunks::<2>();
        assert!(frames.iter().all(|frame| frame[0] == frame[1]), "both sides carry the same sine");
        for half in frames.chunks_exact(TICK_FRAMES / 2) {
            self.window.extend(half.iter().map(|frame| f64::from(frame[0])));
            if self.window.len() == TICK_FRAMES {
                self.fit();
                self.window.drain(..TICK_FRAMES / 2);
            }
        }
    }

    /// The largest unexplained sample, against full scale.
    pub(crate) fn residual_db(&self) -> f64 {
        20.0 * self.worst.log10()
    }

    fn fit(&mut self) {
        for _ in 0..6 {
            if (self.omega / self.sines.omega - 1.0).abs() > 1e-8 {
                self.sines = Sines::new(self.omega);
            }
            let weights = self.sines.weights(&self.window, self.terms);
            let [a, b, p, q, ..] = weights;
            let off = (p * b - q * a) / (a * a + b * b);
            if (off * TICK_FRAMES as f64).abs() < 1e-4 {
                self.worst = self.worst.max(self.sines.residual(&self.window, weights));
                return;
            }
            self.omega += off;
        }
        // No steady sine: a click, or silence.
        let weights = self.sines.weights(&self.window, self.terms);
        self.worst = self.worst.max(self.sines.residual(&self.window, weights)).max(1e-3);
    }
}

impl Sines {
    fn new(omega: f64) -> Self {
        let middle = (TICK_FRAMES as f64 - 1.0) / 2.0;
        let place = |n: usize| n as f64 - middle;
        let over = |f: &dyn Fn(f64) -> f64| (0..TICK_FRAMES).map(|n| f(place(n))).collect::<Vec<f64>>();
        let basis = [
            over(&|n| (omega * n).cos()),
            over(&|n| (omega * n).sin()),
            over(&|n| n * (omega * n).cos()),
            over(&|n| n * (omega * n).sin()),
            over(&|n| n * n * (omega * n).cos()),
            over(&|n| n * n * (omega * n).sin()),
        ];
        let gram = std::array::from_fn(|i| std::array::from_fn(|j| dot(&basis[i], &basis[j])));
        Self { omega, basis, gram }
    }

    /// The least squares fit with the first `terms` functions.
    fn weights(&self, window: &[f64], terms: usize) -> [f64; TERMS] {
        let mut gram = self.gram;
        let mut sums: [f64; TERMS] = std::array::from_fn(|i| dot(&self.basis[i], window));
        for pivot in 0..terms {
            for row in (0..terms).filter(|row| *row != pivot) {
                let share = gram[row][pivot] / gram[pivot][pivot];
                let by = gram[pivot];
                gram[row].iter_mut().zip(by).skip(pivot).for_each(|(value, by)| *value -= share * by);
                sums[row] -= share * sums[pivot];
            }
        }
        std::array::from_fn(|i| if i < terms { sums[i] / gram[i][i] } else { 0.0 })
    }

    fn residual(&self, window: &[f64], weights: [f64; TERMS]) -> f64 {
        let [c, s, nc, ns, nnc, nns] = &self.basis;
        let [a, b, p, q, v, w] = weights;
        let mut worst = 0.0_f64;
        for n in 0..TICK_FRAMES {
            let explained = a * c[n] + b * s[n] + p * nc[n] + q * ns[n] + v * nnc[n] + w * nns[n];
            worst = worst.max((window[n] - explained).abs());
        }
        worst
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum()
}
