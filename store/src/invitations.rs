//! Invitations to register.

use room::Role;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;
use crate::users::{self, User};

/// An invitation, by the hash of its code.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// A UUIDv7.
    pub id: String,
    /// A hash of its code; unique. The code itself is nowhere.
    pub code_hash: Secret,
    /// The only address that may use it, in lower case; anybody where there is none.
    pub email: Option<String>,
    /// What the new account becomes.
    pub role: Role,
    /// The user who invited.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
    /// When an account was made by it.
    pub used_at: Option<Timestamp>,
    /// Which one.
    pub used_by: Option<String>,
    /// Since when it is taken back.
    pub revoked_at: Option<Timestamp>,
}

impl Invitation {
    /// Can somebody register by it at `now`?
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.revoked_at.is_none() && now < self.expires_at
    }
}

/// Invitations in the store.
#[derive(Clone, Copy, Debug)]
pub struct Invitations<'a>(pub(crate) &'a Store);

impl Invitations<'_> {
    /// A new invitation.
    pub async fn insert(self, invitation: &Invitation) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO invitations (");
        sql.push(COLUMNS)
            .push(") VALUES (")
            .text(&invitation.id)
            .push(", ")
            .text(invitation.code_hash.expose());
        sql.push(", ").optional_text(invitation.email.as_deref()).push(", ").text(invitation.role.name());
        sql.push(", ").optional_text(invitation.created_by.as_deref()).push(", ").time(invitation.created_at);
        sql.push(", ").time(invitation.expires_at).push(", ").optional_time(invitation.used_at);
        sql.push(", ").optional_text(invitation.used_by.as_deref());
        sql.push(", ").optional_time(invitation.revoked_at).push(")");
        self.0.write(&sql).await.map(|_| ())
    }

    /// The invitation with this hash, open or not.
    pub async fn load_by_hash(self, hash: &Secret) -> Result<Option<Invitation>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND code_hash = ").text(hash.expose());
        self.0.read_one(&sql, read).await
    }

    /// Makes the account and uses the invitation up, both or neither; `false` where it is not open any more.
    /// `Conflict` as in [`Users::insert`](crate::Users::insert).
    pub async fn accept(self, id: &str, user: &User, now: Timestamp) -> Result<bool, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                users::insert(writing.connection(), user).await?;
                let mut sql = Sql::new("UPDATE invitations SET used_at = ");
                sql.time(now).push(", used_by = ").text(&user.id).push(" WHERE id = ").text(id);
                sql.push(" AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ").time(now);
                if sql.execute(writing.connection()).await? == 0 {
                    return Ok(false);
                }
                writing.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Newest first, used ones too.
    pub async fn list(self, slice: &Slice) -> Result<Page<Invitation>, StoreError> {
        LISTING.newest(self.0, &Sql::default(), slice).await
    }

    /// Takes it back; `false` where there is no such invitation, or it was used or taken back before.
    pub async fn revoke(self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE invitations SET revoked_at = ");
        sql.time(now).push(" WHERE used_at IS NULL AND revoked_at IS NULL AND id = ").text(id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

const COLUMNS: &str =
    "id, code_hash, email, role, created_by, created_at, expires_at, used_at, used_by, revoked_at";

const LISTING: Listing<Invitation> = Listing {
    columns: COLUMNS,
    table: "invitations",
    time: "created_at",
    id: "id",
    read,
    position: |invitation| Position::new(invitation.created_at.as_millis(), &invitation.id),
};

fn read(row: &AnyRow) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: row.text("id")?,
        code_hash: row.secret("code_hash")?,
        email: row.optional_text("email")?,
        role: row.account_role("role")?,
        created_by: row.optional_text("created_by")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        used_at: row.optional_time("used_at")?,
        used_by: row.optional_text("used_by")?,
        revoked_at: row.optional_time("revoked_at")?,
    })
}
