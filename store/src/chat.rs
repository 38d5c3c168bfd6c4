//! What was said in a room.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A message.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// A UUIDv7.
    pub id: String,
    /// Where it was said.
    pub broadcast_id: String,
    /// By whom; nobody where it was a guest.
    pub user_id: Option<String>,
    /// What they were called then.
    pub author_name: String,
    /// What they were then: `listener`, `moderator`, …, as rooms call it.
    pub author_role: String,
    /// The words; none where it was deleted.
    pub message: String,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// When.
    pub sent_at: Timestamp,
    /// To which moment of the programme it belongs.
    pub program_time: Option<Timestamp>,
    /// Since when it stands above the others.
    pub pinned_at: Option<Timestamp>,
    /// Since when it is gone.
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it.
    pub deleted_by: Option<String>,
}

impl ChatMessage {
    /// The moment of the programme that it belongs to; when it was sent where it belongs to none.
    pub fn moment(&self) -> Timestamp {
        self.program_time.unwrap_or(self.sent_at)
    }
}

/// Messages in the store.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a>(pub(crate) &'a Store);

impl Chat<'_> {
    /// One more message; one that is there already stays as it is. Who has no account has none here either.
    /// `Dangling` where there is no such broadcast.
    pub async fn insert(self, message: &ChatMessage) -> Result<(), StoreError> {
        self.0.write(&insert(message)).await.map(|_| ())
    }

    /// The message with this id, deleted or not.
    pub async fn load(self, id: &str) -> Result<Option<ChatMessage>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// What was said in a broadcast and not deleted, latest first.
    pub async fn list(self, broadcast_id: &str, slice: &Slice) -> Result<Page<ChatMessage>, StoreError> {
        let mut condition = Sql::new(" AND deleted_at IS NULL AND broadcast_id = ");
        condition.text(broadcast_id);
        LISTING.newest(self.0, &condition, slice).await
    }

    /// What was said in a broadcast and not deleted, to moments of the programme from `since` up to, and without,
    /// `until`, in their order. What belongs to no moment is taken for said when it was sent.
    pub async fn heard(
        self,
        broadcast_id: &str,
        since: Timestamp,
        until: Timestamp,
        slice: &Slice,
    ) -> Result<Page<ChatMessage>, StoreError> {
        let mut condition = Sql::new(" AND deleted_at IS NULL AND broadcast_id = ");
        condition.text(broadcast_id);
        condition.push(" AND COALESCE(program_time, sent_at) >= ").time(since);
        condition.push(" AND COALESCE(program_time, sent_at) < ").time(until);
        HEARD.oldest(self.0, &condition, slice).await
    }

    /// Puts a message above the others, or back; `false` where there is none.
    pub async fn pin(self, id: &str, at: Option<Timestamp>) -> Result<bool, StoreError> {
        Ok(self.0.write(&pin(id, at)).await? == 1)
    }

    /// Takes a message's words away; that there was one remains. `false` where it was gone already.
    pub async fn delete(self, id: &str, by: Option<&str>, at: Timestamp) -> Result<bool, StoreError> {
        Ok(self.0.write(&delete(id, by, at)).await? == 1)
    }
}

/// [`Chat::insert`], for the journal.
pub(crate) fn insert(message: &ChatMessage) -> Sql {
    let mut sql = Sql::new("INSERT INTO chat_messages (");
    sql.push(COLUMNS).push(") VALUES (").text(&message.id).push(", ").text(&message.broadcast_id);
    sql.push(", (SELECT id FROM users WHERE id = ").optional_text(message.user_id.as_deref());
    sql.push("), ").text(&message.author_name).push(", ").text(&message.author_role);
    sql.push(", ").text(&message.message).push(", ").optional_text(message.reply_to.as_deref());
    sql.push(", ").time(message.sent_at).push(", ").optional_time(message.program_time);
    sql.push(", ").optional_time(message.pinned_at).push(", ").optional_time(message.deleted_at);
    sql.push(", ").optional_text(message.deleted_by.as_deref()).push(") ON CONFLICT (id) DO NOTHING");
    sql
}

/// [`Chat::pin`], likewise.
pub(crate) fn pin(id: &str, at: Option<Timestamp>) -> Sql {
    let mut sql = Sql::new("UPDATE chat_messages SET pinned_at = ");
    sql.optional_time(at).push(" WHERE deleted_at IS NULL AND id = ").text(id);
    sql
}

/// [`Chat::delete`], likewise.
pub(crate) fn delete(id: &str, by: Option<&str>, at: Timestamp) -> Sql {
    let mut sql = Sql::new("UPDATE chat_messages SET message = '', pinned_at = NULL, deleted_at = ");
    sql.time(at).push(", deleted_by = (SELECT id FROM users WHERE id = ").optional_text(by);
    sql.push(") WHERE deleted_at IS NULL AND id = ").text(id);
    sql
}

const COLUMNS: &str = "id, broadcast_id, user_id, author_name, author_role, message, reply_to, sent_at, program_time, \
    pinned_at, deleted_at, deleted_by";

const LISTING: Listing<ChatMessage> = Listing {
    columns: COLUMNS,
    table: "chat_messages",
    time: "sent_at",
    id: "id",
    read,
    position: |message| Position::new(message.sent_at.as_millis(), &message.id),
};

const HEARD: Listing<ChatMessage> = Listing {
    time: "COALESCE(program_time, sent_at)",
    position: |message| Position::new(message.moment().as_millis(), &message.id),
    ..LISTING
};

fn read(row: &AnyRow) -> Result<ChatMessage, StoreError> {
    Ok(ChatMessage {
        id: row.text("id")?,
        broadcast_id: row.text("broadcast_id")?,
        user_id: row.optional_text("user_id")?,
        author_name: row.text("author_name")?,
        author_role: row.text("author_role")?,
        message: row.text("message")?,
        reply_to: row.optional_text("reply_to")?,
        sent_at: row.time("sent_at")?,
        program_time: row.optional_time("program_time")?,
        pinned_at: row.optional_time("pinned_at")?,
        deleted_at: row.optional_time("deleted_at")?,
        deleted_by: row.optional_text("deleted_by")?,
    })
}
