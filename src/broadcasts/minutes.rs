//! How many listen, minute by minute, for whoever looks back.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{Entry, Journal, ListenerMinute, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::live::{HallHandle, Presence};
use crate::signal::Rooms;

/// How often it is looked; the most of a minute is kept.
const LOOK: Duration = Duration::from_secs(5);

const MINUTE: i64 = 60_000;

/// What is counted of the broadcasts on air.
pub struct Minutes {
    /// What is on air.
    pub hall: HallHandle,
    /// Who listens.
    pub presence: Arc<Presence>,
    /// Who is in the rooms.
    pub rooms: Arc<Rooms>,
    /// Where it is written down.
    pub journal: Journal,
}

/// The most of one minute, and all of its joins, by broadcast.
#[derive(Default)]
struct Most {
    minute: i64,
    by_broadcast: BTreeMap<String, ListenerMinute>,
}

impl Minutes {
    /// Counts until `shutdown`. What is counted of the last minute is written too.
    pub async fn run(self, shutdown: CancellationToken) {
        // Several stations count the same broadcast, each its own listeners.
        let station = store::id();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut most = Most::default();
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = shutdown.cancelled() => break,
            }
            let minute = Timestamp::now().as_millis() / MINUTE;
            if minute != most.minute {
                self.write(std::mem::take(&mut most));
                most.minute = minute;
            }
            let mut joins = self.presence.joins().take();
            for live in self.hall.broadcasts().iter().filter(|held| held.is_live()) {
                let id = &live.card.id;
                let listeners = self.presence.listeners(id, Instant::now());
                let joined = joins.remove(id).unwrap_or_default();
                let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
                most.note(ListenerMinute {
                    broadcast_id: id.clone(),
                    minute: Timestamp::from_millis(minute * MINUTE),
                    station: station.clone(),
                    webrtc: count(listeners.webrtc),
                    hls: count(listeners.hls),
                    people: count(self.rooms.people(id)),
                    joins: joined.succeeded,
                    joins_failed: joined.failed,
                });
            }
        }
        self.write(most);
    }

    fn write(&self, most: Most) {
        for minute in most.by_broadcast.into_values() {
            if self.journal.append(Entry::Listeners(minute)).is_err() {
                debug!("a minute of listeners is not written down: the journal is full");
            }
        }
    }
}

impl Most {
    fn note(&mut self, seen: ListenerMinute) {
        match self.by_broadcast.entry(seen.broadcast_id.clone()) {
            Slot::Vacant(vacant) => {
                vacant.insert(seen);
            }
            Slot::Occupied(mut occupied) => {
                let most = occupied.get_mut();
                most.webrtc = most.webrtc.max(seen.webrtc);
                most.hls = most.hls.max(seen.hls);
                most.people = most.people.max(seen.people);
                most.joins += seen.joins;
                most.joins_failed += seen.joins_failed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_of_a_minute_is_kept_and_its_joins_add_up() {
        let seen = |webrtc, hls, joins| ListenerMinute {
            broadcast_id: "news".to_owned(),
            minute: Timestamp::from_millis(0),
            station: "s".to_owned(),
            webrtc,
            hls,
            people: 1,
            joins,
            joins_failed: 1,
        };
        let mut most = Most::default();
        for one in [seen(1, 5, 1), seen(3, 2, 2), seen(0, 0, 0)] {
            most.note(one);
        }
        assert_eq!(most.by_broadcast["news"], ListenerMinute { joins_failed: 3, ..seen(3, 5, 3) });
    }
}
