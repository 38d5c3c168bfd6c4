//! What is to be done at some time, by any station, once.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::address::Database;
use crate::broadcast::words;
use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::{Columns, json};
use crate::sql::Sql;
use crate::time::Timestamp;

words! {
    /// What a job is about. Its payload has one shape for each kind.
    JobKind {
        /// The followers of a host are told something, some at a time.
        Announcement = "announcement",
        /// The reminders of one broadcast for one offset are made: a [`JobKind::Reminder`] for everybody.
        Reminders = "reminders",
        /// Somebody is reminded of a broadcast.
        Reminder = "reminder",
        /// A broadcast goes on air at its hour.
        Start = "start",
        /// Listeners are told that the host is late.
        Late = "late",
        /// A broadcast is closed to which no host has come.
        Missed = "missed",
        /// A broadcast goes off the air when its time is over.
        End = "end",
        /// The next occurrences of a series are made.
        Occurrences = "occurrences",
    }
}

words! {
    /// How far a job is.
    JobState {
        /// It is to be done, once or again.
        Waiting = "waiting",
        /// It was done.
        Done = "done",
        /// It was given up.
        Failed = "failed",
    }
}

/// A job.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Job {
    /// A UUIDv7.
    pub id: String,
    /// What it is about.
    pub kind: JobKind,
    /// Names it among those of its kind, for ever.
    pub key: String,
    /// The broadcast whose plan it is part of.
    pub broadcast_id: Option<String>,
    /// What to do, as JSON.
    pub payload: String,
    /// How far it is.
    pub state: JobState,
    /// When it was to be done.
    pub due_at: Timestamp,
    /// From when on it may be taken.
    pub next_attempt_at: Timestamp,
    /// How often it was taken, this time included.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was done or given up.
    pub ended_at: Option<Timestamp>,
}

/// A job that is yet to be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewJob {
    kind: JobKind,
    key: String,
    broadcast_id: Option<String>,
    payload: String,
    due_at: Timestamp,
}

impl NewJob {
    /// What to do at `due_at`. Where a job of this kind with this `key` is or was, nothing is made.
    pub fn new(kind: JobKind, key: impl Into<String>, payload: &impl Serialize, due_at: Timestamp) -> Self {
        Self { kind, key: key.into(), broadcast_id: None, payload: json(payload), due_at }
    }

    /// The same as part of a broadcast's plan: it is dropped when the plan changes.
    #[must_use]
    pub fn of_broadcast(mut self, broadcast: impl Into<String>) -> Self {
        self.broadcast_id = Some(broadcast.into());
        self
    }
}

/// How an attempt went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It is done for now, and to be done again then; attempts are counted anew.
    Again(Timestamp),
    /// It failed, and is tried again then.
    Later {
        /// When.
        at: Timestamp,
        /// Why it failed.
        error: String,
    },
    /// It failed, and is given up.
    Failed(String),
}

/// How many jobs of a kind there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Which kind.
    pub kind: JobKind,
    /// How many are due and not done.
    pub due: i64,
    /// When the oldest of them was due.
    pub oldest: Option<Timestamp>,
    /// How many were given up and are kept.
    pub failed: i64,
}

/// Jobs in the store.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a>(pub(crate) &'a Store);

impl Jobs<'_> {
    /// Makes those that are not there yet; how many there were.
    pub async fn insert(self, jobs: &[NewJob]) -> Result<u64, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let made = insert(writing.connection(), jobs).await?;
                writing.commit().await?;
                Ok(made)
            })
            .await
    }

    /// When the next job of a kind may be taken.
    pub async fn next(self, kind: JobKind) -> Result<Option<Timestamp>, StoreError> {
        let mut sql = Sql::new("SELECT next_attempt_at FROM jobs WHERE state = 'waiting' AND kind = ");
        sql.text(kind.name()).push(" ORDER BY next_attempt_at, id LIMIT 1");
        self.0.read_one(&sql, |row| row.time("next_attempt_at")).await
    }

    /// Takes what may be taken at `now`, longest waiting first, at most `limit`. Nobody else is given it before
    /// `until`. `batch` names this call and no other; by it the outcome is noted.
    ///
    /// Every job counts an attempt here, so that one which brings the station down is not tried for ever.
    pub async fn claim(
        self,
        kind: JobKind,
        batch: &str,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        // Picked once and by themselves: PostgreSQL, which knows nothing of a young table, may pick anew for every row.
        let mut sql =
            Sql::new("WITH picked AS MATERIALIZED (SELECT id FROM jobs WHERE state = 'waiting' AND kind = ");
        sql.text(kind.name()).push(" AND next_attempt_at <= ").time(now);
        sql.push(" ORDER BY next_attempt_at, id LIMIT ").number(limit.into());
        if self.0.database() == Database::Postgres {
            // Two stations take different rows instead of waiting for each other. SQLite has one writer.
            sql.push(" FOR UPDATE SKIP LOCKED");
        }
        sql.push(") UPDATE jobs SET attempts = attempts + 1, claimed_by = ").text(batch);
        sql.push(", next_attempt_at = ").time(until);
        sql.push(" WHERE id IN (SELECT id FROM picked) RETURNING ").push(COLUMNS);
        let mut jobs = self
            .0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let jobs = sql.all(writing.connection(), read).await?;
                writing.commit().await?;
                Ok(jobs)
            })
            .await?;
        jobs.sort_by(|one, other| (one.due_at, &one.id).cmp(&(other.due_at, &other.id)));
        Ok(jobs)
    }

    /// Notes how the attempts of a batch went, all at once; how many were still the batch's own. What another station
    /// has taken meanwhile, or what was dropped, stays as it is.
    pub async fn settle(
        self,
        batch: &str,
        outcomes: &[(String, Outcome)],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let done: Vec<_> =
            outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Done).map(|(id, _)| id).collect();
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let mut settled = 0;
                for ids in done.chunks(AT_ONCE) {
                    let mut sql = Sql::new("UPDATE jobs SET state = 'done', last_error = NULL, ended_at = ");
                    sql.time(now).push(FREED).text(batch).push(" AND id IN (");
                    for (place, id) in ids.iter().enumerate() {
                        sql.push(if place == 0 { "" } else { ", " }).text(id.as_str());
                    }
                    settled += sql.push(")").execute(connection).await?;
                }
                for (id, outcome) in outcomes {
                    let mut sql = Sql::new("UPDATE jobs SET ");
                    match outcome {
                        Outcome::Done => continue,
                        Outcome::Again(at) => {
                            sql.push("attempts = 0, last_error = NULL, due_at = ").time(*at);
                            sql.push(", next_attempt_at = ").time(*at);
                        }
                        Outcome::Later { at, error } => {
                            sql.push("next_attempt_at = ").time(*at);
                            sql.push(", last_error = ").text(clip(error));
                        }
                        Outcome::Failed(error) => {
                            sql.push("state = 'failed', ended_at = ").time(now);
                            sql.push(", last_error = ").text(clip(error));
                        }
                    }
                    sql.push(FREED).text(batch).push(" AND id = ").text(id.as_str());
                    settled += sql.execute(connection).await?;
                }
                writing.commit().await?;
                Ok(settled)
            })
            .await
    }

    /// Lets others have what a batch has taken and not begun, as if it had not been taken; how many there were.
    pub async fn release(self, batch: &str, now: Timestamp) -> Result<u64, StoreError> {
        let mut sql = Sql::new("UPDATE jobs SET attempts = attempts - 1, next_attempt_at = ");
        sql.time(now).push(FREED).text(batch);
        self.0.write(&sql).await
    }

    /// The job with this id.
    pub async fn load(self, id: &str) -> Result<Option<Job>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Jobs by when they were due, latest first; of one state and kind, or of all.
    pub async fn list(
        self,
        state: Option<JobState>,
        kind: Option<JobKind>,
        slice: &Slice,
    ) -> Result<Page<Job>, StoreError> {
        let mut condition = Sql::default();
        if let Some(state) = state {
            condition.push(" AND state = ").text(state.name());
        }
        if let Some(kind) = kind {
            condition.push(" AND kind = ").text(kind.name());
        }
        LISTING.newest(self.0, &condition, slice).await
    }

    /// Has a job that was given up tried again from the beginning. `None` where there is no such job; one that was not
    /// given up stays as it is.
    pub async fn retry(self, id: &str, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let mut sql = Sql::new("UPDATE jobs SET state = 'waiting', attempts = 0, ended_at = NULL, ");
        sql.push("next_attempt_at = ").time(now).push(" WHERE state = 'failed' AND id = ").text(id);
        self.0.write(&sql).await?;
        self.load(id).await
    }

    /// Forgets some of what was done before `done`, or given up before `failed`; how many there were. Call it again
    /// until there are none.
    pub async fn delete_before(self, done: Timestamp, failed: Timestamp) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for (state, before) in [(JobState::Done, done), (JobState::Failed, failed)] {
            let mut sql = Sql::new("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = ");
            // What ended before was due before: that alone is in the index.
            sql.text(state.name()).push(" AND due_at < ").time(before);
            sql.push(" AND ended_at < ").time(before).push(" LIMIT ").number(AT_ONCE as i64).push(")");
            deleted += self.0.write(&sql).await?;
        }
        Ok(deleted)
    }

    /// How each kind stands at `now`.
    pub async fn standing(self, now: Timestamp) -> Result<Vec<Standing>, StoreError> {
        let mut sql = Sql::new(
            "SELECT kind, COUNT(*) AS amount, MIN(due_at) AS oldest, state FROM jobs WHERE state = 'failed' \
             GROUP BY kind, state UNION ALL SELECT kind, COUNT(*) AS amount, MIN(due_at) AS oldest, state FROM jobs \
             WHERE state = 'waiting' AND due_at <= ",
        );
        sql.time(now).push(" GROUP BY kind, state");
        let rows = self.0.read_all(&sql, amount).await?;
        let of = |kind: JobKind, state: JobState| {
            rows.iter().find(|row| row.0 == kind.name() && row.1 == state.name())
        };
        let standing = |&kind: &JobKind| {
            let waiting = of(kind, JobState::Waiting);
            Standing {
                kind,
                due: waiting.map_or(0, |row| row.2),
                oldest: waiting.and_then(|row| row.3),
                failed: of(kind, JobState::Failed).map_or(0, |row| row.2),
            }
        };
        Ok(JobKind::ALL.iter().map(standing).collect())
    }
}

/// Makes those that are not there yet; how many there were.
pub(crate) async fn insert(connection: &mut AnyConnection, jobs: &[NewJob]) -> Result<u64, StoreError> {
    let now = Timestamp::now();
    // One statement may not touch a row twice.
    let mut known = BTreeSet::new();
    let jobs: Vec<_> = jobs.iter().filter(|job| known.insert((job.kind.name(), &job.key))).collect();
    let mut made = 0;
    for some in jobs.chunks(AT_ONCE) {
        let mut sql = Sql::new("INSERT INTO jobs (");
        sql.push(COLUMNS).push(") VALUES ");
        for (place, job) in some.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).text(crate::id());
            sql.push(", ").text(job.kind.name()).push(", ").text(job.key.as_str());
            sql.push(", ").optional_text(job.broadcast_id.as_deref()).push(", ").text(job.payload.as_str());
            sql.push(", 'waiting', ").time(job.due_at).push(", ").time(job.due_at);
            sql.push(", 0, NULL, ").time(now).push(", NULL)");
        }
        made += sql.push(" ON CONFLICT (kind, key) DO NOTHING").execute(connection).await?;
    }
    Ok(made)
}

/// A kind, a state, how many there are, and when the oldest was due.
type Amount = (String, String, i64, Option<Timestamp>);

fn amount(row: &AnyRow) -> Result<Amount, StoreError> {
    Ok((row.text("kind")?, row.text("state")?, row.number("amount")?, row.optional_time("oldest")?))
}

/// What an error may take in a row.
fn clip(error: &str) -> &str {
    &error[..error.floor_char_boundary(ERROR_MAX)]
}

const COLUMNS: &str = "id, kind, key, broadcast_id, payload, state, due_at, next_attempt_at, attempts, last_error, \
    created_at, ended_at";

/// Ends a claim, where it is still the batch's own that follows.
const FREED: &str = ", claimed_by = NULL WHERE state = 'waiting' AND claimed_by = ";

/// Rows of one statement: each binds seven values, and SQLite takes 32,766 of them.
const AT_ONCE: usize = 500;

/// Longest error that is kept, in bytes.
const ERROR_MAX: usize = 500;

const LISTING: Listing<Job> = Listing {
    columns: COLUMNS,
    table: "jobs",
    time: "due_at",
    id: "id",
    read,
    position: |job| Position::new(job.due_at.as_millis(), &job.id),
};

fn read(row: &AnyRow) -> Result<Job, StoreError> {
    Ok(Job {
        id: row.text("id")?,
        kind: row.word("kind", JobKind::of)?,
        key: row.text("key")?,
        broadcast_id: row.optional_text("broadcast_id")?,
        payload: row.text("payload")?,
        state: row.word("state", JobState::of)?,
        due_at: row.time("due_at")?,
        next_attempt_at: row.time("next_attempt_at")?,
        attempts: row.count("attempts")?,
        last_error: row.optional_text("last_error")?,
        created_at: row.time("created_at")?,
        ended_at: row.optional_time("ended_at")?,
    })
}
