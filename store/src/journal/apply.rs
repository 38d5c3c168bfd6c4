//! Brings what is in the journal into the database, in order, each entry once.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::entry::{Entry, Numbered};
use super::file::Lines;
use super::writer::{Extent, Request};
use crate::broadcast::Status;
use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sessions::{self, Session};
use crate::sql::Sql;
use crate::time::Timestamp;
use crate::{
    announcement, audit, blocks, broadcasts, chat, deliveries, jobs, listener_minutes, polls, reactions,
    recordings,
};

/// Reads the journal and applies it.
pub(super) struct Applier {
    pub(super) store: Store,
    pub(super) id: String,
    pub(super) path: Box<Path>,
    pub(super) extent: watch::Receiver<Extent>,
    pub(super) requests: mpsc::WeakSender<Request>,
    /// Everything up to this offset of this generation is applied.
    pub(super) applied: watch::Sender<Extent>,
}

/// Some entries that stand one after another.
struct Batch {
    entries: Vec<Numbered>,
    /// Where the next one begins.
    end: u64,
}

impl Applier {
    /// Runs until the journal is closed and everything in it is applied, or cannot be for now.
    pub(super) async fn run(mut self) {
        let mut open = true;
        while open {
            self.catch_up().await;
            open = self.extent.changed().await.is_ok();
        }
        self.catch_up().await;
    }

    /// Applies all there is; waits for the database as long as the journal is open.
    async fn catch_up(&mut self) {
        let mut size = BATCH;
        let mut pause = PAUSE_LEAST;
        loop {
            let extent = *self.extent.borrow_and_update();
            let at = *self.applied.borrow();
            let at = if at.generation == extent.generation { at.length } else { 0 };
            if at >= extent.length {
                return;
            }
            let batch = match read(&self.path, at, extent.length, size) {
                Ok(batch) => batch,
                Err(error) => {
                    error!("cannot read the journal {}: {error}", self.path.display());
                    return;
                }
            };
            match self.apply(&batch.entries).await {
                Ok(()) => {
                    if pause > PAUSE_LEAST {
                        info!("the database is there again; what was kept meanwhile is being written");
                    }
                    (size, pause) = (BATCH, PAUSE_LEAST);
                    self.advance(extent, &batch).await;
                }
                Err(error) if error.is_unavailable() => {
                    // It may have been more than can be done in the time of one call.
                    size = (size / 2).max(1);
                    if pause == PAUSE_LEAST {
                        warn!("{error}; what happens is kept in the journal meanwhile");
                    }
                    // Who stops the station does not wait for a database that is away: the next start applies it.
                    if self.requests.upgrade().is_none_or(|requests| requests.is_closed()) {
                        return;
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MOST);
                }
                // One entry spoils the batch: find it.
                Err(_) if batch.entries.len() > 1 => size = 1,
                Err(error) => {
                    error!(
                        "an entry of the journal cannot be applied and is left out: {error}; {:?}",
                        batch.entries
                    );
                    self.advance(extent, &batch).await;
                }
            }
        }
    }

    async fn apply(&self, entries: &[Numbered]) -> Result<(), StoreError> {
        let Some(last) = entries.last() else { return Ok(()) };
        self.store
            .bounded(async {
                let mut writing = self.store.begin().await?;
                let connection = writing.connection();
                let mut known = Sql::new("SELECT applied FROM journals WHERE id = ");
                let applied = known.text(&self.id).one(connection, |row| row.number("applied")).await?;
                let applied = applied.unwrap_or(0) as u64;
                for Numbered { entry, .. } in entries.iter().filter(|it| it.sequence > applied) {
                    apply(connection, entry).await?;
                }
                let mut note = Sql::new("INSERT INTO journals (id, applied, applied_at) VALUES (");
                note.text(&self.id).push(", ").number(applied.max(last.sequence) as i64);
                note.push(", ").time(Timestamp::now());
                note.push(
                    ") ON CONFLICT (id) DO UPDATE SET applied = excluded.applied, applied_at = excluded.applied_at",
                );
                note.execute(connection).await?;
                writing.commit().await
            })
            .await
    }

    /// Notes that `batch` is done, and has the file cut when most of it is.
    async fn advance(&self, extent: Extent, batch: &Batch) {
        let before = self.applied.borrow().last;
        let last = batch.entries.last().map_or(before, |entry| entry.sequence.max(before));
        self.applied.send_replace(Extent { length: batch.end, last, ..extent });
        if batch.end < CUT || batch.end < extent.length / 2 {
            return;
        }
        let (done, cut) = oneshot::channel();
        let request = Request::Cut { offset: batch.end, applied: last, done };
        let asked = match self.requests.upgrade() {
            Some(requests) => requests.send(request).await.is_ok(),
            None => false,
        };
        if asked {
            // Until then it is not known which file an offset is meant for.
            cut.await.ok();
        }
    }
}

/// At most `size` entries between two offsets.
fn read(path: &Path, from: u64, to: u64, size: usize) -> io::Result<Batch> {
    let file = File::open(path)?;
    let mut lines = Lines::new(&file, from)?;
    let mut entries = Vec::new();
    while entries.len() < size && lines.position < to {
        let Some(line) = lines.next_line()? else { break };
        match serde_json::from_slice(&line) {
            Ok(entry) => entries.push(entry),
            // The header.
            Err(_) if lines.position == line.len() as u64 + 1 => {}
            Err(error) => warn!("a line of the journal cannot be read and is left out: {error}"),
        }
    }
    Ok(Batch { entries, end: lines.position })
}

async fn apply(connection: &mut AnyConnection, entry: &Entry) -> Result<(), StoreError> {
    match entry {
        Entry::BroadcastLive { broadcast_id, run, at } => {
            let mut news = false;
            let begin = |broadcast: &mut crate::Broadcast| {
                // A run that goes on after a restart has been told of.
                news = broadcast.run.as_ref() != Some(run);
                broadcast.status = Status::Live;
                broadcast.run = Some(run.clone());
                broadcast.started_at = Some(*at);
                broadcast.ended_at = None;
            };
            broadcasts::update(connection, broadcast_id, begin).await?;
            if news {
                jobs::insert(connection, &[announcement::live(broadcast_id, run, *at)]).await?;
            }
        }
        Entry::BroadcastEnded { broadcast_id, run, at } => {
            let end = |broadcast: &mut crate::Broadcast| {
                if broadcast.run.as_ref().is_none_or(|current| current == run) {
                    broadcast.status = Status::Ended;
                    broadcast.ended_at = Some(*at);
                }
            };
            broadcasts::update(connection, broadcast_id, end).await?;
            sessions::leave_all(connection, broadcast_id, *at).await?;
        }
        Entry::SessionJoined { session_id, broadcast_id, user_id, role, transport, at } => {
            let session = Session {
                id: session_id.clone(),
                broadcast_id: broadcast_id.clone(),
                user_id: user_id.clone(),
                role: role.clone(),
                transport: transport.clone(),
                joined_at: *at,
                left_at: None,
            };
            sessions::join(connection, &session).await?;
        }
        Entry::SessionLeft { session_id, at } => sessions::leave(connection, session_id, *at).await?,
        Entry::PeakListeners { broadcast_id, listeners } => {
            let raise = |broadcast: &mut crate::Broadcast| {
                broadcast.peak_listeners = broadcast.peak_listeners.max(*listeners);
            };
            broadcasts::update(connection, broadcast_id, raise).await?;
        }
        Entry::Listeners(minute) => {
            listener_minutes::insert(minute).execute(connection).await?;
        }
        Entry::ChatSaid(message) => {
            chat::insert(message).execute(connection).await?;
        }
        Entry::ChatDeleted { message_id, by, at } => {
            chat::delete(message_id, by.as_deref(), *at).execute(connection).await?;
        }
        Entry::ChatPinned { message_id, at } => {
            chat::pin(message_id, *at).execute(connection).await?;
        }
        Entry::Reacted(sum) => {
            reactions::add(sum).execute(connection).await?;
        }
        Entry::Poll(poll) => {
            polls::put(poll).execute(connection).await?;
        }
        Entry::Blocked(block) => {
            blocks::put_known(block).execute(connection).await?;
        }
        Entry::Recording { facts, event, told } => recordings::note(connection, facts, event, told).await?,
        Entry::Announced { announcement } => {
            jobs::insert(connection, &[announcement.job()]).await?;
        }
        Entry::Audit(entry) => {
            audit::insert(entry).execute(connection).await?;
        }
        Entry::WebhookEvent { event, broadcast_id, host_id, at, body } => {
            deliveries::enqueue_for_all(connection, event, broadcast_id, host_id, *at, body).await?;
        }
    }
    Ok(())
}

/// Entries of one transaction.
const BATCH: usize = 256;
/// How much of the file may be applied before it is cut, in bytes.
const CUT: u64 = 1 << 20;
/// Between two attempts at a database that is away.
const PAUSE_LEAST: Duration = Duration::from_millis(250);
const PAUSE_MOST: Duration = Duration::from_secs(2);
