//! What a room tells, on its way to those who are in it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use room::{Person, PersonId};

/// Who is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Audience {
    Everybody,
    Crew,
    CrewAnd(PersonId),
    One(PersonId),
}

impl Audience {
    fn has(&self, person: &Person) -> bool {
        match self {
            Self::Everybody => true,
            Self::Crew => person.is_crew(),
            Self::CrewAnd(one) => person.is_crew() || person.id == *one,
            Self::One(one) => person.id == *one,
        }
    }
}

/// One message, as the frame that everybody gets who is told.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its number in this room.
    pub(super) number: u64,
    pub(super) to: Audience,
    pub(super) frame: Bytes,
    /// Whose connections end with it.
    pub(super) ends: Option<PersonId>,
    /// Who is something else from here on: what somebody is decides what they are told.
    pub(super) becomes: Option<Arc<Person>>,
}

/// Some messages that are written at once.
#[derive(Debug)]
pub(super) struct Batch {
    items: Vec<Item>,
    /// All frames in one, where everybody gets all of them.
    all: Option<Bytes>,
}

/// What of a batch one person gets.
#[derive(Debug, Default)]
pub(super) struct Share {
    pub(super) frames: Bytes,
    /// The last number of the batch.
    pub(super) last: u64,
    /// Whether their connection ends with it.
    pub(super) ends: bool,
    /// What they are after it, where that has changed.
    pub(super) becomes: Option<Arc<Person>>,
}

impl Batch {
    /// Of at least one message, in order.
    pub(super) fn new(items: Vec<Item>) -> Self {
        let is_plain =
            |item: &Item| item.to == Audience::Everybody && item.ends.is_none() && item.becomes.is_none();
        let all = items.iter().all(is_plain).then(|| match &items[..] {
            [one] => one.frame.clone(),
            many => join(many.iter()),
        });
        Self { items, all }
    }

    /// What `person` gets who has everything up to `after`.
    pub(super) fn share(&self, person: &Arc<Person>, after: u64) -> Share {
        let last = self.items.last().map_or(after, |item| item.number.max(after));
        let is_new = self.items.first().is_some_and(|item| item.number > after);
        if let Some(all) = self.all.as_ref().filter(|_| is_new) {
            return Share { frames: all.clone(), last, ..Share::default() };
        }
        let (mut theirs, mut share) = (Vec::new(), Share { last, ..Share::default() });
        for item in self.items.iter().filter(|item| item.number > after) {
            if let Some(new) = item.becomes.as_ref().filter(|new| new.id == person.id) {
                share.becomes = Some(new.clone());
            }
            if item.to.has(share.becomes.as_ref().unwrap_or(person)) {
                theirs.push(item);
            }
            // What puts them out is the last that they get.
            if item.ends.as_ref() == Some(&person.id) {
                share.ends = true;
                break;
            }
        }
        share.frames = join(theirs.into_iter());
        share
    }
}

fn join<'a>(items: impl Iterator<Item = &'a Item> + Clone) -> Bytes {
    let mut frames = BytesMut::with_capacity(items.clone().map(|item| item.frame.len()).sum());
    for item in items {
        frames.extend_from_slice(&item.frame);
    }
    frames.freeze()
}

/// The last messages, for those who come back.
#[derive(Debug, Default)]
pub(super) struct Replay {
    items: VecDeque<Item>,
    bytes: usize,
}

/// Messages that are kept: a connection that breaks is back within a minute.
const ITEMS: usize = 1_000;

/// The most of them in bytes.
const BYTES: usize = 512 * 1024;

impl Replay {
    pub(super) fn push(&mut self, item: Item) {
        self.bytes += item.frame.len();
        self.items.push_back(item);
        while self.items.len() > ITEMS || self.bytes > BYTES {
            let Some(oldest) = self.items.pop_front() else { break };
            self.bytes -= oldest.frame.len();
        }
    }

    /// What `person` missed after message `last`; `None` where some of it is not kept any more.
    pub(super) fn since(&self, last: u64, newest: u64, person: &Arc<Person>) -> Option<Bytes> {
        let oldest = self.items.front().map_or(newest + 1, |item| item.number);
        if last > newest || last + 1 < oldest {
            return None;
        }
        Some(join(self.items.iter().filter(|item| item.number > last && item.to.has(person))))
    }
}

#[cfg(test)]
mod tests {
    use room::{Name, Role};

    use super::*;

    fn person(id: &str, role: Role) -> Arc<Person> {
        let (id, name) = (PersonId::parse(id).unwrap(), Name::parse(id).unwrap());
        Arc::new(Person { id, name, role, follows: false })
    }

    fn item(number: u64, to: Audience) -> Item {
        Item { number, to, frame: Bytes::from(format!("{number};")), ends: None, becomes: None }
    }

    #[test]
    fn everybody_gets_the_same_bytes_and_the_crew_its_own() {
        let (host, amy) = (person("hana", Role::Owner), person("amy", Role::Listener));
        let plain = Batch::new(vec![item(1, Audience::Everybody), item(2, Audience::Everybody)]);
        assert_eq!(plain.share(&amy, 0).frames.as_ptr(), plain.share(&host, 0).frames.as_ptr());
        assert_eq!(plain.share(&amy, 1).frames, "2;");
        let mixed = Batch::new(vec![
            item(3, Audience::Everybody),
            item(4, Audience::Crew),
            Item { ends: Some(amy.id.clone()), ..item(5, Audience::CrewAnd(amy.id.clone())) },
            item(6, Audience::Everybody),
        ]);
        let (hers, his) = (mixed.share(&amy, 2), mixed.share(&host, 2));
        assert_eq!((&hers.frames[..], hers.last, hers.ends), (&b"3;5;"[..], 6, true));
        assert_eq!((&his.frames[..], his.ends), (&b"3;4;5;6;"[..], false));
    }

    #[test]
    fn who_becomes_crew_is_told_what_the_crew_is_from_there_on() {
        let amy = person("amy", Role::Listener);
        let promoted = Arc::new(Person { role: Role::Moderator, ..(*amy).clone() });
        let batch = Batch::new(vec![
            item(1, Audience::Crew),
            Item { becomes: Some(promoted.clone()), ..item(2, Audience::Everybody) },
            item(3, Audience::Crew),
        ]);
        let (hers, others) = (batch.share(&amy, 0), batch.share(&person("bob", Role::Listener), 0));
        assert_eq!((&hers.frames[..], hers.becomes), (&b"2;3;"[..], Some(promoted)));
        assert_eq!((&others.frames[..], others.becomes), (&b"2;"[..], None));
        assert_eq!(batch.share(&amy, 2).becomes, None, "she knew that already");
    }

    #[test]
    fn who_comes_back_gets_what_was_missed_or_nothing() {
        let (amy, mut replay) = (person("amy", Role::Listener), Replay::default());
        assert_eq!(replay.since(0, 0, &amy).as_deref(), Some(&b""[..]));
        for number in 1..=1_005 {
            let to = if number == 1_004 { Audience::Crew } else { Audience::Everybody };
            replay.push(item(number, to));
        }
        assert_eq!(replay.since(1_002, 1_005, &amy).as_deref(), Some(&b"1003;1005;"[..]));
        assert_eq!(replay.since(1_005, 1_005, &amy).as_deref(), Some(&b""[..]));
        assert!(replay.since(5, 1_005, &amy).is_some());
        assert_eq!(replay.since(4, 1_005, &amy), None, "the fifth is not kept any more");
        assert_eq!(replay.since(1_006, 1_005, &amy), None, "nothing was ever called so");
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let mut replay = Replay::default();
        for number in 1..=100 {
            replay.push(Item { frame: Bytes::from(vec![b'x'; 10_000]), ..item(number, Audience::Everybody) });
        }
        assert!(replay.bytes <= BYTES && replay.items.len() > 40);
    }
}
