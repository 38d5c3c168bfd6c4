//! What goes on air: every source decoded, buffered, mixed, limited, metered and encoded, tick by tick.

mod limiter;
mod source;

use std::collections::VecDeque;
use std::time::Duration;

use media::{AccessUnit, MediaTime, Pcm, Rung, RungId, TrackInfo};

use crate::decode::DecodeError;
use crate::encode::{EncodeError, Encoder};
use crate::intake::{IntakeConfig, IntakeStats};
use crate::meter::{Loudness, Meter};
use limiter::Limiter;
use source::Source;

/// Samples of one tick: 20 ms at 48 kHz, left and right interleaved.
const TICK_SAMPLES: usize = 2 * 960;

/// One source of a programme, named by whoever adds it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SourceId(u64);

impl SourceId {
    /// The source with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl std::fmt::Display for SourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "source {}", self.0)
    }
}

/// What a programme has made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// One access unit of one rung; its time is in [`media::Timescale::PROGRAMME`].
    Unit {
        /// Of which rung.
        rung: RungId,
        /// The unit. Units of a rung follow each other without a gap, for ever.
        unit: AccessUnit,
    },
}

/// Why a source's sound was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No such source; it was removed, or never added.
    #[error("{0} is not in the programme")]
    Unknown(SourceId),
    /// An access unit before any [`Programme::set_track`] that succeeded.
    #[error("{0} has not said what its track is")]
    NoTrack(SourceId),
    /// A track that cannot be decoded, or one damaged unit; the source goes on with its next unit.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// How one source is doing.
#[derive(Clone, Debug)]
pub struct SourceStats {
    /// Its jitter buffer and resampler.
    pub intake: IntakeStats,
    /// Access units decoded.
    pub units: u64,
    /// Damaged access units, each concealed.
    pub corrupt: u64,
    /// Opus packets that were missing between two others and concealed.
    pub missing: u64,
}

/// The programme of one broadcast, from its start to its end: 48 kHz stereo in ticks of 20 ms.
///
/// It never stops: without a source, or while all are silent, it is silence, and its encoders go on. Whoever
/// drives it calls [`tick`](Self::tick) once per 20 ms (a late tick is made up, never skipped) and drains
/// [`poll_output`](Self::poll_output) after each. `now` is everywhere the time since the programme's start on
/// a clock that never goes back.
pub struct Programme {
    sources: Vec<(SourceId, Source)>,
    intake: IntakeConfig,
    /// Sources that were removed and fade out in the next tick.
    leaving: Vec<Source>,
    mix: [f32; TICK_SAMPLES],
    /// One source's share of the mix.
    share: [f32; TICK_SAMPLES],
    limiter: Limiter,
    meter: Meter,
    encoders: Vec<Encoder>,
    outputs: VecDeque<Output>,
}

impl Programme {
    /// A programme of silence whose first tick starts at `first` (of [`media::Timescale::PROGRAMME`]).
    pub fn new(rungs: &[Rung], first: MediaTime) -> Result<Self, EncodeError> {
        let encoders = rungs.iter().map(|rung| Encoder::new(rung, first)).collect::<Result<_, _>>()?;
        Ok(Self {
            sources: Vec::new(),
            intake: IntakeConfig::default(),
            leaving: Vec::new(),
            mix: [0.0; TICK_SAMPLES],
            share: [0.0; TICK_SAMPLES],
            limiter: Limiter::new(),
            meter: Meter::new(),
            encoders,
            outputs: VecDeque::new(),
        })
    }

    /// The rungs' encoders, in the order of the rungs: for their tracks and configurations.
    pub fn encoders(&self) -> &[Encoder] {
        &self.encoders
    }

    /// How the sources that are added from now on are buffered. Whoever hands sound over in larger pieces
    /// than a tick's has to let more of it wait.
    pub fn set_intake(&mut self, intake: IntakeConfig) {
        self.intake = intake;
    }

    /// Makes room for a source; one of the same name is removed first. How many there may be is for the
    /// stage to say: each costs a decoder and some 0.2 % of a core.
    pub fn add_source(&mut self, id: SourceId) {
        self.remove_source(id);
        self.sources.push((id, Source::new(self.intake)));
    }

    /// Takes a source out: what it still has to say fades within the next tick. An unknown one is none.
    pub fn remove_source(&mut self, id: SourceId) {
        if let Some(index) = self.sources.iter().position(|(known, _)| *known == id) {
            let (_, source) = self.sources.swap_remove(index);
            self.leaving.push(source);
        }
    }

    /// Says what the source's next access units are. After an error the source's units are refused until a
    /// track is set that can be decoded.
    pub fn set_track(&mut self, id: SourceId, track: &TrackInfo) -> Result<(), SourceError> {
        Ok(self.source(id)?.set_track(track)?)
    }

    /// Takes one access unit of a source at the time of its arrival.
    pub fn push(&mut self, id: SourceId, now: Duration, unit: &AccessUnit) -> Result<(), SourceError> {
        match self.source(id)?.push(now, unit) {
            None => Err(SourceError::NoTrack(id)),
            Some(pushed) => Ok(pushed?),
        }
    }

    /// Takes sound that needs no decoding.
    pub fn push_pcm(&mut self, id: SourceId, now: Duration, pcm: &Pcm) -> Result<(), SourceError> {
        self.source(id)?.push_pcm(now, pcm);
        Ok(())
    }

    /// Makes the next 20 ms of programme. An error ends the run: its rung is not whole any more.
    pub fn tick(&mut self, now: Duration) -> Result<(), EncodeError> {
        self.mix.fill(0.0);
        for (_, source) in &mut self.sources {
            source.pull(now, &mut self.share);
            add(&mut self.mix, &self.share);
        }
        for mut source in self.leaving.drain(..) {
            source.pull(now, &mut self.share);
            fade_out(&mut self.share);
            add(&mut self.mix, &self.share);
        }
        self.limiter.process(&mut self.mix);
        self.meter.push(&self.mix);
        for encoder in &mut self.encoders {
            encoder.push(&self.mix)?;
            let rung = encoder.rung().id;
            while let Some(unit) = encoder.poll_output() {
                self.outputs.push_back(Output::Unit { rung, unit });
            }
        }
        Ok(())
    }

    /// The next thing made; drained after every tick, so that there are never more than a few.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The loudness of the mix as it is encoded.
    pub fn loudness(&self) -> Loudness {
        self.meter.loudness()
    }

    /// How a source is doing; `None` for an unknown one.
    pub fn source_stats(&self, id: SourceId) -> Option<SourceStats> {
        self.sources.iter().find(|(known, _)| *known == id).map(|(_, source)| source.stats())
    }

    fn source(&mut self, id: SourceId) -> Result<&mut Source, SourceError> {
        let found = self.sources.iter_mut().find(|(known, _)| *known == id);
        found.map(|(_, source)| source).ok_or(SourceError::Unknown(id))
    }
}

fn add(mix: &mut [f32; TICK_SAMPLES], share: &[f32; TICK_SAMPLES]) {
    for (sum, sample) in mix.iter_mut().zip(share) {
        *sum += sample;
    }
}

/// From full to nothing over the tick, along a cosine, so that neither end has a corner.
fn fade_out(tick: &mut [f32; TICK_SAMPLES]) {
    for (i, frame) in tick.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let phase = (i + 1) as f32 * std::f32::consts::PI / (TICK_SAMPLES / 2) as f32;
        let gain = 0.5 * (1.0 + phase.cos());
        *frame = frame.map(|sample| sample * gain);
    }
}

#[cfg(test)]
mod tests;
