//! Puts packets back into their order.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// A sequence that jumps by as much, either way, is another one: the sender has started anew.
const JUMP: u64 = 3_000;

/// The longest that packets wait for one before them. What comes out late by as much is still in time where the
/// station lets 250 ms of sound wait, which is its most.
const PATIENCE_MAX: Duration = Duration::from_millis(200);

/// What is added to the lateness that was seen: the next may be a little worse.
const RESERVE: Duration = Duration::from_millis(10);

/// Patience lost in so much time is one part of it: 2 ms a second.
const FORGETS: u32 = 500;

/// Packets that wait at once, at most: twice what `PATIENCE_MAX` holds of packets of 5 ms.
const WAITING_MAX: usize = 80;

/// Missing packets that are remembered in case they still come.
const GIVEN_UP_MAX: usize = 64;

/// Packets in the order of their sequence numbers, each once.
///
/// One that is in its place goes on at once. One that overtook another waits for it: for as long as it takes the
/// next to arrive, and where missing packets were seen to come later than that, for about as long as they took,
/// up to 200 ms. So a loss delays what follows it by one packet while the network only loses packets, and a network
/// that delays each by its own is waited for. Where packets are repeated (RFC 2198) the missing one comes with the
/// one after it, and nobody waits.
pub(super) struct Sequencer<T> {
    next: Option<u64>,
    /// Those that overtook `next`, and when they came.
    waiting: BTreeMap<u64, (Instant, T)>,
    ready: VecDeque<T>,
    patience: Duration,
    /// Missing packets for which nobody waits any more, and when the first that overtook each came.
    given_up: VecDeque<(u64, Instant)>,
    /// When a packet came last.
    newest: Option<Instant>,
}

impl<T> Sequencer<T> {
    pub(super) const fn new() -> Self {
        Self {
            next: None,
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            patience: Duration::ZERO,
            given_up: VecDeque::new(),
            newest: None,
        }
    }

    /// Takes a packet that came at `now`. One that came before, or too late, is dropped.
    pub(super) fn push(&mut self, now: Instant, sequence: u64, packet: T) {
        self.forget(now);
        let next = self.next.unwrap_or(sequence);
        if sequence.abs_diff(next) > JUMP {
            self.ready.extend(std::mem::take(&mut self.waiting).into_values().map(|(_, packet)| packet));
            self.given_up.clear();
            self.hand_on(sequence, packet);
        } else if sequence == next {
            self.hand_on(sequence, packet);
        } else if sequence < next {
            self.meet_straggler(now, sequence);
        } else {
            self.waiting.entry(sequence).or_insert((now, packet));
        }
        self.release(now);
    }

    /// The next packet that is in its place.
    pub(super) fn poll_output(&mut self) -> Option<T> {
        self.ready.pop_front()
    }

    fn hand_on(&mut self, sequence: u64, packet: T) {
        self.ready.push_back(packet);
        self.next = Some(sequence + 1);
    }

    /// Hands on what is in its place, and what has waited long enough.
    fn release(&mut self, now: Instant) {
        while let Some(first) = self.waiting.first_entry() {
            let sequence = *first.key();
            if self.next.is_some_and(|next| next < sequence) && !self.gives_up(now) {
                return;
            }
            if let Some((_, (_, packet))) = self.waiting.pop_first() {
                self.hand_on(sequence, packet);
            }
        }
    }

    /// Whether what is missing before the first that waits does not come any more; it is remembered then.
    fn gives_up(&mut self, now: Instant) -> bool {
        let Some(opened) = self.waiting.values().map(|(came, _)| *came).min() else { return false };
        let waited = now.saturating_duration_since(opened);
        let enough = self.waiting.len() > 1 && waited >= self.patience;
        if !enough && self.waiting.len() < WAITING_MAX {
            return false;
        }
        if let (Some(next), Some((first, _))) = (self.next, self.waiting.first_key_value()) {
            for missing in next.max(first.saturating_sub(GIVEN_UP_MAX as u64))..*first {
                if self.given_up.len() == GIVEN_UP_MAX {
                    self.given_up.pop_front();
                }
                self.given_up.push_back((missing, opened));
            }
        }
        true
    }

    /// One that was given up has come after all: the next of its kind is waited for. Half of the way each time, since
    /// a single straggler is no habit; and not at all where no wait of ours would have been enough.
    fn meet_straggler(&mut self, now: Instant, sequence: u64) {
        let Some(at) = self.given_up.iter().position(|(missing, _)| *missing == sequence) else { return };
        let Some((_, opened)) = self.given_up.remove(at) else { return };
        let late = now.saturating_duration_since(opened);
        if late <= PATIENCE_MAX {
            let wanted = (late + RESERVE).min(PATIENCE_MAX);
            self.patience += wanted.saturating_sub(self.patience) / 2;
        }
    }

    fn forget(&mut self, now: Instant) {
        let quiet = self.newest.map_or(Duration::ZERO, |newest| now.saturating_duration_since(newest));
        self.patience = self.patience.saturating_sub(quiet / FORGETS);
        self.newest = Some(now);
    }
}

#[cfg(test)]
mod tests;
