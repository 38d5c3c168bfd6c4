//! Who is in a room.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::name::Likeness;
use crate::{ConnectionId, Name, Person, PersonId, Rate};

/// Who is in a room on this machine. Somebody with two connections is one person.
#[derive(Debug)]
pub struct People {
    connections: HashMap<ConnectionId, Connection>,
    present: HashMap<PersonId, Present>,
    /// What each looks like who is here, and how many look so.
    likenesses: HashMap<Likeness, usize>,
    /// Whom nobody else may look like.
    crew: HashSet<Likeness>,
    /// What a nameless listener is numbered with next.
    next: usize,
}

#[derive(Debug)]
struct Connection {
    person: PersonId,
    messages: Rate,
    reactions: Rate,
}

#[derive(Debug)]
struct Present {
    person: Arc<Person>,
    connections: usize,
}

/// Messages of a connection in a second; beyond them it is closed.
pub(crate) const MESSAGES: usize = 5;

/// Reactions of a connection in a second that are counted.
const REACTIONS: usize = 10;

const SECOND: Duration = Duration::from_secs(1);

impl People {
    pub(crate) fn new(crew: &[Name]) -> Self {
        Self {
            connections: HashMap::new(),
            present: HashMap::new(),
            likenesses: HashMap::new(),
            crew: crew.iter().map(Name::likeness).collect(),
            next: 1,
        }
    }

    /// Who is here, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Person>> {
        self.present.values().map(|present| &present.person)
    }

    /// How many are here.
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// Somebody who is here.
    pub fn find(&self, id: &PersonId) -> Option<&Arc<Person>> {
        self.present.get(id).map(|present| &present.person)
    }

    /// Who is behind a connection.
    pub fn behind(&self, connection: ConnectionId) -> Option<&Arc<Person>> {
        self.find(&self.connections.get(&connection)?.person)
    }

    /// The connections of one person.
    pub fn connections_of(&self, person: &PersonId) -> Vec<ConnectionId> {
        let theirs = self.connections.iter().filter(|(_, connection)| connection.person == *person);
        theirs.map(|(id, _)| *id).collect()
    }

    /// Lets somebody in, under a name that nobody else has here; `true` where they were not here before.
    pub(crate) fn enter(&mut self, connection: ConnectionId, person: Person) -> (Arc<Person>, bool) {
        let id = person.id.clone();
        let is_new = !self.present.contains_key(&id);
        if is_new {
            let name = self.free_name(&person);
            let likeness = name.likeness();
            if person.is_crew() {
                self.crew.insert(likeness.clone());
            }
            *self.likenesses.entry(likeness).or_default() += 1;
            let person = Arc::new(Person { name, ..person });
            self.present.insert(id.clone(), Present { person, connections: 0 });
        }
        let fresh = Connection {
            person: id.clone(),
            messages: Rate::new(MESSAGES, SECOND),
            reactions: Rate::new(REACTIONS, SECOND),
        };
        self.connections.insert(connection, fresh);
        let present = self.present.get_mut(&id);
        let person = present.map(|present| {
            present.connections += 1;
            present.person.clone()
        });
        (person.expect("they are there, or were put there above"), is_new)
    }

    /// Lets a connection go; answers with who is not here any more.
    pub(crate) fn leave(&mut self, connection: ConnectionId) -> Option<Arc<Person>> {
        let id = self.connections.remove(&connection)?.person;
        let present = self.present.get_mut(&id)?;
        present.connections -= 1;
        if present.connections > 0 {
            return None;
        }
        let gone = self.present.remove(&id)?.person;
        let likeness = gone.name.likeness();
        if let Some(count) = self.likenesses.get_mut(&likeness) {
            *count -= 1;
            if *count == 0 {
                self.likenesses.remove(&likeness);
            }
        }
        Some(gone)
    }

    /// Somebody who may be here is `person` from now on, under the name that they have.
    pub(crate) fn replace(&mut self, person: &Arc<Person>) {
        let Some(present) = self.present.get_mut(&person.id) else { return };
        present.person = person.clone();
        let likeness = person.name.likeness();
        if person.is_crew() {
            self.crew.insert(likeness);
        } else if !self.iter().any(|one| one.is_crew() && one.name.likeness() == likeness) {
            // Who is no crew any more may come again under their own name.
            self.crew.remove(&likeness);
        }
    }

    /// Counts a message; `false` where it is one too many.
    pub(crate) fn count_message(&mut self, connection: ConnectionId, now: Duration) -> bool {
        self.connections.get_mut(&connection).is_some_and(|connection| connection.messages.take(now))
    }

    /// Counts a reaction; likewise.
    pub(crate) fn count_reaction(&mut self, connection: ConnectionId, now: Duration) -> bool {
        self.connections.get_mut(&connection).is_some_and(|connection| connection.reactions.take(now))
    }

    /// The name under which somebody comes in. Nobody may look like the crew, and no two the same.
    fn free_name(&mut self, person: &Person) -> Name {
        let is_free = |people: &Self, name: &Name| !people.likenesses.contains_key(&name.likeness());
        if person.is_crew() {
            return person.name.clone();
        }
        let mut base = person.name.clone();
        if self.crew.contains(&base.likeness()) {
            base = Name::parse("Listener").unwrap_or(base);
        } else if is_free(self, &base) {
            return base;
        }
        loop {
            self.next += 1;
            let name = base.numbered(self.next);
            if is_free(self, &name) && !self.crew.contains(&name.likeness()) {
                return name;
            }
        }
    }
}
