//! Reports of abuse and their review.

use sqlx::any::AnyRow;

use crate::broadcast::words;
use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

words! {
    /// How far the review of a report is.
    ReportState {
        /// Nobody looked yet.
        Open = "open",
        /// There was something to it.
        Upheld = "upheld",
        /// There was nothing to it.
        Dismissed = "dismissed",
    }
}

/// A report of abuse.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// A UUIDv7.
    pub id: String,
    /// About what.
    pub broadcast_id: String,
    /// By whom; nobody where it was a guest.
    pub reporter_id: Option<String>,
    /// A word of the caller's: `spam`, `harassment`, …
    pub reason: String,
    /// In the reporter's words; may be empty.
    pub detail: String,
    /// How far it is.
    pub state: ReportState,
    /// Who reviewed it.
    pub reviewer_id: Option<String>,
    /// When.
    pub reviewed_at: Option<Timestamp>,
    /// What the reviewer wrote.
    pub note: Option<String>,
    /// When it came in.
    pub created_at: Timestamp,
}

/// What a reviewer found.
#[derive(Clone, Debug)]
pub struct Review {
    /// Upheld, dismissed, or open again.
    pub state: ReportState,
    /// Who.
    pub reviewer_id: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub note: Option<String>,
}

/// Which reports are listed.
#[derive(Clone, Debug, Default)]
pub struct ReportFilter {
    /// In this state.
    pub state: Option<ReportState>,
    /// About this broadcast.
    pub broadcast: Option<String>,
}

/// Reports in the store.
#[derive(Clone, Copy, Debug)]
pub struct Reports<'a>(pub(crate) &'a Store);

impl Reports<'_> {
    /// A new report. `Dangling` where there is no such broadcast.
    pub async fn insert(self, report: &Report) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO reports (");
        sql.push(COLUMNS).push(") VALUES (").text(&report.id).push(", ").text(&report.broadcast_id);
        sql.push(", ").optional_text(report.reporter_id.as_deref()).push(", ").text(&report.reason);
        sql.push(", ").text(&report.detail).push(", ").text(report.state.name());
        sql.push(", ")
            .optional_text(report.reviewer_id.as_deref())
            .push(", ")
            .optional_time(report.reviewed_at);
        sql.push(", ").optional_text(report.note.as_deref()).push(", ").time(report.created_at).push(")");
        self.0.write(&sql).await.map(|_| ())
    }

    /// The report with this id.
    pub async fn load(self, id: &str) -> Result<Option<Report>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Oldest first, as a queue is worked off.
    pub async fn list(self, filter: &ReportFilter, slice: &Slice) -> Result<Page<Report>, StoreError> {
        let mut condition = Sql::default();
        if let Some(state) = filter.state {
            condition.push(" AND state = ").text(state.name());
        }
        if let Some(broadcast) = &filter.broadcast {
            condition.push(" AND broadcast_id = ").text(broadcast);
        }
        LISTING.oldest(self.0, &condition, slice).await
    }

    /// Notes what a reviewer found; the report as it is then, `None` where there is none.
    pub async fn review(self, id: &str, review: &Review) -> Result<Option<Report>, StoreError> {
        let mut sql = Sql::new("UPDATE reports SET state = ");
        sql.text(review.state.name()).push(", reviewer_id = ").optional_text(review.reviewer_id.as_deref());
        sql.push(", reviewed_at = ").time(review.at).push(", note = ").optional_text(review.note.as_deref());
        sql.push(" WHERE id = ").text(id);
        if self.0.write(&sql).await? == 0 {
            return Ok(None);
        }
        self.load(id).await
    }
}

const COLUMNS: &str =
    "id, broadcast_id, reporter_id, reason, detail, state, reviewer_id, reviewed_at, note, created_at";

const LISTING: Listing<Report> = Listing {
    columns: COLUMNS,
    table: "reports",
    time: "created_at",
    id: "id",
    read,
    position: |report| Position::new(report.created_at.as_millis(), &report.id),
};

fn read(row: &AnyRow) -> Result<Report, StoreError> {
    Ok(Report {
        id: row.text("id")?,
        broadcast_id: row.text("broadcast_id")?,
        reporter_id: row.optional_text("reporter_id")?,
        reason: row.text("reason")?,
        detail: row.text("detail")?,
        state: row.word("state", ReportState::of)?,
        reviewer_id: row.optional_text("reviewer_id")?,
        reviewed_at: row.optional_time("reviewed_at")?,
        note: row.optional_text("note")?,
        created_at: row.time("created_at")?,
    })
}
