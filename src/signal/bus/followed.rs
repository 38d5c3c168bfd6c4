//! A room as the reader follows it: where it is in the room's stream, and whom it has heard there.

use std::collections::HashMap;
use std::sync::Arc;

use super::entry::{Entry, Position};
use super::inbox::Inbox;
use super::{Envelope, NodeId};

/// Stations that are remembered a room. A process that starts again is a new one; beyond this all are forgotten,
/// and a gap of theirs may go unnoticed once.
const MAX_NODES: usize = 256;

/// A room that this station is subscribed to.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) inboxes: Vec<Arc<Inbox>>,
    /// The last entry that was read; `None` before it is known where the stream ends.
    at: Option<Position>,
    /// Where the stream ended when the room came: what is older was said before.
    began: Position,
    /// What each station said last.
    heard: HashMap<NodeId, u64>,
}

/// What an entry is to a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// The next of its station, or the first that is heard of it.
    Next,
    /// Something of its station is missing before it.
    AfterGap,
    /// It was heard before: its station was not sure that it had arrived.
    Again,
}

impl Followed {
    /// Where to read on.
    pub(super) fn at(&self) -> Position {
        self.at.unwrap_or_default()
    }

    /// Told where the stream ends now; `None` where there is none.
    ///
    /// The first time the room begins there. Later, after a connection broke, a stream that ends before what was
    /// read is another one: Redis started again empty, or a replica took over that had not got all of it. It is read
    /// from where the room began, and what was heard before is known by its number.
    pub(super) fn look(&mut self, end: Option<Position>) {
        let end = end.unwrap_or_default();
        match self.at {
            None => (self.at, self.began) = (Some(end), end),
            Some(at) if end < at => {
                if end < self.began {
                    self.began = Position::default();
                }
                self.at = Some(self.began);
                self.inboxes.iter().for_each(|inbox| inbox.miss());
            }
            Some(_) => {}
        }
        self.begin();
    }

    /// Tells those who came since the last time that they hear now.
    pub(super) fn begin(&self) {
        if self.at.is_some() {
            self.inboxes.iter().for_each(|inbox| inbox.begin());
        }
    }

    /// Reads past an entry.
    pub(super) fn pass(&mut self, at: Position) {
        self.at = Some(at);
    }

    /// Hands an entry to the subscriptions. Answers whether it was new, and whether it came after a gap.
    pub(super) fn hear(&mut self, entry: &Entry) -> Heard {
        let place = self.place(&entry.envelope, entry.previous);
        if place == Place::Again {
            return Heard { is_new: false, gap: false };
        }
        let gap = place == Place::AfterGap;
        for inbox in &self.inboxes {
            if gap {
                inbox.miss();
            }
            inbox.push(entry.envelope.clone());
        }
        Heard { is_new: true, gap }
    }

    fn place(&mut self, envelope: &Envelope, previous: u64) -> Place {
        if self.heard.len() >= MAX_NODES && !self.heard.contains_key(&envelope.node) {
            self.heard.clear();
        }
        let last = self.heard.entry(envelope.node).or_default();
        match *last {
            last if last >= envelope.sequence => return Place::Again,
            // Of a station that is new here, or does not know, nothing can be missed.
            0 => {}
            last if previous != 0 && previous != last => {
                self.heard.insert(envelope.node, envelope.sequence);
                return Place::AfterGap;
            }
            _ => {}
        }
        *last = envelope.sequence;
        Place::Next
    }
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Heard {
    pub(super) is_new: bool,
    pub(super) gap: bool,
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn places(said: &[(u64, u64)]) -> Vec<Place> {
        let (mut room, node) = (Followed::default(), NodeId::random());
        let envelope = |sequence| Envelope { node, sequence, payload: Bytes::new() };
        said.iter().map(|(sequence, previous)| room.place(&envelope(*sequence), *previous)).collect()
    }

    #[test]
    fn numbers_grow_and_each_names_the_one_before() {
        use Place::{AfterGap, Again, Next};
        assert_eq!(places(&[(4, 0), (5, 4), (9, 5)]), [Next; 3]);
        assert_eq!(places(&[(4, 1), (9, 5), (10, 9)]), [Next, AfterGap, Next]);
        assert_eq!(places(&[(4, 0), (5, 4), (4, 0), (5, 4), (6, 5)]), [Next, Next, Again, Again, Next]);
        assert_eq!(places(&[(4, 0), (9, 0)]), [Next, Next]);
    }

    #[test]
    fn a_room_begins_where_its_stream_ends_and_starts_again_there_when_the_stream_is_another() {
        let position = |text: &str| text.parse::<Position>().unwrap();
        let mut room = Followed::default();
        room.look(Some(position("5000-3")));
        assert_eq!(room.at(), position("5000-3"));
        room.look(Some(position("5000-10")));
        assert_eq!(room.at(), position("5000-3"));
        room.pass(position("6000-0"));
        room.look(Some(position("5500-0")));
        assert_eq!(room.at(), position("5000-3"));
        room.look(Some(position("4999-11")));
        assert_eq!(room.at(), position("0-0"));
    }

    #[test]
    fn stations_that_are_remembered_are_bounded() {
        let mut room = Followed::default();
        for _ in 0..1_000 {
            let envelope = Envelope { node: NodeId::random(), sequence: 1, payload: Bytes::new() };
            assert_eq!(room.place(&envelope, 0), Place::Next);
        }
        assert!(room.heard.len() <= MAX_NODES);
    }
}
