//! Recordings, from the hall to the disk, and from there to who asks for them.

use std::path::PathBuf;

use media::MediaTime;

use super::*;
use crate::live::KeptRuns;
use crate::recordings::{Held, Published, RecordError, RecordingNote, RunShelf, RunTimes};

fn recorded(id: &str) -> Card {
    Card { recorded: true, ..card(id) }
}

impl Open {
    /// Waits until so much of a broadcast is listed.
    async fn lists(&self, id: &str, parts: u64) {
        let shelf = self.shelf(id).await;
        let part = shelf.ladder().grid().part().ticks();
        let listed = |view: &origin::view::View| {
            view.window.end_time().ticks() >= packager::Grid::FIRST.start().ticks() + parts * part
        };
        shelf.watch().wait_for(|view| listed(view)).await.unwrap();
    }

    /// Its shelf, once everybody sees that it is on air.
    async fn shelf(&self, id: &str) -> Arc<origin::Shelf> {
        let mut changes = self.handle.changes();
        loop {
            if let Some(live) = self.handle.live(id) {
                return live.shelf;
            }
            changes.changed().await.unwrap();
        }
    }

    async fn told(&mut self) -> RecordingNote {
        loop {
            if let Happening::Recording(note) = self.happened.recv().await.unwrap() {
                return note;
            }
        }
    }

    fn media(&self) -> PathBuf {
        self.folder.path().join("live")
    }
}

fn held(note: &RecordingNote, folder: &str) -> Held {
    let plays = note.to.map(|to| Published { id: folder.into(), from: note.from, to });
    Held { id: note.id.clone(), from: note.from, to: note.to, plays }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_is_recorded_from_its_start_to_its_end() {
    let mut open = Open::with([recorded("a")]);
    open.handle.start(recorded("a")).await.unwrap();
    let begun = open.told().await;
    assert_eq!((begun.from, begun.to), (packager::Grid::FIRST.start(), None));
    open.lists("a", 3).await;
    assert_eq!(open.handle.record("a").await, Err(RecordError::AlreadyRecording));
    let shelf = open.shelf("a").await;
    open.handle.end("a", EndReason::ByHost).await.unwrap();
    let over = open.told().await;
    let view = shelf.view();
    assert!(view.window.ended());
    assert_eq!((&over.id, over.to), (&begun.id, Some(view.window.end_time())));
    let frames = over.to.unwrap().ticks() - over.from.ticks();
    assert_eq!(over.duration.unwrap().as_nanos(), u128::from(frames) * 1_000_000_000 / 48_000);
    let main = shelf.files().size(media::RungId::Main, |_| true).unwrap();
    assert_eq!(over.size_bytes, Some(main));
    assert!(main > 0);
    assert_eq!(open.handle.record("a").await, Err(RecordError::NotOnAir));
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_records_twice_and_what_is_between_is_not_kept() {
    let open = Open::with([card("a")]);
    open.handle.start(card("a")).await.unwrap();
    assert_eq!(open.handle.stop_recording("a").await, Err(RecordError::NotRecording));
    let first = open.handle.record("a").await.unwrap();
    let first_over = open.handle.stop_recording("a").await.unwrap();
    assert!(first_over.to.unwrap() > first.from, "a part at least");
    let listed = open.shelf("a").await.view().window.end_time().ticks() / 6_144;
    open.lists("a", listed.saturating_sub(packager::Grid::FIRST.start().ticks() / 6_144) + 2).await;
    let second = open.handle.record("a").await.unwrap();
    assert!(second.from > first_over.from);
    assert_ne!(second.id, first.id);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_is_too_long_goes_on_in_another_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let (premises, _requests, _happened) = premises(dir.path(), Arc::new(Books::of([])));
    let run = premises.house.open(&recorded("a")).unwrap();
    let begun = run.record().unwrap();
    let listed = |view: &Arc<origin::view::View>| view.window.end_time() > begun.from;
    run.shelf.watch().wait_for(listed).await.unwrap();
    let day = media::MediaDuration::from_ticks(24 * 3_600 * 48_000);
    assert_eq!(run.next_volume(day), None);
    let [full, next] = run.next_volume(media::MediaDuration::from_ticks(1)).unwrap();
    assert_eq!((&full.id, full.to, next.to), (&begun.id, Some(next.from), None));
    assert!(full.size_bytes.unwrap() > 0);
    assert_eq!(run.shelf.recordings().len(), 2);
    run.tell(Command::Stop);
    run.join();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_did_not_tell_is_told_by_the_next() {
    let mut open = Open::with([recorded("a")]);
    open.handle.start(recorded("a")).await.unwrap();
    let begun = open.told().await;
    open.lists("a", 2).await;
    // It stops without having ended the broadcast.
    let folder = open.close().await;
    let (premises, _requests, mut happened) = premises(folder.path(), Arc::new(Books::of([recorded("a")])));
    premises.house.abandon("a").unwrap();
    let (mut hall, _handle) = Hall::new(premises);
    hall.begin(Vec::new()).unwrap();
    let Some(Happening::Recording(over)) = happened.recv().await else { panic!("a recording is told of") };
    assert_eq!((&over.id, over.to.is_some()), (&begun.id, true));
    assert!(over.duration.unwrap() > Duration::from_millis(200), "{over:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_plane_says_what_is_played_and_what_stays() {
    let mut open = Open::with([recorded("a"), card("b")]);
    let origin = Origin::with_library(8, open.media());
    let runs = KeptRuns::new(origin.clone(), open.media(), None);
    let mut made = Vec::new();
    for _ in 0..2 {
        open.handle.start(recorded("a")).await.unwrap();
        open.lists("a", 2).await;
        open.handle.end("a", EndReason::ByHost).await.unwrap();
        made.push(open.told().await);
        while made.last().is_none_or(|note| note.to.is_none()) {
            *made.last_mut().unwrap() = open.told().await;
        }
    }
    let (earlier, newest) = (&made[0], &made[1]);
    let pieces = runs.pieces("a", &earlier.run, MediaTime::default(), earlier.to.unwrap()).await;
    assert_eq!(
        pieces.iter().map(|piece| piece.frames).sum::<u64>(),
        earlier.to.unwrap().ticks() - earlier.from.ticks()
    );
    assert_eq!((pieces.len(), pieces[0].wall), (1, earlier.started_at));
    runs.publish("a", &earlier.run, vec![held(earlier, "key")], Vec::new()).await.unwrap();
    let folders = |recordings: Arc<[origin::Recorded]>| -> Vec<String> {
        recordings.iter().map(|recorded| recorded.folder.clone()).collect()
    };
    let shelf = origin.find("a", &earlier.run).await.unwrap();
    assert_eq!(folders(shelf.recordings()), ["key"]);
    runs.remove("a", &earlier.run, Vec::new()).await.unwrap();
    assert!(!open.media().join("a").join(earlier.run.as_str()).exists(), "nothing of it is kept");
    assert!(origin.find("a", &earlier.run).await.is_none());
    runs.publish("a", &newest.run, vec![held(newest, &newest.id)], Vec::new()).await.unwrap();
    runs.remove("a", &newest.run, Vec::new()).await.unwrap();
    assert!(open.media().join("a").join(newest.run.as_str()).exists(), "its end is still heard");
    assert!(origin.find("a", &newest.run).await.unwrap().recordings().is_empty());
    assert_eq!(runs.remove("nobody", &newest.run, Vec::new()).await, Ok(()), "another station's");
    open.close().await;
}
