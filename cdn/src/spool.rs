//! What waits to be stored, and what is next.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::backoff;
use crate::failure::Failure;

/// What a spool may hold and do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Bytes that wait. Beyond that the oldest that may be given up are.
    pub bytes: u64,
    /// Items under way at a time; at least 1.
    pub at_once: usize,
}

/// Whether something may be given up when there is no room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// Never: without it nothing else can be played.
    Always,
    /// While there is room for it.
    WhileRoom,
}

/// Something that waits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item<T> {
    /// What it is.
    pub what: T,
    /// Its size.
    pub bytes: u64,
    /// Whether it may be given up.
    pub keep: Keep,
    /// Since when it could have been stored.
    pub since: Instant,
}

/// Names an item under way.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ticket(u64);

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output<T> {
    /// Store it, and say how that went.
    Put(Ticket, T),
    /// There was no room: it is given up.
    Lost(T),
}

/// A queue before a store: what came first is stored first, a few at a time. After a failure everything waits, longer
/// each time, and then one alone goes ahead to see. Nothing here asks what is stored: `T` is the caller's.
#[derive(Debug)]
pub struct Spool<T> {
    bounds: Bounds,
    next: u64,
    waiting: BTreeMap<Ticket, Item<T>>,
    under_way: BTreeMap<Ticket, Item<T>>,
    lost: Vec<T>,
    bytes: u64,
    failures: u32,
    pause: Option<Instant>,
}

impl<T: Clone> Spool<T> {
    /// An empty one.
    pub const fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            next: 0,
            waiting: BTreeMap::new(),
            under_way: BTreeMap::new(),
            lost: Vec::new(),
            bytes: 0,
            failures: 0,
            pause: None,
        }
    }

    /// Adds an item behind all others, and gives up the oldest where there is no room any more.
    pub fn push(&mut self, item: Item<T>) {
        self.bytes += item.bytes;
        let ticket = self.ticket();
        self.waiting.insert(ticket, item);
        while self.bytes > self.bounds.bytes {
            let may_go = |item: &Item<T>| item.keep == Keep::WhileRoom && item.bytes > 0;
            let oldest = self.waiting.iter().find(|(_, item)| may_go(item)).map(|(ticket, _)| *ticket);
            let Some(item) = oldest.and_then(|ticket| self.waiting.remove(&ticket)) else { return };
            self.bytes -= item.bytes;
            self.lost.push(item.what);
        }
    }

    /// What is to be done at `now`; ask until there is nothing.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output<T>> {
        if let Some(what) = self.lost.pop() {
            return Some(Output::Lost(what));
        }
        if self.pause.is_some_and(|until| now < until) || self.under_way.len() >= self.at_once() {
            return None;
        }
        let (ticket, item) = self.waiting.pop_first()?;
        let what = item.what.clone();
        self.under_way.insert(ticket, item);
        Some(Output::Put(ticket, what))
    }

    /// When to ask again, where nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.waiting.is_empty() { None } else { self.pause }
    }

    /// An item is stored, or can never be: it waits no longer. `None` where it was forgotten meanwhile.
    pub fn stored(&mut self, ticket: Ticket) -> Option<T> {
        self.failures = 0;
        self.pause = None;
        self.drop_under_way(ticket)
    }

    /// An item turned out not to be there to be stored.
    pub fn missing(&mut self, ticket: Ticket) -> Option<T> {
        self.drop_under_way(ticket)
    }

    /// An item was not stored. It is the next again, unless it was refused or could not be read: that may be about
    /// this one alone, and it goes behind the others. `dice` is in [0, 1). Returns how long nothing goes out.
    pub fn failed(&mut self, ticket: Ticket, failure: Failure, now: Instant, dice: f64) -> Duration {
        if let Some(item) = self.under_way.remove(&ticket) {
            let alone = matches!(failure, Failure::Refused | Failure::Disk);
            let place = if alone { self.ticket() } else { ticket };
            self.waiting.insert(place, item);
        }
        // Of several that were under way together only the first says something new.
        if self.pause.is_none_or(|until| until <= now) {
            self.failures = self.failures.saturating_add(1);
            self.pause = Some(now + backoff::wait(self.failures, dice));
        }
        self.pause.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Forgets every item that `is_gone`, those under way too: how they end is no longer told.
    pub fn forget(&mut self, mut is_gone: impl FnMut(&T) -> bool) {
        let bytes = &mut self.bytes;
        for items in [&mut self.waiting, &mut self.under_way] {
            items.retain(|_, item| {
                let stays = !is_gone(&item.what);
                if !stays {
                    *bytes -= item.bytes;
                }
                stays
            });
        }
    }

    /// Items that wait or are under way.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.under_way.len()
    }

    /// Is all stored?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that wait or are under way.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Since when the oldest item could have been stored.
    pub fn oldest(&self) -> Option<Instant> {
        self.waiting.values().chain(self.under_way.values()).map(|item| item.since).min()
    }

    /// One alone after a failure, to see whether the store is back.
    const fn at_once(&self) -> usize {
        if self.failures > 0 { 1 } else { self.bounds.at_once }
    }

    fn ticket(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    fn drop_under_way(&mut self, ticket: Ticket) -> Option<T> {
        let item = self.under_way.remove(&ticket)?;
        self.bytes -= item.bytes;
        Some(item.what)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT_ONCE: usize = 3;

    fn spool(bytes: u64) -> (Spool<u64>, Instant) {
        (Spool::new(Bounds { bytes, at_once: AT_ONCE }), Instant::now())
    }

    fn item(what: u64, since: Instant) -> Item<u64> {
        Item { what, bytes: 10, keep: Keep::WhileRoom, since }
    }

    fn outputs(spool: &mut Spool<u64>, now: Instant) -> Vec<Output<u64>> {
        std::iter::from_fn(|| spool.poll_output(now)).collect()
    }

    fn puts(spool: &mut Spool<u64>, now: Instant) -> Vec<(Ticket, u64)> {
        let put = |output| match output {
            Output::Put(ticket, what) => (ticket, what),
            Output::Lost(what) => panic!("{what} was lost"),
        };
        outputs(spool, now).into_iter().map(put).collect()
    }

    #[test]
    fn what_came_first_goes_first_and_a_few_at_a_time() {
        let (mut spool, now) = spool(1_000);
        (0..5).for_each(|what| spool.push(item(what, now)));
        let under_way = puts(&mut spool, now);
        assert_eq!(under_way.iter().map(|(_, what)| *what).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spool.stored(under_way[1].0), Some(1));
        assert_eq!(puts(&mut spool, now).len(), 1);
        assert_eq!((spool.len(), spool.bytes()), (4, 40));
    }

    #[test]
    fn after_a_failure_all_wait_and_one_alone_looks() {
        let (mut spool, now) = spool(1_000);
        (0..5).for_each(|what| spool.push(item(what, now)));
        let under_way = puts(&mut spool, now);
        for (ticket, _) in &under_way {
            let wait = spool.failed(*ticket, Failure::Unreachable, now, 1.0);
            assert_eq!(wait, Duration::from_millis(500), "three that failed together are one failure");
        }
        assert!(puts(&mut spool, now).is_empty());
        let later = spool.poll_timeout().unwrap();
        let probe = puts(&mut spool, later);
        assert_eq!(probe.iter().map(|(_, what)| *what).collect::<Vec<_>>(), [0], "in order, alone");
        assert_eq!(spool.failed(probe[0].0, Failure::Slow, later, 1.0), Duration::from_secs(1));
        let back = spool.poll_timeout().unwrap();
        let probe = puts(&mut spool, back);
        spool.stored(probe[0].0);
        assert_eq!(puts(&mut spool, back).len(), AT_ONCE, "it is back, and so are they");
    }

    #[test]
    fn what_is_refused_lets_others_pass() {
        let (mut spool, now) = spool(1_000);
        (0..2).for_each(|what| spool.push(item(what, now)));
        let under_way = puts(&mut spool, now);
        spool.failed(under_way[0].0, Failure::Refused, now, 0.0);
        spool.failed(under_way[1].0, Failure::Refused, now, 0.0);
        let mut order = Vec::new();
        for _ in 0..4 {
            let now = spool.poll_timeout().unwrap();
            let probe = puts(&mut spool, now);
            order.push(probe[0].1);
            spool.failed(probe[0].0, Failure::Refused, now, 0.0);
        }
        assert_eq!(order, [0, 1, 0, 1]);
    }

    #[test]
    fn without_room_the_oldest_go_and_what_must_stay_stays() {
        let (mut spool, now) = spool(35);
        spool.push(Item { keep: Keep::Always, ..item(100, now) });
        (0..4).for_each(|what| spool.push(item(what, now)));
        let lost: Vec<_> =
            outputs(&mut spool, now).into_iter().filter(|o| matches!(o, Output::Lost(_))).collect();
        assert_eq!(lost.len(), 2);
        assert!(lost.contains(&Output::Lost(0)) && lost.contains(&Output::Lost(1)), "{lost:?}");
        assert!(spool.bytes() <= 35);
    }

    #[test]
    fn what_is_forgotten_is_not_told_of() {
        let (mut spool, now) = spool(1_000);
        (0..5).for_each(|what| spool.push(item(what, now)));
        let under_way = puts(&mut spool, now);
        spool.forget(|what| what % 2 == 0);
        assert_eq!(spool.stored(under_way[0].0), None);
        assert_eq!(spool.stored(under_way[1].0), Some(1));
        assert_eq!((spool.len(), spool.bytes()), (1, 10));
    }

    proptest! {
        /// Whatever the store does: each item ends once, stored or lost, the bound holds, and nothing is left.
        #[test]
        fn every_item_ends_once_whatever_the_store_does(
            does in prop::collection::vec((0..4_u8, 0.0..1.0_f64), 1..300),
            room in 30..200_u64,
        ) {
            let (mut spool, mut now) = spool(room);
            let (mut ended, mut pushed, mut open) = (Vec::new(), 0_u64, Vec::new());
            let mut does = does.into_iter();
            loop {
                let (action, dice) = does.next().unwrap_or((3, 0.5));
                match action {
                    0 => {
                        spool.push(item(pushed, now));
                        pushed += 1;
                        let held = open.len() as u64 * 10;
                        prop_assert!(spool.bytes() <= room.max(held));
                    }
                    1 | 2 if !open.is_empty() => {
                        let (ticket, _) = open.remove(0);
                        let failure = if action == 1 { Failure::Slow } else { Failure::Refused };
                        spool.failed(ticket, failure, now, dice);
                    }
                    _ if !open.is_empty() => {
                        let (ticket, _) = open.remove(0);
                        ended.extend(spool.stored(ticket));
                    }
                    _ => {}
                }
                now = spool.poll_timeout().unwrap_or(now).max(now);
                while let Some(output) = spool.poll_output(now) {
                    match output {
                        Output::Put(ticket, what) => open.push((ticket, what)),
                        Output::Lost(what) => ended.push(what),
                    }
                }
                prop_assert!(open.len() <= AT_ONCE);
                if spool.is_empty() && does.len() == 0 {
                    break;
                }
            }
            ended.sort_unstable();
            prop_assert_eq!(ended, (0..pushed).collect::<Vec<_>>());
            prop_assert_eq!(spool.bytes(), 0);
        }
    }
}
