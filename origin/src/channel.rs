//! The broadcasts whose media is served here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use packager::RunId;
use tokio_util::sync::CancellationToken;

use crate::library::Library;
use crate::{Attic, Shelf, Stats};

/// Runs of one broadcast that stay reachable besides the newest: somebody is still hearing the end of
/// the last one when the next begins.
const OLDER_RUNS: usize = 1;

/// One broadcast: its newest runs.
#[derive(Debug, Default)]
pub struct Channel {
    /// Newest last.
    runs: RwLock<Vec<Arc<Shelf>>>,
    /// Earlier ones that somebody asked for by name; read from disk.
    earlier: RwLock<Vec<Arc<Shelf>>>,
}

impl Channel {
    /// The newest run; `None` before the first.
    pub fn newest(&self) -> Option<Arc<Shelf>> {
        self.runs.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// A run by name.
    pub fn run(&self, name: &str) -> Option<Arc<Shelf>> {
        let named = |runs: &RwLock<Vec<Arc<Shelf>>>| {
            let runs = runs.read().unwrap_or_else(PoisonError::into_inner);
            runs.iter().rev().find(|shelf| shelf.run().as_str() == name).cloned()
        };
        named(&self.runs).or_else(|| named(&self.earlier))
    }

    /// Every run in memory.
    fn all(&self) -> Vec<Arc<Shelf>> {
        let runs = self.runs.read().unwrap_or_else(PoisonError::into_inner);
        let earlier = self.earlier.read().unwrap_or_else(PoisonError::into_inner);
        runs.iter().chain(earlier.iter()).cloned().collect()
    }

    /// Serves `shelf`, found on disk, unless there is a run by now.
    pub(crate) fn open_if_empty(&self, shelf: Arc<Shelf>) {
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        if runs.is_empty() {
            runs.push(shelf);
        }
    }

    /// Serves `shelf`, found on disk, by its name, unless it is by now.
    pub(crate) fn open_earlier(&self, shelf: Arc<Shelf>) {
        let mut earlier = self.earlier.write().unwrap_or_else(PoisonError::into_inner);
        if earlier.iter().all(|there| there.run() != shelf.run()) {
            earlier.push(shelf);
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
        Self::with_attic(held_max, media_dir, None)
    }

    /// The same, and what does not lie there any more is asked for in `attic`.
    pub fn with_attic(held_max: u64, media_dir: PathBuf, attic: Option<Arc<dyn Attic>>) -> Arc<Self> {
        Arc::new(Self::bare(held_max, Some(Library::new(media_dir, attic))))
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

    /// The same where `shelf` is still its newest run; an earlier run goes by itself.
    pub fn retire(&self, id: &str, shelf: &Arc<Shelf>) {
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        let Some(channel) = channels.get(id) else { return };
        if channel.newest().is_some_and(|newest| Arc::ptr_eq(&newest, shelf)) {
            channels.remove(id);
            return;
        }
        let mut earlier = channel.earlier.write().unwrap_or_else(PoisonError::into_inner);
        earlier.retain(|there| !Arc::ptr_eq(there, shelf));
        let left = !earlier.is_empty() || channel.newest().is_some();
        drop(earlier);
        if !left {
            channels.remove(id);
        }
    }

    /// The shelf that serves a run now, where it is in memory.
    pub fn shelf(&self, id: &str, run: &RunId) -> Option<Arc<Shelf>> {
        self.channel(id)?.all().into_iter().find(|shelf| shelf.run() == run)
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
