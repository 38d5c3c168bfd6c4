//! What is heard while a source is late: its last period again and again, fading to silence.

/// Frames of output that are remembered: 40 ms, two periods of the lowest pitch sought.
const MEMORY: usize = 1920;

/// Pitch periods sought, in frames at 48 kHz: 400 Hz down to 50 Hz.
const PERIODS: std::ops::RangeInclusive<usize> = 120..=960;

/// The stretch whose echo is sought: the last 10 ms.
const TEMPLATE: usize = 480;

/// The search steps over this many frames first, then refines.
const COARSE: usize = 4;

/// The period is repeated as loud as it was for 10 ms, then fades away over 50 ms.
const HOLD: usize = 480;
const FADE: usize = 2400;

/// Frames over which the step between the last sound and its repetition is smoothed away: 2 ms.
const SEAM: usize = 96;

/// Remembers what was heard and goes on with it when told to.
#[derive(Debug)]
pub(super) struct Concealer<const C: usize> {
    heard: Vec<[f32; C]>,
    period: Vec<[f32; C]>,
    /// The step at the seam, taken back over the first `SEAM` frames.
    step: [f32; C],
    /// Frames concealed since `begin`.
    at: usize,
}

impl<const C: usize> Concealer<C> {
    pub(super) fn new() -> Self {
        Self {
            heard: vec![[0.0; C]; MEMORY],
            period: Vec::with_capacity(*PERIODS.end()),
            step: [0.0; C],
            at: HOLD + FADE,
        }
    }

    /// Takes note of what was heard.
    pub(super) fn remember(&mut self, frames: &[[f32; C]]) {
        let frames = &frames[frames.len().saturating_sub(MEMORY)..];
        self.heard.copy_within(frames.len().., 0);
        self.heard[MEMORY - frames.len()..].copy_from_slice(frames);
    }

    /// From here on `fill` goes on with what was heard last.
    pub(super) fn begin(&mut self) {
        let period = self.pitch();
        let last = &self.heard[MEMORY - period..];
        let before = &self.heard[MEMORY - 2 * period..MEMORY - period];
        self.period.clear();
        self.period.extend_from_slice(last);
        // The end of the period turns into what led up to its beginning, so that it closes on itself.
        let overlap = period / 4;
        for (i, (frame, earlier)) in self.period.iter_mut().zip(before).enumerate().skip(period - overlap) {
            let share = (i + overlap - period + 1) as f32 / (overlap + 1) as f32;
            for (sample, earlier) in frame.iter_mut().zip(earlier) {
                *sample += share * (earlier - *sample);
            }
        }
        let end = last[period - 1];
        let led_up = before[period - 1];
        self.step = std::array::from_fn(|side| end[side] - led_up[side]);
        self.at = 0;
    }

    /// The next frames; silence once everything has faded. Returns how many were not.
    pub(super) fn fill(&mut self, out: &mut [[f32; C]]) -> usize {
        let alive = out.len().min((HOLD + FADE).saturating_sub(self.at));
        let (sounding, silent) = out.split_at_mut(alive);
        for frame in sounding {
            let gain = 1.0 - self.at.saturating_sub(HOLD) as f32 / FADE as f32;
            let seam = 1.0 - self.at.min(SEAM) as f32 / SEAM as f32;
            let repeated = self.period[self.at % self.period.len()];
            *frame = std::array::from_fn(|side| gain * (repeated[side] + seam * self.step[side]));
            self.at += 1;
        }
        silent.fill([0.0; C]);
        alive
    }

    /// The period after which what was heard last resembles itself most.
    fn pitch(&self) -> usize {
        let mono: Vec<f32> = self.heard.iter().map(|frame| frame.iter().sum()).collect();
        let coarse = (PERIODS).step_by(COARSE).map(|lag| (lag, likeness(&mono, lag, COARSE)));
        let (best, _) = coarse.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((*PERIODS.end(), 0.0));
        let near = best.saturating_sub(COARSE).max(*PERIODS.start())..=(best + COARSE).min(*PERIODS.end());
        let fine = near.map(|lag| (lag, likeness(&mono, lag, 1)));
        fine.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(best, |(lag, _)| lag)
    }
}

/// How alike the end of `mono` and the stretch `lag` frames before it are, -1 to 1.
fn likeness(mono: &[f32], lag: usize, stride: usize) -> f32 {
    let now = mono[MEMORY - TEMPLATE..].iter().step_by(stride);
    let then = mono[MEMORY - TEMPLATE - lag..MEMORY - lag].iter().step_by(stride);
    let (mut product, mut energy) = (0.0_f32, 1e-9_f32);
    for (now, then) in now.zip(then) {
        product += now * then;
        energy += then * then;
    }
    product / energy.sqrt()
}
