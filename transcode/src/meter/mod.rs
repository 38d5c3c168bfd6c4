//! How loud the programme is: EBU R128 loudness and true peak.

mod true_peak;

use ebur128::{EbuR128, Mode};

use true_peak::TruePeak;

/// The programme's frames per second.
const RATE: u32 = 48_000;

/// Samples (interleaved) handed to the loudness filter at once: 100 ms, the step of its gating blocks.
const BLOCK: usize = 2 * RATE as usize / 10;

/// What the programme measures. `None` where there is nothing to measure: silence, or too little sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loudness {
    /// Over the last 400 ms, in LUFS.
    pub momentary: Option<f64>,
    /// Over the last 3 s, in LUFS.
    pub short_term: Option<f64>,
    /// Since the meter began, gated (EBU R128), in LUFS. Read from a histogram in steps of 0.1.
    pub integrated: Option<f64>,
    /// The highest since the meter began, either channel, four times oversampled (ITU-R BS.1770-4), in dBTP.
    pub true_peak: Option<f64>,
}

/// An EBU R128 meter over 48 kHz stereo. Its memory does not grow with the programme.
#[derive(Debug)]
pub struct Meter {
    loudness: EbuR128,
    true_peak: TruePeak,
    /// Pushed, but not yet measured: less than a block.
    waiting: Vec<f32>,
}

impl Meter {
    /// A meter that has heard nothing.
    pub fn new() -> Self {
        // Histogram mode: a broadcast may go on for weeks, and the plain mode keeps every block.
        let loudness = EbuR128::new(2, RATE, Mode::I | Mode::S | Mode::HISTOGRAM)
            .expect("two channels at 48 kHz are within what it measures");
        Self { loudness, true_peak: TruePeak::new(), waiting: Vec::with_capacity(BLOCK) }
    }

    /// Hears more of the programme: interleaved stereo at 48 kHz, finite samples, any length of whole frames.
    /// Measured in blocks of 100 ms.
    ///
    /// # Panics
    /// When `stereo` is not a whole number of frames.
    pub fn push(&mut self, mut stereo: &[f32]) {
        assert!(stereo.len().is_multiple_of(2), "whole stereo frames");
        while !stereo.is_empty() {
            let (now, later) = stereo.split_at(stereo.len().min(BLOCK - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            stereo = later;
            if self.waiting.len() == BLOCK {
                self.loudness.add_frames_f32(&self.waiting).expect("a block is whole stereo frames");
                self.true_peak.push(self.waiting.as_chunks().0);
                self.waiting.clear();
            }
        }
    }

    /// What it measured so far. Sums up to 3 s of sound anew on each call (about 0.1 ms): ask a few times a
    /// second, not in every tick.
    pub fn loudness(&self) -> Loudness {
        Loudness {
            momentary: self.loudness.loudness_momentary().ok().filter(heard),
            short_term: self.loudness.loudness_shortterm().ok().filter(heard),
            integrated: self.loudness.loudness_global().ok().filter(heard),
            true_peak: Some(20.0 * f64::from(self.true_peak.highest()).log10()).filter(|db| db.is_finite()),
        }
    }
}

/// Whether a loudness is sound at all: what is left in the filters after the last sound is thousands of LU
/// down, and 24 bits end at 144.
fn heard(lufs: &f64) -> bool {
    *lufs > -144.0
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}
