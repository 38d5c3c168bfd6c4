//! What remains of a broadcast.

use sqlx::any::AnyRow;

use crate::broadcast::{Visibility, words};
use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

words! {
    /// How far a recording is.
    RecordingStatus {
        /// Its run is on air.
        Recording = "recording",
        /// It can be heard.
        Ready = "ready",
        /// It cannot be.
        Failed = "failed",
    }
}

/// The recording of one run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recording {
    /// A UUIDv7.
    pub id: String,
    /// Of what.
    pub broadcast_id: String,
    /// Of which run; a run has one recording.
    pub run: String,
    /// How far it is.
    pub status: RecordingStatus,
    /// When the run began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long it plays.
    pub duration_ms: Option<i64>,
    /// What its files take.
    pub size_bytes: Option<i64>,
    /// When it was noted.
    pub created_at: Timestamp,
}

/// Which recordings are listed.
#[derive(Clone, Debug, Default)]
pub struct RecordingFilter {
    /// Of this broadcast.
    pub broadcast: Option<String>,
    /// How far they are.
    pub status: Option<RecordingStatus>,
    /// Of broadcasts as visible as this.
    pub visibility: Option<Visibility>,
}

/// Recordings in the store.
#[derive(Clone, Copy, Debug)]
pub struct Recordings<'a>(pub(crate) &'a Store);

impl Recordings<'_> {
    /// A recording, or what is known of it now: the run tells which it is, and its id stays.
    pub async fn put(self, recording: &Recording) -> Result<(), StoreError> {
        let mut sql = insertion();
        push_values(&mut sql, recording);
        sql.push(
            " ON CONFLICT (broadcast_id, run) DO UPDATE SET status = excluded.status, \
             ended_at = excluded.ended_at, duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes",
        );
        self.0.write(&sql).await.map(|_| ())
    }

    /// The recording with this id.
    pub async fn load(self, id: &str) -> Result<Option<Recording>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Latest first.
    pub async fn list(self, filter: &RecordingFilter, slice: &Slice) -> Result<Page<Recording>, StoreError> {
        let mut condition = Sql::default();
        if let Some(status) = filter.status {
            condition.push(" AND status = ").text(status.name());
        }
        if let Some(broadcast) = &filter.broadcast {
            condition.push(" AND broadcast_id = ").text(broadcast);
        }
        if let Some(visibility) = filter.visibility {
            condition.push(
                " AND EXISTS (SELECT 1 FROM broadcasts b WHERE b.id = broadcast_id AND b.visibility = ",
            );
            condition.text(visibility.name()).push(")");
        }
        LISTING.newest(self.0, &condition, slice).await
    }

    /// Forgets it; `false` where there was none. Its files are the caller's.
    pub async fn delete(self, id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM recordings WHERE id = ");
        sql.text(id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

const COLUMNS: &str =
    "id, broadcast_id, run, status, started_at, ended_at, duration_ms, size_bytes, created_at";

const LISTING: Listing<Recording> = Listing {
    columns: COLUMNS,
    table: "recordings",
    time: "started_at",
    id: "id",
    read,
    position: |recording| Position::new(recording.started_at.as_millis(), &recording.id),
};

/// Begins an insert of rows.
pub(crate) fn insertion() -> Sql {
    let mut sql = Sql::new("INSERT INTO recordings (");
    sql.push(COLUMNS).push(") VALUES ");
    sql
}

/// The values of [`COLUMNS`], in their order.
pub(crate) fn push_values(sql: &mut Sql, recording: &Recording) {
    sql.push("(")
        .text(&recording.id)
        .push(", ")
        .text(&recording.broadcast_id)
        .push(", ")
        .text(&recording.run);
    sql.push(", ").text(recording.status.name()).push(", ").time(recording.started_at);
    sql.push(", ").optional_time(recording.ended_at).push(", ").optional_number(recording.duration_ms);
    sql.push(", ").optional_number(recording.size_bytes).push(", ").time(recording.created_at).push(")");
}

fn read(row: &AnyRow) -> Result<Recording, StoreError> {
    Ok(Recording {
        id: row.text("id")?,
        broadcast_id: row.text("broadcast_id")?,
        run: row.text("run")?,
        status: row.word("status", RecordingStatus::of)?,
        started_at: row.time("started_at")?,
        ended_at: row.optional_time("ended_at")?,
        duration_ms: row.optional_number("duration_ms")?,
        size_bytes: row.optional_number("size_bytes")?,
        created_at: row.time("created_at")?,
    })
}
