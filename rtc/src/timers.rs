//! When which session is to be told the time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::session::SessionId;

/// Alarms of a shard's sessions. One that has become needless stays until it is due, and is found needless then.
#[derive(Default)]
pub(crate) struct Timers(BinaryHeap<Reverse<Alarm>>);

struct Alarm {
    at: Instant,
    key: usize,
    session: SessionId,
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at).then(self.key.cmp(&other.key))
    }
}

impl Timers {
    pub(crate) fn set(&mut self, at: Instant, key: usize, session: SessionId) {
        self.0.push(Reverse(Alarm { at, key, session }));
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse(alarm)| alarm.at)
    }

    /// The next one that is due at `now`.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, usize, SessionId)> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse(alarm)| (alarm.at, alarm.key, alarm.session))
    }
}
