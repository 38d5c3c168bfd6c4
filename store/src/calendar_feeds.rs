//! Calendars at secret addresses.

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;

/// Secret calendars in the store; each user has one at the most.
#[derive(Clone, Copy, Debug)]
pub struct CalendarFeeds<'a>(pub(crate) &'a Store);

impl CalendarFeeds<'_> {
    /// Puts a user's calendar at the address whose secret has this fingerprint; the one that it was at before leads
    /// nowhere from now on. `Dangling` where there is no such user.
    pub async fn put(self, user_id: &str, secret_hash: &Secret, now: Timestamp) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO calendar_feeds (user_id, secret_hash, created_at) VALUES (");
        sql.text(user_id).push(", ").text(secret_hash.expose()).push(", ").time(now);
        sql.push(
            ") ON CONFLICT (user_id) DO UPDATE SET secret_hash = excluded.secret_hash, \
             created_at = excluded.created_at",
        );
        self.0.write(&sql).await.map(|_| ())
    }

    /// Whose calendar is at the address whose secret has this fingerprint.
    pub async fn user_of(self, secret_hash: &Secret) -> Result<Option<String>, StoreError> {
        let mut sql = Sql::new("SELECT user_id FROM calendar_feeds WHERE secret_hash = ");
        sql.text(secret_hash.expose());
        self.0.read_one(&sql, |row| row.text("user_id")).await
    }

    /// When a user's calendar got its address; `None` where it has none.
    pub async fn since(self, user_id: &str) -> Result<Option<Timestamp>, StoreError> {
        let mut sql = Sql::new("SELECT created_at FROM calendar_feeds WHERE user_id = ");
        sql.text(user_id);
        self.0.read_one(&sql, |row| row.time("created_at")).await
    }

    /// Takes a user's calendar from its address; `false` where it had none.
    pub async fn delete(self, user_id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM calendar_feeds WHERE user_id = ");
        sql.text(user_id);
        Ok(self.0.write(&sql).await? == 1)
    }
}
