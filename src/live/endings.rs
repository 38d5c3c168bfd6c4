//! Broadcasts that ended a short while ago: what the books may not have yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use packager::{RunId, WallClock};

use super::card::Card;
use super::happening::EndReason;

/// Endings remembered. They bridge the time until the store has been written, some seconds as a rule.
const REMEMBERED: usize = 1_024;

/// The end of a broadcast.
#[derive(Clone, Debug)]
pub struct Ending {
    /// How it was set up.
    pub card: Arc<Card>,
    /// Its run.
    pub run: RunId,
    /// When the run opened.
    pub started: WallClock,
    /// When it ended.
    pub ended: WallClock,
    /// Why.
    pub why: EndReason,
}

/// The newest endings, by broadcast. When there are too many the oldest is forgotten.
#[derive(Clone, Debug, Default)]
pub(super) struct Endings(BTreeMap<String, Ending>);

impl Endings {
    pub(super) fn note(&mut self, ending: Ending) {
        self.0.insert(ending.card.id.clone(), ending);
        if self.0.len() > REMEMBERED
            && let Some(oldest) =
                self.0.values().min_by_key(|ending| ending.ended).map(|ending| ending.card.id.clone())
        {
            self.0.remove(&oldest);
        }
    }

    pub(super) fn of(&self, id: &str) -> Option<&Ending> {
        self.0.get(id)
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing::card;

    #[test]
    fn the_oldest_ending_is_forgotten_first() {
        let mut endings = Endings::default();
        let run = RunId::parse("r1").unwrap();
        for n in (0..=REMEMBERED as u64).rev() {
            endings.note(Ending {
                card: Arc::new(card(&format!("b{n}"))),
                run: run.clone(),
                started: WallClock(n),
                ended: WallClock(n),
                why: EndReason::Silence,
            });
        }
        assert!(endings.of("b1").is_some() && endings.of("b0").is_none());
        assert_eq!(endings.0.len(), REMEMBERED);
    }
}
