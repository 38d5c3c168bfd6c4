//! The broadcasts whose media is served here.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use packager::RunId;
use tokio_util::sync::CancellationToken;

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
}

impl Origin {
    /// An origin that holds at most `held_max` requests at a time.
    pub fn new(held_max: u64) -> Arc<Self> {
        Arc::new(Self {
            channels: RwLock::default(),
            stats: Stats::default(),
            held_max,
            drain: CancellationToken::new(),
        })
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

    /// Its counters.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Answers every held request with the playlist as it stands, and holds none from now on.
    pub fn drain(&self) {
        self.drain.cancel();
    }
}
