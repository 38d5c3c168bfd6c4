//! Who follows whom.

use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A user who follows another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Follow {
    /// Who follows.
    pub follower_id: String,
    /// Whom.
    pub followed_id: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Are they told of what the other does?
    pub notify: bool,
}

/// Follows in the store.
#[derive(Clone, Copy, Debug)]
pub struct Follows<'a>(pub(crate) &'a Store);

impl Follows<'_> {
    /// Follows; who follows already goes on. `Dangling` where one of the two does not exist.
    pub async fn put(self, follow: &Follow) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO follows (");
        sql.push(COLUMNS).push(") VALUES (").text(&follow.follower_id).push(", ").text(&follow.followed_id);
        sql.push(", ").time(follow.created_at).push(", ").flag(follow.notify);
        sql.push(") ON CONFLICT (follower_id, followed_id) DO NOTHING");
        self.0.write(&sql).await.map(|_| ())
    }

    /// Whether somebody follows somebody, and since when.
    pub async fn load(self, follower_id: &str, followed_id: &str) -> Result<Option<Follow>, StoreError> {
        let mut sql = FOLLOWED.select();
        sql.push(" AND follower_id = ").text(follower_id).push(" AND followed_id = ").text(followed_id);
        self.0.read_one(&sql, read).await
    }

    /// Has a follower told of what somebody does, or not; `false` where they do not follow them.
    pub async fn set_notify(
        self,
        follower_id: &str,
        followed_id: &str,
        notify: bool,
    ) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE follows SET notify = ");
        sql.flag(notify).push(" WHERE follower_id = ").text(follower_id);
        sql.push(" AND followed_id = ").text(followed_id);
        Ok(self.0.write(&sql).await? == 1)
    }

    /// Whom somebody follows, latest first.
    pub async fn followed_by(self, follower_id: &str, slice: &Slice) -> Result<Page<Follow>, StoreError> {
        let mut of = Sql::new(" AND follower_id = ");
        of.text(follower_id);
        FOLLOWED.newest(self.0, &of, slice).await
    }

    /// Who follows somebody, latest first.
    pub async fn followers(self, followed_id: &str, slice: &Slice) -> Result<Page<Follow>, StoreError> {
        let mut of = Sql::new(" AND followed_id = ");
        of.text(followed_id);
        FOLLOWERS.newest(self.0, &of, slice).await
    }

    /// Who follows the host of a broadcast and is to be told of it, latest first: not who chose to hear nothing, and not
    /// who is kept out of it.
    pub async fn told(
        self,
        followed_id: &str,
        broadcast_id: &str,
        slice: &Slice,
    ) -> Result<Page<Follow>, StoreError> {
        let mut of = Sql::new(" AND notify = 1 AND followed_id = ");
        of.text(followed_id).push(" AND NOT EXISTS (SELECT 1 FROM blocks k WHERE k.user_id = follower_id");
        of.push(" AND k.broadcast_id = ").text(broadcast_id).push(")");
        FOLLOWERS.newest(self.0, &of, slice).await
    }

    /// Follows no longer; `false` where nobody did.
    pub async fn delete(self, follower_id: &str, followed_id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM follows WHERE follower_id = ");
        sql.text(follower_id).push(" AND followed_id = ").text(followed_id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

const COLUMNS: &str = "follower_id, followed_id, created_at, notify";

const FOLLOWED: Listing<Follow> = Listing {
    columns: COLUMNS,
    table: "follows",
    time: "created_at",
    id: "followed_id",
    read,
    position: |follow| Position::new(follow.created_at.as_millis(), &follow.followed_id),
};

const FOLLOWERS: Listing<Follow> = Listing {
    id: "follower_id",
    position: |follow| Position::new(follow.created_at.as_millis(), &follow.follower_id),
    ..FOLLOWED
};

pub(crate) fn read(row: &AnyRow) -> Result<Follow, StoreError> {
    Ok(Follow {
        follower_id: row.text("follower_id")?,
        followed_id: row.text("followed_id")?,
        created_at: row.time("created_at")?,
        notify: row.flag("notify")?,
    })
}
