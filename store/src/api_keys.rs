//! Keys by which servers sign in.

use room::Role;
use sqlx::any::AnyRow;

use crate::access_changes::{self, AccessSubject};
use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A key, by the hash of its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The public half.
    pub id: String,
    /// A hash of the secret half; the secret itself is nowhere.
    pub secret_hash: Secret,
    /// What it is for.
    pub name: String,
    /// What its holder acts as: admin or host.
    pub role: Role,
    /// The user who made it.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Since when it is worth nothing.
    pub revoked_at: Option<Timestamp>,
}

/// API keys in the store.
#[derive(Clone, Copy, Debug)]
pub struct ApiKeys<'a>(pub(crate) &'a Store);

impl ApiKeys<'_> {
    /// A new key. `Conflict` where there is one with this id.
    pub async fn insert(self, key: &ApiKey) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO api_keys (");
        sql.push(COLUMNS).push(") VALUES (").text(&key.id).push(", ").text(key.secret_hash.expose());
        sql.push(", ").text(&key.name).push(", ").text(key.role.name());
        sql.push(", ").optional_text(key.created_by.as_deref()).push(", ").time(key.created_at);
        sql.push(", ").optional_time(key.last_used_at).push(", ").optional_time(key.revoked_at).push(")");
        self.write(&sql, &key.id, key.created_at).await.map(|_| ())
    }

    /// The key with this id, revoked or not.
    pub async fn load(self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Newest first, revoked ones too.
    pub async fn list(self, slice: &Slice) -> Result<Page<ApiKey>, StoreError> {
        LISTING.newest(self.0, &Sql::default(), slice).await
    }

    /// Those that `owner` made, newest first, revoked ones too.
    pub async fn list_of(self, owner: &str, slice: &Slice) -> Result<Page<ApiKey>, StoreError> {
        LISTING.newest(self.0, &by(owner), slice).await
    }

    /// How many of those that `owner` made still hold.
    pub async fn count_held_by(self, owner: &str) -> Result<i64, StoreError> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL");
        sql.append(&by(owner));
        self.0.read_count(&sql).await
    }

    /// Notes that it was used.
    pub async fn touch(self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut sql = Sql::new("UPDATE api_keys SET last_used_at = ");
        sql.time(now).push(" WHERE id = ").text(id);
        self.0.write(&sql).await.map(|_| ())
    }

    /// Makes it worth nothing; `false` where there is no such key or it was revoked before.
    pub async fn revoke(self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE api_keys SET revoked_at = ");
        sql.time(now).push(" WHERE revoked_at IS NULL AND id = ").text(id);
        Ok(self.write(&sql, id, now).await? == 1)
    }

    /// Does something to a key that every station has to know; how many rows it touched.
    async fn write(self, sql: &Sql, id: &str, at: Timestamp) -> Result<u64, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let touched = sql.execute(writing.connection()).await?;
                if touched > 0 {
                    access_changes::note(writing.connection(), AccessSubject::ApiKey, id, at).await?;
                }
                writing.commit().await?;
                Ok(touched)
            })
            .await
    }
}

fn by(owner: &str) -> Sql {
    let mut sql = Sql::new(" AND created_by = ");
    sql.text(owner);
    sql
}

const COLUMNS: &str = "id, secret_hash, name, role, created_by, created_at, last_used_at, revoked_at";

const LISTING: Listing<ApiKey> = Listing {
    columns: COLUMNS,
    table: "api_keys",
    time: "created_at",
    id: "id",
    read,
    position: |key| Position::new(key.created_at.as_millis(), &key.id),
};

fn read(row: &AnyRow) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.text("id")?,
        secret_hash: row.secret("secret_hash")?,
        name: row.text("name")?,
        role: row.account_role("role")?,
        created_by: row.optional_text("created_by")?,
        created_at: row.time("created_at")?,
        last_used_at: row.optional_time("last_used_at")?,
        revoked_at: row.optional_time("revoked_at")?,
    })
}
