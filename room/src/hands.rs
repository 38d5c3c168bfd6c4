//! Who wants to speak.

use std::sync::Arc;

use crate::{Moment, Person, PersonId, Refusal};

/// A hand that is up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hand {
    /// Whose.
    pub person: Arc<Person>,
    /// Since when.
    pub raised: Moment,
}

/// The hands that are up, longest first. One a person.
#[derive(Debug, Default)]
pub struct Hands(Vec<Hand>);

impl Hands {
    /// Hands at once: more than a crew can look at.
    pub const MAX: usize = 500;

    /// Every hand, longest up first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Hand> {
        self.0.iter()
    }

    /// Whether this person's is up.
    pub fn has(&self, person: &PersonId) -> bool {
        self.0.iter().any(|hand| hand.person.id == *person)
    }

    /// Puts one up; `None` where it is up already.
    pub(crate) fn raise(&mut self, person: Arc<Person>, now: Moment) -> Result<Option<Hand>, Refusal> {
        if self.has(&person.id) {
            return Ok(None);
        }
        if self.0.len() >= Self::MAX {
            return Err(Refusal::HandsFull);
        }
        let hand = Hand { person, raised: now };
        self.0.push(hand.clone());
        Ok(Some(hand))
    }

    /// Whoever has one up is `person` from now on.
    pub(crate) fn replace(&mut self, person: &Arc<Person>) {
        for hand in self.0.iter_mut().filter(|hand| hand.person.id == person.id) {
            hand.person = person.clone();
        }
    }

    /// Takes one down; `false` where it was not up.
    pub(crate) fn lower(&mut self, person: &PersonId) -> bool {
        let before = self.0.len();
        self.0.retain(|hand| hand.person.id != *person);
        self.0.len() < before
    }
}
