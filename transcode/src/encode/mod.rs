//! The programme becomes one rung's access units.

mod aac;
mod opus;
mod voice;

use std::collections::VecDeque;

use bytes::Bytes;
use media::{AccessUnit, Channels, Codec, MediaDuration, MediaTime, Rung, Timescale, TrackInfo};

use crate::fdk::FdkError;

pub use voice::VoiceEncoder;

/// Why a rung could not be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The programme is encoded as AAC-LC or Opus only.
    #[error("the programme is never encoded as {}", _0.name())]
    Codec(Codec),
    /// The AAC encoder failed: of no use for the rest of the run.
    #[error(transparent)]
    Aac(#[from] FdkError),
    /// The Opus encoder failed: of no use for the rest of the run.
    #[error("libopus: {0}")]
    Opus(#[from] ::opus::Error),
}

/// The encoder of one rung; lives as long as the run.
///
/// Its delay is compensated: it is fed leading silence until the delay is a whole number of units, and
/// those units are dropped. So unit `n` decodes to the programme's frames `first + n * unit_frames()` and
/// following, in every rung alike, and there is no priming to announce.
pub struct Encoder {
    rung: Rung,
    engine: Engine,
    /// Interleaved samples in the rung's channels, less than a unit between calls.
    pending: Vec<f32>,
    /// Units still to be dropped.
    priming: usize,
    next: MediaTime,
    units: VecDeque<AccessUnit>,
}

enum Engine {
    Aac(aac::Engine),
    Opus(opus::Engine),
}

impl Encoder {
    /// An encoder whose first unit starts at `first` of [`Timescale::PROGRAMME`].
    pub fn new(rung: &Rung, first: MediaTime) -> Result<Self, EncodeError> {
        let (engine, delay) = match rung.codec {
            Codec::AacLc => {
                let engine = aac::Engine::new(*rung)?;
                let delay = engine.delay();
                (Engine::Aac(engine), delay)
            }
            Codec::Opus => {
                let mut engine = opus::Engine::new(*rung)?;
                let delay = engine.delay()?;
                (Engine::Opus(engine), delay)
            }
            codec => return Err(EncodeError::Codec(codec)),
        };
        let unit = rung.unit_frames() as usize;
        let priming = delay.div_ceil(unit);
        let silence = priming * unit - delay;
        let mut pending = Vec::with_capacity(unit * rung.channels.count());
        pending.resize(silence * rung.channels.count(), 0.0);
        Ok(Self { rung: *rung, engine, pending, priming, next: first, units: VecDeque::with_capacity(2) })
    }

    /// What it encodes.
    pub fn rung(&self) -> &Rung {
        &self.rung
    }

    /// AAC: the `AudioSpecificConfig` (ISO 14496-3). Opus: an `OpusHead` (RFC 7845 section 5.1) whose
    /// pre-skip is 0, because the units are compensated.
    pub fn config(&self) -> Bytes {
        match &self.engine {
            Engine::Aac(engine) => Bytes::copy_from_slice(engine.config()),
            Engine::Opus(_) => opus::head(self.rung.channels),
        }
    }

    /// The rung as a track: for a packager, or a decoder.
    pub fn track(&self) -> TrackInfo {
        TrackInfo {
            codec: self.rung.codec,
            timescale: Timescale::PROGRAMME,
            sample_rate: Timescale::PROGRAMME.hz(),
            channels: self.rung.channels,
            config: self.config(),
        }
    }

    /// Takes more of the programme: 48 kHz, any number of frames. A mono rung hears the mean of all channels,
    /// and a stereo rung the only one on both sides.
    pub fn push<const C: usize>(&mut self, frames: &[[f32; C]]) -> Result<(), EncodeError> {
        let channels = self.rung.channels.count();
        let unit = self.rung.unit_frames() as usize * channels;
        let mut rest = frames;
        while !rest.is_empty() {
            let room = (unit - self.pending.len()) / channels;
            let (now, later) = rest.split_at(room.min(rest.len()));
            match self.rung.channels {
                Channels::Stereo if C == 2 => self.pending.extend_from_slice(now.as_flattened()),
                Channels::Mono if C == 1 => self.pending.extend_from_slice(now.as_flattened()),
                Channels::Mono => self.pending.extend(now.iter().map(mean)),
                Channels::Stereo => self.pending.extend(now.iter().flat_map(|frame| [mean(frame); 2])),
            }
            rest = later;
            if self.pending.len() == unit {
                self.encode()?;
            }
        }
        Ok(())
    }

    /// The next access unit; drained after every push.
    pub fn poll_output(&mut self) -> Option<AccessUnit> {
        self.units.pop_front()
    }

    /// Encodes the pending unit.
    fn encode(&mut self) -> Result<(), EncodeError> {
        let data = match &mut self.engine {
            Engine::Aac(engine) => engine.encode(&self.pending)?,
            Engine::Opus(engine) => engine.encode(&self.pending)?,
        };
        self.pending.clear();
        if self.priming > 0 {
            self.priming -= 1;
            return Ok(());
        }
        let duration = MediaDuration::from_ticks(self.rung.unit_frames());
        self.units.push_back(AccessUnit { time: self.next, duration, data: Bytes::copy_from_slice(data) });
        self.next += duration;
        Ok(())
    }
}

fn mean<const C: usize>(frame: &[f32; C]) -> f32 {
    frame.iter().sum::<f32>() / C as f32
}

#[cfg(test)]
mod tests;
