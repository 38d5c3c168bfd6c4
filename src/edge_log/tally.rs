//! What a log comes to, in memory that does not grow with it.

use std::collections::BTreeMap;

use super::entry::{Class, Source};
use super::{Entry, Sketch};

/// Broadcasts that are counted apart; what comes after that many is counted in all, and named as that.
pub const BROADCASTS_MAX: usize = 1_000;

/// Minutes of broadcasts whose listeners are counted at the same time: some 40 MB. A log may be out of order by less
/// than that; the oldest are closed first.
const MINUTES_OPEN: usize = 20_000;

/// Minutes that a report tells one by one, for each broadcast: a day.
pub const MINUTES_TOLD: usize = 1_440;

/// Requests of one kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// All of them.
    pub requests: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// Answered well by the edge.
    pub hits: u64,
    /// Answered well by the station or the store.
    pub misses: u64,
    /// Answered with 4xx.
    pub refused: u64,
    /// Answered with 5xx.
    pub failed: u64,
    /// Broken off by the listener.
    pub gone: u64,
}

impl Count {
    fn add(&mut self, entry: &Entry) {
        self.requests += 1;
        self.bytes += entry.bytes;
        match (entry.status, entry.source) {
            // CloudFront writes 0, and nginx 499.
            (0 | 499, _) => self.gone += 1,
            (500.., _) => self.failed += 1,
            (400..500, _) => self.refused += 1,
            (_, Source::Cache) => self.hits += 1,
            (_, Source::Origin) => self.misses += 1,
            (_, Source::Edge) => {}
        }
    }

    fn plus(mut self, other: &Self) -> Self {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.hits += other.hits;
        self.misses += other.misses;
        self.refused += other.refused;
        self.failed += other.failed;
        self.gone += other.gone;
        self
    }

    /// Hits among hits and misses; `None` where there were neither.
    pub fn hit_ratio(&self) -> Option<f64> {
        let all = self.hits + self.misses;
        (all > 0).then(|| self.hits as f64 / all as f64)
    }
}

/// Listeners of one minute; they are different people to each broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minute {
    /// Seconds since 1970 at its beginning.
    pub start: u64,
    /// About how many.
    pub listeners: f64,
}

/// What one broadcast, or everything, comes to.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    classes: [Count; Class::ALL.len()],
    /// Requests in which a player says that its buffer ran empty.
    pub starvations: u64,
    sessions: Sketch,
    starved: Sketch,
    minutes: Vec<Minute>,
    minutes_closed: u64,
    listener_minutes: f64,
    peak: Option<Minute>,
}

impl Sum {
    fn add(&mut self, entry: &Entry) {
        self.classes[entry.class as usize].add(entry);
        if let Some(session) = &entry.cmcd.session {
            self.sessions.see(session.as_str());
            if entry.cmcd.starved {
                self.starvations += 1;
                self.starved.see(session.as_str());
            }
        }
    }

    fn close(&mut self, minute: Minute) {
        self.minutes_closed += 1;
        self.listener_minutes += minute.listeners;
        if self.peak.is_none_or(|peak| minute.listeners > peak.listeners) {
            self.peak = Some(minute);
        }
        let at = self.minutes.partition_point(|told| told.start < minute.start);
        self.minutes.insert(at, minute);
        if self.minutes.len() > MINUTES_TOLD {
            self.minutes.remove(0);
        }
    }

    /// Requests of one class.
    pub fn class(&self, class: Class) -> &Count {
        &self.classes[class as usize]
    }

    /// Requests of every class.
    pub fn all(&self) -> Count {
        self.classes.iter().fold(Count::default(), Count::plus)
    }

    /// About how many playback sessions named themselves by CMCD.
    pub fn sessions(&self) -> f64 {
        self.sessions.count()
    }

    /// About how many of those ran out of sound.
    pub fn starved_sessions(&self) -> f64 {
        self.starved.count()
    }

    /// The newest minutes, at most [`MINUTES_TOLD`], oldest first.
    pub fn minutes(&self) -> &[Minute] {
        &self.minutes
    }

    /// The minute with the most listeners.
    pub fn peak(&self) -> Option<Minute> {
        self.peak
    }

    /// Listeners a minute, of the minutes in which there were any.
    pub fn mean_listeners(&self) -> f64 {
        self.listener_minutes / (self.minutes_closed.max(1) as f64)
    }
}

/// Counts entries.
#[derive(Debug, Default)]
pub struct Tally {
    /// Everything.
    all: Sum,
    broadcasts: BTreeMap<String, Sum>,
    /// Listeners of minutes that are still counted; `None` is everything.
    open: BTreeMap<(u64, Option<String>), Sketch>,
    /// Minutes before this one are closed.
    closed_before: u64,
    /// Requests for what is not media.
    pub elsewhere: u64,
    /// Lines that were not understood.
    pub unreadable: u64,
    /// Requests for media of broadcasts beyond [`BROADCASTS_MAX`], or of none.
    pub unnamed: u64,
}

impl Tally {
    /// Counts one request.
    pub fn add(&mut self, entry: &Entry) {
        self.all.add(entry);
        // What a stranger guesses becomes no broadcast.
        let room = self.broadcasts.len() < BROADCASTS_MAX && (200..400).contains(&entry.status);
        let known = self.broadcasts.contains_key(&entry.broadcast) || room;
        if known {
            self.broadcasts.entry(entry.broadcast.clone()).or_default().add(entry);
        } else {
            self.unnamed += 1;
        }
        if entry.status >= 400 || entry.status == 0 {
            return;
        }
        let minute = entry.time / 60;
        if minute >= self.closed_before {
            self.open.entry((minute, None)).or_default().see(&(&entry.broadcast, &entry.listener));
            if known {
                let of = (minute, Some(entry.broadcast.clone()));
                self.open.entry(of).or_default().see(entry.listener.as_str());
            }
        }
        while self.open.len() > MINUTES_OPEN {
            self.close_oldest();
        }
    }

    /// Closes every minute.
    pub fn finish(&mut self) {
        while !self.open.is_empty() {
            self.close_oldest();
        }
    }

    /// Everything.
    pub const fn all(&self) -> &Sum {
        &self.all
    }

    /// Every broadcast, by its id.
    pub fn broadcasts(&self) -> impl Iterator<Item = (&str, &Sum)> {
        self.broadcasts.iter().map(|(id, sum)| (id.as_str(), sum))
    }

    /// All of one minute at once, so that no part of it is counted twice.
    fn close_oldest(&mut self) {
        let Some(((oldest, _), _)) = self.open.first_key_value() else { return };
        let oldest = *oldest;
        while let Some(first) = self.open.first_entry().filter(|first| first.key().0 == oldest) {
            let ((minute, broadcast), sketch) = first.remove_entry();
            let closed = Minute { start: 60 * minute, listeners: sketch.count() };
            match broadcast {
                None => self.all.close(closed),
                Some(id) => self.broadcasts.entry(id).or_default().close(closed),
            }
        }
        self.closed_before = oldest + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge_log::cmcd::Cmcd;

    fn entry(minute: u64, broadcast: &str, listener: u32) -> Entry {
        Entry {
            time: 60 * minute + u64::from(listener % 60),
            broadcast: broadcast.to_owned(),
            class: Class::Part,
            status: 200,
            bytes: 100,
            source: Source::Cache,
            listener: listener.to_string(),
            cmcd: Cmcd::default(),
        }
    }

    #[test]
    fn hits_misses_and_errors_are_counted_apart() {
        let mut tally = Tally::default();
        let miss = Entry { source: Source::Origin, ..entry(1, "a", 1) };
        let refused = Entry { status: 404, ..miss.clone() };
        let failed = Entry { status: 503, class: Class::Playlist, ..miss.clone() };
        let gone = Entry { status: 0, ..miss.clone() };
        for entry in
            [&entry(1, "a", 1), &entry(1, "a", 2), &entry(1, "a", 3), &miss, &refused, &failed, &gone]
        {
            tally.add(entry);
        }
        tally.finish();
        let all = tally.all().all();
        assert_eq!(
            (all.requests, all.hits, all.misses, all.refused, all.failed, all.gone),
            (7, 3, 1, 1, 1, 1)
        );
        assert_eq!(all.hit_ratio(), Some(0.75));
        assert_eq!(tally.all().class(Class::Playlist).hit_ratio(), None);
        assert_eq!(tally.all().class(Class::Part).bytes, 600);
    }

    #[test]
    fn listeners_are_counted_by_the_minute_and_by_the_broadcast() {
        let mut tally = Tally::default();
        for minute in 10..13 {
            for listener in 0..10 * (minute as u32 - 9) {
                tally.add(&entry(minute, "a", listener));
                tally.add(&entry(minute, "a", listener));
            }
            tally.add(&entry(minute, "b", 0));
        }
        tally.finish();
        let (_, a) = tally.broadcasts().next().unwrap();
        let rounded: Vec<_> =
            a.minutes().iter().map(|minute| (minute.start, minute.listeners.round())).collect();
        assert_eq!(rounded, [(600, 10.0), (660, 20.0), (720, 30.0)]);
        assert_eq!(a.peak().unwrap().start, 720);
        assert!((a.mean_listeners() - 20.0).abs() < 1.0);
        let all: Vec<_> = tally.all().minutes().iter().map(|minute| minute.listeners.round()).collect();
        assert_eq!(all, [11.0, 21.0, 31.0], "who hears two broadcasts counts twice");
    }

    #[test]
    fn sessions_that_ran_out_of_sound_are_told() {
        let mut tally = Tally::default();
        for (session, starved) in [("x", false), ("x", true), ("x", true), ("y", false), ("z", false)] {
            let cmcd = Cmcd { session: Some(session.to_owned()), starved };
            tally.add(&Entry { cmcd, ..entry(1, "a", 1) });
        }
        let all = tally.all();
        assert_eq!((all.starvations, all.sessions().round(), all.starved_sessions().round()), (2, 3.0, 1.0));
    }

    #[test]
    fn a_log_of_any_length_takes_no_more_memory() {
        let mut tally = Tally::default();
        for minute in 0..(MINUTES_OPEN as u64) {
            tally.add(&entry(minute, "a", 1));
        }
        assert!(tally.open.len() <= MINUTES_OPEN);
        tally.add(&entry(0, "a", 2));
        tally.finish();
        assert_eq!(tally.all().minutes().len(), MINUTES_TOLD);
        assert_eq!(tally.all().minutes_closed, MINUTES_OPEN as u64, "no minute is closed twice");
        assert_eq!(tally.all().all().requests, MINUTES_OPEN as u64 + 1);
    }

    #[test]
    fn strangers_make_no_broadcasts() {
        let mut tally = Tally::default();
        for number in 0..2 * BROADCASTS_MAX {
            tally.add(&Entry { status: 404, ..entry(1, &format!("guess{number}"), 1) });
        }
        assert_eq!((tally.broadcasts().count(), tally.unnamed), (0, 2_000));
        for number in 0..2 * BROADCASTS_MAX {
            tally.add(&entry(1, &format!("real{number}"), 1));
        }
        assert_eq!(tally.broadcasts().count(), BROADCASTS_MAX);
        assert_eq!(tally.all().all().requests, 4_000);
    }
}
