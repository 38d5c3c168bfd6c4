//! Who lost access within the life of an access token. In memory, so that it holds with the database away.

use std::collections::{HashMap, VecDeque};
use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use super::access::{self, Access};

/// Revocations at the most; beyond, the oldest is forgotten. Each is made by somebody who signs out, changes
/// a password or is an admin, and all of these are limited in rate.
const MAX: usize = 100_000;

/// Accounts and sign-ins whose access tokens are void when they were issued up to an instant.
#[derive(Debug, Default)]
pub struct Revocations {
    view: RwLock<View>,
    /// Told of each.
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct View {
    /// Instants in Unix milliseconds.
    void_until: HashMap<Subject, u64>,
    /// The same in the order in which they came, to be forgotten in it.
    order: VecDeque<(u64, Subject)>,
}

/// Whose tokens are void.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Subject {
    User(String),
    Session(String),
}

impl Revocations {
    /// All tokens of this account that were issued up to `until` (Unix milliseconds) are void.
    pub fn revoke_user(&self, user: &str, until: u64) {
        self.add(Subject::User(user.to_owned()), until);
    }

    /// The same for one sign-in.
    pub fn revoke_session(&self, session: &str, until: u64) {
        self.add(Subject::Session(session.to_owned()), until);
    }

    /// Is a token void that says this?
    pub fn has(&self, access: &Access) -> bool {
        self.reach(&access.user, Some(&access.session), access.issued_at)
    }

    /// Is void what an account was given at `issued_at` (Unix milliseconds), by a sign-in of its own or by none?
    pub fn reach(&self, user: &str, session: Option<&str>, issued_at: u64) -> bool {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        if view.void_until.is_empty() {
            return false;
        }
        let session = session.map(|session| Subject::Session(session.to_owned()));
        [Some(Subject::User(user.to_owned())), session]
            .iter()
            .flatten()
            .any(|subject| view.void_until.get(subject).is_some_and(|until| issued_at <= *until))
    }

    /// Changes whenever something is revoked: the moment to ask again.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// When a token for this account is issued at `now`, so that it is not void at once: a millisecond is long
    /// enough for a revocation and a sign-in after it, and a clock may be set back.
    pub fn instant_after(&self, user: &str, now: u64) -> u64 {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        match view.void_until.get(&Subject::User(user.to_owned())) {
            Some(until) if *until >= now => until + 1,
            _ => now,
        }
    }

    fn add(&self, subject: Subject, until: u64) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        // The same may be told again, and what was told before may reach further.
        if view.void_until.get(&subject).is_some_and(|known| *known >= until) {
            return;
        }
        let expired = until.saturating_sub(access::LIFE.as_millis() as u64);
        while let Some((at, _)) = view.order.front()
            && (*at <= expired || view.order.len() >= MAX)
        {
            let Some((at, oldest)) = view.order.pop_front() else { break };
            // One that was revoked again since stands in the order a second time.
            if view.void_until.get(&oldest) == Some(&at) {
                view.void_until.remove(&oldest);
            }
        }
        view.order.push_back((until, subject.clone()));
        view.void_until.insert(subject, until);
        drop(view);
        self.changes.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use room::Role;

    use super::*;

    fn token(user: &str, session: &str, issued_at: u64) -> Access {
        let (user, session) = (user.to_owned(), session.to_owned());
        Access { user, role: Role::Host, session, must_change_password: false, issued_at }
    }

    #[test]
    fn what_was_issued_before_is_void_and_what_comes_after_is_not() {
        let revocations = Revocations::default();
        assert!(!revocations.has(&token("amy", "1", 999)));
        revocations.revoke_user("amy", 1_000);
        assert!(revocations.has(&token("amy", "1", 999)));
        assert!(revocations.has(&token("amy", "1", 1_000)));
        assert!(!revocations.has(&token("amy", "1", 1_001)));
        assert!(!revocations.has(&token("rory", "2", 999)));
    }

    #[test]
    fn who_signs_in_within_the_millisecond_of_a_revocation_is_in() {
        let revocations = Revocations::default();
        assert_eq!(revocations.instant_after("amy", 1_000), 1_000);
        revocations.revoke_user("amy", 1_000);
        for now in [1_000, 400] {
            let issued_at = revocations.instant_after("amy", now);
            assert!(!revocations.has(&token("amy", "1", issued_at)));
        }
        assert_eq!(revocations.instant_after("amy", 2_000), 2_000);
    }

    #[test]
    fn signing_out_ends_one_sign_in_and_no_other() {
        let revocations = Revocations::default();
        revocations.revoke_session("1", 1_000);
        assert!(revocations.has(&token("amy", "1", 999)));
        assert!(!revocations.has(&token("amy", "2", 999)));
        assert!(!revocations.has(&token("1", "2", 999)), "an account is no sign-in");
    }

    #[test]
    fn a_revocation_is_forgotten_when_the_tokens_have_expired() {
        let revocations = Revocations::default();
        let life = access::LIFE.as_millis() as u64;
        revocations.revoke_user("amy", 1_000);
        revocations.revoke_user("rory", 1_000);
        revocations.revoke_user("amy", 2_000);
        revocations.revoke_user("river", 1_000 + life);
        assert!(!revocations.has(&token("rory", "", 0)));
        assert!(revocations.has(&token("amy", "", 1_500)), "the later one still holds");
    }

    #[test]
    fn a_revocation_that_is_told_again_takes_nothing_more() {
        let revocations = Revocations::default();
        revocations.revoke_user("amy", 2_000);
        revocations.revoke_user("amy", 1_000);
        assert!(revocations.has(&token("amy", "1", 2_000)), "the later one still holds");
        revocations.revoke_user("amy", 2_000);
        assert!(!revocations.has(&token("amy", "1", 2_001)));
        assert_eq!(revocations.view.read().unwrap().order.len(), 1);
    }

    #[test]
    fn they_are_bounded() {
        let revocations = Revocations::default();
        for user in 0..=MAX {
            revocations.revoke_user(&user.to_string(), 1_000);
        }
        let view = revocations.view.read().unwrap();
        assert_eq!((view.order.len(), view.void_until.len()), (MAX, MAX));
    }
}
