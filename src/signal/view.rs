//! What others may see of a room without asking it.

use std::collections::{HashMap, HashSet};

use room::{PersonId, Room, Voice};

/// Who speaks in a room and who wants to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct View {
    pub(super) stage: HashMap<PersonId, Voice>,
    pub(super) hands: HashSet<PersonId>,
    pub(super) people: usize,
}

impl View {
    pub(super) fn of(room: &Room) -> Self {
        Self {
            stage: room.stage().seats().iter().map(|seat| (seat.person.id.clone(), seat.voice)).collect(),
            hands: room.hands().iter().map(|hand| hand.person.id.clone()).collect(),
            people: room.counts().people,
        }
    }
}
