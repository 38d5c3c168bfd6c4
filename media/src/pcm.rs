//! Decoded sound.

use crate::Channels;

/// Decoded sound: interleaved samples, nominally in -1.0..=1.0. Length is counted in *frames*
/// (one sample per channel).
#[derive(Clone, Debug, PartialEq)]
pub struct Pcm {
    /// Frames per second.
    pub rate: u32,
    /// How the samples interleave.
    pub channels: Channels,
    /// `frames() * channels.count()` samples.
    pub samples: Vec<f32>,
}

impl Pcm {
    /// `frames` frames of silence.
    pub fn silence(rate: u32, channels: Channels, frames: usize) -> Self {
        Self { rate, channels, samples: vec![0.0; frames * channels.count()] }
    }

    /// Its length in frames.
    pub fn frames(&self) -> usize {
        self.samples.len() / self.channels.count()
    }
}
