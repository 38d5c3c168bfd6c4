//! How a room reacted: sums, not single reactions.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// How many reactions of one kind fell into one stretch of time.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReactionSum {
    /// Where.
    pub broadcast_id: String,
    /// When the stretch begins; its length is the caller's, and always the same.
    pub interval_start: Timestamp,
    /// Which.
    pub emoji: String,
    /// How many.
    pub amount: u32,
}

/// Reactions in the store.
#[derive(Clone, Copy, Debug)]
pub struct Reactions<'a>(pub(crate) &'a Store);

impl Reactions<'_> {
    /// Adds to what was counted. `Dangling` where there is no such broadcast.
    pub async fn add(self, sum: &ReactionSum) -> Result<(), StoreError> {
        self.0.write(&add(sum)).await.map(|_| ())
    }

    /// The sums of a broadcast from `since` up to, and without, `until`, in order; at most `limit` of them.
    pub async fn list(
        self,
        broadcast_id: &str,
        since: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ReactionSum>, StoreError> {
        let mut sql = Sql::new(
            "SELECT broadcast_id, interval_start, emoji, amount FROM reactions WHERE broadcast_id = ",
        );
        sql.text(broadcast_id).push(" AND interval_start >= ").time(since);
        sql.push(" AND interval_start < ").time(until);
        sql.push(" ORDER BY interval_start, emoji LIMIT ").number(limit.into());
        self.0.read_all(&sql, read).await
    }
}

/// [`Reactions::add`], for the journal.
pub(crate) fn add(sum: &ReactionSum) -> Sql {
    let mut sql = Sql::new("INSERT INTO reactions (broadcast_id, interval_start, emoji, amount) VALUES (");
    sql.text(&sum.broadcast_id).push(", ").time(sum.interval_start).push(", ").text(&sum.emoji);
    sql.push(", ").number(sum.amount.into());
    sql.push(
        ") ON CONFLICT (broadcast_id, interval_start, emoji) \
         DO UPDATE SET amount = reactions.amount + excluded.amount",
    );
    sql
}

fn read(row: &AnyRow) -> Result<ReactionSum, StoreError> {
    Ok(ReactionSum {
        broadcast_id: row.text("broadcast_id")?,
        interval_start: row.time("interval_start")?,
        emoji: row.text("emoji")?,
        amount: row.count("amount")?,
    })
}
