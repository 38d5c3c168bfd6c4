//! What the data plane has to write, kept until the database has it.
//!
//! An entry goes into a file at once and into the database when that is there: in order, each once, also after
//! `kill -9`. Nobody waits for the database, and only who asks to waits for the disk.
//!
//! Bounds: [`QUEUE`] entries wait for the disk, and one more is refused. The file has [`MOST`] bytes at the most, at
//! some 250 bytes an entry; from half of that on sessions and listener counts are left out and counted, so that the
//! rest is left for what is on air, the audit log and webhooks.

mod apply;
mod entry;
mod file;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{io, thread};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::handle::Store;
use apply::Applier;
pub use entry::Entry;
use file::JournalFile;
use writer::{Extent, Request};

/// Where entries go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    requests: mpsc::Sender<Request>,
    extent: watch::Receiver<Extent>,
    applied: watch::Receiver<Extent>,
    left_out: Arc<AtomicU64>,
}

/// What writes and applies a journal, until [`Keeper::finish`].
#[derive(Debug)]
pub struct Keeper {
    requests: mpsc::Sender<Request>,
    leaving: Arc<AtomicBool>,
    writer: thread::JoinHandle<()>,
    applier: JoinHandle<()>,
}

/// An entry that was not taken: the journal has as much as it may have, or the station stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the journal is full: the database has been away for too long, or the disk is too slow")]
pub struct JournalFull;

impl Journal {
    /// Opens the journal at `path`, made where there is none, and begins to apply what is in it. Call it in a
    /// runtime.
    pub fn open(path: &Path, store: &Store) -> io::Result<(Self, Keeper)> {
        let file = JournalFile::open(path)?;
        let id = file.id().to_owned();
        let (requests, asked) = mpsc::channel(QUEUE);
        let (extent, extents) =
            watch::channel(Extent { generation: 0, length: file.length(), last: file.last() });
        let (applied, applied_to) = watch::channel(Extent { generation: 0, length: 0, last: file.after() });
        let applier = Applier {
            store: store.clone(),
            id,
            path: path.into(),
            extent: extents.clone(),
            requests: requests.downgrade(),
            applied,
        };
        let leaving = Arc::new(AtomicBool::new(false));
        let told = leaving.clone();
        let writer = thread::Builder::new().name("journal".to_owned()).spawn(move || {
            writer::run(file, asked, &extent, &told);
        })?;
        let applier = tokio::spawn(applier.run());
        let keeper = Keeper { requests: requests.clone(), leaving, writer, applier };
        let left_out = Arc::new(AtomicU64::new(0));
        Ok((Self { requests, extent: extents, applied: applied_to, left_out }, keeper))
    }

    /// Takes an entry, and returns before it is on disk. Never waits.
    pub fn append(&self, entry: Entry) -> Result<(), JournalFull> {
        self.request(entry, None)
    }

    /// Takes an entry, and returns when it is on disk: after that nothing loses it.
    pub async fn append_synced(&self, entry: Entry) -> Result<(), JournalFull> {
        let (told, written) = oneshot::channel();
        self.request(entry, Some(told))?;
        written.await.map_err(|_| JournalFull)
    }

    fn request(&self, entry: Entry, told: Option<oneshot::Sender<()>>) -> Result<(), JournalFull> {
        let length = self.extent.borrow().length;
        let most = if entry.is_expendable() { MOST / 2 } else { MOST };
        let taken = length < most && self.requests.try_send(Request::Append(Box::new(entry), told)).is_ok();
        if !taken {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return Err(JournalFull);
        }
        Ok(())
    }

    /// How many entries were not taken since the start.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Bytes that the database does not have yet.
    pub fn backlog(&self) -> u64 {
        let (extent, applied) = (*self.extent.borrow(), *self.applied.borrow());
        let applied = if extent.generation == applied.generation { applied.length } else { 0 };
        extent.length.saturating_sub(applied)
    }

    /// Waits until the database has everything that was on disk when this was called, however long it is away.
    pub async fn applied(&self) {
        let last = self.extent.borrow().last;
        let mut applied = self.applied.clone();
        // An error says that the applier has ended, as it does when the station stops.
        applied.wait_for(|at| at.last >= last).await.ok();
    }
}

impl Keeper {
    /// Takes nothing more, and waits until what was taken is on disk, and in the database unless that is away; what
    /// is not is applied after the next start.
    pub async fn finish(self) {
        let Self { requests, leaving, writer, applier } = self;
        leaving.store(true, Ordering::Release);
        // Where the thread is gone already there is nothing to finish.
        requests.send(Request::Finish).await.ok();
        // A thread or a task that panicked has told so.
        tokio::task::spawn_blocking(move || writer.join().ok()).await.ok();
        applier.await.ok();
    }
}

/// Entries that wait for the disk.
const QUEUE: usize = 65_536;
/// Bytes of the file: a million entries.
const MOST: u64 = 256 << 20;
