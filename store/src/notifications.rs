//! What people are told.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::notification_sends::{Outgoing, insert as insert_send};
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// Something that one person is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// A UUIDv7.
    pub id: String,
    /// Who is told.
    pub user_id: String,
    /// What sort of thing it is.
    pub kind: String,
    /// What happened; nobody is told twice of the same.
    pub about: String,
    /// The facts, JSON.
    pub payload: String,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// Notifications in the store.
#[derive(Clone, Copy, Debug)]
pub struct Notifications<'a>(pub(crate) &'a Store);

impl Notifications<'_> {
    /// Tells people: all of it is written or nothing. Answers with those who had not been told of it before, in the
    /// order in which they came; an account that is gone meanwhile is passed over.
    pub async fn tell(
        self,
        told: Vec<(Notification, Vec<Outgoing>)>,
    ) -> Result<Vec<Notification>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let mut new = Vec::new();
                for (notification, sends) in told {
                    if !insert(writing.connection(), &notification).await? {
                        continue;
                    }
                    for send in &sends {
                        insert_send(writing.connection(), &notification, send).await?;
                    }
                    new.push(notification);
                }
                writing.commit().await?;
                Ok(new)
            })
            .await
    }

    /// The one with this id.
    pub async fn load(self, id: &str) -> Result<Option<Notification>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Those of a user, newest first; those not read, or all.
    pub async fn list(
        self,
        user_id: &str,
        unread_only: bool,
        slice: &Slice,
    ) -> Result<Page<Notification>, StoreError> {
        let mut of = Sql::new(" AND user_id = ");
        of.text(user_id);
        if unread_only {
            of.push(" AND read_at IS NULL");
        }
        LISTING.newest(self.0, &of, slice).await
    }

    /// How many a user has not read; counting stops at [`Notifications::COUNTED`].
    pub async fn unread(self, user_id: &str) -> Result<i64, StoreError> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM notifications WHERE user_id = ");
        sql.text(user_id).push(" AND read_at IS NULL LIMIT ").number(Self::COUNTED).push(") counted");
        self.0.read_count(&sql).await
    }

    /// More than anybody reads through.
    pub const COUNTED: i64 = 1_000;

    /// Notes that a user has read one of theirs; `false` where it is not theirs. One that was read before stays as it
    /// was.
    pub async fn mark_read(self, user_id: &str, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE notifications SET read_at = COALESCE(read_at, ");
        sql.time(now).push(") WHERE user_id = ").text(user_id).push(" AND id = ").text(id);
        Ok(self.0.write(&sql).await? == 1)
    }

    /// Notes that a user has read all that happened until `until`; how many there were.
    pub async fn mark_all_read(
        self,
        user_id: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut sql = Sql::new("UPDATE notifications SET read_at = ");
        sql.time(now).push(" WHERE user_id = ").text(user_id);
        sql.push(" AND read_at IS NULL AND created_at <= ").time(until);
        self.0.write(&sql).await
    }

    /// Forgets what happened before `before`, at most `limit` of it; how many there were.
    pub async fn delete_before(self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM notifications WHERE id IN (SELECT id FROM notifications ");
        sql.push("WHERE created_at < ").time(before);
        sql.push(" ORDER BY created_at LIMIT ").number(limit.into()).push(")");
        self.0.write(&sql).await
    }
}

/// `false` where this person was told of it before, or is no more.
async fn insert(connection: &mut AnyConnection, it: &Notification) -> Result<bool, StoreError> {
    let mut sql = Sql::new("INSERT INTO notifications (");
    sql.push(COLUMNS).push(") SELECT ").text(&it.id).push(", u.id, ").text(&it.kind);
    sql.push(", ").text(&it.about).push(", ").text(&it.payload).push(", ");
    // In a SELECT, PostgreSQL takes a bound NULL for text unless it is told.
    sql.push("CAST(").time(it.created_at).push(" AS BIGINT), CAST(").optional_time(it.read_at);
    sql.push(" AS BIGINT) FROM users u WHERE u.id = ").text(&it.user_id);
    sql.push(" ON CONFLICT (user_id, about) DO NOTHING");
    Ok(sql.execute(connection).await? == 1)
}

const COLUMNS: &str = "id, user_id, kind, about, payload, created_at, read_at";

const LISTING: Listing<Notification> = Listing {
    columns: COLUMNS,
    table: "notifications",
    time: "created_at",
    id: "id",
    read,
    position: |it| Position::new(it.created_at.as_millis(), &it.id),
};

pub(crate) fn read(row: &AnyRow) -> Result<Notification, StoreError> {
    Ok(Notification {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        kind: row.text("kind")?,
        about: row.text("about")?,
        payload: row.text("payload")?,
        created_at: row.time("created_at")?,
        read_at: row.optional_time("read_at")?,
    })
}
