//! What one station says and hears: its rooms, and what waits to be sent.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::Notify;
use tracing::warn;

use super::inbox::Inbox;
use super::losses::Losses;
use super::{Envelope, MAX_PAYLOAD, NodeId};
use crate::metrics::bus::{BusCounts, Direction, Queue};
use crate::metrics::labels::NoLabel;

/// Fifty seconds of a room at its fullest (200 messages a second): longer than Redis takes to start again.
const MAX_MESSAGES: usize = 10_000;

/// Of payloads.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Between the rooms of a station and whatever carries their words.
#[derive(Debug)]
pub(super) struct Desk {
    node: NodeId,
    state: Mutex<State>,
    /// There is something for the writer to do.
    work: Notify,
    counts: BusCounts,
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<Arc<str>, Room>,
    /// Rooms that were subscribed to or left since the reader looked.
    changed: HashSet<Arc<str>>,
    /// The reader is to be woken, so that it sees them.
    wake: bool,
    outbox: VecDeque<Outgoing>,
    bytes: usize,
    sequence: u64,
    losses: Losses,
    links: Links,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Room {
    inboxes: Vec<Arc<Inbox>>,
    /// The sequence number of what this station said here last; 0 before that.
    last: u64,
}

/// Which connections stand.
#[derive(Clone, Copy, Debug, Default)]
struct Links {
    reads: bool,
    writes: bool,
}

/// A connection to Redis.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Link {
    Reading,
    Writing,
}

/// Something said here.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) room: Arc<str>,
    pub(super) sequence: u64,
    /// The number of what this station said in this room before; 0 where it does not know.
    pub(super) previous: u64,
    pub(super) payload: Bytes,
}

/// A room whose subscriptions have changed, with those that are left.
pub(super) type Change = (Arc<str>, Vec<Arc<Inbox>>);

impl Desk {
    pub(super) fn new(node: NodeId, counts: BusCounts) -> Self {
        Self { node, state: Mutex::default(), work: Notify::new(), counts }
    }

    pub(super) fn node(&self) -> NodeId {
        self.node
    }

    pub(super) fn counts(&self) -> &BusCounts {
        &self.counts
    }

    /// Puts something into the outbox.
    pub(super) fn publish(&self, room: &str, payload: Bytes) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        let outgoing = state.number(room, payload);
        if outgoing.payload.len() > MAX_PAYLOAD {
            return self.lose(&mut state);
        }
        state.bytes += outgoing.payload.len();
        state.outbox.push_back(outgoing);
        while state.outbox.len() > MAX_MESSAGES || state.bytes > MAX_BYTES {
            if let Some(oldest) = state.outbox.pop_front() {
                state.bytes -= oldest.payload.len();
                self.lose(&mut state);
            }
        }
        drop(state);
        self.work.notify_one();
    }

    /// Numbers what is said where another way carries it.
    pub(super) fn number(&self, room: &str, payload: Bytes) -> Outgoing {
        self.lock().number(room, payload)
    }

    fn lose(&self, state: &mut State) {
        self.counts.dropped.add(Queue::Outbox, 1);
        if let Some(lost) = state.losses.count(Instant::now()) {
            warn!(lost, "{lost} messages of rooms will not reach other stations: too many or too large");
        }
    }

    pub(super) fn subscribe(&self, room: &str, inbox: Arc<Inbox>) {
        let mut state = self.lock();
        if state.is_closed {
            inbox.close();
        }
        let room: Arc<str> = room.into();
        state.rooms.entry(room.clone()).or_default().inboxes.push(inbox);
        state.changed.insert(room);
        state.wake = true;
        drop(state);
        self.work.notify_one();
    }

    pub(super) fn unsubscribe(&self, room: &Arc<str>, inbox: &Arc<Inbox>) {
        let mut state = self.lock();
        let Some(entry) = state.rooms.get_mut(room) else { return };
        entry.inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
        if entry.inboxes.is_empty() {
            state.rooms.remove(room);
        }
        // Without waking the reader: a room too many costs nothing until it reads again.
        state.changed.insert(room.clone());
    }

    /// Hands something over that came by another way than Redis.
    pub(super) fn deliver(&self, room: &str, envelope: &Envelope) {
        let state = self.lock();
        let Some(room) = state.rooms.get(room) else { return };
        self.counts.messages.add(Direction::In, 1);
        for inbox in &room.inboxes {
            inbox.push(envelope.clone());
        }
    }

    /// What the reader has to learn of.
    pub(super) fn take_changes(&self) -> Vec<Change> {
        let mut state = self.lock();
        let State { changed, rooms, .. } = &mut *state;
        let inboxes = |room: &Arc<str>| rooms.get(room).map(|room| room.inboxes.clone()).unwrap_or_default();
        changed.drain().map(|room| (room.clone(), inboxes(&room))).collect()
    }

    /// Waits until there is something to send, or the reader to be woken.
    pub(super) async fn work(&self) {
        loop {
            let more = self.work.notified();
            {
                let state = self.lock();
                if state.wake || !state.outbox.is_empty() {
                    return;
                }
            }
            more.await;
        }
    }

    /// The oldest messages, at most `most`, and whether the reader is to be woken. They stay until [`Self::sent`].
    pub(super) fn batch(&self, most: usize) -> (Vec<Outgoing>, bool) {
        let state = self.lock();
        (state.outbox.iter().take(most).cloned().collect(), state.wake)
    }

    /// What was in a batch has arrived, or cannot.
    pub(super) fn sent(&self, batch: &[Outgoing], woken: bool) {
        let mut state = self.lock();
        if let Some(last) = batch.last() {
            // Some of them may have been dropped in the meantime; those after them were not sent.
            while let Some(front) = state.outbox.front().filter(|front| front.sequence <= last.sequence) {
                state.bytes -= front.payload.len();
                state.outbox.pop_front();
            }
        }
        if woken {
            state.wake = false;
        }
    }

    /// A connection stands, or has fallen.
    pub(super) fn link(&self, link: Link, stands: bool) {
        let mut state = self.lock();
        match link {
            Link::Reading => state.links.reads = stands,
            Link::Writing => state.links.writes = stands,
        }
        self.counts.connected.set(NoLabel::One, u64::from(state.links.reads && state.links.writes));
    }

    /// The bus stops: nothing is said or heard any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        for inbox in state.rooms.values().flat_map(|room| &room.inboxes) {
            inbox.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn number(&mut self, room: &str, payload: Bytes) -> Outgoing {
        self.sequence += 1;
        let sequence = self.sequence;
        match self.rooms.get_key_value(room).map(|(name, _)| name.clone()) {
            Some(name) => {
                let previous =
                    self.rooms.get_mut(&name).map_or(0, |room| std::mem::replace(&mut room.last, sequence));
                Outgoing { room: name, sequence, previous, payload }
            }
            // Whoever does not listen here is not remembered: rooms come and go.
            None => Outgoing { room: room.into(), sequence, previous: 0, payload },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> (Desk, BusCounts) {
        let counts = BusCounts::new();
        (Desk::new(NodeId::random(), counts.clone()), counts)
    }

    fn waiting(desk: &Desk) -> Vec<(u64, u64)> {
        desk.batch(usize::MAX).0.iter().map(|outgoing| (outgoing.sequence, outgoing.previous)).collect()
    }

    #[test]
    fn the_outbox_drops_its_oldest_and_counts_them() {
        let (desk, counts) = desk();
        for _ in 0..MAX_MESSAGES + 3 {
            desk.publish("a", Bytes::from_static(b"hello"));
        }
        assert_eq!(waiting(&desk)[0].0, 4);
        assert_eq!(counts.dropped.get(Queue::Outbox), 3);

        let large = Bytes::from(vec![0; MAX_PAYLOAD]);
        for _ in 0..100 {
            desk.publish("a", large.clone());
        }
        assert_eq!(waiting(&desk).len(), MAX_BYTES / MAX_PAYLOAD);
        desk.publish("a", Bytes::from(vec![0; MAX_PAYLOAD + 1]));
        assert_eq!(waiting(&desk).len(), MAX_BYTES / MAX_PAYLOAD);
    }

    #[test]
    fn a_message_names_the_one_before_it_in_its_room() {
        let (desk, _) = desk();
        let inboxes = [(); 2].map(|()| Arc::new(Inbox::new(BusCounts::new())));
        desk.subscribe("a", inboxes[0].clone());
        desk.subscribe("b", inboxes[1].clone());
        for room in ["a", "b", "a", "b", "c", "c"] {
            desk.publish(room, Bytes::new());
        }
        assert_eq!(waiting(&desk), [(1, 0), (2, 0), (3, 1), (4, 2), (5, 0), (6, 0)]);
    }

    #[test]
    fn what_was_sent_goes_also_when_some_of_it_was_dropped_meanwhile() {
        let (desk, _) = desk();
        for _ in 0..3 {
            desk.publish("a", Bytes::new());
        }
        let (batch, _) = desk.batch(2);
        desk.sent(&batch[..1], false);
        desk.sent(&batch, false);
        assert_eq!(waiting(&desk), [(3, 0)]);
    }

    #[test]
    fn a_room_that_was_left_is_forgotten() {
        let (desk, _) = desk();
        let inbox = Arc::new(Inbox::new(BusCounts::new()));
        desk.subscribe("a", inbox.clone());
        assert_eq!(desk.take_changes().len(), 1);
        desk.unsubscribe(&"a".into(), &inbox);
        let changes = desk.take_changes();
        assert!(changes[0].1.is_empty() && desk.lock().rooms.is_empty());
        assert_eq!(Arc::strong_count(&inbox), 1);
    }
}
