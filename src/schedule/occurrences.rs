//! Makes the occurrences of series ahead of time.

use std::time::Duration;

use store::{Extension, JobKind, Revision, Store};
use tracing::{info, warn};

use super::series::{self, Fault};
use crate::jobs::{Clock, Outcome, Task, Work};
use crate::live::key_file;

/// How often a series is looked at: many times in what is made ahead.
const ROUND: Duration = Duration::from_hours(24);

/// Makes occurrences.
pub struct Extend {
    /// Where series are.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
}

impl Work for Extend {
    type Payload = Extension;
    const KIND: JobKind = JobKind::Occurrences;
    // Each may make twenty broadcasts.
    const BATCH: u32 = 10;

    async fn run(&self, tasks: Vec<Task<Extension>>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(self.extend(&task.payload.series_id).await);
        }
        outcomes
    }
}

impl Extend {
    async fn extend(&self, id: &str) -> Outcome {
        let now = (self.clock)();
        let edit = |series: store::Series, known: Vec<store::Broadcast>| {
            let made = series::extend(&series, &known, now, &mut || key_file::make().ok())?;
            Ok::<_, Fault>(Revision { made, ..Revision::default() })
        };
        match self.store.all_series().revise(id, now, edit).await {
            Ok(Some(Ok(revision))) => {
                if !revision.made.is_empty() {
                    info!(series.id = %id, "{} occurrences of the series {id} were made", revision.made.len());
                }
                Outcome::Again(now.plus(ROUND))
            }
            Ok(None) => Outcome::Done,
            Ok(Some(Err(fault))) => {
                warn!(series.id = %id, "the series {id} cannot be followed: {fault}");
                Outcome::Retry(fault.to_string())
            }
            Err(cause) => Outcome::Retry(cause.to_string()),
        }
    }
}
