//! The broadcasts whose media is served here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use packager::RunId;
use tokio_util::sync::CancellationToken;

use crate::library::Library;
use crate::{Shelf, Stats};

/// Runs of one broadcast that stay reachable besides the newest: somebody is still hearing the end of
/// the last one when the next begins.
const OLDER_RUNS: usize = 1;

/// One broadcast: its newest runs.
#[derive(Debug, Default)]
pub struct Channel {
    /// Newest last.
    runs: RwLock<Vec<Arc<Shelf>>>,
}

impl Channel {
    /// The newest run; `None` before the first.
    pub fn newest(&self) -> Option<Arc<Shelf>> {
        self.runs.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// A run by name.
    pub fn run(&self, name: &str) -> Option<Arc<Shelf>> {
        let runs = self.runs.read().unwrap_or_else(PoisonError::into_inner);
        runs.iter().rev().find(|shelf| shelf.run().as_str() == name).cloned()
    }

    /// Serves `shelf`, found on disk, unless there is a run by now.
    pub(crate) fn open_if_empty(&self, shelf: Arc<Shelf>) {
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        if runs.is_empty() {
            runs.push(shelf);
        }
    }

    /// Makes `shelf` the newest run. Answers with the runs that are no longer served.
    pub fn open(&self, shelf: Arc<Shelf>) -> Vec<RunId> {
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        runs.push(shelf);
        let surplus = runs.len().saturating_sub(1 + OLDER_RUNS);
        runs.drain(..surplus).map(|shelf| shelf.run().clone()).collect()
    }
}

/// Everything that is served under `/live/`. Shared by all connections.
#[derive(Debug)]
pub struct Origin {
    channels: RwLock<HashMap<String, Arc<Channel>>>,
    pub(crate) stats: Stats,
    pub(crate) held_max: u64,
    /// Cancelled once this process stops: what is held is answered with what there is.
    pub(crate) drain: CancellationToken,
    pub(crate) library: Option<Library>,
}

impl Origin {
    /// An origin that holds at most `held_max` requests at a time.
    pub fn new(held_max: u64) -> Arc<Self> {
        Arc::new(Self::bare(held_max, None))
    }

    /// The same, and runs that have ended are served from below `media_dir`.
    pub fn with_library(held_max: u64, media_dir: PathBuf) -> Arc<Self> {
        Arc::new(Self::bare(held_max, Some(Library::new(media_dir))))
    }

    fn bare(held_max: u64, library: Option<Library>) -> Self {
        Self {
            channels: RwLock::default(),
            stats: Stats::default(),
            held_max,
            drain: CancellationToken::new(),
            library,
        }
    }

    /// The broadcast `id`, made known where it was not.
    pub fn channel_for(&self, id: &str) -> Arc<Channel> {
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        channels.entry(id.to_owned()).or_default().clone()
    }

    /// The broadcast `id`, if it is known.
    pub fn channel(&self, id: &str) -> Option<Arc<Channel>> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Serves nothing of the broadcast `id` from memory any more.
    pub fn forget(&self, id: &str) {
        self.channels.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// The same, where `shelf` is still its newest run.
    pub fn retire(&self, id: &str, shelf: &Arc<Shelf>) {
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        let newest = channels.get(id).and_then(|channel| channel.newest());
        if newest.is_some_and(|newest| Arc::ptr_eq(&newest, shelf)) {
            channels.remove(id);
        }
    }

    /// Its counters.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Answers every held request with the playlist as it stands, and holds none from now on.
    pub fn drain(&self) {
        self.drain.cancel();
    }
}
