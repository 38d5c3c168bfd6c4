//! Tells the shelf what may be played of each run.
//!
//! Each change of a run has a number in the store. A station reads on from the last that it knows, and from the first
//! one when it starts, so that it tells everything again after a restart and also what other stations changed. What
//! the shelf does not take is told again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use media::MediaTime;
use packager::RunId;
use store::{RecordedRun, Recording, RecordingStatus, Store, StoreError};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Held, Published, RunShelf, ShelfError};

/// How often it is looked for changes: one look-up by a key. A cut is heard as soon.
const LOOK: Duration = Duration::from_secs(2);

/// Runs that are read at a time.
const BATCH: u32 = 200;

/// Runs that the shelf did not take and that are remembered; where there are more, everything is told again.
const AGAIN_MAX: usize = 10_000;

/// Tells one shelf.
pub struct Teller {
    store: Store,
    shelf: Arc<dyn RunShelf>,
    /// The last change that was told.
    last: Option<RecordedRun>,
    again: Again,
}

/// What the shelf did not take.
#[derive(Debug, Default)]
struct Again {
    runs: BTreeSet<(String, String)>,
    /// There are more than are remembered.
    more: bool,
    /// It was said that there are some.
    said: bool,
}

impl Teller {
    /// Has told nothing yet.
    pub fn new(store: Store, shelf: Arc<dyn RunShelf>) -> Self {
        Self { store, shelf, last: None, again: Again::default() }
    }

    /// Looks every two seconds until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
            match self.look().await {
                Ok(()) => away = false,
                // Said once, not every two seconds.
                Err(cause) if away => debug!("recordings still cannot be read: {cause}"),
                Err(cause) => {
                    warn!("what may be played of recordings is not known for now: {cause}");
                    away = true;
                }
            }
        }
    }

    /// Tells what has changed since the last look, and again what was not taken then.
    pub async fn look(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.again.more) {
            self.last = None;
        }
        let mut again = std::mem::take(&mut self.again.runs);
        while let Some((broadcast, run)) = again.pop_first() {
            if let Err(error) = self.tell(&broadcast, &run).await {
                again.insert((broadcast, run));
                self.again.runs.append(&mut again);
                return Err(error);
            }
        }
        loop {
            let changed = self.store.recorded_runs().after(self.last.as_ref(), BATCH).await?;
            let Some(last) = changed.last().cloned() else { break };
            for RecordedRun { broadcast_id, run, .. } in changed {
                self.tell(&broadcast_id, &run).await?;
            }
            self.last = Some(last);
        }
        self.again.said &= !self.again.runs.is_empty();
        Ok(())
    }

    async fn tell(&mut self, broadcast: &str, run: &str) -> Result<(), StoreError> {
        let Some(id) = RunId::parse(run) else {
            debug!(broadcast.id = %broadcast, "{run:?} names no run");
            return Ok(());
        };
        let recordings = self.store.recordings().of_run(broadcast, run).await?;
        let gone = self.store.recordings().gone_of_run(broadcast, run).await?;
        let told = if recordings.is_empty() {
            self.shelf.remove(broadcast, &id, gone).await
        } else {
            self.shelf.publish(broadcast, &id, recordings.iter().map(held).collect(), gone).await
        };
        if let Err(cause) = told {
            self.again.add(broadcast, run, &cause);
        }
        Ok(())
    }
}

impl Again {
    fn add(&mut self, broadcast: &str, run: &str, cause: &ShelfError) {
        if self.said {
            debug!(broadcast.id = %broadcast, run, "{cause}");
        } else {
            warn!(broadcast.id = %broadcast, run, "{cause}; it is told again until it is taken");
            self.said = true;
        }
        if self.runs.len() < AGAIN_MAX {
            self.runs.insert((broadcast.to_owned(), run.to_owned()));
        } else {
            self.more = true;
        }
    }
}

fn held(recording: &Recording) -> Held {
    Held {
        id: recording.id.clone(),
        from: MediaTime::from_ticks(recording.recorded.from),
        to: recording.recorded.to.map(MediaTime::from_ticks),
        plays: published(recording),
    }
}

/// As what it may be played; not while it is being made.
fn published(recording: &Recording) -> Option<Published> {
    if recording.status != RecordingStatus::Ready {
        return None;
    }
    Some(Published {
        id: heard_as(recording)?.to_owned(),
        from: MediaTime::from_ticks(recording.plays.from),
        to: MediaTime::from_ticks(recording.plays.to?),
    })
}

/// The name of its playlists' folder: its id where it is published, and else the key that its host is shown.
pub fn heard_as(recording: &Recording) -> Option<&str> {
    if recording.published {
        Some(&recording.id)
    } else {
        recording.preview_key.as_ref().map(store::Secret::expose)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use store::{Database, Secret};

    use super::super::Answer;
    use super::super::testing::note;
    use super::*;
    use crate::api::testing::Desk;

    /// Notes what it is told: runs with the names of what may be played, `-` where nothing is left.
    #[derive(Default)]
    struct Notes {
        told: Mutex<Vec<String>>,
        refuses: AtomicBool,
    }

    impl Notes {
        fn note(&self, run: &RunId, what: &str) -> Result<(), ShelfError> {
            if self.refuses.load(Ordering::Relaxed) {
                return Err(ShelfError("the disk is full".to_owned()));
            }
            self.told.lock().unwrap().push(format!("{run} {what}"));
            Ok(())
        }

        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.told.lock().unwrap())
        }
    }

    impl RunShelf for Notes {
        fn publish<'a>(
            &'a self,
            _: &'a str,
            run: &'a RunId,
            held: Vec<Held>,
            _: Vec<String>,
        ) -> Answer<'a, Result<(), ShelfError>> {
            let ends = |it: &Published| format!("{}:{}-{}", it.id, it.from.ticks(), it.to.ticks());
            let plays = held.iter().filter_map(|held| held.plays.as_ref());
            let told = self.note(run, &plays.map(ends).collect::<Vec<_>>().join(" "));
            Box::pin(async { told })
        }

        fn remove<'a>(
            &'a self,
            _: &'a str,
            run: &'a RunId,
            gone: Vec<String>,
        ) -> Answer<'a, Result<(), ShelfError>> {
            let told = self.note(run, &format!("- {}", gone.join(" ")));
            Box::pin(async { told })
        }
    }

    /// A recording `id` of the first two seconds of `run`.
    async fn keep(store: &Store, broadcast: &str, id: &str, run: &str) {
        note(store, id, (broadcast, run), 0, Some((2, 2))).await;
    }

    async fn change(store: &Store, id: &str, edit: impl FnOnce(&mut Recording)) {
        let before = store.recordings().load(id).await.unwrap().unwrap();
        let mut after = before.clone();
        edit(&mut after);
        assert!(store.recordings().replace(&before, &after, None).await.unwrap());
    }

    #[tokio::test]
    async fn what_changes_is_told_until_it_is_taken_and_again_after_a_restart() {
        let desk = Desk::open(Database::Sqlite, &[]).await;
        let host = desk.person("ada").await;
        let made = host.asks("POST", "/api/broadcasts").json(serde_json::json!({"title": "News"}));
        let broadcast = desk.ask(made).await.must_be(201)["id"].as_str().unwrap().to_owned();
        let (store, shelf) = (&desk.store, Arc::new(Notes::default()));
        let mut teller = Teller::new(store.clone(), shelf.clone());
        teller.look().await.unwrap();
        assert!(shelf.take().is_empty());

        keep(store, &broadcast, "a", "r1").await;
        keep(store, &broadcast, "b", "r2").await;
        teller.look().await.unwrap();
        assert_eq!(shelf.take(), ["r1 a:0-96000", "r2 b:0-96000"]);
        change(store, "a", |it| it.plays.from = 48_000).await;
        teller.look().await.unwrap();
        assert_eq!(shelf.take(), ["r1 a:48000-96000"]);
        teller.look().await.unwrap();
        assert!(shelf.take().is_empty(), "what has not changed is not told again");

        // Hidden, its host alone knows under which name it is heard.
        change(store, "a", |it| (it.published, it.preview_key) = (false, Some(Secret::new("k")))).await;
        teller.look().await.unwrap();
        assert_eq!(shelf.take(), ["r1 k:48000-96000"]);
        change(store, "a", |it| it.preview_key = None).await;
        shelf.refuses.store(true, Ordering::Relaxed);
        store.recordings().delete("b").await.unwrap();
        teller.look().await.unwrap();
        teller.look().await.unwrap();
        shelf.refuses.store(false, Ordering::Relaxed);
        teller.look().await.unwrap();
        assert_eq!(shelf.take(), ["r1 ", "r2 - b"]);

        Teller::new(store.clone(), shelf.clone()).look().await.unwrap();
        assert_eq!(shelf.take(), ["r1 ", "r2 - b"], "a station that starts is told everything");
    }
}
