//! Who may hear a broadcast by WebRTC: the rules are in [`sfu::Places`], one for each broadcast that anybody hears.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sfu::Standing;

/// The places of every broadcast.
pub struct Places {
    limit: usize,
    began: Instant,
    names: RandomState,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    /// Broadcasts with a place that is taken or reserved.
    of: HashMap<String, sfu::Places<Holder>>,
    sessions: u64,
}

/// Whose a place is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Holder {
    /// Somebody who was told to come.
    Person(u64),
    /// A session.
    Session(u64),
}

/// Somebody who wants to listen: an account, or whoever is behind an address. Behind one that many share, one
/// reservation at a time is theirs; who comes without one takes what is free.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Person<'a> {
    /// The account, where they signed in.
    pub account: Option<&'a str>,
    /// Where they are.
    pub address: IpAddr,
}

/// A place that is taken; dropping it gives it back.
pub struct Place {
    places: Arc<Places>,
    broadcast: String,
    holder: Holder,
}

impl Places {
    /// As many for each broadcast.
    pub fn new(limit: usize) -> Arc<Self> {
        let (began, names) = (Instant::now(), RandomState::new());
        Arc::new(Self { limit, began, names, books: Mutex::default() })
    }

    /// Keeps a place for somebody for a moment, in which their offer comes; `false` where there is none.
    pub fn reserve(&self, broadcast: &str, person: Person<'_>, standing: Standing) -> bool {
        let (holder, now) = (self.holder(person), self.now());
        self.look(broadcast, |places| places.reserve(holder, standing, now).is_ok())
    }

    /// Takes a place: the one that was kept, or any that is free.
    pub fn take(self: &Arc<Self>, broadcast: &str, person: Person<'_>, standing: Standing) -> Option<Place> {
        let (reserved, now) = (self.holder(person), self.now());
        let session = {
            let mut books = self.books();
            books.sessions += 1;
            Holder::Session(books.sessions)
        };
        let taken = self.look(broadcast, |places| {
            places.leave(reserved, now);
            places.take(session, standing, now).is_ok()
        });
        taken.then(|| Place { places: self.clone(), broadcast: broadcast.to_owned(), holder: session })
    }

    /// Asks the places of one broadcast, and keeps no books of one that nobody hears.
    fn look<T>(&self, broadcast: &str, ask: impl FnOnce(&mut sfu::Places<Holder>) -> T) -> T {
        let mut books = self.books();
        let places = books.of.entry(broadcast.to_owned()).or_insert_with(|| sfu::Places::new(self.limit));
        let answer = ask(places);
        if places.held() == 0 {
            books.of.remove(broadcast);
        }
        answer
    }

    fn holder(&self, person: Person<'_>) -> Holder {
        // Whoever signed in is the same elsewhere.
        Holder::Person(match person.account {
            Some(account) => self.names.hash_one(account),
            None => self.names.hash_one(person.address),
        })
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A core that panicked half way has lost count of one broadcast at the most.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = self.places.now();
        self.places.look(&self.broadcast, |places| places.leave(self.holder, now));
    }
}

#[cfg(test)]
mod tests {
    use sfu::Standing::{Ordinary, Privileged};

    use super::*;

    fn at(last: u8) -> Person<'static> {
        Person { account: None, address: [192, 0, 2, last].into() }
    }

    #[test]
    fn the_privileged_find_a_place_when_all_are_taken() {
        let places = Places::new(10);
        let mut ordinary: Vec<_> = (0..10).map(|n| places.take("news", at(n), Ordinary).unwrap()).collect();
        assert!(places.take("news", at(11), Ordinary).is_none());
        assert!(places.take("other", at(11), Ordinary).is_some(), "each broadcast has its own");
        let extra: Vec<_> = (0..2).map(|n| places.take("news", at(n), Privileged).unwrap()).collect();
        assert!(places.take("news", at(3), Privileged).is_none(), "one in five beyond the limit");
        ordinary.pop();
        assert!(places.take("news", at(11), Ordinary).is_none(), "who came stays");
        drop((ordinary, extra));
        assert!(places.books().of.is_empty(), "nothing is kept of it");
    }

    #[test]
    fn a_place_is_kept_for_whoever_was_told_to_come_and_for_one_session_of_theirs() {
        let places = Places::new(1);
        assert!(places.reserve("news", at(1), Ordinary) && places.reserve("news", at(1), Ordinary));
        assert!(places.take("news", at(2), Ordinary).is_none() && !places.reserve("news", at(2), Ordinary));
        let place = places.take("news", at(1), Ordinary).unwrap();
        assert!(places.take("news", at(1), Ordinary).is_none());
        drop(place);
        assert!(places.take("news", at(2), Ordinary).is_some());
    }
}
