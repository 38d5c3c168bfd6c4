//! What was said.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::{MessageId, Moment, Name, Person, PersonId, Refusal, Role, Rules, Text};

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// What it is called.
    pub id: MessageId,
    /// The words.
    pub text: Text,
    /// Who said it; none where a guest's or an account's name is all that is left.
    pub author: Option<PersonId>,
    /// What they were called then.
    pub name: Name,
    /// What they were then.
    pub role: Role,
    /// When.
    pub at: Moment,
    /// What it answers.
    pub reply_to: Option<MessageId>,
}

/// The last messages, and those that are pinned.
#[derive(Debug, Default)]
pub struct Chat {
    history: VecDeque<Arc<Message>>,
    pinned: Vec<Arc<Message>>,
    /// When each person who may have to wait last wrote; kept while slow mode is on.
    wrote: HashMap<PersonId, Duration>,
}

impl Chat {
    /// Messages that somebody sees who comes in.
    pub const HISTORY: usize = 100;

    /// Messages that stand above the others at once.
    pub const PINS: usize = 3;

    /// The last messages, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.history.iter()
    }

    /// The messages above the others, in the order in which they were pinned.
    pub fn pinned(&self) -> &[Arc<Message>] {
        &self.pinned
    }

    /// Whether this person may say this now.
    pub(crate) fn may_say(
        &self,
        person: &Person,
        text: &Text,
        rules: &Rules,
        now: Duration,
    ) -> Result<(), Refusal> {
        if person.is_crew() {
            return Ok(());
        }
        if !rules.chat {
            return Err(Refusal::ChatClosed);
        }
        if rules.followers_only && !person.follows && person.role != Role::Speaker {
            return Err(Refusal::FollowersOnly);
        }
        if !rules.links && text.has_link() {
            return Err(Refusal::NoLinks);
        }
        let waited = self.wrote.get(&person.id).map(|then| now.saturating_sub(*then));
        match waited.and_then(|waited| rules.slow_mode.checked_sub(waited)) {
            Some(wait) if !wait.is_zero() => Err(Refusal::SlowMode(wait)),
            _ => Ok(()),
        }
    }

    /// Keeps a message; `false` where it is kept already.
    pub(crate) fn keep(&mut self, message: Arc<Message>, rules: &Rules) -> bool {
        if self.find(&message.id).is_some() {
            return false;
        }
        if rules.slow_mode.is_zero() {
            self.wrote.clear();
        } else if let Some(author) = &message.author {
            let now = message.at.since;
            self.wrote.retain(|_, then| now.saturating_sub(*then) < rules.slow_mode);
            self.wrote.insert(author.clone(), now);
        }
        self.history.push_back(message);
        if self.history.len() > Self::HISTORY {
            self.history.pop_front();
        }
        true
    }

    /// A message that is kept.
    pub(crate) fn find(&self, id: &MessageId) -> Option<&Arc<Message>> {
        self.history.iter().chain(&self.pinned).find(|message| message.id == *id)
    }

    pub(crate) fn delete(&mut self, id: &MessageId) {
        self.history.retain(|message| message.id != *id);
        self.pinned.retain(|message| message.id != *id);
    }

    /// Pins it; `None` where it is pinned already.
    pub(crate) fn pin(&mut self, id: &MessageId) -> Result<Option<Arc<Message>>, Refusal> {
        let message = self.find(id).ok_or(Refusal::NoSuchMessage)?.clone();
        if self.pinned.iter().any(|pinned| pinned.id == *id) {
            return Ok(None);
        }
        if self.pinned.len() >= Self::PINS {
            return Err(Refusal::PinsFull);
        }
        self.pinned.push(message.clone());
        Ok(Some(message))
    }

    /// Takes it down; `false` where it was not pinned.
    pub(crate) fn unpin(&mut self, id: &MessageId) -> bool {
        let before = self.pinned.len();
        self.pinned.retain(|message| message.id != *id);
        self.pinned.len() < before
    }

    /// Puts back what was said and pinned before the room was opened here, oldest first.
    pub(crate) fn restore(&mut self, message: Arc<Message>, pinned: bool) {
        if pinned && self.pinned.len() < Self::PINS {
            self.pinned.push(message.clone());
        }
        self.history.push_back(message);
        if self.history.len() > Self::HISTORY {
            self.history.pop_front();
        }
    }
}
