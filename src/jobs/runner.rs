//! Takes what is due, has it done, and notes how it went; for each kind one batch at a time.

use std::sync::Arc;
use std::time::Duration;

use store::{Job, JobKind, Store, StoreError, Timestamp};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::backoff;
use super::work::{Outcome, Work, Worker};
use crate::metrics::Metrics;
use crate::metrics::jobs::JobCounts;

/// How often the store is asked what is due. One look-up in an index for each kind.
const LOOK: Duration = Duration::from_secs(1);

/// How long the store is left alone after it was found away, in looks.
const REST: u32 = 5;

/// For how long a batch is one station's alone. Where a station dies, what it was doing waits so long for another.
const LEASE: Duration = Duration::from_mins(2);

/// How long a batch may take: well within the lease, so that its outcome can be noted before others begin it.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a station that stops waits for what is under way, in looks.
const PARTING: u32 = 5;

/// How often it is counted what waits, and old jobs are forgotten.
const ROUND: Duration = Duration::from_secs(15);

/// How long jobs are kept once they are done: a week, in which what is asked for twice is done once.
const DONE_KEPT: Duration = Duration::from_hours(7 * 24);

/// How long those are kept that were given up.
const FAILED_KEPT: Duration = Duration::from_hours(30 * 24);

/// What time it is; a test has a clock of its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Has jobs done for as long as it runs.
pub struct Runner {
    bench: Bench,
    crew: Vec<Arc<dyn Worker>>,
}

/// What everybody at work needs. Cheap to clone.
#[derive(Clone)]
struct Bench {
    store: Store,
    counts: JobCounts,
    clock: Clock,
    look: Duration,
}

impl Runner {
    /// A runner over `store` that can do nothing yet.
    pub fn new(store: Store, metrics: &Metrics) -> Self {
        let bench =
            Bench { store, counts: metrics.jobs.clone(), clock: Arc::new(Timestamp::now), look: LOOK };
        Self { bench, crew: Vec::new() }
    }

    /// The same, and it has jobs of one more kind done. Jobs of a kind that nobody does wait.
    #[must_use]
    pub fn with(mut self, work: impl Work) -> Self {
        self.crew.push(Arc::new(work));
        self
    }

    /// The same runner by another clock, looking for work every `look`.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock, look: Duration) -> Self {
        self.bench.clock = clock;
        self.bench.look = look;
        self
    }

    /// Runs until `shutdown`. What is under way then is given a moment, and after it left to others.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        for worker in self.crew {
            tasks.spawn(self.bench.clone().keep_at(worker, shutdown.clone()));
        }
        tasks.spawn(self.bench.keep_books(shutdown));
        while let Some(over) = tasks.join_next().await {
            if let Err(cause) = over {
                error!("jobs of a kind are not done any more: {cause}");
            }
        }
    }
}

impl Bench {
    /// Does the jobs of one kind.
    async fn keep_at(self, worker: Arc<dyn Worker>, shutdown: CancellationToken) {
        let mut away = Away(false);
        while !shutdown.is_cancelled() {
            let pause = match self.round(&worker, &shutdown).await {
                // There may be more.
                Ok(taken) if taken == worker.batch() as usize => continue,
                Ok(_) => away.no(self.look),
                Err(cause) => away.yes(self.look, worker.kind(), &cause),
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Does some of what is due; how many they were.
    async fn round(
        &self,
        worker: &Arc<dyn Worker>,
        shutdown: &CancellationToken,
    ) -> Result<usize, StoreError> {
        let (jobs, now) = (self.store.jobs(), (self.clock)());
        // A look disturbs nobody; SQLite has one writer at a time.
        if jobs.next(worker.kind()).await?.is_none_or(|next| next > now) {
            return Ok(0);
        }
        let name = store::id();
        let batch = jobs.claim(worker.kind(), &name, now, now.plus(LEASE), worker.batch()).await?;
        if batch.is_empty() {
            return Ok(0);
        }
        let batch: Arc<[Job]> = batch.into();
        let mut under_way = JoinSet::new();
        under_way.spawn({
            let (worker, batch) = (worker.clone(), batch.clone());
            async move { timeout(PATIENCE, worker.work(&batch)).await }
        });
        let over = tokio::select! {
            over = under_way.join_next() => over,
            () = self.parting(shutdown) => None,
        };
        let outcomes = match over {
            Some(Ok(Ok(outcomes))) => outcomes,
            Some(Ok(Err(_))) => {
                let slow = format!("it took longer than {} s", PATIENCE.as_secs());
                vec![Outcome::Retry(slow); batch.len()]
            }
            Some(Err(cause)) => {
                error!("a batch of jobs ({}) broke off: {cause}", worker.kind().name());
                vec![Outcome::Retry("it broke off".to_owned()); batch.len()]
            }
            None => {
                under_way.shutdown().await;
                let released = self.store.jobs().release(&name, (self.clock)()).await?;
                info!("{released} jobs ({}) are left to another station", worker.kind().name());
                return Ok(batch.len());
            }
        };
        self.settle(worker.kind(), &name, &batch, outcomes).await;
        Ok(batch.len())
    }

    /// Notes how a batch went. Without the note it would be done again: the database gets the time that it needs, as
    /// long as the batch is this station's.
    async fn settle(&self, kind: JobKind, name: &str, batch: &[Job], outcomes: Vec<Outcome>) {
        let now = (self.clock)();
        let noted: Vec<_> = batch
            .iter()
            .zip(outcomes)
            .map(|(job, outcome)| (job.id.clone(), noted(job, outcome, now)))
            .collect();
        let since = tokio::time::Instant::now();
        loop {
            match self.store.jobs().settle(name, &noted, now).await {
                Ok(_) => return self.counts.settled(kind, noted.iter().map(|(_, outcome)| outcome)),
                Err(cause) if !cause.is_unavailable() || since.elapsed() >= LEASE => {
                    error!(
                        "what became of {} jobs ({}) is lost, they are done again: {cause}",
                        noted.len(),
                        kind.name()
                    );
                    return;
                }
                Err(cause) => debug!("the outcome of jobs waits: {cause}"),
            }
            sleep(self.look * REST).await;
        }
    }

    /// Waits until the station has been stopping for a moment.
    async fn parting(&self, shutdown: &CancellationToken) {
        shutdown.cancelled().await;
        sleep(self.look * PARTING).await;
    }

    /// Counts what waits, and forgets what is old.
    async fn keep_books(self, shutdown: CancellationToken) {
        loop {
            if let Err(cause) = self.book().await {
                debug!("jobs are not counted: {cause}");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(ROUND) => {}
            }
        }
    }

    async fn book(&self) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.counts.stand(&self.store.jobs().standing(now).await?, now);
        // A little at a time: others write as well.
        self.store.jobs().delete_before(now.minus(DONE_KEPT), now.minus(FAILED_KEPT)).await?;
        Ok(())
    }
}

/// As the store notes it.
fn noted(job: &Job, outcome: Outcome, now: Timestamp) -> store::Outcome {
    let (not_before, error) = match outcome {
        Outcome::Done => return store::Outcome::Done,
        Outcome::Again(at) => return store::Outcome::Again(at),
        Outcome::Failed(error) => return given_up(job, error),
        Outcome::Retry(error) => (now, error),
        Outcome::RetryAt(at, error) => (at, error),
    };
    match backoff::wait(job.attempts, backoff::random()) {
        Some(wait) => {
            debug!(job.id = %job.id, "a job ({}) is tried again: {error}", job.kind.name());
            store::Outcome::Later { at: now.plus(wait).max(not_before), error }
        }
        None => given_up(job, error),
    }
}

fn given_up(job: &Job, error: String) -> store::Outcome {
    warn!(job.id = %job.id, "a job ({} {}) is given up: {error}", job.kind.name(), job.key);
    store::Outcome::Failed(error)
}

/// Whether the store was found away; said once, not every few seconds.
struct Away(bool);

impl Away {
    fn no(&mut self, look: Duration) -> Duration {
        self.0 = false;
        look
    }

    fn yes(&mut self, look: Duration, kind: JobKind, cause: &StoreError) -> Duration {
        if self.0 {
            debug!("jobs ({}) still wait: {cause}", kind.name());
        } else {
            warn!("jobs ({}) wait for the database: {cause}", kind.name());
        }
        self.0 = true;
        look * REST
    }
}

#[cfg(test)]
mod tests;
