//! Moderators and speakers of a broadcast, and who may hear a private one.

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
    /// What a member is.
    MemberRole {
        /// Keeps order.
        Moderator = "moderator",
        /// Is heard.
        Speaker = "speaker",
        /// May hear it where it is private.
        Listener = "listener",
    }
}

/// A user who is something in a broadcast.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// The broadcast.
    pub broadcast_id: String,
    /// The user.
    pub user_id: String,
    /// What they are.
    pub role: MemberRole,
    /// Who made them that.
    pub added_by: Option<String>,
    /// When.
    pub added_at: Timestamp,
}

/// Members in the store.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a>(pub(crate) &'a Store);

impl Members<'_> {
    /// Makes somebody a member, or changes what they are. `Dangling` where there is no such broadcast or user.
    pub async fn put(self, member: &Member) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO broadcast_members (");
        sql.push(COLUMNS).push(") VALUES (").text(&member.broadcast_id).push(", ").text(&member.user_id);
        sql.push(", ").text(member.role.name()).push(", ").optional_text(member.added_by.as_deref());
        sql.push(", ").time(member.added_at);
        sql.push(") ON CONFLICT (broadcast_id, user_id) DO UPDATE SET role = excluded.role");
        self.0.write(&sql).await.map(|_| ())
    }

    /// What somebody is in a broadcast.
    pub async fn load(self, broadcast_id: &str, user_id: &str) -> Result<Option<Member>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND broadcast_id = ").text(broadcast_id).push(" AND user_id = ").text(user_id);
        self.0.read_one(&sql, read).await
    }

    /// In the order in which they were added.
    pub async fn list(self, broadcast_id: &str, slice: &Slice) -> Result<Page<Member>, StoreError> {
        let mut of = Sql::new(" AND broadcast_id = ");
        of.text(broadcast_id);
        LISTING.oldest(self.0, &of, slice).await
    }

    /// Makes somebody a stranger; `false` where they were one.
    pub async fn delete(self, broadcast_id: &str, user_id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM broadcast_members WHERE broadcast_id = ");
        sql.text(broadcast_id).push(" AND user_id = ").text(user_id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

const COLUMNS: &str = "broadcast_id, user_id, role, added_by, added_at";

const LISTING: Listing<Member> = Listing {
    columns: COLUMNS,
    table: "broadcast_members",
    time: "added_at",
    id: "user_id",
    read,
    position: |member| Position::new(member.added_at.as_millis(), &member.user_id),
};

fn read(row: &AnyRow) -> Result<Member, StoreError> {
    Ok(Member {
        broadcast_id: row.text("broadcast_id")?,
        user_id: row.text("user_id")?,
        role: row.word("role", MemberRole::of)?,
        added_by: row.optional_text("added_by")?,
        added_at: row.time("added_at")?,
    })
}
