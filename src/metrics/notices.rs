//! What is counted of what people are told: by what it is about, and by which way it goes out.

use std::sync::LazyLock;

use store::{Channel, SendStatus, Timestamp, Waiting};

use super::labels::Labels;
use super::series::{Counters, Gauges};
use crate::notify::Kind;

impl Labels for Kind {
    const KEYS: &'static [&'static str] = &["kind"];
    const ALL: &'static [Self] = &Self::ALL;

    fn index(self) -> usize {
        self as usize
    }

    fn values(self) -> &'static [&'static str] {
        static NAMES: LazyLock<Vec<[&str; 1]>> =
            LazyLock::new(|| Kind::ALL.iter().map(|kind| [kind.name()]).collect());
        &NAMES[self.index()]
    }
}

impl Labels for Channel {
    const KEYS: &'static [&'static str] = &["channel"];
    const ALL: &'static [Self] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }

    fn values(self) -> &'static [&'static str] {
        static NAMES: LazyLock<Vec<[&str; 1]>> =
            LazyLock::new(|| Channel::ALL.iter().map(|channel| [channel.name()]).collect());
        &NAMES[self.index()]
    }
}

/// What became of an attempt to send something by one way. `pending` is told as `retried`: it is tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sent {
    /// By which way.
    pub channel: Channel,
    /// How far it is now.
    pub status: SendStatus,
}

/// How many outcomes a way has.
const STATUSES: usize = SendStatus::ALL.len();

impl Labels for Sent {
    const KEYS: &'static [&'static str] = &["channel", "outcome"];
    const ALL: &'static [Self] = &{
        let mut all = [Self { channel: Channel::Email, status: SendStatus::Pending }; 4 * STATUSES];
        let mut place = 0;
        while place < all.len() {
            let (channel, status) = (Channel::ALL[place / STATUSES], SendStatus::ALL[place % STATUSES]);
            all[place] = Self { channel, status };
            place += 1;
        }
        all
    };

    fn index(self) -> usize {
        self.channel as usize * STATUSES + self.status as usize
    }

    fn values(self) -> &'static [&'static str] {
        static NAMES: LazyLock<Vec<[&str; 2]>> = LazyLock::new(|| {
            let outcome =
                |status: SendStatus| if status == SendStatus::Pending { "retried" } else { status.name() };
            Sent::ALL.iter().map(|sent| [sent.channel.name(), outcome(sent.status)]).collect()
        });
        &NAMES[self.index()]
    }
}

/// Handles of what people are told. Cheap to clone; clones share the values.
#[derive(Clone, Debug)]
pub struct NoticeCounts {
    /// What this station told people, each of them counted.
    pub told: Counters<Kind>,
    /// Attempts of this station to send something.
    pub sent: Counters<Sent>,
    /// What is due by each way and did not go yet, of all stations.
    pub due: Gauges<Channel>,
    /// Seconds for which the oldest of it has been due.
    pub oldest: Gauges<Channel>,
}

impl NoticeCounts {
    pub(crate) fn new() -> Self {
        Self { told: Counters::new(), sent: Counters::new(), due: Gauges::new(), oldest: Gauges::new() }
    }

    /// Shows what waits at `now`.
    pub(crate) fn stand(&self, waiting: &[Waiting], now: Timestamp) {
        for &channel in Channel::ALL {
            let of = waiting.iter().find(|waiting| waiting.channel == channel);
            self.due.set(channel, of.map_or(0, |of| u64::try_from(of.due).unwrap_or(0)));
            self.oldest.set(channel, of.map_or(0, |of| now.since(of.oldest).as_secs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_of_every_way_has_a_series_of_its_own() {
        for (place, sent) in Sent::ALL.iter().enumerate() {
            assert_eq!(sent.index(), place);
            assert_eq!(sent.values()[0], sent.channel.name());
        }
        assert_eq!(Sent::ALL.len(), Channel::ALL.len() * STATUSES);
    }
}
