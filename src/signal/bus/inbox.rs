//! What waits for one subscription.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Envelope, Received};
use crate::metrics::bus::{BusCounts, Queue};

/// Five seconds of a room at its fullest; who reads slower than that had better ask anew.
const MAX_MESSAGES: usize = 1_024;

/// Of payloads.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A bounded queue from the bus to one subscription.
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    changed: Notify,
    counts: BusCounts,
}

#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<Received>,
    bytes: usize,
    has_begun: bool,
    is_closed: bool,
}

impl Inbox {
    pub(super) fn new(counts: BusCounts) -> Self {
        Self { waiting: Mutex::default(), changed: Notify::new(), counts }
    }

    /// From now on everything is heard. The first time it says so.
    pub(super) fn begin(&self) {
        let mut waiting = self.lock();
        if !waiting.has_begun {
            waiting.has_begun = true;
            waiting.gap_at_the_end();
            self.changed.notify_one();
        }
    }

    /// Something was lost before what comes next.
    pub(super) fn miss(&self) {
        self.lock().gap_at_the_end();
        self.changed.notify_one();
    }

    pub(super) fn push(&self, envelope: Envelope) {
        let mut waiting = self.lock();
        waiting.bytes += envelope.payload.len();
        waiting.queue.push_back(Received::Envelope(envelope));
        let lost = waiting.shed();
        drop(waiting);
        if lost > 0 {
            self.counts.dropped.add(Queue::Inbox, lost);
        }
        self.changed.notify_one();
    }

    /// Nothing more will come.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    pub(super) async fn next(&self) -> Option<Received> {
        loop {
            let changed = self.changed.notified();
            {
                let mut waiting = self.lock();
                if let Some(received) = waiting.pop() {
                    return Some(received);
                }
                if waiting.is_closed {
                    return None;
                }
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn gap_at_the_end(&mut self) {
        if self.queue.back() != Some(&Received::Gap) {
            self.queue.push_back(Received::Gap);
        }
    }

    fn pop(&mut self) -> Option<Received> {
        let received = self.queue.pop_front()?;
        if let Received::Envelope(envelope) = &received {
            self.bytes -= envelope.payload.len();
        }
        Some(received)
    }

    /// Drops the oldest until the rest is within bounds, and puts a gap where they were. Answers how many went.
    fn shed(&mut self) -> u64 {
        if self.queue.len() <= MAX_MESSAGES && self.bytes <= MAX_BYTES {
            return 0;
        }
        let mut lost = 0;
        // The gap takes a place too.
        while self.queue.len() >= MAX_MESSAGES || self.bytes > MAX_BYTES {
            lost += u64::from(matches!(self.pop(), Some(Received::Envelope(_))));
        }
        if self.queue.front() != Some(&Received::Gap) {
            self.queue.push_front(Received::Gap);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::NodeId;
    use super::*;

    fn said(sequence: u64, size: usize) -> Envelope {
        Envelope { node: NodeId::random(), sequence, payload: Bytes::from(vec![0; size]) }
    }

    /// All that waits, as sequence numbers; a gap is 0.
    async fn all(inbox: &Inbox) -> Vec<u64> {
        inbox.close();
        let mut all = Vec::new();
        while let Some(received) = inbox.next().await {
            all.push(match received {
                Received::Envelope(envelope) => envelope.sequence,
                Received::Gap => 0,
            });
        }
        all
    }

    #[tokio::test]
    async fn a_slow_subscriber_loses_the_oldest_and_is_told() {
        let counts = BusCounts::new();
        let inbox = Inbox::new(counts.clone());
        inbox.begin();
        for sequence in 1..=1_500 {
            inbox.push(said(sequence, 1));
        }
        let all = all(&inbox).await;
        assert_eq!(all.len(), MAX_MESSAGES);
        assert_eq!(all[..2], [0, 1_500 - MAX_MESSAGES as u64 + 2]);
        assert_eq!(all.last(), Some(&1_500));
        assert_eq!(counts.dropped.get(Queue::Inbox), 1_501 - MAX_MESSAGES as u64);
    }

    #[tokio::test]
    async fn large_messages_are_bounded_by_their_bytes() {
        let inbox = Inbox::new(BusCounts::new());
        for sequence in 1..=5 {
            inbox.push(said(sequence, MAX_BYTES / 4));
        }
        assert_eq!(all(&inbox).await, [0, 2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn gaps_that_follow_each_other_are_one() {
        let inbox = Inbox::new(BusCounts::new());
        inbox.begin();
        inbox.begin();
        inbox.miss();
        inbox.push(said(7, 1));
        inbox.miss();
        assert_eq!(all(&inbox).await, [0, 7, 0]);
    }
}
