//! How loud the programme is: EBU R128 loudness and true peak.

mod gate;
mod k_weighting;
mod range;
mod true_peak;

use gate::Gate;
pub(crate) use k_weighting::KWeighting;
use range::Range;
use true_peak::TruePeak;

/// The programme's frames per second.
const RATE: u32 = 48_000;

/// Frames of a block: 100 ms, the step of gating blocks.
pub(crate) const BLOCK: usize = RATE as usize / 10;

/// Blocks of the momentary loudness: 400 ms, a gating block.
const MOMENTARY: usize = 4;

/// Blocks of the short-term loudness: 3 s.
pub(crate) const SHORT_TERM: usize = 30;

/// What the programme measures. `None` where there is nothing to measure: silence, or too little sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loudness {
    /// Over the last 400 ms, in LUFS.
    pub momentary: Option<f64>,
    /// Over the last 3 s, in LUFS.
    pub short_term: Option<f64>,
    /// Since the meter began, gated (EBU R128), in LUFS. Read from a histogram in steps of 0.1.
    pub integrated: Option<f64>,
    /// How far loud and quiet are apart since the meter began (EBU Tech 3342), in LU. Read from a histogram, too, of the
    /// loudness over 3 s every 100 ms.
    pub range: Option<f64>,
    /// The highest since the meter began, either channel, four times oversampled (ITU-R BS.1770-4), in dBTP.
    pub true_peak: Option<f64>,
}

/// An EBU R128 meter over 48 kHz sound of `C` channels, 1 or 2. One channel counts as it is heard, from both
/// sides. Its memory is a few kilobytes, however long the programme is: it has to stay in the cache between
/// two ticks.
#[derive(Debug)]
pub struct Meter<const C: usize> {
    filter: KWeighting<C>,
    true_peak: TruePeak<C>,
    /// The energy of the block that is being measured, and its frames.
    open: (f64, usize),
    /// Mean energies of the newest blocks, as a ring; `next` is the oldest one's place.
    blocks: [f64; SHORT_TERM],
    next: usize,
    /// Blocks measured, counted as far as the ring.
    measured: usize,
    gate: Gate,
    range: Range,
}

impl<const C: usize> Meter<C> {
    /// A meter that has heard nothing.
    pub fn new() -> Self {
        Self {
            filter: KWeighting::new(),
            true_peak: TruePeak::new(),
            open: (0.0, 0),
            blocks: [0.0; SHORT_TERM],
            next: 0,
            measured: 0,
            gate: Gate::new(),
            range: Range::new(),
        }
    }

    /// Hears more of the programme at 48 kHz: finite samples, any number of frames.
    pub fn push(&mut self, mut frames: &[[f32; C]]) {
        self.true_peak.push(frames);
        while !frames.is_empty() {
            let (now, later) = frames.split_at(frames.len().min(BLOCK - self.open.1));
            self.open.0 += self.filter.energy(now);
            self.open.1 += now.len();
            frames = later;
            if self.open.1 == BLOCK {
                self.close_block();
            }
        }
    }

    fn close_block(&mut self) {
        let (energy, frames) = std::mem::take(&mut self.open);
        // A single channel is played on both sides.
        self.blocks[self.next] = energy / frames as f64 * (2 / C) as f64;
        self.next = (self.next + 1) % SHORT_TERM;
        self.measured = (self.measured + 1).min(SHORT_TERM);
        if self.measured >= MOMENTARY {
            self.gate.push(self.newest(MOMENTARY));
        }
        if self.measured == SHORT_TERM {
            self.range.push(self.newest(SHORT_TERM));
        }
    }

    /// The mean energy of the newest `count` blocks; what was not yet heard was silence.
    fn newest(&self, count: usize) -> f64 {
        let place = |back: usize| (self.next + SHORT_TERM - back) % SHORT_TERM;
        (1..=count).map(|back| self.blocks[place(back)]).sum::<f64>() / count as f64
    }

    /// What it measured so far, in whole blocks of 100 ms.
    pub fn loudness(&self) -> Loudness {
        Loudness {
            momentary: Some(lufs(self.newest(MOMENTARY))).filter(heard),
            short_term: Some(lufs(self.newest(SHORT_TERM))).filter(heard),
            integrated: self.gate.loudness(),
            range: self.range.range(),
            true_peak: Some(20.0 * f64::from(self.true_peak.highest()).log10()).filter(|db| db.is_finite()),
        }
    }
}

/// The loudness of a mean energy, in LUFS (ITU-R BS.1770-4); minus infinity for none.
pub(crate) fn lufs(energy: f64) -> f64 {
    10.0 * energy.log10() - 0.691
}

/// The mean energy of a loudness.
#[cfg(test)]
fn energy_of(lufs: f64) -> f64 {
    10_f64.powf((lufs + 0.691) / 10.0)
}

/// Whether a loudness is sound at all: what is left in the filters after the last sound is thousands of LU
/// down, and 24 bits end at 144.
fn heard(lufs: &f64) -> bool {
    *lufs > -144.0
}

impl<const C: usize> Default for Meter<C> {
    fn default() -> Self {
        Self::new()
    }
}
