//! What goes on air: every source decoded, buffered, mixed, limited, metered and encoded, tick by tick.

mod denoiser;
mod leveller;
mod limiter;
mod mixer;
mod source;

use std::collections::VecDeque;
use std::time::Duration;

use media::{AccessUnit, Channels, MediaTime, Pcm, Rung, RungId, TrackInfo};

use crate::decode::DecodeError;
use crate::encode::{EncodeError, Encoder};
use crate::intake::{IntakeConfig, IntakeStats, TICK_FRAMES};
use crate::meter::Loudness;
use mixer::{Mix, Mixer};

/// The sound of one tick: 20 ms at 48 kHz.
type Tick<const C: usize> = [[f32; C]; TICK_FRAMES];

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
    /// Opus packets that were missing between two others, each filled in for.
    pub missing: u64,
    /// Those of them that the next packet repeated (in-band FEC); the others were concealed.
    pub recovered: u64,
    /// Longer holes in its own time: it had nothing to say (DTX), or nothing of it came through.
    pub pauses: u64,
}

/// The programme of one broadcast, from its start to its end: 48 kHz in ticks of 20 ms, in stereo, or in mono
/// where no rung has more than one channel.
///
/// It never stops: without a source, or while all are silent, it is silence, and its encoders go on. Whoever
/// drives it calls [`tick`](Self::tick) once per 20 ms (a late tick is made up, never skipped) and drains
/// [`poll_output`](Self::poll_output) after each. `now` is everywhere the time since the programme's start on
/// a clock that never goes back.
pub struct Programme {
    mixer: Box<dyn Mix>,
    intake: IntakeConfig,
    encoders: Vec<Encoder>,
    outputs: VecDeque<Output>,
}

impl Programme {
    /// A programme of silence whose first tick starts at `first` (of [`media::Timescale::PROGRAMME`]).
    pub fn new(rungs: &[Rung], first: MediaTime) -> Result<Self, EncodeError> {
        let encoders = rungs.iter().map(|rung| Encoder::new(rung, first)).collect::<Result<_, _>>()?;
        let mono = rungs.iter().all(|rung| rung.channels == Channels::Mono);
        let mixer: Box<dyn Mix> =
            if mono { Box::new(Mixer::<1>::new()) } else { Box::new(Mixer::<2>::new()) };
        Ok(Self { mixer, intake: IntakeConfig::default(), encoders, outputs: VecDeque::new() })
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
        self.mixer.add_source(id, self.intake);
    }

    /// The same for a source that is to be buffered in its own way: [`IntakeConfig::CONVERSATION`] for people
    /// who are answered.
    pub fn add_source_with(&mut self, id: SourceId, intake: IntakeConfig) {
        self.mixer.add_source(id, intake);
    }

    /// Suppresses noise around the voice of one source, from here on; off at first. For speech alone: music
    /// is noise to it. The source becomes mono and is 10 ms later; either change fades over 10 ms. It costs
    /// 0.7 % of a core.
    pub fn set_denoise(&mut self, id: SourceId, on: bool) -> Result<(), SourceError> {
        self.mixer.set_denoise(id, on)
    }

    /// Keeps each tick of one source for [`tapped`](Self::tapped), from the next one on; off at first.
    pub fn set_tap(&mut self, id: SourceId, on: bool) -> Result<(), SourceError> {
        self.mixer.set_tap(id, on)
    }

    /// One source's share of the newest tick, as it went into the mix, in mono: 20 ms at 48 kHz. `None` where it is not
    /// tapped. Silence before the first tick.
    pub fn tapped(&self, id: SourceId) -> Option<&[f32; TICK_FRAMES]> {
        self.mixer.tapped(id)
    }

    /// Rides the gain of the mix towards -16 LUFS, from here on; off at first. It follows the loudness of the
    /// last 3 s that were no silence, by 12 dB at most, up by 1 dB a second and down by 3.
    pub fn set_levelling(&mut self, on: bool) {
        self.mixer.set_levelling(on);
    }

    /// Takes a source out: what it still has to say fades within the next tick. An unknown one is none.
    pub fn remove_source(&mut self, id: SourceId) {
        self.mixer.remove_source(id);
    }

    /// Says what the source's next access units are. After an error the source's units are refused until a
    /// track is set that can be decoded.
    pub fn set_track(&mut self, id: SourceId, track: &TrackInfo) -> Result<(), SourceError> {
        self.mixer.set_track(id, track)
    }

    /// Takes one access unit of a source at the time of its arrival.
    pub fn push(&mut self, id: SourceId, now: Duration, unit: &AccessUnit) -> Result<(), SourceError> {
        self.mixer.push(id, now, unit)
    }

    /// Takes sound that needs no decoding.
    pub fn push_pcm(&mut self, id: SourceId, now: Duration, pcm: &Pcm) -> Result<(), SourceError> {
        self.mixer.push_pcm(id, now, pcm)
    }

    /// Makes the next 20 ms of programme. An error ends the run: its rung is not whole any more.
    pub fn tick(&mut self, now: Duration) -> Result<(), EncodeError> {
        self.mixer.tick(now, &mut self.encoders)?;
        for encoder in &mut self.encoders {
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
        self.mixer.loudness()
    }

    /// How a source is doing; `None` for an unknown one.
    pub fn source_stats(&self, id: SourceId) -> Option<SourceStats> {
        self.mixer.source_stats(id)
    }
}

#[cfg(test)]
mod packet_time_tests;
#[cfg(test)]
mod pause_tests;
#[cfg(test)]
#[path = "../../tests/speech/mod.rs"]
mod speech;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod treatment_tests;
