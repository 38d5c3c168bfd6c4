//! The WebRTC places of one broadcast: who has one, who is about to, and who waits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// A place that was promised waits this long for who it was promised to: a click, an offer and a handshake
/// over a slow network.
const RESERVED_FOR: Duration = Duration::from_secs(15);

/// How many may wait. Who comes later hears HLS and isn't told when places free up.
const WAITING_MAX: usize = 1_000;

/// The share of the places that is there for the privileged when all are taken: one in five, rounded up.
const EXTRA: usize = 5;

/// Whether somebody has to have a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Hosts, moderators, speakers, and who has raised a hand: they are about to be answered.
    Privileged,
    /// Everybody else: first come, first served.
    Ordinary,
}

/// All places are taken; this one hears HLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("all {limit} WebRTC places of the broadcast are taken; listen by HLS")]
pub struct NoPlace {
    /// How many there are.
    pub limit: usize,
}

/// As many wait as may.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{WAITING_MAX} listeners wait for a WebRTC place already")]
pub struct QueueFull;

/// A place became free, and is reserved for the first of those who waited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Offered<Id> {
    /// Who is to be told.
    pub id: Id,
    /// When somebody else gets it unless it is taken.
    pub until: Duration,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Reserved { until: Duration },
    Taken,
}

/// The places of one broadcast, for people whom the caller tells apart by `Id`: an id stands for a person or a
/// session, not for a request, or one person could reserve everything.
///
/// Up to a limit they go to whoever comes first. The privileged get one beyond that too, up to a fifth more;
/// nobody who has one loses it for them. While anybody waits, no place is free: it is reserved for who waits
/// first. After every call that takes `now`, [`poll_output`](Self::poll_output) is drained.
#[derive(Debug)]
pub struct Places<Id> {
    limit: usize,
    holders: BTreeMap<Id, State>,
    /// Reserved ones by when they expire.
    expiries: BTreeSet<(Duration, Id)>,
    waiting: VecDeque<(Id, Standing)>,
    outputs: VecDeque<Offered<Id>>,
}

impl<Id: Copy + Ord> Places<Id> {
    /// So many places, all free; 0 for none at all.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            holders: BTreeMap::new(),
            expiries: BTreeSet::new(),
            waiting: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Places that are taken or reserved.
    pub fn held(&self) -> usize {
        self.holders.len()
    }

    /// Places that are taken.
    pub fn taken(&self) -> usize {
        self.holders.len() - self.expiries.len()
    }

    /// Those who wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Promises a place; returns until when it waits. Who has one keeps it as it is: asking again doesn't
    /// lengthen it.
    pub fn reserve(&mut self, id: Id, standing: Standing, now: Duration) -> Result<Duration, NoPlace> {
        self.handle_timeout(now);
        match self.holders.get(&id) {
            Some(State::Reserved { until }) => return Ok(*until),
            Some(State::Taken) => return Ok(now + RESERVED_FOR),
            None => {}
        }
        if !self.has_room(standing) {
            return Err(NoPlace { limit: self.limit });
        }
        self.forget_waiting(id);
        Ok(self.promise(id, now))
    }

    /// Takes the place that was reserved, or any that is free.
    pub fn take(&mut self, id: Id, standing: Standing, now: Duration) -> Result<(), NoPlace> {
        self.handle_timeout(now);
        if !self.holders.contains_key(&id) && !self.has_room(standing) {
            return Err(NoPlace { limit: self.limit });
        }
        if let Some(State::Reserved { until }) = self.holders.insert(id, State::Taken) {
            self.expiries.remove(&(until, id));
        }
        self.forget_waiting(id);
        Ok(())
    }

    /// Takes a place as `id`: the one that was promised to `promised`, whoever waits, or any that is free.
    pub fn redeem(&mut self, promised: Id, id: Id, standing: Standing, now: Duration) -> Result<(), NoPlace> {
        self.handle_timeout(now);
        self.forget_waiting(promised);
        let Some(State::Reserved { until }) = self.holders.get(&promised).copied() else {
            return self.take(id, standing, now);
        };
        self.holders.remove(&promised);
        self.expiries.remove(&(until, promised));
        self.holders.insert(id, State::Taken);
        Ok(())
    }

    /// Gives a place or a promise back, or ends waiting for one. An id that has neither has left already.
    pub fn leave(&mut self, id: Id, now: Duration) {
        self.handle_timeout(now);
        if let Some(State::Reserved { until }) = self.holders.remove(&id) {
            self.expiries.remove(&(until, id));
        }
        self.forget_waiting(id);
        self.offer(now);
    }

    /// Queues for a place; whoever has one or waits already stays where they are, though with another standing
    /// perhaps. Where a place is free after all it is offered at once.
    pub fn wait(&mut self, id: Id, standing: Standing, now: Duration) -> Result<(), QueueFull> {
        self.handle_timeout(now);
        if self.holders.contains_key(&id) {
            return Ok(());
        }
        let full = self.waiting.len() == WAITING_MAX;
        match self.waiting.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => *known = standing,
            None if full => return Err(QueueFull),
            None => self.waiting.push_back((id, standing)),
        }
        self.offer(now);
        Ok(())
    }

    /// Other places than before. With fewer, those who have one keep it.
    pub fn set_limit(&mut self, limit: usize, now: Duration) {
        self.limit = limit;
        self.handle_timeout(now);
        self.offer(now);
    }

    /// Takes back what was promised and not taken in time.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some((until, id)) = self.expiries.first().copied().filter(|(until, _)| *until <= now) {
            self.expiries.remove(&(until, id));
            self.holders.remove(&id);
            self.offer(now);
        }
    }

    /// When the next promise expires.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.expiries.first().map(|(until, _)| *until)
    }

    /// Whom to tell of a place next.
    pub fn poll_output(&mut self) -> Option<Offered<Id>> {
        self.outputs.pop_front()
    }

    fn has_room(&self, standing: Standing) -> bool {
        let limit = match standing {
            Standing::Ordinary => self.limit,
            Standing::Privileged => self.limit + self.limit.div_ceil(EXTRA),
        };
        self.holders.len() < limit
    }

    fn promise(&mut self, id: Id, now: Duration) -> Duration {
        let until = now + RESERVED_FOR;
        self.holders.insert(id, State::Reserved { until });
        self.expiries.insert((until, id));
        until
    }

    fn forget_waiting(&mut self, id: Id) {
        self.waiting.retain(|(known, _)| *known != id);
    }

    /// Promises what is free to those who wait, in their order.
    fn offer(&mut self, now: Duration) {
        while let Some(index) = self.waiting.iter().position(|(_, standing)| self.has_room(*standing)) {
            let Some((id, _)) = self.waiting.remove(index) else { return };
            let until = self.promise(id, now);
            self.outputs.push_back(Offered { id, until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Standing::{Ordinary, Privileged};
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn seconds(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    /// All ten places are taken, by 0 to 9.
    fn full() -> Places<u32> {
        let mut places = Places::new(10);
        for id in 0..10 {
            places.take(id, Ordinary, NOW).unwrap();
        }
        places
    }

    fn offered(places: &mut Places<u32>) -> Vec<u32> {
        std::iter::from_fn(|| places.poll_output()).map(|offered| offered.id).collect()
    }

    #[test]
    fn first_come_first_served_and_then_hls() {
        let mut places = full();
        let refused = places.take(10, Ordinary, NOW).unwrap_err();
        assert_eq!(refused.to_string(), "all 10 WebRTC places of the broadcast are taken; listen by HLS");
        assert_eq!(places.reserve(10, Ordinary, NOW), Err(refused));
        places.leave(3, NOW);
        places.take(10, Ordinary, NOW).unwrap();
        assert_eq!((places.held(), places.taken()), (10, 10));
    }

    #[test]
    fn the_privileged_get_a_place_beyond_the_limit_up_to_a_fifth_and_nobody_is_thrown_out() {
        let mut places = full();
        places.take(20, Privileged, NOW).unwrap();
        places.reserve(21, Privileged, NOW).unwrap();
        assert!(places.take(22, Privileged, NOW).is_err());
        assert_eq!(places.held(), 12);
        // Two have to leave before an ordinary listener gets in.
        places.leave(0, NOW);
        places.leave(1, NOW);
        assert!(places.take(30, Ordinary, NOW).is_err());
        places.leave(2, NOW);
        places.take(30, Ordinary, NOW).unwrap();
    }

    #[test]
    fn no_place_is_none_even_for_the_privileged_and_one_is_two() {
        assert!(Places::new(0).take(1, Privileged, NOW).is_err());
        let mut one = Places::new(1);
        one.take(1, Ordinary, NOW).unwrap();
        one.take(2, Privileged, NOW).unwrap();
        assert!(one.take(3, Privileged, NOW).is_err());
    }

    #[test]
    fn a_reservation_expires_after_fifteen_seconds_unless_it_is_taken() {
        let mut places = Places::new(2);
        assert_eq!(places.reserve(1, Ordinary, NOW), Ok(seconds(15)));
        assert_eq!(places.reserve(2, Ordinary, seconds(5)), Ok(seconds(20)));
        assert_eq!(places.poll_timeout(), Some(seconds(15)));
        // Asking again doesn't lengthen it.
        assert_eq!(places.reserve(1, Ordinary, seconds(9)), Ok(seconds(15)));
        places.take(2, Ordinary, seconds(10)).unwrap();
        places.handle_timeout(seconds(14));
        assert_eq!(places.held(), 2);
        places.handle_timeout(seconds(15));
        assert_eq!((places.held(), places.taken(), places.poll_timeout()), (1, 1, None));
    }

    #[test]
    fn who_waits_is_told_in_order_and_has_fifteen_seconds_too() {
        let mut places = full();
        for id in [50, 51, 52] {
            places.wait(id, Ordinary, NOW).unwrap();
        }
        assert_eq!(offered(&mut places), []);
        places.leave(4, seconds(1));
        assert_eq!(places.poll_output(), Some(Offered { id: 50, until: seconds(16) }));
        assert!(places.take(99, Ordinary, seconds(2)).is_err(), "the place is promised");
        // 50 does not come: it is the next one's.
        places.handle_timeout(seconds(16));
        assert_eq!(places.poll_output(), Some(Offered { id: 51, until: seconds(31) }));
        places.take(51, Ordinary, seconds(17)).unwrap();
        places.leave(52, seconds(18));
        places.leave(51, seconds(19));
        assert_eq!((offered(&mut places), places.waiting(), places.held()), (vec![], 0, 9));
    }

    #[test]
    fn waiting_for_a_free_place_is_over_at_once() {
        let mut places = Places::new(1);
        places.wait(1, Ordinary, NOW).unwrap();
        assert_eq!(offered(&mut places), [1]);
        places.wait(1, Ordinary, NOW).unwrap();
        assert_eq!(places.waiting(), 0, "who has a place waits for none");
    }

    #[test]
    fn a_hand_that_is_raised_while_waiting_is_heard_before_those_in_front() {
        let mut places = full();
        places.wait(50, Ordinary, NOW).unwrap();
        places.wait(51, Ordinary, NOW).unwrap();
        places.wait(51, Privileged, NOW).unwrap();
        assert_eq!(offered(&mut places), [51]);
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let mut places = full();
        for id in 100..1_100 {
            places.wait(id, Ordinary, NOW).unwrap();
        }
        assert_eq!(places.wait(1_100, Ordinary, NOW), Err(QueueFull));
        places.wait(100, Ordinary, NOW).unwrap();
        assert_eq!(places.waiting(), 1_000);
    }

    #[test]
    fn another_limit_throws_nobody_out_and_lets_more_in() {
        let mut places = full();
        places.set_limit(5, NOW);
        assert_eq!(places.held(), 10);
        places.wait(50, Ordinary, NOW).unwrap();
        places.set_limit(11, NOW);
        assert_eq!(offered(&mut places), [50]);
    }
}
