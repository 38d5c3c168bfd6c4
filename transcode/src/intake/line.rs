//! One stretch of a source at one rate, waiting to be played, and the point where playing stands.

use media::Pcm;

use super::RATE;
use super::kernel::Kernel;

/// Frames already played are dropped from memory in bites of this size; a smaller bite moves the rest of
/// the buffer more often.
const BITE: usize = 8192;

/// Nominal sound lies within 1.0; a decoder may overshoot, a stranger's garbage stops here (+12 dB).
const LOUDEST: f32 = 4.0;

/// Sound at one rate: what waits to be played, and the point in it where playing stands.
pub(super) struct Line {
    rate: u32,
    kernel: &'static Kernel,
    left: Vec<f32>,
    right: Vec<f32>,
    /// The frame that the playing point stands on or after.
    at: usize,
    /// How far after it, in frames, 0..1.
    fraction: f64,
}

impl Line {
    pub(super) fn new(rate: u32) -> Self {
        let kernel = Kernel::for_rate(rate);
        let before = kernel.half - 1;
        Self { rate, kernel, left: vec![0.0; before], right: vec![0.0; before], at: before, fraction: 0.0 }
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// How far the playing point stands after a whole frame, 0..1.
    pub(super) fn fraction(&self) -> f64 {
        self.fraction
    }

    /// Moves the playing point to the nearest whole frame; for a caller who steered it there.
    pub(super) fn settle_on_frame(&mut self) {
        self.at += self.fraction.round() as usize;
        self.fraction = 0.0;
    }

    /// Seconds that wait, at the nominal rate.
    pub(super) fn seconds(&self) -> f64 {
        ((self.left.len() - self.at) as f64 - self.fraction).max(0.0) / f64::from(self.rate)
    }

    /// Appends sound of this line's rate; mono goes to both sides. What is no finite number is silence.
    pub(super) fn push(&mut self, pcm: &Pcm) {
        self.forget_played();
        match pcm.channels {
            media::Channels::Mono => {
                let sound = pcm.samples.iter().map(|sample| sane(*sample));
                self.left.extend(sound.clone());
                self.right.extend(sound);
            }
            media::Channels::Stereo => {
                let frames = pcm.samples.as_chunks::<2>().0;
                self.left.extend(frames.iter().map(|frame| sane(frame[0])));
                self.right.extend(frames.iter().map(|frame| sane(frame[1])));
            }
        }
    }

    /// Renders 48 kHz stereo frames into `out` until it is full or the line is dry, `stretch` being source
    /// time per programme time (1.0 when both clocks agree) at the beginning of `out` and at its end.
    /// Returns the frames rendered.
    pub(super) fn render(&mut self, out: &mut [[f32; 2]], stretch: [f64; 2]) -> usize {
        let [step, last_step] = stretch.map(|stretch| f64::from(self.rate) / f64::from(RATE) * stretch);
        let half = self.kernel.half;
        // Points stand on frames below this one, or their windows would reach past the end.
        let end = self.left.len().saturating_sub(half);

        if step == 1.0 && last_step == 1.0 && self.fraction == 0.0 {
            let frames = out.len().min(end.saturating_sub(self.at));
            let range = self.at..self.at + frames;
            for ((out, left), right) in out.iter_mut().zip(&self.left[range.clone()]).zip(&self.right[range])
            {
                *out = [*left, *right];
            }
            self.at += frames;
            return frames;
        }

        let before = half - 1;
        let bend = (last_step - step) / (2.0 * out.len().max(1) as f64);
        let point_of = |frame: usize| self.fraction + frame as f64 * (step + bend * frame as f64);
        let mut rendered = 0;
        for out in out.iter_mut() {
            let point = point_of(rendered);
            let whole = point as usize;
            let first = self.at + whole;
            if first >= end {
                break;
            }
            let window = first - before..first + half + 1;
            *out = self.kernel.point(point - whole as f64, &self.left[window.clone()], &self.right[window]);
            rendered += 1;
        }
        let point = point_of(rendered);
        // A dry line stops on its last point: the next one may lie past what has arrived.
        self.at += point as usize;
        self.fraction = point.fract();
        rendered
    }

    /// Skips ahead by whole frames, `seconds` or as much as waits.
    pub(super) fn skip(&mut self, seconds: f64) {
        let frames = (seconds * f64::from(self.rate)).round() as usize;
        self.at = (self.at + frames).min(self.left.len());
    }

    /// Drops up to `seconds` of what waits, but not its first `keep` seconds. Returns what it dropped.
    pub(super) fn drop_after(&mut self, keep: f64, seconds: f64) -> f64 {
        let first = (self.at + (keep * f64::from(self.rate)) as usize).min(self.left.len());
        let last = (first + (seconds * f64::from(self.rate)) as usize).min(self.left.len());
        self.left.drain(first..last);
        self.right.drain(first..last);
        (last - first) as f64 / f64::from(self.rate)
    }

    fn forget_played(&mut self) {
        let played = (self.at + 1).saturating_sub(self.kernel.half).min(self.left.len());
        if played >= BITE {
            self.left.drain(..played);
            self.right.drain(..played);
            self.at -= played;
        }
    }
}

/// Finite, normal and not absurdly loud.
fn sane(sample: f32) -> f32 {
    // Subnormals make every later multiplication slow, and nobody hears them.
    if sample.is_normal() { sample.clamp(-LOUDEST, LOUDEST) } else { 0.0 }
}
