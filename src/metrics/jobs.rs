//! What is counted of jobs, by their kind.

use std::sync::LazyLock;

use store::{JobKind, Outcome, Standing, Timestamp};

use super::labels::Labels;
use super::series::{Counters, Gauges};

impl Labels for JobKind {
    const KEYS: &'static [&'static str] = &["kind"];
    const ALL: &'static [Self] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }

    fn values(self) -> &'static [&'static str] {
        static NAMES: LazyLock<Vec<[&str; 1]>> =
            LazyLock::new(|| JobKind::ALL.iter().map(|kind| [kind.name()]).collect());
        &NAMES[self.index()]
    }
}

/// Handles of jobs. Cheap to clone; clones share the values.
#[derive(Clone, Debug)]
pub struct JobCounts {
    /// How many are due and not done, wherever they are done.
    pub due: Gauges<JobKind>,
    /// Seconds for which the oldest of them has been due.
    pub oldest: Gauges<JobKind>,
    /// How many were given up and are kept.
    pub failed: Gauges<JobKind>,
    /// How many this station has done.
    pub done: Counters<JobKind>,
    /// How many attempts of this station failed.
    pub failures: Counters<JobKind>,
}

impl JobCounts {
    pub(crate) fn new() -> Self {
        Self {
            due: Gauges::new(),
            oldest: Gauges::new(),
            failed: Gauges::new(),
            done: Counters::new(),
            failures: Counters::new(),
        }
    }

    /// Shows how jobs stand at `now`.
    pub(crate) fn stand(&self, standing: &[Standing], now: Timestamp) {
        let whole = |number: i64| u64::try_from(number).unwrap_or(0);
        for of in standing {
            self.due.set(of.kind, whole(of.due));
            self.oldest.set(of.kind, of.oldest.map_or(0, |oldest| now.since(oldest).as_secs()));
            self.failed.set(of.kind, whole(of.failed));
        }
    }

    /// Counts what became of a batch.
    pub(crate) fn settled<'a>(&self, kind: JobKind, outcomes: impl Iterator<Item = &'a Outcome>) {
        let (mut done, mut failures) = (0, 0);
        for outcome in outcomes {
            match outcome {
                Outcome::Done | Outcome::Again(_) => done += 1,
                Outcome::Later { .. } | Outcome::Failed(_) => failures += 1,
            }
        }
        self.done.add(kind, done);
        self.failures.add(kind, failures);
    }
}
