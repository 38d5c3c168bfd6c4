//! Who wants to be told before a broadcast begins.

use std::time::Duration;

use sqlx::any::AnyRow;

use crate::broadcasts;
use crate::error::StoreError;
use crate::follows::{self, Follow};
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::plan;
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
    /// Has a user reminded of a broadcast by these offsets and no others; what was sent stays. Answers with all that
    /// they have of it. `None` where there is no such broadcast or it has no date. By none is to be reminded at none, also
    /// where they follow its host.
    pub async fn put(
        self,
        broadcast_id: &str,
        user_id: &str,
        offsets: &[u32],
        now: Timestamp,
    ) -> Result<Option<Vec<Reminder>>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let Some(broadcast) = broadcasts::lock(connection, broadcast_id).await? else {
                    return Ok(None);
                };
                let Some(start) = broadcast.scheduled_start else { return Ok(None) };
                let mut old = Sql::new("DELETE FROM reminders WHERE sent_at IS NULL AND broadcast_id = ");
                old.text(broadcast_id).push(" AND user_id = ").text(user_id).execute(connection).await?;
                refuse_no_more(broadcast_id, user_id).execute(connection).await?;
                if offsets.is_empty() {
                    let mut sql =
                        Sql::new("INSERT INTO reminder_refusals (broadcast_id, user_id, created_at) ");
                    sql.push("VALUES (").text(broadcast_id).push(", ").text(user_id);
                    sql.push(", ").time(now).push(")").execute(connection).await?;
                }
                for &offset in offsets {
                    let mut sql = Sql::new("INSERT INTO reminders (");
                    sql.push(COLUMNS).push(") VALUES (").text(crate::id()).push(", ").text(broadcast_id);
                    sql.push(", ").text(user_id).push(", ").number(offset.into());
                    sql.push(", ").time(start.minus(Duration::from_secs(offset.into())));
                    sql.push(", NULL, ").time(now);
                    sql.push(") ON CONFLICT (broadcast_id, user_id, offset_seconds) DO NOTHING");
                    sql.execute(connection).await?;
                }
                plan::make(connection, &broadcast).await?;
                let mut theirs = LISTING.select();
                theirs.push(" AND broadcast_id = ").text(broadcast_id).push(" AND user_id = ").text(user_id);
                let theirs = theirs.push(" ORDER BY due_at, id").all(connection, read).await?;
                writing.commit().await?;
                Ok(Some(theirs))
            })
            .await
    }

    /// Those who asked to be reminded of a broadcast by this offset and were not yet, by id, after `after`; at most
    /// `limit`. Who is kept out of the broadcast is left out.
    pub async fn who_asked(
        self,
        broadcast_id: &str,
        offset_seconds: u32,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let mut sql =
            Sql::new("SELECT r.user_id FROM reminders r WHERE r.sent_at IS NULL AND r.broadcast_id = ");
        sql.text(broadcast_id).push(" AND r.offset_seconds = ").number(offset_seconds.into());
        sql.push(" AND r.user_id > ").text(after).push(NOT_BLOCKED);
        sql.push("WHERE k.broadcast_id = r.broadcast_id AND k.user_id = r.user_id)");
        sql.push(" ORDER BY r.user_id LIMIT ").number(limit.into());
        self.0.read_all(&sql, |row| row.text("user_id")).await
    }

    /// Those who follow the host of a broadcast and did not choose reminders of their own for it, by when they began,
    /// after `after`; at most `limit`. Who is kept out of the broadcast is left out, and who wants to hear nothing, of the
    /// host or before this broadcast.
    pub async fn who_follow(
        self,
        broadcast_id: &str,
        host_id: &str,
        after: Option<&Follow>,
        limit: u32,
    ) -> Result<Vec<Follow>, StoreError> {
        let mut sql = Sql::new("SELECT f.follower_id, f.followed_id, f.created_at, f.notify FROM follows f ");
        sql.push("WHERE f.notify = 1 AND f.followed_id = ").text(host_id);
        if let Some(after) = after {
            sql.push(" AND (f.created_at, f.follower_id) > (").time(after.created_at);
            sql.push(", ").text(after.follower_id.as_str()).push(")");
        }
        sql.push(" AND NOT EXISTS (SELECT 1 FROM reminders r WHERE r.user_id = f.follower_id AND r.broadcast_id = ");
        sql.text(broadcast_id).push(") AND NOT EXISTS (SELECT 1 FROM reminder_refusals n ");
        sql.push("WHERE n.user_id = f.follower_id AND n.broadcast_id = ").text(broadcast_id);
        sql.push(")").push(NOT_BLOCKED);
        sql.push("WHERE k.user_id = f.follower_id AND k.broadcast_id = ").text(broadcast_id);
        sql.push(") ORDER BY f.created_at, f.follower_id LIMIT ").number(limit.into());
        self.0.read_all(&sql, follows::read).await
    }

    /// Notes that these users were reminded, of those who asked for it.
    pub async fn mark_sent(
        self,
        broadcast_id: &str,
        offset_seconds: u32,
        user_ids: &[String],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut marked = 0;
        for ids in user_ids.chunks(AT_ONCE) {
            let mut sql = Sql::new("UPDATE reminders SET sent_at = ");
            sql.time(now).push(" WHERE sent_at IS NULL AND broadcast_id = ").text(broadcast_id);
            sql.push(" AND offset_seconds = ").number(offset_seconds.into()).push(" AND user_id IN (");
            for (place, id) in ids.iter().enumerate() {
                sql.push(if place == 0 { "" } else { ", " }).text(id.as_str());
            }
            sql.push(")");
            marked += self.0.write(&sql).await?;
        }
        Ok(marked)
    }

    /// A user's of one broadcast, next due first.
    pub async fn of(self, broadcast_id: &str, user_id: &str) -> Result<Vec<Reminder>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND broadcast_id = ").text(broadcast_id).push(" AND user_id = ").text(user_id);
        self.0.read_all(sql.push(" ORDER BY due_at, id"), read).await
    }

    /// Those of a user, next due first.
    pub async fn list(self, user_id: &str, slice: &Slice) -> Result<Page<Reminder>, StoreError> {
        let mut of = Sql::new(" AND user_id = ");
        of.text(user_id);
        LISTING.oldest(self.0, &of, slice).await
    }

    /// Whether a user wants to be reminded of a broadcast at no time.
    pub async fn refused(self, broadcast_id: &str, user_id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM reminder_refusals WHERE broadcast_id = ");
        sql.text(broadcast_id).push(" AND user_id = ").text(user_id);
        Ok(self.0.read_count(&sql).await? > 0)
    }

    /// Forgets a user's reminders of a broadcast, and that they wanted none; how many reminders there were.
    pub async fn delete(self, broadcast_id: &str, user_id: &str) -> Result<u64, StoreError> {
        self.0.write(&refuse_no_more(broadcast_id, user_id)).await?;
        let mut sql = Sql::new("DELETE FROM reminders WHERE broadcast_id = ");
        sql.text(broadcast_id).push(" AND user_id = ").text(user_id);
        self.0.write(&sql).await
    }
}

fn refuse_no_more(broadcast_id: &str, user_id: &str) -> Sql {
    let mut sql = Sql::new("DELETE FROM reminder_refusals WHERE broadcast_id = ");
    sql.text(broadcast_id).push(" AND user_id = ").text(user_id);
    sql
}

/// Goes on with whom to look for, and a bracket.
const NOT_BLOCKED: &str = " AND NOT EXISTS (SELECT 1 FROM blocks k ";

/// Users of one statement.
const AT_ONCE: usize = 500;

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
