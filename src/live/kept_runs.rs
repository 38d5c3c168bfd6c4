//! What is kept of runs on this station's disk, as the control plane of recordings sees it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use media::MediaTime;
use origin::{Attic, Origin, Recorded, RunDir, Shelf};
use packager::recording::pieces_so_far;
use packager::{DateRange, RunId, Span};
use tracing::{error, warn};

use super::directory::Directory;
use super::handle::HallHandle;
use super::recordings::tidy;
use crate::playback::Ledger;
use crate::recordings::{
    Answer, Archive, Held, Piece, RecordError, Recorder, RecordingNote, RunRanges, RunShelf, RunTimes,
    ShelfError,
};
use crate::uploads::{Heeded, StoreAttic, Uploads};

/// The runs below one folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeptRuns {
    origin: Arc<Origin>,
    media_dir: PathBuf,
    uploads: Option<Uploads>,
    elsewhere: Option<Elsewhere>,
}

/// Where runs are that this disk has lost.
#[derive(Clone)]
pub struct Elsewhere {
    /// What brings them back.
    pub attic: Arc<StoreAttic>,
    /// Who is told whose they are.
    pub ledger: Ledger,
    /// Who knows whose they are.
    pub directory: Arc<dyn Directory>,
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elsewhere").field("attic", &self.attic).finish_non_exhaustive()
    }
}

impl KeptRuns {
    /// Those that `origin` serves from below `media_dir`, and `uploads` brings to the object store where there is one.
    pub const fn new(origin: Arc<Origin>, media_dir: PathBuf, uploads: Option<Uploads>) -> Self {
        Self { origin, media_dir, uploads, elsewhere: None }
    }

    /// The same, and runs that are not here any more are looked for `elsewhere`.
    #[must_use]
    pub fn with_elsewhere(self, elsewhere: Option<Elsewhere>) -> Self {
        Self { elsewhere, ..self }
    }

    /// All that the control plane asks for.
    pub fn archive(self, hall: HallHandle) -> Archive {
        let runs = Arc::new(self);
        Archive { recorder: Arc::new(hall), shelf: runs.clone(), times: runs.clone(), ranges: runs }
    }

    /// Changes what is noted of a run, and removes the segments of a run that is over which nothing keeps any more, also
    /// from the object store.
    async fn change(
        &self,
        broadcast: &str,
        run: &RunId,
        change: impl Fn(&[Recorded]) -> Vec<Recorded> + Send + Sync + 'static,
    ) -> Result<(), ShelfError> {
        let change = Arc::new(change);
        let in_memory = self.origin.shelf(broadcast, run);
        // A station that starts is told of every run, and nearly all are as they were: those are not loaded.
        if in_memory.is_none() && self.stands(broadcast, run, change.clone()).await? {
            return Ok(());
        }
        if in_memory.is_none() && !self.comes_back(broadcast, run, change(&[])).await? {
            return Ok(());
        }
        // A run that is not here is another station's, or gone.
        let Some(shelf) = self.origin.find(broadcast, run).await else { return Ok(()) };
        let (uploads, broadcast, run) = (self.uploads.clone(), broadcast.to_owned(), run.clone());
        let changed = tokio::task::spawn_blocking(move || {
            let over = shelf.view().window.ended();
            let (changed, freed) = shelf.change_recordings(|recordings| {
                let before = std::mem::take(recordings);
                *recordings = change(&before);
                let changed = before != *recordings;
                let freed =
                    over && before.iter().any(|old| recordings.iter().all(|new| new.kept != old.kept));
                if let Some(uploads) = &uploads {
                    owe(uploads, &broadcast, &run, changed, freed);
                }
                (changed, freed)
            })?;
            if freed {
                tidy(&shelf);
            }
            match &uploads {
                Some(uploads) if freed => uploads.tidy(&broadcast, &run),
                Some(uploads) if changed => uploads.lists_changed(&broadcast, &run),
                _ => {}
            }
            Ok(())
        });
        told(changed.await)
    }

    /// Whether what is noted on disk of a run is what `change` would make of it.
    async fn stands(
        &self,
        broadcast: &str,
        run: &RunId,
        change: Arc<impl Fn(&[Recorded]) -> Vec<Recorded> + Send + Sync + 'static>,
    ) -> Result<bool, ShelfError> {
        let files = RunDir::files_of(&self.media_dir, broadcast, run);
        let read =
            tokio::task::spawn_blocking(move || files.read_recordings().map(|noted| change(&noted) == noted));
        told(read.await)
    }

    /// Whether there is anything to change of a run. One that is not here is known from now on, so that it can be brought
    /// back when somebody wants to hear it; it is brought back now where what is known of it changes.
    async fn comes_back(
        &self,
        broadcast: &str,
        run: &RunId,
        recordings: Vec<Recorded>,
    ) -> Result<bool, ShelfError> {
        let Some(Elsewhere { attic, ledger, directory }) = &self.elsewhere else { return Ok(true) };
        if RunDir::files_of(&self.media_dir, broadcast, run).are_here() {
            return Ok(true);
        }
        if attic.tell(broadcast, run, recordings) == Heeded::Noted {
            // Whose it is stood beside the media, too.
            if let Ok(Some(card)) = directory.find(broadcast).await {
                ledger.note(broadcast, card.audience);
            }
            return Ok(false);
        }
        let (attic, broadcast, run) = (attic.clone(), broadcast.to_owned(), run.clone());
        let back = tokio::task::spawn_blocking(move || {
            let back = attic.restore(&broadcast, Some(&run))?;
            if !back {
                // Another station's: what is known of it now is told anew.
                attic.forget(&broadcast, &run);
            }
            Ok(back)
        });
        told(back.await)
    }

    /// Has what the store has of a run deleted that is over, and neither here nor recorded any more.
    async fn let_go_of(&self, broadcast: &str, run: &RunId) -> Result<(), ShelfError> {
        let Some((Elsewhere { attic, .. }, uploads)) = self.elsewhere.as_ref().zip(self.uploads.as_ref())
        else {
            return Ok(());
        };
        if RunDir::files_of(&self.media_dir, broadcast, run).are_here() {
            return Ok(());
        }
        attic.forget(broadcast, run);
        let (attic, id, name) = (attic.clone(), broadcast.to_owned(), run.clone());
        let has = told(tokio::task::spawn_blocking(move || attic.has(&id, &name)).await)?;
        if has {
            uploads.tidy(broadcast, run);
        }
        Ok(())
    }

    /// What is noted of the recordings of a run; nothing where it is not here.
    async fn noted(&self, broadcast: &str, run: &RunId) -> Result<Vec<Recorded>, ShelfError> {
        if let Some(shelf) = self.origin.shelf(broadcast, run) {
            return Ok(shelf.recordings().to_vec());
        }
        let files = RunDir::files_of(&self.media_dir, broadcast, run);
        told(tokio::task::spawn_blocking(move || files.read_recordings()).await)
    }

    /// Removes a run that is over of which nothing is kept; the newest of a broadcast stays, with its end.
    async fn forget(&self, broadcast: &str, run: &RunId) -> Result<(), ShelfError> {
        self.change(broadcast, run, |_| Vec::new()).await?;
        let shelf = self.origin.shelf(broadcast, run);
        if shelf.as_ref().is_some_and(|shelf| !shelf.view().window.ended()) {
            return Ok(());
        }
        let (root, id, run) = (self.media_dir.clone(), broadcast.to_owned(), run.clone());
        let removed = tokio::task::spawn_blocking(move || {
            let runs = RunDir::runs(&root, &id)?;
            let superseded = runs.contains(&run) && runs.last().is_some_and(|newest| *newest != run);
            if superseded && RunDir::files_of(&root, &id, &run).read_record()?.ended {
                return RunDir::remove(&root, &id, &run).map(|()| true);
            }
            Ok(false)
        });
        if told(removed.await)?
            && let Some(shelf) = shelf
        {
            self.origin.retire(broadcast, &shelf);
        }
        Ok(())
    }
}

/// Notes what the store will have to be told of a run. Without the note it is done all the same, unless the station
/// dies before.
fn owe(uploads: &Uploads, broadcast: &str, run: &RunId, changed: bool, freed: bool) {
    let noted = match (changed, freed) {
        (_, true) => uploads.owe_tidy(broadcast, run),
        (true, false) => uploads.owe_lists(broadcast, run),
        (false, false) => Ok(()),
    };
    if let Err(cause) = noted {
        error!(broadcast.id = %broadcast, "the store may not learn what is recorded of run {run} if the station stops now: {cause}");
    }
}

fn told<T>(done: Result<io::Result<T>, tokio::task::JoinError>) -> Result<T, ShelfError> {
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(cause)) => Err(ShelfError(cause.to_string())),
        Err(stopping) => Err(ShelfError(stopping.to_string())),
    }
}

/// What the control plane knows, and what it will be told of: a recording that has just begun or ended, unless it was
/// deleted before this station knew that it was known.
fn merged(standing: &[Recorded], held: &[Held], gone: &[String]) -> Vec<Recorded> {
    let mut merged = Vec::new();
    for held in held {
        let here = standing.iter().find(|recorded| recorded.id == held.id);
        let recorded = match (held.to, here) {
            // The run knows better than the database how far it is.
            (None, Some(here)) => Recorded { known: true, ..here.clone() },
            (None, None) => continue,
            (Some(to), _) => {
                let kept = Span { from: held.from, to: Some(to) };
                let (folder, span) = match &held.plays {
                    Some(plays) => (plays.id.clone(), Span { from: plays.from, to: Some(plays.to) }),
                    None => (String::new(), kept),
                };
                Recorded { id: held.id.clone(), folder, span, kept, known: true }
            }
        };
        merged.push(recorded);
    }
    let untold = |recorded: &&Recorded| {
        !recorded.known && !gone.contains(&recorded.id) && held.iter().all(|held| held.id != recorded.id)
    };
    merged.extend(standing.iter().filter(untold).cloned());
    merged
}

impl RunShelf for KeptRuns {
    fn publish<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        held: Vec<Held>,
        gone: Vec<String>,
    ) -> Answer<'a, Result<(), ShelfError>> {
        Box::pin(self.change(broadcast, run, move |standing| merged(standing, &held, &gone)))
    }

    fn remove<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        gone: Vec<String>,
    ) -> Answer<'a, Result<(), ShelfError>> {
        Box::pin(async move {
            // One that is being made now is not written down yet.
            let untold = |recorded: &Recorded| !recorded.known && !gone.contains(&recorded.id);
            if self.noted(broadcast, run).await?.iter().any(untold) {
                return self.change(broadcast, run, move |standing| merged(standing, &[], &gone)).await;
            }
            self.let_go_of(broadcast, run).await?;
            self.forget(broadcast, run).await
        })
    }
}

impl RunTimes for KeptRuns {
    fn pieces<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        from: MediaTime,
        to: MediaTime,
    ) -> Answer<'a, Vec<Piece>> {
        Box::pin(async move {
            let Some(shelf) = self.origin.find(broadcast, run).await else { return Vec::new() };
            stretches(&shelf, Span { from, to: Some(to) })
        })
    }
}

/// What of a span holds sound, without the seams between segments.
fn stretches(shelf: &Shelf, span: Span) -> Vec<Piece> {
    let view = shelf.view();
    let (grid, anchor) = (view.window.ladder().grid(), view.window.anchor());
    let mut stretches: Vec<Piece> = Vec::new();
    for piece in pieces_so_far(&view.window, span) {
        let (from, frames) = (piece.start(grid), piece.duration(grid).ticks());
        match stretches.last_mut() {
            Some(last) if last.from.ticks() + last.frames == from.ticks() => last.frames += frames,
            _ => stretches.push(Piece { from, frames, wall: anchor.at(from) }),
        }
    }
    stretches
}

impl RunRanges for KeptRuns {
    fn ranges<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        from: MediaTime,
        to: MediaTime,
    ) -> Answer<'a, Vec<DateRange>> {
        Box::pin(async move {
            let Some(shelf) = self.origin.find(broadcast, run).await else { return Vec::new() };
            let read = tokio::task::spawn_blocking(move || shelf.files().read_ranges()).await;
            let ranges = match read.unwrap_or_else(|stopping| Err(io::Error::other(stopping))) {
                Ok(ranges) => ranges,
                Err(cause) => {
                    warn!(broadcast.id = %broadcast, "who was on stage in run {run} cannot be read: {cause}");
                    return Vec::new();
                }
            };
            let mut ranges: Vec<_> = ranges.into_iter().map(|told| told.range).collect();
            ranges.retain(|range| range.start() < to && range.end().is_none_or(|end| end > from));
            ranges.sort_by_key(DateRange::start);
            ranges
        })
    }
}

impl Recorder for HallHandle {
    fn start<'a>(&'a self, broadcast: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>> {
        Box::pin(self.record(broadcast))
    }

    fn stop<'a>(&'a self, broadcast: &'a str) -> Answer<'a, Result<RecordingNote, RecordError>> {
        Box::pin(self.stop_recording(broadcast))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::Published;

    fn at(slot: u64) -> MediaTime {
        packager::Msn(slot).start()
    }

    fn held(id: &str, to: Option<u64>, folder: &str) -> Held {
        let plays = to.map(|to| Published { id: folder.into(), from: at(9), to: at(to) });
        Held { id: id.into(), from: at(8), to: to.map(at), plays }
    }

    #[test]
    fn what_is_known_is_taken_over_and_what_is_not_known_yet_stays() {
        let open = Recorded::open("new".into(), at(30));
        let gone = Recorded { known: true, ..Recorded::open("gone".into(), at(1)) };
        let standing = [Recorded::open("a".into(), at(8)), gone, open.clone()];
        let after = merged(
            &standing,
            &[held("a", Some(20), "a"), held("b", Some(21), "key"), held("c", None, "")],
            &[],
        );
        let names: Vec<_> = after.iter().map(|it| (&*it.id, &*it.folder, it.known)).collect();
        assert_eq!(names, [("a", "a", true), ("b", "key", true), ("new", "new", false)]);
        assert_eq!(after[0].span, Span { from: at(9), to: Some(at(20)) });
        assert_eq!(after[0].kept, Span { from: at(8), to: Some(at(20)) });
        assert!(!after[1].is_published());
        let making = merged(std::slice::from_ref(&open), &[held("new", None, "")], &[]);
        assert_eq!(making, [Recorded { known: true, ..open }], "the run knows how far it is");
        assert!(merged(&making, &[], &[]).is_empty(), "what was known is deleted");
        let ended = Recorded { known: false, ..making[0].clone() };
        let standing = std::slice::from_ref(&ended);
        assert_eq!(merged(standing, &[], &[]), standing, "it is not written down yet");
        assert!(merged(standing, &[], &["new".to_owned()]).is_empty(), "it was, and was deleted");
    }
}
