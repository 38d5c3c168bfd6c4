//! One stretch of a source at one rate, waiting to be played, and the point where playing stands.

use media::{Channels, Pcm};

use super::RATE;
use super::kernel::Kernel;

/// Frames already played are dropped from memory in bites of this size; a smaller bite moves the rest of
/// the buffer more often.
const BITE: usize = 8192;

/// Nominal sound lies within 1.0; a decoder may overshoot, a stranger's garbage stops here (+12 dB).
const LOUDEST: f32 = 4.0;

/// Sound at one rate: what waits to be played, and the point in it where playing stands.
pub(super) struct Line<const C: usize> {
    rate: u32,
    kernel: &'static Kernel,
    channels: [Vec<f32>; C],
    /// The frame that the playing point stands on or after.
    at: usize,
    /// How far after it, in frames, 0..1.
    fraction: f64,
}

impl<const C: usize> Line<C> {
    pub(super) fn new(rate: u32) -> Self {
        let kernel = Kernel::for_rate(rate);
        let before = kernel.half - 1;
        let channels = std::array::from_fn(|_| vec![0.0; before]);
        Self { rate, kernel, channels, at: before, fraction: 0.0 }
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
        ((self.frames() - self.at) as f64 - self.fraction).max(0.0) / f64::from(self.rate)
    }

    /// Seconds at its end that are not played before more follows.
    pub(super) fn reach(&self) -> f64 {
        (self.kernel.half + 1) as f64 / f64::from(self.rate)
    }

    /// Appends sound of this line's rate: mono goes to every channel, and of stereo a single channel hears the
    /// mean. What is no finite number is silence.
    pub(super) fn push(&mut self, pcm: &Pcm) {
        self.forget_played();
        match (pcm.channels, &mut self.channels[..]) {
            (Channels::Mono, channels) => {
                for channel in channels {
                    channel.extend(pcm.samples.iter().map(|sample| sane(*sample)));
                }
            }
            (Channels::Stereo, [channel]) => {
                let frames = pcm.samples.as_chunks::<2>().0;
                channel.extend(frames.iter().map(|[left, right]| 0.5 * (sane(*left) + sane(*right))));
            }
            (Channels::Stereo, channels) => {
                let frames = pcm.samples.as_chunks::<2>().0;
                for (side, channel) in channels.iter_mut().enumerate() {
                    channel.extend(frames.iter().map(|frame| sane(frame[side])));
                }
            }
        }
    }

    fn frames(&self) -> usize {
        self.channels[0].len()
    }

    /// Renders 48 kHz frames into `out` until it is full or the line is dry, `stretch` being source
    /// time per programme time (1.0 when both clocks agree) at the beginning of `out` and at its end.
    /// Returns the frames rendered.
    pub(super) fn render(&mut self, out: &mut [[f32; C]], stretch: [f64; 2]) -> usize {
        let [step, last_step] = stretch.map(|stretch| f64::from(self.rate) / f64::from(RATE) * stretch);
        let half = self.kernel.half;
        // Points stand on frames below this one, or their windows would reach past the end.
        let end = self.frames().saturating_sub(half);

        if step == 1.0 && last_step == 1.0 && self.fraction == 0.0 {
            let frames = out.len().min(end.saturating_sub(self.at));
            let sound = self.channels.each_ref().map(|channel| &channel[self.at..self.at + frames]);
            for (index, out) in out[..frames].iter_mut().enumerate() {
                *out = sound.map(|channel| channel[index]);
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
            let windows = self.channels.each_ref().map(|channel| &channel[first - before..=first + half]);
            *out = self.kernel.point(point - whole as f64, windows);
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
        self.at = (self.at + frames).min(self.frames());
    }

    /// Drops up to `seconds` of what waits, but not its first `keep` seconds. Returns what it dropped.
    pub(super) fn drop_after(&mut self, keep: f64, seconds: f64) -> f64 {
        let first = (self.at + (keep * f64::from(self.rate)) as usize).min(self.frames());
        let last = (first + (seconds * f64::from(self.rate)) as usize).min(self.frames());
        for channel in &mut self.channels {
            channel.drain(first..last);
        }
        (last - first) as f64 / f64::from(self.rate)
    }

    fn forget_played(&mut self) {
        let played = (self.at + 1).saturating_sub(self.kernel.half).min(self.frames());
        if played >= BITE {
            for channel in &mut self.channels {
                channel.drain(..played);
            }
            self.at -= played;
        }
    }
}

/// Finite, normal and not absurdly loud.
fn sane(sample: f32) -> f32 {
    // Subnormals make every later multiplication slow, and nobody hears them.
    if sample.is_normal() { sample.clamp(-LOUDEST, LOUDEST) } else { 0.0 }
}
