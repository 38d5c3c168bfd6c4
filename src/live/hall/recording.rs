//! Recording what is on air.

use media::MediaDuration;
use tracing::{info, warn};

use super::Hall;
use crate::live::entry::Scene;
use crate::live::happening::Happening;
use crate::live::recordings;
use crate::live::run::OnAir;
use crate::recordings::{RecordError, RecordingNote};

/// A recording that is longer goes on in another one: half a day.
const LONGEST: MediaDuration = MediaDuration::from_ticks(12 * 3_600 * 48_000);

impl Hall {
    pub(super) fn record(&self, id: &str) -> Result<RecordingNote, RecordError> {
        let note = self.live_run(id)?.record()?;
        info!(broadcast.id = %id, "{id} is being recorded: {}", note.id);
        self.tell(Happening::Recording(note.clone()));
        Ok(note)
    }

    pub(super) fn stop_recording(&self, id: &str) -> Result<RecordingNote, RecordError> {
        let note = self.live_run(id)?.stop_recording()?;
        info!(broadcast.id = %id, "the recording {} of {id} is made", note.id);
        recordings::list(self.premises.house.uploads.as_ref(), &note);
        self.tell(Happening::Recording(note.clone()));
        Ok(note)
    }

    /// A broadcast goes on air all the same where it cannot be recorded; its host can start a recording later.
    pub(super) fn record_from_the_start(&self, id: &str) {
        if let Err(cause) = self.record(id) {
            warn!(broadcast.id = %id, "{id} is on air and not recorded: {cause}");
        }
    }

    /// Tells of a recording that goes on in a run that was found: its process may have died before it was noted.
    pub(super) fn tell_recording(&self, id: &str) {
        if let Some(note) = self.live_run(id).ok().and_then(OnAir::recording) {
            self.tell(Happening::Recording(note));
        }
    }

    /// Begins another recording where one is too long to be handled: a station that is on air for weeks has its days,
    /// and old ones can go.
    pub(super) fn turn_over(&self) {
        for entry in self.entries.values().filter(|entry| entry.scene == Scene::Live) {
            for note in entry.run.next_volume(LONGEST).into_iter().flatten() {
                recordings::list(self.premises.house.uploads.as_ref(), &note);
                self.tell(Happening::Recording(note));
            }
        }
    }

    fn live_run(&self, id: &str) -> Result<&OnAir, RecordError> {
        let live = self.entries.get(id).filter(|entry| entry.scene == Scene::Live);
        live.map(|entry| &entry.run).ok_or(RecordError::NotOnAir)
    }
}
