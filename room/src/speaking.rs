//! Whose voice is heard at the moment.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::{Origin, PersonId};

/// How often it is told at the most who speaks: a ring around a face need not be quicker, and in a large room each
/// message is written ten thousand times.
const PACE: Duration = Duration::from_millis(500);

/// People who are remembered as speaking at once; more than fit on any stage.
const MOST: usize = 64;

/// Who speaks, and what was told of it.
#[derive(Debug)]
pub(crate) struct Speaking {
    now: BTreeSet<PersonId>,
    origin: Origin,
    told: BTreeSet<PersonId>,
    /// When that was; none where nothing was told yet.
    last: Option<Duration>,
}

impl Default for Speaking {
    fn default() -> Self {
        Self { now: BTreeSet::new(), origin: Origin::Here, told: BTreeSet::new(), last: None }
    }
}

impl Speaking {
    /// These speak, and nobody else; 64 at the most.
    pub(crate) fn set(&mut self, people: impl IntoIterator<Item = PersonId>, origin: Origin) {
        self.now = people.into_iter().take(MOST).collect();
        self.origin = origin;
    }

    /// Nobody does, which everybody knows.
    pub(crate) fn clear(&mut self) {
        self.now.clear();
        self.told.clear();
    }

    /// Who speaks, as it was told last.
    pub(crate) fn told(&self) -> impl Iterator<Item = &PersonId> {
        self.told.iter()
    }

    /// When something is to be told.
    pub(crate) fn due(&self) -> Option<Duration> {
        (self.now != self.told).then(|| self.last.map_or(Duration::ZERO, |last| last + PACE))
    }

    /// What is told at `now`; none where nothing is due.
    pub(crate) fn take(&mut self, now: Duration) -> Option<(Vec<PersonId>, Origin)> {
        self.due().filter(|due| *due <= now)?;
        self.told.clone_from(&self.now);
        self.last = Some(now);
        Some((self.told.iter().cloned().collect(), self.origin))
    }
}
