//! What remains of broadcasts: the control plane of recordings.
//!
//! A recording holds no sound. It is a stretch of a run's timeline that is kept, with a title and an address; cutting,
//! splitting and clipping move its ends and re-encode nothing. The data plane keeps the segments and serves the
//! playlists. The two meet in the traits here:
//!
//! | who | tells or asks | of whom |
//! | --- | --- | --- |
//! | [`Recorder`] | start, stop | the hall |
//! | [`RecordingNote`] | what has opened and closed | the scribe, by [`Happening`](crate::live::Happening) |
//! | [`RunShelf`] | what may be played of a run | what serves the playlists |
//! | [`RunTimes`] | where a run has sound | what keeps the segments |
//! | [`RunRanges`] | who was on stage, pins, chapters | what keeps them beside the sound |

mod analyst;
mod archive;
mod cut;
pub mod downloads;
pub mod feed;
mod file_answer;
#[cfg(test)]
mod on_disk;
mod retention;
pub mod speaker_tracks;
mod teller;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
pub mod transcripts;
pub mod waveforms;

use std::pin::Pin;
use std::time::Duration;

use media::MediaTime;
use packager::{DateRange, RunId, WallClock};

pub use analyst::{Analyst, stretch};
pub use archive::Archive;
pub use cut::{CutError, LENGTH_MIN, clip, split, trim};
pub use downloads::Downloads;
pub use file_answer::{WholeFile, answer as answer_with_file};
pub use retention::Retention;
pub use teller::{Teller, heard_as};
pub use timeline::{Piece, Timeline, frames, seconds};
pub use waveforms::Waveforms;

/// An answer that is waited for.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is known of a recording: told when it opens, and again, with its end, when it closes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordingNote {
    /// A UUIDv7.
    pub id: String,
    /// The broadcast's id.
    pub broadcast: String,
    /// Of which run.
    pub run: RunId,
    /// Its first frame on the run's timeline.
    pub from: MediaTime,
    /// The frame after its last; none while it is being made.
    pub to: Option<MediaTime>,
    /// The programme's clock at `from`.
    pub started_at: WallClock,
    /// The programme's clock at `to`.
    pub ended_at: Option<WallClock>,
    /// How long it plays: what [`Recorder`] leaves out, slots without sound, is not in it.
    pub duration: Option<Duration>,
    /// What the segments of its main rung take.
    pub size_bytes: Option<u64>,
}

/// Why a recording is not started or stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// Nothing is on air that could be recorded.
    #[error("the broadcast is not on air; start it first")]
    NotOnAir,
    /// One is being made.
    #[error("the broadcast is being recorded already")]
    AlreadyRecording,
    /// None is being made.
    #[error("the broadcast is not being recorded")]
    NotRecording,
    /// It cannot be done now, and may work later.
    #[error("the recording cannot be started or stopped now")]
    Failed,
}

/// Starts and stops recordings of what is on air.
pub trait Recorder: Send + Sync + 'static {
    /// Begins one with what the programme says next.
    fn start<'a>(&'a self, broadcast: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>>;

    /// Ends the one that is being made.
    fn stop<'a>(&'a self, broadcast: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>>;
}

/// A stretch of a run that may be played.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Published {
    /// The name of its playlists' folder, `rec/{id}/`: the recording's id where it is published, and else a key that
    /// is shown to its host alone. Letters, digits and hyphens.
    pub id: String,
    /// Its first frame on the run's timeline.
    pub from: MediaTime,
    /// The frame after its last.
    pub to: MediaTime,
}

/// A recording or a clip, as the control plane knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// A UUIDv7.
    pub id: String,
    /// The first frame that stays on disk for it: a cut can be undone.
    pub from: MediaTime,
    /// The frame after the last; none while it is being made.
    pub to: Option<MediaTime>,
    /// As what it may be played; none while it is being made.
    pub plays: Option<Published>,
}

/// What is kept of a run could not be changed now.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("what may be played of a run cannot be changed now: {0}")]
pub struct ShelfError(pub String);

/// Serves what is kept of runs. Each station has its own; a run that it does not hold is fine, and nothing to do.
pub trait RunShelf: Send + Sync + 'static {
    /// All that stays of a run and may be played of it from now on, and the ids of what was deleted. Told after every
    /// change and again after a restart, so that it may be what it was.
    fn publish<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        held: Vec<Held>,
        gone: Vec<String>,
    ) -> Answer<'a, Result<(), ShelfError>>;

    /// Nothing of a run is kept any more, unless a recording of it is not known yet which is not among those that were
    /// deleted.
    fn remove<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        gone: Vec<String>,
    ) -> Answer<'a, Result<(), ShelfError>>;
}

/// Knows where runs have sound.
pub trait RunTimes: Send + Sync + 'static {
    /// The stretches of `from` up to `to` that hold sound, in order; none where the run is not kept here.
    fn pieces<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        from: MediaTime,
        to: MediaTime,
    ) -> Answer<'a, Vec<Piece>>;
}

/// Knows what was noted beside the sound of runs.
pub trait RunRanges: Send + Sync + 'static {
    /// Who was on stage, what was pinned, and the chapters, of `from` up to `to`, in the order in which they began.
    fn ranges<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        from: MediaTime,
        to: MediaTime,
    ) -> Answer<'a, Vec<DateRange>>;
}
