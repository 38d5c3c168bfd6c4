//! What a publication has delivered, for whoever asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Counts of one publication and the time of its last media. Cloning shares them; reading them is cheap from
/// any thread, and they stay readable after the publication has ended.
#[derive(Clone, Debug)]
pub struct Activity(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    opened: Instant,
    /// Microseconds after `opened`.
    last_media: AtomicU64,
    units: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
    /// Bytes of units that wait to be received.
    queued: AtomicUsize,
}

impl Activity {
    /// Nothing yet; idle since `opened`.
    pub(crate) fn new(opened: Instant) -> Self {
        Self(Arc::new(Counters {
            opened,
            last_media: AtomicU64::new(0),
            units: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
        }))
    }

    /// How long no access unit has come; from the publish request on where none has come at all.
    pub fn idle_for(&self, now: Instant) -> Duration {
        let last = Duration::from_micros(self.0.last_media.load(Ordering::Relaxed));
        now.saturating_duration_since(self.0.opened + last)
    }

    /// Access units that came, dropped ones included.
    pub fn units(&self) -> u64 {
        self.0.units.load(Ordering::Relaxed)
    }

    /// Bytes of those units.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Access units that nobody received in time and that were dropped.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn unit_came(&self, now: Instant, size: usize) {
        let after = now.saturating_duration_since(self.0.opened).as_micros() as u64;
        self.0.last_media.fetch_max(after, Ordering::Relaxed);
        self.0.units.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.fetch_add(size as u64, Ordering::Relaxed);
    }

    pub(crate) fn unit_dropped(&self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn queued(&self) -> usize {
        self.0.queued.load(Ordering::Relaxed)
    }

    pub(crate) fn unit_queued(&self, size: usize) {
        self.0.queued.fetch_add(size, Ordering::Relaxed);
    }

    pub(crate) fn unit_taken(&self, size: usize) {
        self.0.queued.fetch_sub(size, Ordering::Relaxed);
    }
}
