//! The task that brings what waits to the store.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use cdn::{Caching, Invalidation, Note, Notes, Object, ObjectKey, ObjectStore, StoreError, Ticket};
use http::StatusCode;
use http_body_util::Full;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::desk::{Files, Order, SharedNotes};
use super::errands::Errand;
use super::heard_lists::HeardLists;
use super::owed::Debt;
use super::piece::{Piece, RunName};
use super::recording_lists::RecordingLists;
use super::{Inner, Uploads, run_files};
use crate::http::client::Client;
use crate::metrics::labels::NoLabel;
use crate::metrics::uploads::UploadCounts;

/// A store, and whoever keeps copies of what is in it.
#[derive(Clone)]
pub struct Courier {
    /// Where things are brought.
    pub store: ObjectStore,
    /// What is told of deletions, and by what.
    pub invalidation: Option<(Invalidation, Client)>,
    /// What is counted.
    pub counts: UploadCounts,
}

/// Objects of one piece that are put at a time.
const SIDE_BY_SIDE: usize = 8;

/// How a piece went.
enum Outcome {
    /// Of a slot, with so many parts.
    Stored(u16),
    /// Its files are not there.
    Missing(io::Error),
    Failed(StoreError),
}

impl Courier {
    /// Brings what waits until `shutdown`, and then goes on for `grace` at the most, while anything waits. What is
    /// left goes on with the next start.
    pub async fn run(self, uploads: Uploads, shutdown: CancellationToken, grace: Duration) {
        let inner = uploads.0;
        let mut under_way = JoinSet::new();
        let mut away = None;
        let mut deadline = None;
        loop {
            loop {
                // The lock is let go before anything is done.
                let order = inner.desk().poll(Instant::now());
                match order {
                    None => break,
                    Some(Order::Bring(ticket, piece, notes)) => {
                        let (courier, inner) = (self.clone(), inner.clone());
                        under_way.spawn(async move { (ticket, courier.bring(&inner, piece, notes).await) });
                    }
                    Some(order) => self.carry_out(&inner, order).await,
                }
            }
            let (wake, done) = {
                let desk = inner.desk();
                (desk.poll_timeout(), desk.is_empty())
            };
            if done && deadline.is_some() {
                return;
            }
            tokio::select! {
                Some(finished) = under_way.join_next() => {
                    let (ticket, outcome) = finished.expect("bringing a piece does not panic, and nobody aborts it");
                    self.settle(&inner, ticket, outcome, &mut away).await;
                }
                () = inner.news.notified() => {}
                () = at(wake) => {}
                () = shutdown.cancelled(), if deadline.is_none() => deadline = Some(Instant::now() + grace),
                () = at(deadline) => {
                    let (pieces, bytes) = { let desk = inner.desk(); (desk.waiting(), desk.bytes()) };
                    info!("{pieces} pieces of {bytes} bytes are not stored yet; they are with the next start");
                    return;
                }
            }
        }
    }

    async fn settle(&self, inner: &Arc<Inner>, ticket: Ticket, outcome: Outcome, away: &mut Option<Instant>) {
        let now = Instant::now();
        match outcome {
            Outcome::Stored(parts) => {
                inner.desk().stored(ticket, parts, now);
                if let Some(since) = away.take() {
                    info!("the store is back after {} s", since.elapsed().as_secs());
                }
            }
            Outcome::Missing(cause) => {
                warn!("something cannot be stored, since it is not on disk: {cause}");
                let order = inner.desk().missing(ticket, now);
                if let Some(order) = order {
                    self.carry_out(inner, order).await;
                }
            }
            Outcome::Failed(cause) => {
                self.counts.failures.add(cause.failure().into(), 1);
                let dice = getrandom::u32().map_or(0.5, |bits| f64::from(bits) / 4_294_967_296.0);
                let wait = inner.desk().failed(ticket, cause.failure(), now, dice);
                // Once for each time that it is away: it is tried again and again.
                if away.is_none() {
                    *away = Some(now);
                    warn!(
                        "not stored, tried again after {} ms and then less often: {cause}",
                        wait.as_millis()
                    );
                }
            }
        }
    }

    /// What is done without the store.
    async fn carry_out(&self, inner: &Arc<Inner>, order: Order) {
        match order {
            Order::GiveUp(run, msn, notes) => {
                self.counts.lost.add(NoLabel::One, 1);
                error!(broadcast.id = %run.broadcast(), "segment {msn} of run {} is given up: it is a gap in the recording", run.run());
                note(notes, Note::Lost(msn)).await;
            }
            Order::Finish(_, notes, Files::Stay) => note(notes, Note::Whole).await,
            Order::Finish(run, _, Files::Go) => {
                let folder = run.folder(&inner.media_dir);
                let removed = blocking(move || fs::remove_dir_all(folder)).await;
                if let Err(cause) = removed
                    && cause.kind() != io::ErrorKind::NotFound
                {
                    warn!(broadcast.id = %run.broadcast(), "run {} could not be removed: {cause}", run.run());
                }
            }
            Order::Bring(..) => unreachable!("what is brought has a task of its own"),
        }
    }

    /// Brings a piece and notes it. A note is written after the store has answered: a crash between the two repeats
    /// the same bytes under the same names.
    async fn bring(&self, inner: &Arc<Inner>, piece: Piece, notes: Option<SharedNotes>) -> Outcome {
        let media_dir = inner.media_dir.clone();
        let (done, debts) = match piece {
            Piece::Inits(run) => {
                let objects = blocking(move || run_files::inits(&media_dir, &run)).await;
                (self.put(objects).await.map(|()| Some(Note::Inits)), Vec::new())
            }
            Piece::Slot(run, msn) => {
                let read = blocking(move || run_files::slot(&media_dir, &run, msn)).await;
                let (objects, parts) = match read {
                    Ok((objects, parts)) => (Ok(objects), parts),
                    Err(cause) => (Err(cause), 0),
                };
                (self.put(objects).await.map(|()| Some(Note::Stored(msn, parts))), Vec::new())
            }
            Piece::Heard(run) => {
                let lists = inner.desk().list(&run);
                (self.list_heard(lists, run, media_dir).await.map(|()| None), Vec::new())
            }
            Piece::Recordings(run) => match self.list_recordings(inner, &run).await {
                Ok(done) => (Ok(None), settled(&run, done)),
                Err(outcome) => (Err(outcome), Vec::new()),
            },
            Piece::File(key) => {
                let (data_dir, named) = (inner.data_dir.clone(), key.clone());
                let objects = blocking(move || file(&data_dir, named)).await;
                (self.put(objects).await.map(|()| None), vec![Debt::File(key)])
            }
            Piece::Removal(broadcast) => {
                let removed = self.remove(&broadcast).await.map_err(Outcome::Failed);
                (removed.map(|()| None), vec![Debt::Removal(broadcast)])
            }
        };
        match done {
            Ok(noted) => {
                if let (Some(noted), Some(notes)) = (noted, notes) {
                    note(notes, noted).await;
                }
                forgive(inner, debts).await;
                Outcome::Stored(if let Some(Note::Stored(_, parts)) = noted { parts } else { 0 })
            }
            Err(Outcome::Missing(cause)) => {
                forgive(inner, debts).await;
                Outcome::Missing(cause)
            }
            Err(outcome) => outcome,
        }
    }

    /// Puts objects side by side.
    async fn put(&self, objects: io::Result<Vec<Object>>) -> Result<(), Outcome> {
        let objects = match objects {
            Ok(objects) => objects,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(Outcome::Missing(cause)),
            Err(cause) => return Err(Outcome::Failed(cause.into())),
        };
        for some in objects.chunks(SIDE_BY_SIDE) {
            let mut puts = JoinSet::new();
            for object in some.iter().cloned() {
                let (store, counts) = (self.store.clone(), self.counts.clone());
                puts.spawn(async move {
                    store.put(&object).await?;
                    counts.puts.add(NoLabel::One, 1);
                    counts.bytes.add(NoLabel::One, object.bytes.len() as u64);
                    Ok(())
                });
            }
            // All are waited for: none is still under way when the piece is tried again.
            let mut outcome = Ok(());
            for put in puts.join_all().await {
                outcome = outcome.and(put);
            }
            outcome.map_err(Outcome::Failed)?;
        }
        Ok(())
    }

    /// Puts playlists of what is stored of a run, and then what leads to them.
    async fn list_heard(
        &self,
        lists: Option<HeardLists>,
        run: RunName,
        media_dir: PathBuf,
    ) -> Result<(), Outcome> {
        // Deleted meanwhile.
        let Some(lists) = lists else { return Ok(()) };
        let written = blocking(move || Ok((lists.media(&run)?, lists.indexes(&run, &media_dir)?))).await;
        let (media, indexes) = written.map_err(|cause| Outcome::Failed(cause.into()))?;
        self.put(Ok(media)).await?;
        self.put(Ok(indexes)).await
    }

    /// Makes what the store has of a run what its recordings say. The answer is what was asked for, when nothing of it
    /// is left to do.
    async fn list_recordings(&self, inner: &Arc<Inner>, run: &RunName) -> Result<Option<Errand>, Outcome> {
        let asked = inner.desk().errand(run);
        let Some((errand, progress)) = asked else { return Ok(None) };
        let disk = |cause: io::Error| Outcome::Failed(cause.into());
        let (named, media_dir) = (run.clone(), inner.media_dir.clone());
        let lists = if let Some(shelf) = inner.origin.find(run.broadcast(), run.run()).await {
            let written = blocking(move || {
                let progress = match progress {
                    Some(progress) => progress,
                    None => Notes::read(&named.folder(&media_dir))?.progress,
                };
                RecordingLists::write(&named, errand, &shelf, &progress, &media_dir)
            });
            written.await.map_err(disk)?
        } else {
            let gone = blocking(move || Ok(!named.folder(&media_dir).try_exists()?)).await.map_err(disk)?;
            // A run that is there and cannot be read is not touched; the next start looks again.
            RecordingLists::of_nothing(run, if gone { errand } else { Errand::Lists }, gone)
        };
        let RecordingLists { media, indexes, below, keep, silent, whole } = lists;
        self.put(Ok(media)).await?;
        self.put(Ok(indexes)).await?;
        if let Some(below) = below {
            self.store.retain_below(&below, &keep).await.map_err(Outcome::Failed)?;
        }
        if let Some(silent) = silent {
            self.store.delete(&silent).await.map_err(Outcome::Failed)?;
        }
        Ok(inner.desk().ran(run, errand, whole))
    }

    /// Deletes what is stored of a broadcast, and has copies forgotten.
    async fn remove(&self, broadcast: &str) -> Result<(), StoreError> {
        let request = StoreError::Request;
        let nameless = || request(format!("{broadcast} is no name of objects"));
        let folder = ObjectKey::parse(&format!("live/{broadcast}")).ok_or_else(nameless)?;
        self.store.delete_below(&folder).await?;
        let Some((invalidation, client)) = &self.invalidation else { return Ok(()) };
        let reference = ObjectKey::parse(&format!("onair-{broadcast}")).ok_or_else(nameless)?;
        let wish = invalidation.request(&folder, &reference, SystemTime::now()).await;
        let wish = wish.map_err(|error| request(error.to_string()))?.map(Full::new);
        let answer = client.fetch(wish).await.map_err(|error| StoreError::Unreachable(error.to_string()))?;
        match answer.status() {
            StatusCode::CREATED => Ok(()),
            status => {
                let message = String::from_utf8_lossy(answer.body()).chars().take(300).collect();
                Err(StoreError::Answered { status: status.as_u16(), message })
            }
        }
    }
}

fn file(data_dir: &Path, key: ObjectKey) -> io::Result<Vec<Object>> {
    let bytes = fs::read(data_dir.join(key.as_str()))?.into();
    Ok(vec![Object { key, bytes, caching: Caching::Immutable }])
}

/// What is owed no more when `done` is: an errand stands for the smaller ones.
fn settled(run: &RunName, done: Option<Errand>) -> Vec<Debt> {
    let smaller = |errand: &Errand| done.is_some_and(|done| *errand <= done);
    Errand::ALL.into_iter().filter(smaller).map(|errand| Debt::Errand(run.clone(), errand)).collect()
}

/// What was owed is done.
async fn forgive(inner: &Arc<Inner>, debts: Vec<Debt>) {
    if debts.is_empty() {
        return;
    }
    let inner = inner.clone();
    if let Err(cause) = blocking(move || debts.iter().try_for_each(|debt| inner.owed.settle(debt))).await {
        warn!("something that is done is done again with the next start: {cause}");
    }
}

async fn note(notes: SharedNotes, noted: Note) {
    let added = blocking(move || notes.lock().unwrap_or_else(PoisonError::into_inner).add(noted)).await;
    if let Err(cause) = added {
        warn!("what is stored could not be noted, and is stored again after the next start: {cause}");
    }
}

/// Files are read and written beside the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Never, where there is no such instant.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}
