//! What an origin counts, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// What left the house.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Egress {
    /// Multivariant and Media Playlists.
    Playlist,
    /// Partial Segments.
    Part,
    /// Media Segments.
    Segment,
    /// Media Initialization Sections.
    Init,
    /// Endless streams.
    Stream,
}

/// Why a listener did not get what it asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Miss {
    /// No such broadcast, run or media.
    NotFound,
    /// The broadcast is not on air yet.
    NotLive,
    /// Delivery directives that make no sense.
    BadDirectives,
    /// Farther ahead than the live edge allows.
    TooFar,
    /// Held for three target durations in vain.
    HeldTooLong,
    /// As many requests are held as this process holds.
    TooManyHeld,
}

/// Counters of one origin. Relaxed: each stands for itself.
#[derive(Debug, Default)]
pub struct Stats {
    egress_bytes: [AtomicU64; 5],
    misses: [AtomicU64; 6],
    held: AtomicU64,
    endless: [AtomicU64; 2],
}

impl Stats {
    /// Counts bytes handed to a connection.
    pub fn add_egress(&self, class: Egress, bytes: usize) {
        self.egress_bytes[class as usize].fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes handed out so far.
    pub fn egress(&self, class: Egress) -> u64 {
        self.egress_bytes[class as usize].load(Ordering::Relaxed)
    }

    /// Counts a listener turned away.
    pub fn add_miss(&self, miss: Miss) {
        self.misses[miss as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Listeners turned away so far.
    pub fn misses(&self, miss: Miss) -> u64 {
        self.misses[miss as usize].load(Ordering::Relaxed)
    }

    /// Requests held now.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Holds one request until the guard is dropped, which is also when its client goes away. `None`
    /// where `limit` are held already.
    pub fn hold(&self, limit: u64) -> Option<Held<'_>> {
        if self.held.fetch_add(1, Ordering::Relaxed) >= limit {
            self.held.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Held(&self.held))
    }

    /// Endless streams being listened to: AAC, Opus.
    pub fn endless(&self) -> [u64; 2] {
        [0, 1].map(|which| self.endless[which].load(Ordering::Relaxed))
    }

    pub(crate) fn endless_gauge(&self, opus: bool) -> &AtomicU64 {
        &self.endless[usize::from(opus)]
    }
}

/// One request that is held.
#[derive(Debug)]
pub struct Held<'a>(&'a AtomicU64);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_request_counts_until_it_is_dropped() {
        let stats = Stats::default();
        let held = stats.hold(1).unwrap();
        assert!(stats.hold(1).is_none());
        assert_eq!(stats.held(), 1);
        drop(held);
        assert_eq!(stats.held(), 0);
    }
}
