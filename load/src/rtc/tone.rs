//! A tone that goes in as Opus, and an ear that finds it in Opus again.

use std::f64::consts::TAU;

use anyhow::Context as _;

/// Samples a second of one channel.
const RATE: u32 = 48_000;
/// Samples of a 20 ms frame.
pub(crate) const FRAME: usize = 960;
/// Samples of the longest Opus packet, 120 ms.
const LONGEST: usize = 5760;
/// Samples over which the ear decides: 100 ms tell tones apart that are 10 Hz from each other.
const WINDOW: usize = 4800;
/// Share of a window's energy that has to be at the tone's frequency. Speech has a few percent anywhere.
const SHARE: f64 = 0.5;
/// Mean square below this is silence: −60 dBFS.
const SILENCE: f64 = 1e-6;
/// Of full scale, so that no encoder clips.
const LOUDNESS: f64 = 0.25;
/// Bytes of one packet at the encoder's bit rate, with room.
const PACKET: usize = 1275;

/// Lowest and highest tone that both Opus and a window can carry, Hz.
pub const TONES: std::ops::RangeInclusive<f64> = 50.0..=7000.0;

/// An endless tone in Opus frames of 20 ms, mono.
#[derive(Debug)]
pub struct Tone {
    encoder: opus::Encoder,
    /// Cycles a sample.
    step: f64,
    phase: f64,
}

impl Tone {
    /// A tone of `frequency` Hz, within [`TONES`].
    pub fn new(frequency: f64) -> anyhow::Result<Self> {
        let encoder = opus::Encoder::new(RATE, opus::Channels::Mono, opus::Application::Audio);
        let encoder = encoder.context("no Opus encoder")?;
        Ok(Self { encoder, step: frequency / f64::from(RATE), phase: 0.0 })
    }

    /// The next 20 ms.
    pub fn frame(&mut self) -> anyhow::Result<Vec<u8>> {
        let samples: Vec<f32> = (0..FRAME)
            .map(|_| {
                self.phase = (self.phase + self.step).fract();
                ((self.phase * TAU).sin() * LOUDNESS) as f32
            })
            .collect();
        self.encoder.encode_vec_float(&samples, PACKET).context("the tone does not encode")
    }
}

/// Listens to Opus for one tone.
#[derive(Debug)]
pub struct Ear {
    decoder: opus::Decoder,
    frequency: f64,
    decoded: Vec<f32>,
    pending: Vec<f32>,
    windows: u64,
    heard: u64,
}

impl Ear {
    /// An ear for `frequency` Hz, within [`TONES`].
    pub fn new(frequency: f64) -> anyhow::Result<Self> {
        let decoder = opus::Decoder::new(RATE, opus::Channels::Mono).context("no Opus decoder")?;
        let (decoded, pending) = (vec![0.0; LONGEST], Vec::with_capacity(WINDOW + LONGEST));
        Ok(Self { decoder, frequency, decoded, pending, windows: 0, heard: 0 })
    }

    /// Hears one packet. One that does not decode is silence of 20 ms.
    pub fn hear(&mut self, packet: &[u8]) {
        match self.decoder.decode_float(packet, &mut self.decoded, false) {
            Ok(frames) => self.pending.extend_from_slice(&self.decoded[..frames]),
            Err(_) => self.pending.resize(self.pending.len() + FRAME, 0.0),
        }
        while self.pending.len() >= WINDOW {
            self.windows += 1;
            self.heard += u64::from(has_tone(&self.pending[..WINDOW], self.frequency));
            self.pending.drain(..WINDOW);
        }
    }

    /// Windows of 100 ms with the tone in them and windows at all, since this was asked last.
    pub fn take(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.heard), std::mem::take(&mut self.windows))
    }
}

/// Whether most of what sounds is at `frequency` (Goertzel's algorithm).
fn has_tone(samples: &[f32], frequency: f64) -> bool {
    let count = samples.len() as f64;
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if energy / count < SILENCE {
        return false;
    }
    let omega = TAU * frequency / f64::from(RATE);
    let coefficient = 2.0 * omega.cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        (last, before) = (f64::from(*sample) + coefficient * last - before, last);
    }
    let power = last * last + before * before - coefficient * last * before;
    // A pure tone of amplitude a has power (a·n/2)² here and energy a²·n/2.
    2.0 * power / count / energy > SHARE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Share of windows in which an ear for `listen` hears three seconds of `play`.
    fn share(play: f64, listen: f64) -> f64 {
        let (mut tone, mut ear) = (Tone::new(play).unwrap(), Ear::new(listen).unwrap());
        for _ in 0..150 {
            ear.hear(&tone.frame().unwrap());
        }
        let (heard, windows) = ear.take();
        assert_eq!(windows, 30, "three seconds");
        heard as f64 / windows as f64
    }

    #[test]
    fn the_tone_that_is_played_is_heard() {
        for frequency in [100.0, 440.0, 1000.0] {
            assert!(share(frequency, frequency) > 0.9, "{frequency} Hz");
        }
    }

    #[test]
    fn another_tone_is_not() {
        assert_eq!(share(440.0, 880.0), 0.0);
        assert_eq!(share(440.0, 466.16), 0.0, "a semitone beside it");
    }

    #[test]
    fn neither_silence_nor_rubbish_has_a_tone() {
        let mut ear = Ear::new(440.0).unwrap();
        let mut encoder = opus::Encoder::new(RATE, opus::Channels::Mono, opus::Application::Audio).unwrap();
        for round in 0..100_u8 {
            ear.hear(&encoder.encode_vec_float(&[0.0; FRAME], PACKET).unwrap());
            ear.hear(&[0xff, round, round]);
        }
        assert_eq!(ear.take().0, 0);
    }
}
