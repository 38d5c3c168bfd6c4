//! What the gate knows: broadcasts that are open, and people who are barred.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::token::{Claims, Subject};

/// Whose HLS a broadcast's is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// Anybody's who knows the address: public and unlisted broadcasts.
    Everybody,
    /// Theirs who are let in: private broadcasts, and all that the station does not know.
    Members,
}

/// Broadcasts that are everybody's; what is not here is not.
///
/// As many entries as broadcasts on air. A change makes a new one, which costs microseconds and happens when
/// a broadcast begins, ends or changes.
pub(super) type Everybodys = HashSet<Box<str>>;

/// People who are not let in. Sixteen bytes a person and broadcast; cloned only where it changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Barred {
    everywhere: Arc<HashSet<Subject>>,
    of: HashMap<Box<str>, Arc<HashSet<Subject>>>,
    /// Whose tokens of a broadcast are void that run out by this second.
    recalled: HashMap<Box<str>, Arc<HashMap<Subject, u64>>>,
}

impl Barred {
    /// Whether `subject` is kept out of `broadcast`.
    pub(super) fn holds(&self, broadcast: &str, subject: &Subject) -> bool {
        self.everywhere.contains(subject) || self.of.get(broadcast).is_some_and(|of| of.contains(subject))
    }

    /// Whether a token that says this is void.
    pub(super) fn voids(&self, broadcast: &str, claims: &Claims) -> bool {
        let recalled = self.recalled.get(broadcast).and_then(|of| of.get(&claims.subject));
        self.holds(broadcast, &claims.subject) || recalled.is_some_and(|until| claims.expires <= *until)
    }

    /// Voids what `subject` has for `broadcast` now, which runs out by `until`; forgets what has run out by
    /// `now`.
    pub(super) fn recall(&mut self, broadcast: &str, subject: Subject, until: u64, now: u64) {
        Arc::make_mut(self.recalled.entry(broadcast.into()).or_default()).insert(subject, until);
        self.recalled.retain(|_, of| {
            if of.values().any(|until| *until <= now) {
                Arc::make_mut(of).retain(|_, until| *until > now);
            }
            !of.is_empty()
        });
    }

    /// Keeps `subject` out of everything.
    pub(super) fn suspend(&mut self, subject: Subject) {
        Arc::make_mut(&mut self.everywhere).insert(subject);
    }

    /// Takes that back.
    pub(super) fn reinstate(&mut self, subject: &Subject) {
        Arc::make_mut(&mut self.everywhere).remove(subject);
    }

    /// Keeps `subject` out of `broadcast`.
    pub(super) fn block(&mut self, broadcast: &str, subject: Subject) {
        Arc::make_mut(self.of.entry(broadcast.into()).or_default()).insert(subject);
    }

    /// Takes that back.
    pub(super) fn unblock(&mut self, broadcast: &str, subject: &Subject) {
        if let Some(of) = self.of.get_mut(broadcast) {
            Arc::make_mut(of).remove(subject);
            if of.is_empty() {
                self.of.remove(broadcast);
            }
        }
    }
}
