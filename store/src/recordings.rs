//! Recordings: what the data plane tells of them, what their hosts make of them, and lists.

use serde_json::{Map, Value, json};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::announcement::{Announcement, Audience};
use crate::broadcast::Visibility;
use crate::deliveries;
use crate::error::StoreError;
use crate::handle::Store;
use crate::jobs;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::recorded_runs;
use crate::recording::{
    COLUMNS, Heard, LISTED, Recorded, Recording, RecordingFacts, RecordingKind, RecordingStatus, Span,
    WRITTEN, number,
};
use crate::row::Columns;
use crate::search::{self, Sought};
use crate::sql::Sql;
use crate::time::Timestamp;
use crate::transcripts;

/// Which recordings are listed.
#[derive(Clone, Debug, Default)]
pub struct RecordingFilter {
    /// Of this broadcast.
    pub broadcast: Option<String>,
    /// Of broadcasts of the host with this id.
    pub host: Option<String>,
    /// Recordings, or clips.
    pub kind: Option<RecordingKind>,
    /// How far they are.
    pub status: Option<RecordingStatus>,
    /// With words, in their title or by which their broadcast is found, that begin with each of these.
    pub q: Option<String>,
    /// Seen by whom.
    pub seen: RecordingsSeen,
}

/// Who looks at a list of recordings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum RecordingsSeen {
    /// Anybody: what is published and ready, of public broadcasts.
    #[default]
    ByAnyone,
    /// The user with this id: the same, and everything of their own broadcasts.
    By(String),
    /// Somebody who may hear every broadcast that the filter lets through: what is published and ready.
    ByListener,
    /// Somebody who may see everything.
    ByAdmin,
}

/// Recordings in the store.
#[derive(Clone, Copy, Debug)]
pub struct Recordings<'a>(pub(crate) &'a Store);

impl Recordings<'_> {
    /// The most that one run has, clips among them.
    pub const OF_RUN_MAX: i64 = 200;

    /// Deleted ones of one run that stations are told of; a run has not made more.
    const GONE_MAX: i64 = 1_000;

    /// The recording with this id.
    pub async fn load(self, id: &str) -> Result<Option<Recording>, StoreError> {
        let mut sql = select();
        sql.push(" WHERE r.id = ").text(id);
        self.0.read_one(&sql, Recording::read).await
    }

    /// All of a run, in the order of their sound.
    pub async fn of_run(self, broadcast_id: &str, run: &str) -> Result<Vec<Recording>, StoreError> {
        let mut sql = select();
        sql.push(" WHERE r.broadcast_id = ").text(broadcast_id).push(" AND r.run = ").text(run);
        sql.push(" ORDER BY r.recorded_from, r.id LIMIT ").number(Self::OF_RUN_MAX);
        self.0.read_all(&sql, Recording::read).await
    }

    /// The ids of those of a run that were deleted lately, the last one first.
    pub async fn gone_of_run(self, broadcast_id: &str, run: &str) -> Result<Vec<String>, StoreError> {
        let mut sql = Sql::new("SELECT id FROM deleted_recordings WHERE broadcast_id = ");
        sql.text(broadcast_id).push(" AND run = ").text(run);
        sql.push(" ORDER BY deleted_at DESC, id LIMIT ").number(Self::GONE_MAX);
        self.0.read_all(&sql, |row| row.text("id")).await
    }

    /// Forgets which were deleted before `before`; how many there were. Nobody tells of them any more.
    pub async fn forget_gone(self, before: Timestamp) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM deleted_recordings WHERE deleted_at < ");
        self.0.write(sql.time(before)).await
    }

    /// With their broadcasts and hosts, the latest sound first.
    pub async fn list(self, filter: &RecordingFilter, slice: &Slice) -> Result<Page<Recorded>, StoreError> {
        match condition(filter) {
            Some(condition) => LISTING.newest(self.0, &condition, slice).await,
            None => Ok(Page::empty()),
        }
    }

    /// One more of a run; `false` where that has [as many](Self::OF_RUN_MAX) as it may have.
    pub async fn insert(self, recording: &Recording) -> Result<bool, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                if !has_room(connection, recording).await? {
                    return Ok(false);
                }
                insert(connection, recording).await?;
                writing.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Puts `after` in the place of `before`, and `split` beside it where something was split off; `false` where it
    /// has changed since `before` was read, or the run has as many as it may have. The store sets `version` and
    /// `updated_at`. Of a recording that is published by that, who follows its host is told, once.
    pub async fn replace(
        self,
        before: &Recording,
        after: &Recording,
        split: Option<&Recording>,
    ) -> Result<bool, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                if let Some(split) = split
                    && !has_room(connection, split).await?
                {
                    return Ok(false);
                }
                if !update(connection, before, after.clone()).await? {
                    return Ok(false);
                }
                if let Some(split) = split {
                    insert(connection, split).await?;
                }
                let is_whole =
                    after.kind == RecordingKind::Recording && after.status == RecordingStatus::Ready;
                if is_whole && after.published && !before.published {
                    let announcement = ready(&before.id, &before.broadcast_id, Timestamp::now());
                    jobs::insert(connection, &[announcement.job()]).await?;
                }
                writing.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Notes how `recording` sounds; `false` where it has been cut since, or there is none.
    pub async fn analysed(
        self,
        recording: &Recording,
        heard: Heard,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE recordings SET loudness_milli = ");
        sql.number(heard.loudness_milli).push(", loudness_range_milli = ").optional_number(heard.range_milli);
        sql.push(", analysed_at = ").time(at).push(", updated_at = ").time(Timestamp::now());
        sql.push(" WHERE id = ").text(&recording.id);
        sql.push(" AND from_frames = ").number(number(recording.plays.from));
        sql.push(" AND to_frames = ").optional_number(recording.plays.to.map(number));
        Ok(self.0.write(&sql).await? == 1)
    }

    /// Those that can be heard and whose loudness is not known, in the order of their ids, after the one with the id
    /// `after`, at most `limit`.
    pub async fn unmeasured(self, after: Option<&str>, limit: u32) -> Result<Vec<Recording>, StoreError> {
        let mut sql = select();
        sql.push(" WHERE r.status = 'ready' AND r.analysed_at IS NULL AND r.id > ").text(after.unwrap_or(""));
        sql.push(" ORDER BY r.id LIMIT ").number(limit.into());
        self.0.read_all(&sql, Recording::read).await
    }

    /// Forgets it, unless it is being made; says whether it did. Its run is told to be changed, so that the files go
    /// too. Clips of it stay: the sound is the run's.
    pub async fn delete(self, id: &str) -> Result<bool, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let mut sql = select();
                let found = sql.push(" WHERE r.id = ").text(id).one(connection, Recording::read).await?;
                let Some(found) = found else { return Ok(false) };
                let mut sql = Sql::new("DELETE FROM recordings WHERE status <> 'recording' AND id = ");
                if sql.text(id).execute(connection).await? == 0 {
                    return Ok(false);
                }
                let mut orphans = Sql::new("UPDATE recordings SET parent_id = NULL WHERE parent_id = ");
                orphans.text(id).execute(connection).await?;
                let mut gone =
                    Sql::new("INSERT INTO deleted_recordings (id, broadcast_id, run, deleted_at) VALUES (");
                gone.text(id).push(", ").text(&found.broadcast_id).push(", ").text(&found.run);
                gone.push(", ").time(Timestamp::now()).push(") ON CONFLICT (id) DO NOTHING");
                gone.execute(connection).await?;
                if let Some(transcript) = &found.transcript_id {
                    transcripts::forget_unused(connection, transcript).await?;
                }
                recorded_runs::note(connection, &found.broadcast_id, &found.run).await?;
                writing.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Those that were made and ended before `before`, oldest first, at most `limit`.
    pub async fn older(self, before: Timestamp, limit: u32) -> Result<Vec<Recording>, StoreError> {
        let mut sql = select();
        sql.push(" WHERE r.status IN ('ready', 'failed') AND r.started_at < ").time(before);
        sql.push(" AND r.created_at < ").time(before);
        sql.push(" AND COALESCE(r.ended_at, r.created_at) < ").time(before);
        sql.push(" ORDER BY r.started_at, r.id LIMIT ").number(limit.into());
        self.0.read_all(&sql, Recording::read).await
    }
}

/// What the data plane tells of a recording, once or several times. Where it has become ready by that, webhooks are
/// told of it: what is in `told`, and which broadcast it is; so is its host, and where it is published, who follows them. A
/// recording of a broadcast that is gone is gone too, and one that was deleted stays so.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    facts: &RecordingFacts,
    event: &str,
    told: &Map<String, Value>,
) -> Result<(), StoreError> {
    let mut sql = Sql::new("SELECT title, host_id FROM broadcasts WHERE id = ");
    let names = |row: &AnyRow| Ok((row.text("title")?, row.text("host_id")?));
    let Some((title, host)) = sql.text(&facts.broadcast_id).one(connection, names).await? else {
        return Ok(());
    };
    let now = Timestamp::now();
    let mut sql = select();
    let known = sql.push(" WHERE r.id = ").text(&facts.id).one(connection, Recording::read).await?;
    let mut published = true;
    match known {
        None if is_gone(connection, &facts.id).await? => return Ok(()),
        None => insert(connection, &Recording::of(facts, title.clone(), now)).await?,
        Some(known) if known.status == RecordingStatus::Recording && facts.to_frames.is_some() => {
            published = known.published;
            let span = Span { from: known.recorded.from, to: facts.to_frames };
            let closed = Recording {
                status: facts.status(),
                plays: span,
                recorded: span,
                ended_at: facts.ended_at,
                duration_ms: facts.duration_ms,
                recorded_ms: facts.duration_ms,
                size_bytes: facts.size_bytes,
                ..known.clone()
            };
            update(connection, &known, closed).await?;
        }
        // It was told before.
        Some(_) => return Ok(()),
    }
    if facts.status() == RecordingStatus::Ready {
        let mut told = told.clone();
        let broadcast = json!({"id": facts.broadcast_id, "title": title, "hostId": host});
        told.insert("broadcast".to_owned(), broadcast);
        let body = Value::Object(told).to_string();
        let at = facts.ended_at.unwrap_or(now);
        deliveries::enqueue_for_all(connection, event, &facts.broadcast_id, &host, at, &body).await?;
        let to_followers = ready(&facts.id, &facts.broadcast_id, at);
        let to_host = Announcement { to: Audience::Person(host), ..to_followers.clone() };
        jobs::insert(connection, &[to_host.job()]).await?;
        if published {
            jobs::insert(connection, &[to_followers.job()]).await?;
        }
    }
    Ok(())
}

async fn is_gone(connection: &mut AnyConnection, id: &str) -> Result<bool, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM deleted_recordings WHERE id = ");
    Ok(sql.text(id).count(connection).await? > 0)
}

/// That a recording can be heard. What is published again was told before.
fn ready(id: &str, broadcast_id: &str, at: Timestamp) -> Announcement {
    let recording_id = Some(id.to_owned());
    Announcement { recording_id, ..Announcement::new("recordingReady", id.to_owned(), broadcast_id, at) }
}

/// Begins an insert of rows.
pub(crate) fn insertion() -> Sql {
    let mut sql = Sql::new("INSERT INTO recordings ");
    sql.push(WRITTEN).push(" VALUES ");
    sql
}

async fn insert(connection: &mut AnyConnection, recording: &Recording) -> Result<(), StoreError> {
    let mut sql = insertion();
    recording.push_values(&mut sql);
    sql.execute(connection).await?;
    recorded_runs::note(connection, &recording.broadcast_id, &recording.run).await
}

async fn update(
    connection: &mut AnyConnection,
    before: &Recording,
    mut after: Recording,
) -> Result<bool, StoreError> {
    after.id.clone_from(&before.id);
    after.version = before.version + 1;
    after.updated_at = Timestamp::now();
    let mut sql = Sql::new("UPDATE recordings SET ");
    sql.push(WRITTEN).push(" = ");
    after.push_values(&mut sql);
    sql.push(" WHERE id = ").text(&before.id).push(" AND version = ").number(before.version);
    if sql.execute(connection).await? == 0 {
        return Ok(false);
    }
    recorded_runs::note(connection, &after.broadcast_id, &after.run).await?;
    Ok(true)
}

async fn has_room(connection: &mut AnyConnection, recording: &Recording) -> Result<bool, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM recordings WHERE broadcast_id = ");
    sql.text(&recording.broadcast_id).push(" AND run = ").text(&recording.run);
    Ok(sql.count(connection).await? < Recordings::OF_RUN_MAX)
}

fn select() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM recordings r");
    sql
}

/// `filter` as ` AND …`; `None` where nothing can match, since there is no word in what is sought.
fn condition(filter: &RecordingFilter) -> Option<Sql> {
    let mut sql = Sql::default();
    // The planner is not to begin with the hosts.
    sql.push(" AND b.id = r.broadcast_id AND u.id = b.host_id");
    if let Some(status) = filter.status {
        sql.push(" AND r.status = ").text(status.name());
    }
    if let Some(kind) = filter.kind {
        sql.push(" AND r.kind = ").text(kind.name());
    }
    if let Some(broadcast) = &filter.broadcast {
        sql.push(" AND r.broadcast_id = ").text(broadcast);
    }
    if let Some(host) = &filter.host {
        sql.push(" AND r.broadcast_id IN (SELECT id FROM broadcasts WHERE host_id = ").text(host).push(")");
    }
    match &filter.seen {
        RecordingsSeen::ByAdmin => {}
        RecordingsSeen::ByListener => {
            sql.push(PUBLISHED);
        }
        RecordingsSeen::ByAnyone => {
            sql.push(PUBLISHED).push(" AND b.visibility = ").text(Visibility::Public.name());
        }
        RecordingsSeen::By(user) => {
            sql.push(" AND (b.host_id = ").text(user).push(" OR (1 = 1").push(PUBLISHED);
            sql.push(" AND b.visibility = ").text(Visibility::Public.name()).push("))");
        }
    }
    if let Some(q) = &filter.q {
        let sought = Sought::words(q);
        if sought.is_empty() {
            return None;
        }
        for (word, sought) in search::words(q).iter().zip(&sought) {
            // Words are letters and digits: nothing in them means anything to LIKE.
            sql.push(" AND (r.words LIKE ").text(format!("% {word}%"));
            sql.push(" OR EXISTS (SELECT 1 FROM broadcast_terms t WHERE t.subject_id = r.broadcast_id AND");
            sought.push_range(&mut sql);
            sql.push("))");
        }
    }
    Some(sql)
}

const PUBLISHED: &str = " AND r.published = 1 AND r.status = 'ready'";

const LISTING: Listing<Recorded> = Listing {
    columns: LISTED,
    table: "recordings r CROSS JOIN broadcasts b CROSS JOIN users u",
    time: "r.started_at",
    id: "r.id",
    read: Recorded::read,
    position: |listed| Position::new(listed.recording.started_at.as_millis(), &listed.recording.id),
};
