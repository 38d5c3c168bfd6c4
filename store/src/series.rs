//! What repeats: series, and their occurrences.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::broadcast::{Broadcast, COLUMNS as BROADCAST, Visibility};
use crate::broadcasts;
use crate::error::StoreError;
use crate::handle::Store;
use crate::jobs::{self, JobKind, NewJob};
use crate::plan_changes::{self, Change, Why};
use crate::row::{Columns, json};
use crate::sql::Sql;
use crate::time::Timestamp;

/// Something that repeats.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Series {
    /// A UUIDv7.
    pub id: String,
    /// Whose it is.
    pub host_id: String,
    /// The series that it goes on from, which was changed from some day on.
    pub continues: Option<String>,
    /// How it repeats, as an RFC 5545 recurrence rule.
    pub rule: String,
    /// The IANA time zone by whose clocks it repeats.
    pub timezone: String,
    /// The first start by these clocks: `2027-03-28T20:00:00`.
    pub first_start: String,
    /// Starts that are left out.
    pub exceptions: Vec<Timestamp>,
    /// What each new occurrence begins with.
    pub pattern: Pattern,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What the occurrences of a series have in common, unless one was changed by itself.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is a field of a broadcast")]
pub struct Pattern {
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    pub cover_url: Option<String>,
    pub visibility: String,
    pub latency_mode: String,
    pub audio_profile: String,
    pub publisher_grace_seconds: u32,
    pub duration_seconds: Option<u32>,
    pub start_on_time: bool,
    pub end_on_time: bool,
    pub reminder_offsets: Vec<u32>,
    pub recording_enabled: bool,
    pub max_speakers: u32,
    pub single_publisher: bool,
    pub auto_start: bool,
    pub noise_suppression: bool,
    pub levelling: bool,
    #[serde(default)]
    pub record_tracks: bool,
}

impl Pattern {
    /// What `broadcast` is like.
    pub fn of(broadcast: &Broadcast) -> Self {
        Self {
            title: broadcast.title.clone(),
            description: broadcast.description.clone(),
            tags: broadcast.tags.clone(),
            cover_url: broadcast.cover_url.clone(),
            visibility: broadcast.visibility.name().to_owned(),
            latency_mode: broadcast.latency_mode.clone(),
            audio_profile: broadcast.audio_profile.clone(),
            publisher_grace_seconds: broadcast.publisher_grace_seconds,
            duration_seconds: broadcast.duration_seconds,
            start_on_time: broadcast.start_on_time,
            end_on_time: broadcast.end_on_time,
            reminder_offsets: broadcast.reminder_offsets.clone(),
            recording_enabled: broadcast.recording_enabled,
            max_speakers: broadcast.max_speakers,
            single_publisher: broadcast.single_publisher,
            auto_start: broadcast.auto_start,
            noise_suppression: broadcast.noise_suppression,
            levelling: broadcast.levelling,
            record_tracks: broadcast.record_tracks,
        }
    }

    /// Makes `broadcast` like this.
    pub fn apply(&self, broadcast: &mut Broadcast) {
        let own = self.clone();
        broadcast.title = own.title;
        broadcast.description = own.description;
        broadcast.tags = own.tags;
        broadcast.cover_url = own.cover_url;
        // A word that an older version does not know hides what it cannot judge.
        broadcast.visibility = Visibility::of(&own.visibility).unwrap_or(Visibility::Private);
        broadcast.latency_mode = own.latency_mode;
        broadcast.audio_profile = own.audio_profile;
        broadcast.publisher_grace_seconds = own.publisher_grace_seconds;
        broadcast.duration_seconds = own.duration_seconds;
        broadcast.start_on_time = own.start_on_time;
        broadcast.end_on_time = own.end_on_time;
        broadcast.reminder_offsets = own.reminder_offsets;
        broadcast.recording_enabled = own.recording_enabled;
        broadcast.max_speakers = own.max_speakers;
        broadcast.single_publisher = own.single_publisher;
        broadcast.auto_start = own.auto_start;
        broadcast.noise_suppression = own.noise_suppression;
        broadcast.levelling = own.levelling;
        broadcast.record_tracks = own.record_tracks;
    }
}

/// The occurrences of a series are to be made ahead: [`JobKind::Occurrences`].
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Extension {
    /// Which series.
    pub series_id: String,
}

/// What becomes of a series and its occurrences.
#[derive(Clone, Debug, Default)]
pub struct Revision {
    /// Series that are made, or are as they stand here from now on.
    pub series: Vec<Series>,
    /// Occurrences that are as they stand here from now on.
    pub changed: Vec<Broadcast>,
    /// Occurrences that are made.
    pub made: Vec<Broadcast>,
}

/// Series in the store.
#[derive(Clone, Copy, Debug)]
pub struct AllSeries<'a>(pub(crate) &'a Store);

impl AllSeries<'_> {
    /// The series with this id.
    pub async fn load(self, id: &str) -> Result<Option<Series>, StoreError> {
        self.0.read_one(&select(id), read).await
    }

    /// Occurrences whose start by the rule is not before `from`, in the order of the rule; at most `limit`.
    pub async fn occurrences(
        self,
        id: &str,
        from: Timestamp,
        limit: u32,
    ) -> Result<Vec<Broadcast>, StoreError> {
        self.0.read_all(&occurrences(id, from, limit), Broadcast::read).await
    }

    /// Makes a series. A broadcast of `changed` becomes its occurrence. Followers of the host are told of it once.
    pub async fn insert(self, revision: &Revision) -> Result<(), StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                write(writing.connection(), revision).await?;
                if let Some(first) = revision.made.first().filter(|_| revision.changed.is_empty()) {
                    let made = Change { before: None, after: Some(first) };
                    plan_changes::announce(writing.connection(), &[made], Why::Wanted).await?;
                }
                writing.commit().await
            })
            .await
    }

    /// Lets `edit` say what becomes of a series and of its occurrences from `from` on, at most [`REVISED_MAX`] of them.
    /// Nobody else changes it meanwhile. Answers with what was said; `None` where there is no such series.
    pub async fn revise<E: Send>(
        self,
        id: &str,
        from: Timestamp,
        edit: impl FnOnce(Series, Vec<Broadcast>) -> Result<Revision, E> + Send,
    ) -> Result<Option<Result<Revision, E>>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let mut lock = Sql::new("UPDATE series SET updated_at = updated_at WHERE id = ");
                lock.text(id).execute(connection).await?;
                let Some(series) = select(id).one(connection, read).await? else { return Ok(None) };
                let known = occurrences(id, from, REVISED_MAX).all(connection, Broadcast::read).await?;
                let revision = match edit(series, known) {
                    Ok(revision) => revision,
                    Err(refused) => return Ok(Some(Err(refused))),
                };
                write(connection, &revision).await?;
                writing.commit().await?;
                Ok(Some(Ok(revision)))
            })
            .await
    }
}

/// Most occurrences that are changed at once: more than are made ahead.
pub const REVISED_MAX: u32 = 200;

async fn write(connection: &mut AnyConnection, revision: &Revision) -> Result<(), StoreError> {
    for series in &revision.series {
        let mut sql = Sql::new("INSERT INTO series (");
        sql.push(COLUMNS).push(") VALUES (").text(&series.id).push(", ").text(&series.host_id);
        sql.push(", ").optional_text(series.continues.as_deref()).push(", ").text(&series.rule);
        sql.push(", ").text(&series.timezone).push(", ").text(&series.first_start);
        sql.push(", ").text(json(&series.exceptions)).push(", ").text(json(&series.pattern));
        sql.push(", ").time(series.created_at).push(", ").time(series.updated_at);
        sql.push(
            ") ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, timezone = excluded.timezone, \
             first_start = excluded.first_start, exceptions = excluded.exceptions, pattern = excluded.pattern, \
             updated_at = excluded.updated_at",
        );
        sql.execute(connection).await?;
        let extension = Extension { series_id: series.id.clone() };
        let job = NewJob::new(JobKind::Occurrences, &*series.id, &extension, Timestamp::now());
        jobs::insert(connection, &[job]).await?;
    }
    // First all of them let go of their places, so that one may take another's.
    for broadcast in &revision.changed {
        let mut sql = Sql::new("UPDATE broadcasts SET occurrence_start = NULL WHERE id = ");
        sql.text(&broadcast.id).execute(connection).await?;
    }
    let mut changed = Vec::with_capacity(revision.changed.len());
    for broadcast in &revision.changed {
        let now = |row: &mut Broadcast| *row = broadcast.clone();
        changed.extend(broadcasts::change(connection, &broadcast.id, now).await?);
    }
    // Whoever waits for several is told once.
    let changes: Vec<_> =
        changed.iter().map(|(before, after)| Change { before: Some(before), after: Some(after) }).collect();
    plan_changes::announce(connection, &changes, Why::Wanted).await?;
    for broadcast in &revision.made {
        broadcasts::insert(connection, broadcast).await?;
    }
    Ok(())
}

fn select(id: &str) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM series WHERE id = ").text(id);
    sql
}

fn occurrences(id: &str, from: Timestamp, limit: u32) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(BROADCAST).push(" FROM broadcasts b WHERE b.series_id = ").text(id);
    sql.push(" AND b.occurrence_start >= ").time(from);
    sql.push(" ORDER BY b.occurrence_start LIMIT ").number(limit.into());
    sql
}

const COLUMNS: &str =
    "id, host_id, continues, rule, timezone, first_start, exceptions, pattern, created_at, updated_at";

fn read(row: &AnyRow) -> Result<Series, StoreError> {
    Ok(Series {
        id: row.text("id")?,
        host_id: row.text("host_id")?,
        continues: row.optional_text("continues")?,
        rule: row.text("rule")?,
        timezone: row.text("timezone")?,
        first_start: row.text("first_start")?,
        exceptions: row.json("exceptions")?,
        pattern: row.json("pattern")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
