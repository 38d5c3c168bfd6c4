//! Who is kept out of a broadcast.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A user who is kept out of a broadcast.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// The broadcast.
    pub broadcast_id: String,
    /// The user.
    pub user_id: String,
    /// Who keeps them out.
    pub blocked_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// Blocks in the store.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'a>(pub(crate) &'a Store);

impl Blocks<'_> {
    /// Keeps somebody out; a block that is there already gets the new reason. `Dangling` where there is no such
    /// broadcast or user.
    pub async fn put(self, block: &Block) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO blocks (");
        sql.push(COLUMNS).push(") VALUES (").text(&block.broadcast_id).push(", ").text(&block.user_id);
        sql.push(", ").optional_text(block.blocked_by.as_deref());
        sql.push(", ").optional_text(block.reason.as_deref()).push(", ").time(block.created_at);
        sql.push(") ON CONFLICT (broadcast_id, user_id) DO UPDATE SET reason = excluded.reason");
        self.0.write(&sql).await.map(|_| ())
    }

    /// The block of a user in a broadcast.
    pub async fn load(self, broadcast_id: &str, user_id: &str) -> Result<Option<Block>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND broadcast_id = ").text(broadcast_id).push(" AND user_id = ").text(user_id);
        self.0.read_one(&sql, read).await
    }

    /// Longest blocked first.
    pub async fn list(self, broadcast_id: &str, slice: &Slice) -> Result<Page<Block>, StoreError> {
        let mut of = Sql::new(" AND broadcast_id = ");
        of.text(broadcast_id);
        LISTING.oldest(self.0, &of, slice).await
    }

    /// Broadcast and user of every block, at most `limit` of them: what a station learns when it starts.
    pub async fn all(self, limit: u32) -> Result<Vec<(String, String)>, StoreError> {
        let mut sql =
            Sql::new("SELECT broadcast_id, user_id FROM blocks ORDER BY broadcast_id, user_id LIMIT ");
        sql.number(limit.into());
        self.0.read_all(&sql, |row| Ok((row.text("broadcast_id")?, row.text("user_id")?))).await
    }

    /// Lets somebody in again; `false` where they were not kept out.
    pub async fn delete(self, broadcast_id: &str, user_id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM blocks WHERE broadcast_id = ");
        sql.text(broadcast_id).push(" AND user_id = ").text(user_id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

/// [`Blocks::put`] of somebody who may have no account, for the journal: nothing happens to nobody.
pub(crate) fn put_known(block: &Block) -> Sql {
    let mut sql = Sql::new("INSERT INTO blocks (");
    sql.push(COLUMNS).push(") SELECT ").text(&block.broadcast_id).push(", id");
    sql.push(", (SELECT id FROM users WHERE id = ").optional_text(block.blocked_by.as_deref()).push("), ");
    sql.optional_text(block.reason.as_deref()).push(", ").time(block.created_at);
    sql.push(" FROM users WHERE id = ").text(&block.user_id);
    sql.push(" ON CONFLICT (broadcast_id, user_id) DO UPDATE SET reason = excluded.reason");
    sql
}

const COLUMNS: &str = "broadcast_id, user_id, blocked_by, reason, created_at";

const LISTING: Listing<Block> = Listing {
    columns: COLUMNS,
    table: "blocks",
    time: "created_at",
    id: "user_id",
    read,
    position: |block| Position::new(block.created_at.as_millis(), &block.user_id),
};

fn read(row: &AnyRow) -> Result<Block, StoreError> {
    Ok(Block {
        broadcast_id: row.text("broadcast_id")?,
        user_id: row.text("user_id")?,
        blocked_by: row.optional_text("blocked_by")?,
        reason: row.optional_text("reason")?,
        created_at: row.time("created_at")?,
    })
}
