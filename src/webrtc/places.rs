//! Who may hear a broadcast by WebRTC: the rules are in [`sfu::Places`], one for each broadcast that anybody hears.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sfu::Standing;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// The places of every broadcast.
pub struct Places {
    limit: usize,
    began: Instant,
    names: RandomState,
    books: Mutex<Books>,
    offers: mpsc::UnboundedSender<Offer>,
}

/// Somebody who waited for a place, and for whom one is kept now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// Which broadcast they want to hear.
    pub broadcast: String,
    /// Their account, where they have one.
    pub account: Option<String>,
    /// Where they were when they asked.
    pub address: IpAddr,
    holder: Holder,
}

/// How often promises that were not taken are taken back.
const ROUND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Books {
    /// Broadcasts with a place that is taken or reserved.
    of: HashMap<String, Book>,
    sessions: u64,
}

/// The places of one broadcast, and who waits for one.
struct Book {
    places: sfu::Places<Holder>,
    waiting: HashMap<Holder, (Option<String>, IpAddr)>,
}

/// Whose a place is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
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
    pub fn new(limit: usize) -> (Arc<Self>, mpsc::UnboundedReceiver<Offer>) {
        let (began, names) = (Instant::now(), RandomState::new());
        // As many as wait at the most, which is bounded.
        let (offers, offered) = mpsc::unbounded_channel();
        (Arc::new(Self { limit, began, names, books: Mutex::default(), offers }), offered)
    }

    /// Takes back what was promised and not taken, until `shutdown`.
    pub async fn tend(self: Arc<Self>, shutdown: CancellationToken) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = rounds.tick() => {}
                () = shutdown.cancelled() => return,
            }
            let now = self.now();
            let mut books = self.books();
            books.of.retain(|broadcast, book| {
                book.places.handle_timeout(now);
                self.tell(broadcast, book);
                book.places.held() > 0
            });
        }
    }

    /// Gives back what was kept for somebody who could not be told of it.
    pub fn decline(&self, offer: &Offer) {
        let now = self.now();
        self.look(&offer.broadcast, |book| book.places.leave(offer.holder, now));
    }

    /// Keeps a place for somebody for a moment, in which their offer comes; `false` where there is none. They wait for
    /// one then, and are [offered](Offer) it.
    pub fn reserve(&self, broadcast: &str, person: Person<'_>, standing: Standing) -> bool {
        let (holder, now) = (self.holder(person), self.now());
        self.look(broadcast, |book| {
            if book.places.reserve(holder, standing, now).is_ok() {
                book.waiting.remove(&holder);
                return true;
            }
            if book.places.wait(holder, standing, now).is_ok() {
                book.waiting.insert(holder, (person.account.map(str::to_owned), person.address));
            }
            false
        })
    }

    /// Takes a place: the one that was kept, or any that is free.
    pub fn take(self: &Arc<Self>, broadcast: &str, person: Person<'_>, standing: Standing) -> Option<Place> {
        let (reserved, now) = (self.holder(person), self.now());
        let session = {
            let mut books = self.books();
            books.sessions += 1;
            Holder::Session(books.sessions)
        };
        let taken = self.look(broadcast, |book| {
            book.waiting.remove(&reserved);
            book.places.redeem(reserved, session, standing, now).is_ok()
        });
        taken.then(|| Place { places: self.clone(), broadcast: broadcast.to_owned(), holder: session })
    }

    /// Asks the places of one broadcast, and keeps no books of one that nobody hears.
    fn look<T>(&self, broadcast: &str, ask: impl FnOnce(&mut Book) -> T) -> T {
        let mut books = self.books();
        let empty = || Book { places: sfu::Places::new(self.limit), waiting: HashMap::new() };
        let book = books.of.entry(broadcast.to_owned()).or_insert_with(empty);
        let answer = ask(book);
        self.tell(broadcast, book);
        if book.places.held() == 0 {
            books.of.remove(broadcast);
        }
        answer
    }

    /// Tells of places that are kept now for who waited.
    fn tell(&self, broadcast: &str, book: &mut Book) {
        while let Some(offered) = book.places.poll_output() {
            let Some((account, address)) = book.waiting.remove(&offered.id) else { continue };
            let offer = Offer { broadcast: broadcast.to_owned(), account, address, holder: offered.id };
            // Nobody listens any more when the station stops.
            self.offers.send(offer).ok();
        }
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
        self.places.look(&self.broadcast, |book| book.places.leave(self.holder, now));
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
        let (places, _offers) = Places::new(10);
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
        let (places, _offers) = Places::new(1);
        assert!(places.reserve("news", at(1), Ordinary) && places.reserve("news", at(1), Ordinary));
        assert!(places.take("news", at(2), Ordinary).is_none() && !places.reserve("news", at(2), Ordinary));
        let place = places.take("news", at(1), Ordinary).unwrap();
        assert!(places.take("news", at(1), Ordinary).is_none());
        drop(place);
        assert!(places.take("news", at(2), Ordinary).is_some());
    }

    #[test]
    fn who_waits_is_offered_the_place_that_becomes_free() {
        let (places, mut offers) = Places::new(1);
        let place = places.take("news", at(1), Ordinary).unwrap();
        let leo = Person { account: Some("leo"), address: [192, 0, 2, 2].into() };
        assert!(!places.reserve("news", leo, Ordinary) && !places.reserve("news", at(3), Ordinary));
        assert!(offers.try_recv().is_err());
        drop(place);
        let offer = offers.try_recv().unwrap();
        assert_eq!((&*offer.broadcast, offer.account.as_deref()), ("news", Some("leo")));
        assert!(places.take("news", at(4), Ordinary).is_none(), "it is kept for them");
        let place = places.take("news", leo, Ordinary).unwrap();
        drop(place);
        let next = offers.try_recv().unwrap();
        assert_eq!((next.account.as_deref(), next.address), (None, at(3).address));
        places.decline(&next);
        assert!(places.take("news", at(4), Ordinary).is_some(), "who could not be told keeps nobody out");
    }
}
