//! What is kept of runs on this station's disk, as the control plane of recordings sees it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use media::MediaTime;
use origin::{Origin, Recorded, RunDir, Shelf};
use packager::recording::pieces_so_far;
use packager::{DateRange, RunId, Span};
use tracing::warn;

use super::handle::HallHandle;
use super::recordings::tidy;
use crate::recordings::{
    Answer, Archive, Held, Piece, RecordError, Recorder, RecordingNote, RunRanges, RunShelf, RunTimes,
    ShelfError,
};

/// The runs below one folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeptRuns {
    origin: Arc<Origin>,
    media_dir: PathBuf,
}

impl KeptRuns {
    /// Those that `origin` serves from below `media_dir`.
    pub const fn new(origin: Arc<Origin>, media_dir: PathBuf) -> Self {
        Self { origin, media_dir }
    }

    /// All that the control plane asks for.
    pub fn archive(self, hall: HallHandle) -> Archive {
        let runs = Arc::new(self);
        Archive { recorder: Arc::new(hall), shelf: runs.clone(), times: runs.clone(), ranges: runs }
    }

    /// Changes what is noted of a run, and removes the segments of a run that is over which nothing keeps any more.
    async fn change(
        &self,
        broadcast: &str,
        run: &RunId,
        change: impl Fn(&[Recorded]) -> Vec<Recorded> + Send + 'static,
    ) -> Result<(), ShelfError> {
        // A run that is not here is another station's, or gone.
        let Some(shelf) = self.origin.find(broadcast, run).await else { return Ok(()) };
        let changed = tokio::task::spawn_blocking(move || {
            shelf
                .change_recordings(|recordings| {
                    let before = std::mem::take(recordings);
                    *recordings = change(&before);
                    before.iter().any(|old| recordings.iter().all(|new| new.kept != old.kept))
                })
                .map(|freed| {
                    if freed && shelf.view().window.ended() {
                        tidy(&shelf);
                    }
                })
        });
        told(changed.await)
    }

    /// Removes a run that is over of which nothing is kept; the newest of a broadcast stays, with its end.
    async fn forget(&self, broadcast: &str, run: &RunId) -> Result<(), ShelfError> {
        self.change(broadcast, run, |_| Vec::new()).await?;
        let Some(shelf) = self.origin.shelf(broadcast, run).filter(|shelf| shelf.view().window.ended())
        else {
            return Ok(());
        };
        let (root, id, run) = (self.media_dir.clone(), broadcast.to_owned(), run.clone());
        let removed = tokio::task::spawn_blocking(move || match RunDir::runs(&root, &id)?.last() {
            Some(newest) if *newest != run => RunDir::remove(&root, &id, &run).map(|()| true),
            _ => Ok(false),
        });
        let removed = removed.await.map_err(|stopping| ShelfError(stopping.to_string()))?;
        if removed.map_err(|cause| ShelfError(cause.to_string()))? {
            self.origin.retire(broadcast, &shelf);
        }
        Ok(())
    }
}

fn told(changed: Result<io::Result<()>, tokio::task::JoinError>) -> Result<(), ShelfError> {
    match changed {
        Ok(Ok(())) => Ok(()),
        Ok(Err(cause)) => Err(ShelfError(cause.to_string())),
        Err(stopping) => Err(ShelfError(stopping.to_string())),
    }
}

/// What the control plane knows, and what it will be told of: a recording that has just begun or ended.
fn merged(standing: &[Recorded], held: &[Held]) -> Vec<Recorded> {
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
    let untold = |recorded: &&Recorded| !recorded.known && held.iter().all(|held| held.id != recorded.id);
    merged.extend(standing.iter().filter(untold).cloned());
    merged
}

impl RunShelf for KeptRuns {
    fn publish<'a>(
        &'a self,
        broadcast: &'a str,
        run: &'a RunId,
        held: Vec<Held>,
    ) -> Answer<'a, Result<(), ShelfError>> {
        Box::pin(self.change(broadcast, run, move |standing| merged(standing, &held)))
    }

    fn remove<'a>(&'a self, broadcast: &'a str, run: &'a RunId) -> Answer<'a, Result<(), ShelfError>> {
        Box::pin(async move {
            // One that is being made now is not written down yet.
            let making = |shelf: &Arc<Shelf>| shelf.recordings().iter().any(|recorded| !recorded.known);
            if self.origin.find(broadcast, run).await.as_ref().is_some_and(making) {
                return self.change(broadcast, run, |standing| merged(standing, &[])).await;
            }
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
        let after =
            merged(&standing, &[held("a", Some(20), "a"), held("b", Some(21), "key"), held("c", None, "")]);
        let names: Vec<_> = after.iter().map(|it| (&*it.id, &*it.folder, it.known)).collect();
        assert_eq!(names, [("a", "a", true), ("b", "key", true), ("new", "new", false)]);
        assert_eq!(after[0].span, Span { from: at(9), to: Some(at(20)) });
        assert_eq!(after[0].kept, Span { from: at(8), to: Some(at(20)) });
        assert!(!after[1].is_published());
        let making = merged(std::slice::from_ref(&open), &[held("new", None, "")]);
        assert_eq!(making, [Recorded { known: true, ..open }], "the run knows how far it is");
    }
}
