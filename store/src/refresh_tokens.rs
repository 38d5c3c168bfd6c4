//! Refresh tokens: each is used once, for the next one of its family.

use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::access_changes::{self, AccessSubject};
use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A refresh token, by its hash.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// A UUIDv7.
    pub id: String,
    /// What all tokens that follow from one sign-in have in common.
    pub family_id: String,
    /// Whose it is.
    pub user_id: String,
    /// A hash of it; unique. The token itself is nowhere.
    pub token_hash: Secret,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
    /// When the next one was given for it.
    pub used_at: Option<Timestamp>,
    /// When its family was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When its family began; none in one that began before this was kept.
    pub signed_in_at: Option<Timestamp>,
    /// What its family began on, as a browser or an app names itself; for its owner to read.
    pub device: Option<String>,
}

/// The token that follows in a family.
#[derive(Clone, Debug)]
pub struct Successor {
    /// A UUIDv7.
    pub id: String,
    /// A hash of it.
    pub token_hash: Secret,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

/// What became of a token that was shown.
#[derive(Clone, Debug)]
pub enum Rotation {
    /// It was good; this one follows, and is kept.
    Rotated(RefreshToken),
    /// It was used before: somebody has a copy. The caller revokes the family.
    Reused(RefreshToken),
    /// Its family was revoked.
    Revoked(RefreshToken),
    /// It is too old.
    Expired(RefreshToken),
    /// There is no such token.
    Unknown,
}

/// Refresh tokens in the store.
#[derive(Clone, Copy, Debug)]
pub struct RefreshTokens<'a>(pub(crate) &'a Store);

impl RefreshTokens<'_> {
    /// The first token of a family.
    pub async fn insert(self, token: &RefreshToken) -> Result<(), StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                insert(writing.connection(), token).await?;
                writing.commit().await
            })
            .await
    }

    /// The token with this hash.
    pub async fn load_by_hash(self, hash: &Secret) -> Result<Option<RefreshToken>, StoreError> {
        self.0
            .bounded(async {
                let mut connection = self.0.pool().acquire().await?;
                by_hash(&mut connection, hash).await
            })
            .await
    }

    /// Uses up the token with this hash and keeps `successor` in its place, both or neither. Of two who show the
    /// same token at once, one gets [`Rotation::Rotated`].
    pub async fn rotate(
        self,
        hash: &Secret,
        successor: &Successor,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let mut take = Sql::new("UPDATE refresh_tokens SET used_at = ");
                take.time(now)
                    .push(" WHERE used_at IS NULL AND revoked_at IS NULL AND expires_at > ")
                    .time(now);
                take.push(" AND token_hash = ").text(hash.expose());
                let taken = take.execute(connection).await? == 1;
                let Some(token) = by_hash(connection, hash).await? else { return Ok(Rotation::Unknown) };
                if !taken {
                    return Ok(refused(token));
                }
                let next = RefreshToken {
                    id: successor.id.clone(),
                    token_hash: successor.token_hash.clone(),
                    created_at: now,
                    expires_at: successor.expires_at,
                    used_at: None,
                    ..token
                };
                insert(connection, &next).await?;
                writing.commit().await?;
                Ok(Rotation::Rotated(next))
            })
            .await
    }

    /// The token of each family of a user's that is still good, the one used last first; at most `limit`.
    pub async fn list_open(
        self,
        user_id: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<RefreshToken>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM refresh_tokens WHERE user_id = ").text(user_id);
        sql.push(" AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ").time(now);
        sql.push(" ORDER BY created_at DESC, id DESC LIMIT ").number(limit.into());
        self.0.read_all(&sql, read).await
    }

    /// Revokes every token of a family; how many were not revoked before.
    pub async fn revoke_family(self, family_id: &str, now: Timestamp) -> Result<u64, StoreError> {
        self.revoke("family_id = ", AccessSubject::Session, family_id, now).await
    }

    /// The same where the family is `user_id`'s; none where it is another's.
    pub async fn revoke_family_of(
        self,
        user_id: &str,
        family_id: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM refresh_tokens WHERE family_id = ");
        sql.text(family_id).push(" AND user_id = ").text(user_id);
        let whose = self.0.read_count(&sql).await?;
        if whose == 0 { Ok(0) } else { self.revoke_family(family_id, now).await }
    }

    /// Revokes every token of a user; how many were not revoked before.
    pub async fn revoke_user(self, user_id: &str, now: Timestamp) -> Result<u64, StoreError> {
        self.revoke("user_id = ", AccessSubject::User, user_id, now).await
    }

    async fn revoke(
        self,
        column: &'static str,
        subject: AccessSubject,
        value: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let mut sql = Sql::new("UPDATE refresh_tokens SET revoked_at = ");
                sql.time(now).push(" WHERE revoked_at IS NULL AND ").push(column).text(value);
                let revoked = sql.execute(writing.connection()).await?;
                if revoked > 0 {
                    access_changes::note(writing.connection(), subject, value, now).await?;
                }
                writing.commit().await?;
                Ok(revoked)
            })
            .await
    }

    /// Forgets tokens that expired more than `kept` ago; how many there were. What is forgotten is
    /// [`Rotation::Unknown`], and its reuse is no longer noticed.
    pub async fn delete_expired(self, now: Timestamp, kept: Duration) -> Result<u64, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let mut sql = Sql::new("DELETE FROM refresh_tokens WHERE expires_at < ");
                let deleted = sql.time(now.minus(kept)).execute(writing.connection()).await?;
                writing.commit().await?;
                Ok(deleted)
            })
            .await
    }
}

fn refused(token: RefreshToken) -> Rotation {
    if token.revoked_at.is_some() {
        Rotation::Revoked(token)
    } else if token.used_at.is_some() {
        Rotation::Reused(token)
    } else {
        Rotation::Expired(token)
    }
}

const COLUMNS: &str = "id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at, \
                       signed_in_at, device";

async fn insert(connection: &mut AnyConnection, token: &RefreshToken) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO refresh_tokens (");
    sql.push(COLUMNS).push(") VALUES (").text(&token.id).push(", ").text(&token.family_id);
    sql.push(", ").text(&token.user_id).push(", ").text(token.token_hash.expose());
    sql.push(", ").time(token.created_at).push(", ").time(token.expires_at);
    sql.push(", ").optional_time(token.used_at).push(", ").optional_time(token.revoked_at);
    sql.push(", ").optional_time(token.signed_in_at);
    sql.push(", ").optional_text(token.device.as_deref()).push(")");
    sql.execute(connection).await?;
    Ok(())
}

async fn by_hash(connection: &mut AnyConnection, hash: &Secret) -> Result<Option<RefreshToken>, StoreError> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM refresh_tokens WHERE token_hash = ").text(hash.expose());
    sql.one(connection, read).await
}

fn read(row: &AnyRow) -> Result<RefreshToken, StoreError> {
    Ok(RefreshToken {
        id: row.text("id")?,
        family_id: row.text("family_id")?,
        user_id: row.text("user_id")?,
        token_hash: row.secret("token_hash")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        used_at: row.optional_time("used_at")?,
        revoked_at: row.optional_time("revoked_at")?,
        signed_in_at: row.optional_time("signed_in_at")?,
        device: row.optional_text("device")?,
    })
}
