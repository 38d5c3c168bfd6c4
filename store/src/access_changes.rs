//! What happened to accounts, sign-ins and API keys, for every station on the database to take over.
//!
//! Changes are numbered in the order in which they are committed: whoever takes a number locks the next one until
//! its own transaction is over. So who has read up to a number has missed nothing before it.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::broadcast::words;
use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

words! {
    /// What something happened to.
    AccessSubject {
        /// An account: its role, its suspension or its password.
        User = "user",
        /// A sign-in, which is over.
        Session = "session",
        /// An API key, which was made or revoked.
        ApiKey = "api_key",
    }
}

/// Something that changes who is let in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessChange {
    /// Larger than those of all changes before.
    pub number: i64,
    /// What it happened to.
    pub subject: AccessSubject,
    /// Which one.
    pub id: String,
    /// When.
    pub at: Timestamp,
}

/// Changes of who is let in.
#[derive(Clone, Copy, Debug)]
pub struct AccessChanges<'a>(pub(crate) &'a Store);

impl AccessChanges<'_> {
    /// Those after `number` in their order, at most `limit`.
    pub async fn after(self, number: i64, limit: u32) -> Result<Vec<AccessChange>, StoreError> {
        let mut sql = Sql::new("SELECT number, subject, subject_id, at FROM access_changes WHERE number > ");
        sql.number(number).push(" ORDER BY number LIMIT ").number(limit.into());
        self.0.read_all(&sql, read).await
    }

    /// The number of the last one that happened before `before`; 0 where there is none.
    pub async fn last_before(self, before: Timestamp) -> Result<i64, StoreError> {
        let mut sql = Sql::new("SELECT COALESCE(MAX(number), 0) FROM access_changes WHERE at < ");
        sql.time(before);
        self.0.read_count(&sql).await
    }

    /// Forgets what happened before `before`; how many there were.
    pub async fn delete_before(self, before: Timestamp) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM access_changes WHERE at < ");
        sql.time(before);
        self.0.write(&sql).await
    }
}

/// Notes a change in the transaction that makes it; the last thing that it does, since others wait for the number.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    subject: AccessSubject,
    id: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let next = Sql::new("UPDATE access_counter SET value = value + 1 RETURNING value");
    let number = next.count(connection).await?;
    let mut sql = Sql::new("INSERT INTO access_changes (number, subject, subject_id, at) VALUES (");
    sql.number(number).push(", ").text(subject.name()).push(", ").text(id).push(", ").time(at).push(")");
    sql.execute(connection).await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<AccessChange, StoreError> {
    Ok(AccessChange {
        number: row.number("number")?,
        subject: row.word("subject", AccessSubject::of)?,
        id: row.text("subject_id")?,
        at: row.time("at")?,
    })
}
