//! Recordings of runs: stretches whose segments stay. What is known of them lies beside the run on disk, so that it
//! is true whatever becomes of this process.

use std::io;
use std::path::Path;
use std::time::Duration;

use media::{MediaDuration, MediaTime, RungId};
use origin::recordings::RECORDINGS_MAX;
use origin::{Recorded, RunDir, RunRecord, Shelf};
use packager::Window;
use packager::recording::frames;
use tracing::{error, warn};

use super::run::{OnAir, RunHouse};
use crate::recordings::speaker_tracks::SpeakerTracks;
use crate::recordings::{RecordError, RecordingNote};
use crate::uploads::Uploads;

impl OnAir {
    /// Begins a recording with what is listed next.
    pub(super) fn record(&self) -> Result<RecordingNote, RecordError> {
        let from = self.shelf.view().window.end_time();
        let begun = self.shelf.change_recordings(|recordings| {
            if recordings.iter().any(|recorded| !recorded.is_closed()) {
                return Err(RecordError::AlreadyRecording);
            }
            if recordings.len() >= RECORDINGS_MAX {
                return Err(RecordError::Failed);
            }
            let recorded = Recorded::open(store::id(), from);
            recordings.push(recorded.clone());
            Ok(recorded)
        });
        let recorded = self.noted(begun)??;
        note(&self.shelf, &self.record, &recorded).map_err(|cause| self.failed(&cause))
    }

    /// Ends the recording that is being made, with what is listed now; never before its first part.
    pub(super) fn stop_recording(&self) -> Result<RecordingNote, RecordError> {
        let window = &self.shelf.view().window;
        let (end, part) = (window.end_time(), window.ladder().grid().part());
        let ended = self.shelf.change_recordings(|recordings| {
            let open = recordings.iter_mut().find(|recorded| !recorded.is_closed())?;
            close_at(open, end.max(open.span.from + part));
            Some(open.clone())
        });
        let recorded = self.noted(ended)?.ok_or(RecordError::NotRecording)?;
        note(&self.shelf, &self.record, &recorded).map_err(|cause| self.failed(&cause))
    }

    /// Ends a recording that is as long as `longest`, and begins the next where it ends. Answers with both.
    pub(super) fn next_volume(&self, longest: MediaDuration) -> Option<[RecordingNote; 2]> {
        let end = self.shelf.view().window.end_time();
        let is_full = |recorded: &Recorded| !recorded.is_closed() && recorded.span.from + longest <= end;
        if !self.shelf.recordings().iter().any(is_full) {
            return None;
        }
        let changed = self.shelf.change_recordings(|recordings| {
            if recordings.len() >= RECORDINGS_MAX {
                return None;
            }
            let full = recordings.iter_mut().find(|recorded| is_full(recorded))?;
            close_at(full, end);
            let volumes = [full.clone(), Recorded::open(store::id(), end)];
            recordings.push(volumes[1].clone());
            Some(volumes)
        });
        let [full, next] = self.noted(changed).ok()??;
        let note =
            |recorded| note(&self.shelf, &self.record, recorded).map_err(|cause| self.failed(&cause)).ok();
        Some([note(&full)?, note(&next)?])
    }

    /// The recording that is being made.
    pub(super) fn recording(&self) -> Option<RecordingNote> {
        let recordings = self.shelf.recordings();
        let open = recordings.iter().find(|recorded| !recorded.is_closed())?;
        note(&self.shelf, &self.record, open).map_err(|cause| self.failed(&cause)).ok()
    }

    fn noted<T>(&self, changed: io::Result<T>) -> Result<T, RecordError> {
        changed.map_err(|cause| self.failed(&cause))
    }

    fn failed(&self, cause: &io::Error) -> RecordError {
        error!(broadcast.id = %self.record.broadcast, "a recording cannot be noted: {cause}");
        RecordError::Failed
    }
}

fn close_at(open: &mut Recorded, end: MediaTime) {
    open.span.to = Some(end);
    open.kept.to = Some(end);
}

/// What the control plane is told of a recording.
fn note(shelf: &Shelf, record: &RunRecord, recorded: &Recorded) -> io::Result<RecordingNote> {
    let window = &shelf.view().window;
    let closed = recorded.is_closed();
    let size = closed.then(|| shelf.files().size(RungId::Main, |msn| recorded.keeps(msn))).transpose()?;
    Ok(RecordingNote {
        id: recorded.id.clone(),
        broadcast: record.broadcast.clone(),
        run: record.run.clone(),
        from: recorded.span.from,
        to: recorded.span.to,
        started_at: record.anchor.at(recorded.span.from),
        ended_at: recorded.span.to.map(|to| record.anchor.at(to)),
        duration: closed.then(|| duration(window, recorded)),
        size_bytes: size,
    })
}

fn duration(window: &Window, recorded: &Recorded) -> Duration {
    Duration::from_nanos(frames(window, recorded.span) * 1_000_000_000 / 48_000)
}

/// Closes what a run's end has left open, and answers with what is to be told of it. A disk that does not take it
/// costs nothing: of a run that has ended an open recording plays all there is, and the next start tells of it.
pub(super) fn close(shelf: &Shelf, record: &RunRecord) -> Option<RecordingNote> {
    let end = shelf.view().window.end_time();
    let closed = shelf.change_recordings(|recordings| {
        let open = recordings.iter_mut().find(|recorded| !recorded.is_closed())?;
        close_at(open, end.max(open.span.from));
        Some(open.clone())
    });
    let noted = closed.and_then(|closed| closed.map(|closed| note(shelf, record, &closed)).transpose());
    noted.unwrap_or_else(|cause| {
        error!(broadcast.id = %record.broadcast, "the end of a recording is not noted: {cause}");
        None
    })
}

/// Has a recording listed in the object store that has just been made; as soon as all of it is there.
pub(super) fn list(uploads: Option<&Uploads>, note: &RecordingNote) {
    if let Some(uploads) = uploads.filter(|_| note.to.is_some()) {
        uploads.lists_changed(&note.broadcast, &note.run);
    }
}

/// Removes the segments of a run that is over which no recording keeps, but for its end: somebody may be hearing it.
pub(super) fn tidy(shelf: &Shelf) {
    let (recordings, first) = (shelf.recordings(), shelf.view().window.media_sequence());
    let gone = |msn| msn < first && !recordings.iter().any(|recorded| recorded.keeps(msn));
    if let Err(cause) = shelf.files().sweep(gone) {
        warn!("what nobody needs of run {} could not be removed: {cause}", shelf.run());
    }
    let kept: Vec<_> = recordings.iter().map(|recorded| recorded.kept).collect();
    if let Err(cause) = SpeakerTracks::beside(shelf.files()).sweep(&kept) {
        warn!("speakers of run {} whom no recording has could not be removed: {cause}", shelf.run());
    }
}

impl RunHouse {
    /// What the control plane may not know of the recordings of earlier runs: an earlier process died before it
    /// wrote that down. Recordings that were being made in runs that are over are closed.
    pub(super) fn untold_recordings(&self) -> Vec<RecordingNote> {
        let broadcasts = match RunDir::broadcasts(&self.media_dir) {
            Ok(broadcasts) => broadcasts,
            Err(cause) => {
                error!("recordings that were not told of cannot be looked for: {cause}");
                return Vec::new();
            }
        };
        let mut notes = Vec::new();
        for broadcast in broadcasts {
            match untold(&self.media_dir, &broadcast) {
                Ok(found) => notes.extend(found),
                Err(cause) => {
                    error!(broadcast.id = %broadcast, "the recordings of {broadcast} cannot be read: {cause}");
                }
            }
        }
        notes
    }
}

fn untold(media_dir: &Path, broadcast: &str) -> io::Result<Vec<RecordingNote>> {
    let mut notes = Vec::new();
    for run in RunDir::runs(media_dir, broadcast)? {
        let recordings = RunDir::files_of(media_dir, broadcast, &run).read_recordings()?;
        if recordings.iter().all(|recorded| recorded.known && recorded.is_closed()) {
            continue;
        }
        let Some(found) = RunDir::find_over(media_dir, broadcast, &run)? else { continue };
        let (shelf, dir) = Shelf::new(found);
        let closed = close(&shelf, dir.record());
        let told = closed.as_ref().map(|note| note.id.clone());
        notes.extend(closed);
        let recordings = shelf.recordings();
        let others =
            recordings.iter().filter(|recorded| !recorded.known && Some(&recorded.id) != told.as_ref());
        for recorded in others {
            notes.push(note(&shelf, dir.record(), recorded)?);
        }
    }
    Ok(notes)
}
