//! How many of those who wanted to listen got to hear something.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How it went for one who wanted to listen by WebRTC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Join {
    /// The handshake is done; sound is on its way.
    Succeeded,
    /// They left or were lost before that.
    Failed,
}

/// How it went for some.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct JoinCounts {
    /// [`Join::Succeeded`].
    pub succeeded: u32,
    /// [`Join::Failed`].
    pub failed: u32,
}

impl JoinCounts {
    /// Adds those of another time.
    pub const fn add(&mut self, other: Self) {
        self.succeeded = self.succeeded.saturating_add(other.succeeded);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

/// Joins since they were asked for last, by broadcast. Only who was let in is noted, so there are no more names than
/// broadcasts on air.
#[derive(Debug, Default)]
pub struct Joins(Mutex<HashMap<String, JoinCounts>>);

impl Joins {
    /// Notes how it went for one listener of a broadcast.
    pub fn note(&self, broadcast: &str, join: Join) {
        let one = match join {
            Join::Succeeded => JoinCounts { succeeded: 1, failed: 0 },
            Join::Failed => JoinCounts { succeeded: 0, failed: 1 },
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(broadcast.to_owned()).or_default().add(one);
    }

    /// Takes what was noted since the last time.
    pub fn take(&self) -> HashMap<String, JoinCounts> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_are_counted_by_broadcast_and_taken_once() {
        let joins = Joins::default();
        for (broadcast, join) in [
            ("news", Join::Succeeded),
            ("news", Join::Failed),
            ("news", Join::Succeeded),
            ("talk", Join::Failed),
        ] {
            joins.note(broadcast, join);
        }
        let taken = joins.take();
        assert_eq!(taken["news"], JoinCounts { succeeded: 2, failed: 1 });
        assert_eq!(taken["talk"], JoinCounts { succeeded: 0, failed: 1 });
        assert!(joins.take().is_empty());
    }
}
