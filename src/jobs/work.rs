//! Who does jobs of a kind, and what is said of each.

use std::future::Future;
use std::pin::Pin;

use serde::de::DeserializeOwned;
use store::{Job, JobKind, Timestamp};

/// A job that is to be done now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Task<P> {
    /// Names the job among those of its kind, for ever: the same in every attempt.
    pub key: String,
    /// What to do.
    pub payload: P,
    /// When it was to be done.
    pub due_at: Timestamp,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// How an attempt went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is done, or there is nothing to do any more.
    Done,
    /// It is done for now, and to be done again then.
    Again(Timestamp),
    /// It failed for this reason; it is tried again after a back-off, a bounded number of times.
    Retry(String),
    /// The same, not before an instant that another party named.
    RetryAt(Timestamp, String),
    /// It failed for this reason, and trying again would not help: it is kept as failed.
    Failed(String),
}

/// Does jobs of one kind, some at a time.
pub trait Work: Send + Sync + 'static {
    /// What a job of this kind says.
    type Payload: DeserializeOwned + Send + 'static;

    /// Which kind.
    const KIND: JobKind;

    /// Most jobs at a time. Together they have a minute.
    const BATCH: u32 = 100;

    /// Does them: an outcome for each, in their order.
    ///
    /// May be asked to do again what an earlier attempt did, where the station died before it was noted. May be dropped
    /// at any await where the minute is over or the station stops; what was to be done is then tried again.
    fn run(&self, tasks: Vec<Task<Self::Payload>>) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// [`Work`] of any payload.
pub(super) trait Worker: Send + Sync {
    fn kind(&self) -> JobKind;
    fn batch(&self) -> u32;
    /// An outcome for each job, in their order.
    fn work<'a>(&'a self, jobs: &'a [Job]) -> Pin<Box<dyn Future<Output = Vec<Outcome>> + Send + 'a>>;
}

impl<W: Work> Worker for W {
    fn kind(&self) -> JobKind {
        W::KIND
    }

    fn batch(&self) -> u32 {
        W::BATCH
    }

    fn work<'a>(&'a self, jobs: &'a [Job]) -> Pin<Box<dyn Future<Output = Vec<Outcome>> + Send + 'a>> {
        Box::pin(async move {
            let mut tasks = Vec::with_capacity(jobs.len());
            let mut outcomes: Vec<_> = jobs
                .iter()
                .map(|job| match task(job) {
                    Ok(task) => {
                        tasks.push(task);
                        None
                    }
                    // Another version wrote it, or somebody by hand.
                    Err(cause) => Some(Outcome::Failed(format!("its payload cannot be read: {cause}"))),
                })
                .collect();
            if !tasks.is_empty() {
                let mut done = self.run(tasks).await.into_iter();
                for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_none()) {
                    *outcome = done.next();
                }
            }
            let said = |outcome: Option<Outcome>| {
                outcome.unwrap_or_else(|| Outcome::Retry("nothing was said of it".to_owned()))
            };
            outcomes.into_iter().map(said).collect()
        })
    }
}

fn task<P: DeserializeOwned>(job: &Job) -> Result<Task<P>, serde_json::Error> {
    let payload = serde_json::from_str(&job.payload)?;
    Ok(Task { key: job.key.clone(), payload, due_at: job.due_at, attempt: job.attempts })
}
