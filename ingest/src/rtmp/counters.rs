//! What a door counted since it was bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::CloseReason;
use crate::rtmp::connection::Gone;
use crate::rtmp::ending::Ending;

/// Connections of one listener; each figure stands for itself.
#[derive(Debug, Default)]
pub struct Counters {
    /// Open now, publishing or not yet.
    pub open: AtomicU64,
    /// Closed unheard, because as many as may be open were open.
    pub over_limit: AtomicU64,
    /// Closed because the handshake was wrong or took too long.
    pub handshake: AtomicU64,
    /// Closed because nothing came for too long.
    pub idle: AtomicU64,
    /// Closed because what came was no RTMP, or beyond its bounds.
    pub protocol: AtomicU64,
    /// Closed because the same key published from another connection.
    pub taken_over: AtomicU64,
}

/// One connection that counts as open until it is dropped.
#[derive(Debug)]
pub(super) struct Open(Arc<Counters>);

impl Counters {
    pub(super) fn enter(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    pub(super) fn refused(&self) {
        self.over_limit.fetch_add(1, Ordering::Relaxed);
    }
}

impl Open {
    /// Notes how the connection ended.
    pub(super) fn ended(&self, gone: &Gone) {
        let Gone::Ending(ending) = gone else { return };
        let counter = match ending {
            Ending::Handshake(_) | Ending::TimedOut("handshake") => &self.0.handshake,
            Ending::TimedOut(_) => &self.0.idle,
            Ending::Chunk(_) | Ending::Command(_) | Ending::OutOfTurn(_) => &self.0.protocol,
            Ending::Sent(CloseReason::TakenOver) => &self.0.taken_over,
            Ending::Unpublished
            | Ending::Refused(_)
            | Ending::BadName(_)
            | Ending::Play
            | Ending::Sent(_) => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
