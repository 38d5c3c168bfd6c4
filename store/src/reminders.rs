//! Who wants to be told before a broadcast begins.

use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A reminder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reminder {
    /// A UUIDv7.
    pub id: String,
    /// Of what.
    pub broadcast_id: String,
    /// To whom.
    pub user_id: String,
    /// How many seconds before the start; each user has one for each offset.
    pub offset_seconds: u32,
    /// When it is to be sent.
    pub due_at: Timestamp,
    /// When it was.
    pub sent_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Reminders in the store.
#[derive(Clone, Copy, Debug)]
pub struct Reminders<'a>(pub(crate) &'a Store);

impl Reminders<'_> {
    /// A new reminder. `Conflict` names `offset_seconds` where the user has one for it; `Dangling` where there is no
    /// such broadcast or user.
    pub async fn insert(self, reminder: &Reminder) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO reminders (");
        sql.push(COLUMNS).push(") VALUES (").text(&reminder.id).push(", ").text(&reminder.broadcast_id);
        sql.push(", ").text(&reminder.user_id).push(", ").number(reminder.offset_seconds.into());
        sql.push(", ").time(reminder.due_at).push(", ").optional_time(reminder.sent_at);
        sql.push(", ").time(reminder.created_at).push(")");
        self.0.write(&sql).await.map(|_| ())
    }

    /// What is due at `now` and not sent, longest due first; at most `limit` of them.
    pub async fn due(self, now: Timestamp, limit: u32) -> Result<Vec<Reminder>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND sent_at IS NULL AND due_at <= ").time(now);
        sql.push(" ORDER BY due_at, id LIMIT ").number(limit.into());
        self.0.read_all(&sql, read).await
    }

    /// Notes that it was sent; `false` where that was noted before, so that of two who send it one does.
    pub async fn mark_sent(self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE reminders SET sent_at = ");
        sql.time(now).push(" WHERE sent_at IS NULL AND id = ").text(id);
        Ok(self.0.write(&sql).await? == 1)
    }

    /// Those of a user, next due first.
    pub async fn list(self, user_id: &str, slice: &Slice) -> Result<Page<Reminder>, StoreError> {
        let mut of = Sql::new(" AND user_id = ");
        of.text(user_id);
        LISTING.oldest(self.0, &of, slice).await
    }

    /// Forgets a user's reminders of a broadcast; how many there were.
    pub async fn delete(self, broadcast_id: &str, user_id: &str) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM reminders WHERE broadcast_id = ");
        sql.text(broadcast_id).push(" AND user_id = ").text(user_id);
        self.0.write(&sql).await
    }
}

const COLUMNS: &str = "id, broadcast_id, user_id, offset_seconds, due_at, sent_at, created_at";

const LISTING: Listing<Reminder> = Listing {
    columns: COLUMNS,
    table: "reminders",
    time: "due_at",
    id: "id",
    read,
    position: |reminder| Position::new(reminder.due_at.as_millis(), &reminder.id),
};

fn read(row: &AnyRow) -> Result<Reminder, StoreError> {
    Ok(Reminder {
        id: row.text("id")?,
        broadcast_id: row.text("broadcast_id")?,
        user_id: row.text("user_id")?,
        offset_seconds: row.count("offset_seconds")?,
        due_at: row.time("due_at")?,
        sent_at: row.optional_time("sent_at")?,
        created_at: row.time("created_at")?,
    })
}
