//! What people want to know.

use std::collections::HashSet;

use crate::{Moment, Name, Person, PersonId, QuestionId, Refusal, Text};

/// A question that waits for an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// What it is called.
    pub id: QuestionId,
    /// The words.
    pub text: Text,
    /// Who asks.
    pub author: PersonId,
    /// What they are called.
    pub name: Name,
    /// Since when it waits.
    pub asked: Moment,
    voters: HashSet<PersonId>,
}

impl Question {
    /// How many want to hear it answered, its author among them.
    pub fn votes(&self) -> usize {
        self.voters.len()
    }
}

/// The queue of questions, most wanted first, of these the oldest.
#[derive(Debug, Default)]
pub struct Questions {
    open: bool,
    waiting: Vec<Question>,
}

impl Questions {
    /// Questions that wait at once.
    pub const MAX: usize = 200;

    /// Questions of one person that wait at once.
    pub const PER_PERSON: usize = 3;

    /// Whether more can be asked.
    pub const fn are_open(&self) -> bool {
        self.open
    }

    /// Every question that waits, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Question> {
        self.waiting.iter()
    }

    pub(crate) fn open(&mut self) {
        self.open = true;
    }

    pub(crate) fn close(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn ask(
        &mut self,
        person: &Person,
        id: QuestionId,
        text: Text,
        now: Moment,
    ) -> Result<Question, Refusal> {
        if !self.open {
            return Err(Refusal::QuestionsClosed);
        }
        if self.waiting.iter().filter(|question| question.author == person.id).count() >= Self::PER_PERSON {
            return Err(Refusal::OwnQuestionsFull);
        }
        if self.waiting.len() >= Self::MAX {
            return Err(Refusal::QuestionsFull);
        }
        let question = Question {
            id,
            text,
            author: person.id.clone(),
            name: person.name.clone(),
            asked: now,
            voters: HashSet::from([person.id.clone()]),
        };
        self.waiting.push(question.clone());
        Ok(question)
    }

    /// The votes that a question has now; `None` where this person gave theirs before.
    pub(crate) fn upvote(&mut self, person: PersonId, id: &QuestionId) -> Result<Option<usize>, Refusal> {
        let place = self.waiting.iter().position(|question| question.id == *id);
        let question = place.and_then(|place| self.waiting.get_mut(place)).ok_or(Refusal::NoSuchQuestion)?;
        if !question.voters.insert(person) {
            return Ok(None);
        }
        let votes = question.votes();
        // Stable: of equals the oldest stays first.
        self.waiting.sort_by_key(|question| std::cmp::Reverse(question.votes()));
        Ok(Some(votes))
    }

    /// Takes one off; `false` where it was not there.
    pub(crate) fn settle(&mut self, id: &QuestionId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|question| question.id != *id);
        self.waiting.len() < before
    }
}
