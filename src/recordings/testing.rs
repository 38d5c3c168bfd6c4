//! A data plane for tests: it knows what it was told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use media::MediaTime;
use packager::{DateRange, RunId, WallClock};
use store::{Entry, Journal, RecordingFacts, Store, Timestamp};

use super::{Answer, Archive, Piece, RecordError, Recorder, RecordingNote, RunRanges, RunTimes};

/// When every run of it began, in seconds.
pub(crate) const ANCHOR: u64 = 1_700_000_000;

/// What it knows of runs.
#[derive(Default)]
pub(crate) struct Kept {
    pieces: Mutex<BTreeMap<(String, String), Vec<Piece>>>,
    ranges: Mutex<BTreeMap<(String, String), Vec<DateRange>>>,
    /// Is everything on air?
    pub(crate) on_air: AtomicBool,
    recording: Mutex<Option<RecordingNote>>,
}

impl Kept {
    pub(crate) fn archive(self: &Arc<Self>) -> Archive {
        Archive { recorder: self.clone(), times: self.clone(), ranges: self.clone(), ..Archive::none() }
    }

    /// A recording `id` of a run that has sound from each first second up to each second one; the run began at
    /// [`ANCHOR`].
    pub(crate) async fn keep(
        &self,
        store: &Store,
        id: &str,
        (broadcast, run): (&str, &str),
        sound: &[(u64, u64)],
    ) {
        let piece = |&(from, to): &(u64, u64)| Piece {
            from: instant(from),
            frames: (to - from) * 48_000,
            wall: WallClock((ANCHOR + from) * 1_000_000),
        };
        let pieces = sound.iter().map(piece).collect();
        self.pieces.lock().unwrap().insert((broadcast.to_owned(), run.to_owned()), pieces);
        let (from, to) = (sound[0].0, sound[sound.len() - 1].1);
        let length: u64 = sound.iter().map(|(from, to)| to - from).sum();
        note(store, id, (broadcast, run), from, Some((to, length))).await;
    }

    /// Something is noted beside the sound of a run.
    pub(crate) fn note(&self, broadcast: &str, run: &str, range: DateRange) {
        let run = (broadcast.to_owned(), run.to_owned());
        self.ranges.lock().unwrap().entry(run).or_default().push(range);
    }
}

pub(crate) fn instant(second: u64) -> MediaTime {
    MediaTime::from_ticks(second * 48_000)
}

/// What is told of a recording from second `from` of a run on, and of its end and length where it has one.
pub(crate) async fn note(
    store: &Store,
    id: &str,
    (broadcast, run): (&str, &str),
    from: u64,
    end: Option<(u64, u64)>,
) {
    let at = |second: u64| Timestamp::from_millis(((ANCHOR + second) * 1_000) as i64);
    let facts = RecordingFacts {
        id: id.to_owned(),
        broadcast_id: broadcast.to_owned(),
        run: run.to_owned(),
        from_frames: instant(from).ticks(),
        to_frames: end.map(|(to, _)| instant(to).ticks()),
        started_at: at(from),
        ended_at: end.map(|(to, _)| at(to)),
        duration_ms: end.map(|(_, length)| (length * 1_000) as i64),
        size_bytes: end.map(|(_, length)| (length * 12_000) as i64),
    };
    let folder = tempfile::tempdir().unwrap();
    let (journal, keeper) = Journal::open(&folder.path().join("journal"), store).unwrap();
    let event = "recording_ready".to_owned();
    journal.append(Entry::Recording { facts, event, told: serde_json::Map::new() }).unwrap();
    keeper.finish().await;
}

impl Recorder for Kept {
    fn start<'a>(&'a self, broadcast: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>> {
        let mut recording = self.recording.lock().unwrap();
        let started = if !self.on_air.load(Ordering::Relaxed) {
            Err(RecordError::NotOnAir)
        } else if recording.is_some() {
            Err(RecordError::AlreadyRecording)
        } else {
            let started_at = WallClock(ANCHOR * 1_000_000);
            let note = RecordingNote {
                id: store::id(),
                broadcast: broadcast.to_owned(),
                run: RunId::parse("r1").unwrap(),
                from: instant(0),
                to: None,
                started_at,
                ended_at: None,
                duration: None,
                size_bytes: None,
            };
            *recording = Some(note.clone());
            Ok(note)
        };
        Box::pin(async { started })
    }

    fn stop<'a>(&'a self, _: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>> {
        let stopped = self.recording.lock().unwrap().take().ok_or(RecordError::NotRecording);
        let stopped = stopped.map(|note| RecordingNote {
            to: Some(instant(2)),
            ended_at: Some(WallClock((ANCHOR + 2) * 1_000_000)),
            duration: Some(Duration::from_secs(2)),
            ..note
        });
        Box::pin(async { stopped })
    }
}

impl RunTimes for Kept {
    fn pieces<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        _: MediaTime,
        _: MediaTime,
    ) -> Answer<'a, Vec<Piece>> {
        let run = (broadcast.to_owned(), run.to_string());
        let pieces = self.pieces.lock().unwrap().get(&run).cloned().unwrap_or_default();
        Box::pin(async { pieces })
    }
}

impl RunRanges for Kept {
    fn ranges<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        _: MediaTime,
        _: MediaTime,
    ) -> Answer<'a, Vec<DateRange>> {
        let run = (broadcast.to_owned(), run.to_string());
        let ranges = self.ranges.lock().unwrap().get(&run).cloned().unwrap_or_default();
        Box::pin(async { ranges })
    }
}
