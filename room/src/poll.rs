//! A question to everybody.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::{PersonId, PollId, Refusal, Text};

/// A question to everybody with some answers, of which each person gives one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Poll {
    /// What it is called.
    pub id: PollId,
    /// What is asked.
    pub question: Text,
    /// What can be answered.
    pub options: Vec<Text>,
    votes: HashMap<PersonId, usize>,
    counts: Vec<u32>,
}

impl Poll {
    /// How many answers one has.
    pub const OPTIONS: RangeInclusive<usize> = 2..=8;

    pub(crate) fn new(id: PollId, question: Text, options: Vec<Text>) -> Result<Self, Refusal> {
        let twice = |(place, option)| options.iter().take(place).any(|other| other == option);
        if !Self::OPTIONS.contains(&options.len()) || options.iter().enumerate().any(twice) {
            return Err(Refusal::BadOptions);
        }
        let counts = vec![0; options.len()];
        Ok(Self { id, question, options, votes: HashMap::new(), counts })
    }

    /// How many gave each answer, in the order of [`Poll::options`].
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// What this person answered.
    pub fn vote_of(&self, person: &PersonId) -> Option<usize> {
        self.votes.get(person).copied()
    }

    pub(crate) fn vote(&mut self, person: PersonId, option: usize) -> Result<(), Refusal> {
        if option >= self.options.len() {
            return Err(Refusal::NoSuchOption);
        }
        let before = self.votes.insert(person, option);
        if let Some(count) = before.and_then(|before| self.counts.get_mut(before)) {
            *count -= 1;
        }
        if let Some(count) = self.counts.get_mut(option) {
            *count += 1;
        }
        Ok(())
    }
}
