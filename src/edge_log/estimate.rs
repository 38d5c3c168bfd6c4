//! How many an edge serves now, by what it has just logged.

use std::collections::BTreeMap;

use super::tally::BROADCASTS_MAX;
use super::{Entry, Sketch};

/// Who was served lately: in this turn and in the one before it.
#[derive(Debug, Default)]
pub struct Estimate {
    broadcasts: BTreeMap<String, Lately>,
}

#[derive(Debug, Default)]
struct Lately {
    now: Sketch,
    before: Option<Sketch>,
}

impl Estimate {
    /// Counts who was served. What was refused counts for nobody.
    pub fn see(&mut self, entry: &Entry) {
        if !(200..400).contains(&entry.status) {
            return;
        }
        if self.broadcasts.contains_key(&entry.broadcast) || self.broadcasts.len() < BROADCASTS_MAX {
            self.broadcasts.entry(entry.broadcast.clone()).or_default().now.see(entry.listener.as_str());
        }
    }

    /// Begins the next turn; who was served in neither of the last two is no longer counted.
    pub fn turn(&mut self) {
        self.broadcasts.retain(|_, lately| {
            let before = std::mem::take(&mut lately.now);
            let heard = !before.is_empty();
            lately.before = heard.then_some(before);
            heard
        });
    }

    /// About how many each broadcast has.
    pub fn listeners(&self) -> BTreeMap<String, u64> {
        let count = |lately: &Lately| {
            let mut both = lately.now.clone();
            both.join(lately.before.iter());
            both.count().round() as u64
        };
        self.broadcasts.iter().map(|(id, lately)| (id.clone(), count(lately))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge_log::cmcd::Cmcd;
    use crate::edge_log::entry::{Class, Source};

    fn served(listener: u32, status: u16) -> Entry {
        Entry {
            time: 0,
            broadcast: "a".to_owned(),
            class: Class::Part,
            status,
            bytes: 1,
            source: Source::Cache,
            listener: listener.to_string(),
            cmcd: Cmcd::default(),
        }
    }

    fn counted(estimate: &Estimate) -> Option<u64> {
        estimate.listeners().get("a").copied()
    }

    #[test]
    fn who_was_served_in_the_last_two_turns_is_counted_once() {
        let mut estimate = Estimate::default();
        (0..10).for_each(|listener| estimate.see(&served(listener, 200)));
        estimate.turn();
        (5..15).for_each(|listener| estimate.see(&served(listener, 206)));
        assert_eq!(counted(&estimate), Some(15));
        estimate.turn();
        assert_eq!(counted(&estimate), Some(10));
        estimate.turn();
        assert_eq!(counted(&estimate), None, "nobody is served any more");
    }

    #[test]
    fn who_was_refused_is_nobody() {
        let mut estimate = Estimate::default();
        estimate.see(&served(1, 403));
        assert_eq!(counted(&estimate), None);
    }
}
