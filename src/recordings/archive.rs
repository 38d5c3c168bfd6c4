//! What the control plane asks of the data plane about recordings.

use std::sync::Arc;

use media::MediaTime;
use packager::{DateRange, RunId};
use store::{Recording, Span};

use super::{
    Answer, Held, Piece, RecordError, Recorder, RecordingNote, RunRanges, RunShelf, RunTimes, ShelfError,
    Timeline,
};

/// Everything that is asked of the data plane. Cheap to clone.
#[derive(Clone)]
pub struct Archive {
    /// Starts and stops recordings.
    pub recorder: Arc<dyn Recorder>,
    /// Serves them.
    pub shelf: Arc<dyn RunShelf>,
    /// Knows where they have sound.
    pub times: Arc<dyn RunTimes>,
    /// Knows what was noted beside it.
    pub ranges: Arc<dyn RunRanges>,
}

impl Archive {
    /// That of a station that keeps no sound: nothing can be recorded, and nothing of it is heard.
    pub fn none() -> Self {
        let nothing = Arc::new(Nothing);
        Self { recorder: nothing.clone(), shelf: nothing.clone(), times: nothing.clone(), ranges: nothing }
    }

    /// Where `recording` has sound, as far as it plays now. Empty while it is being made, and where its run is not
    /// kept here.
    pub async fn plays(&self, recording: &Recording) -> Timeline {
        self.timeline(recording, recording.plays).await
    }

    /// The same of all that was recorded.
    pub async fn recorded(&self, recording: &Recording) -> Timeline {
        self.timeline(recording, recording.recorded).await
    }

    /// What was noted beside the sound of `recording`, as far as it plays now.
    pub async fn noted(&self, recording: &Recording) -> Vec<DateRange> {
        match (RunId::parse(&recording.run), ends(recording.plays)) {
            (Some(run), Some((from, to))) => {
                self.ranges.ranges(&recording.broadcast_id, &run, from, to).await
            }
            _ => Vec::new(),
        }
    }

    async fn timeline(&self, recording: &Recording, span: Span) -> Timeline {
        let (Some(run), Some((from, to))) = (RunId::parse(&recording.run), ends(span)) else {
            return Timeline::default();
        };
        let pieces = self.times.pieces(&recording.broadcast_id, &run, from, to).await;
        Timeline::new(pieces).within(from, to)
    }
}

fn ends(span: Span) -> Option<(MediaTime, MediaTime)> {
    Some((MediaTime::from_ticks(span.from), MediaTime::from_ticks(span.to?)))
}

/// Keeps no sound.
#[derive(Debug)]
struct Nothing;

impl Recorder for Nothing {
    fn start<'a>(&'a self, _: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>> {
        Box::pin(async { Err(RecordError::Failed) })
    }

    fn stop<'a>(&'a self, _: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>> {
        Box::pin(async { Err(RecordError::NotRecording) })
    }
}

impl RunShelf for Nothing {
    fn publish<'a>(
        &'a self,
        _: &'a str,
        _: &'a RunId,
        _: Vec<Held>,
        _: Vec<String>,
    ) -> Answer<'a, Result<(), ShelfError>> {
        Box::pin(async { Ok(()) })
    }

    fn remove<'a>(&'a self, _: &'a str, _: &'a RunId, _: Vec<String>) -> Answer<'a, Result<(), ShelfError>> {
        Box::pin(async { Ok(()) })
    }
}

impl RunTimes for Nothing {
    fn pieces<'a>(&'a self, _: &'a str, _: &'a RunId, _: MediaTime, _: MediaTime) -> Answer<'a, Vec<Piece>> {
        Box::pin(async { Vec::new() })
    }
}

impl RunRanges for Nothing {
    fn ranges<'a>(
        &'a self,
        _: &'a str,
        _: &'a RunId,
        _: MediaTime,
        _: MediaTime,
    ) -> Answer<'a, Vec<DateRange>> {
        Box::pin(async { Vec::new() })
    }
}
