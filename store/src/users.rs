//! Accounts.

use room::Role;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::access_changes::{self, AccessSubject};
use crate::broadcasts;
use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::search::{self, Sought, Source};
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;

/// An account.
#[derive(Clone, Debug)]
pub struct User {
    /// A UUIDv7.
    pub id: String,
    /// Unique; in lower case.
    pub email: String,
    /// Unique; in lower case.
    pub username: String,
    /// As others see it.
    pub display_name: String,
    /// A picture.
    pub avatar_url: Option<String>,
    /// As argon2 writes it; none for accounts that sign in elsewhere.
    pub password_hash: Option<Secret>,
    /// One of [`Role::OF_ACCOUNTS`].
    pub role: Role,
    /// Nothing else is allowed before it did.
    pub must_change_password: bool,
    /// Since when it may not do anything.
    pub suspended_at: Option<Timestamp>,
    /// Why.
    pub suspended_reason: Option<String>,
    /// When it last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed; set by [`Users::update`].
    pub updated_at: Timestamp,
}

/// What everybody sees of an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostCard {
    /// Of the account.
    pub id: String,
    /// In lower case.
    pub username: String,
    /// As it calls itself.
    pub display_name: String,
    /// A picture.
    pub avatar_url: Option<String>,
}

impl From<&User> for HostCard {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            avatar_url: user.avatar_url.clone(),
        }
    }
}

/// Which accounts are listed.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Of this role.
    pub role: Option<Role>,
    /// Suspended, or not.
    pub suspended: Option<bool>,
    /// Whose username, display name or address has words that begin with these.
    pub q: Option<String>,
}

/// What became of a change that must leave an admin.
#[derive(Clone, Debug)]
pub enum Kept {
    /// It was made; this is what the account is now.
    Changed(Box<User>),
    /// There is no such account.
    Missing,
    /// It would have left no admin, and was not made.
    LastAdmin,
}

/// Accounts in the store.
#[derive(Clone, Copy, Debug)]
pub struct Users<'a>(pub(crate) &'a Store);

impl Users<'_> {
    /// A new account. `Conflict` names `email` or `username` where one is taken; both must be in lower case.
    pub async fn insert(self, user: &User) -> Result<(), StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                insert(writing.connection(), user).await?;
                writing.commit().await
            })
            .await
    }

    /// The account with this id.
    pub async fn load(self, id: &str) -> Result<Option<User>, StoreError> {
        self.load_by("id", id).await
    }

    /// The account with this address, in lower case.
    pub async fn load_by_email(self, email: &str) -> Result<Option<User>, StoreError> {
        self.load_by("email", email).await
    }

    /// The account with this username, in lower case.
    pub async fn load_by_username(self, username: &str) -> Result<Option<User>, StoreError> {
        self.load_by("username", username).await
    }

    async fn load_by(self, column: &'static str, value: &str) -> Result<Option<User>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND ").push(column).push(" = ").text(value);
        self.0.read_one(&sql, read).await
    }

    /// Lets `edit` change the account, everything but its id, and answers with what it is now; `None` where there is
    /// no such account. Nobody else changes it meanwhile.
    pub async fn update(
        self,
        id: &str,
        edit: impl FnOnce(&mut User) + Send,
    ) -> Result<Option<User>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let Some(after) = change(writing.connection(), id, edit).await? else { return Ok(None) };
                writing.commit().await?;
                Ok(Some(after))
            })
            .await
    }

    /// As [`Users::update`], and refused where it would leave no admin who is not suspended. Two such changes at a
    /// time wait for each other.
    pub async fn update_keeping_an_admin(
        self,
        id: &str,
        edit: impl FnOnce(&mut User) + Send,
    ) -> Result<Kept, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                // This locks the row of every admin: another such change waits here for our end.
                let mut admins = Sql::new("UPDATE users SET updated_at = updated_at WHERE role = ");
                admins.text(Role::Admin.name()).execute(connection).await?;
                let Some(after) = change(connection, id, edit).await? else { return Ok(Kept::Missing) };
                let mut left = Sql::new("SELECT COUNT(*) FROM users WHERE suspended_at IS NULL AND role = ");
                if left.text(Role::Admin.name()).count(connection).await? == 0 {
                    return Ok(Kept::LastAdmin);
                }
                writing.commit().await?;
                Ok(Kept::Changed(Box::new(after)))
            })
            .await
    }

    /// How many accounts there are of this role that are not suspended.
    pub async fn count(self, role: Role) -> Result<i64, StoreError> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM users WHERE suspended_at IS NULL AND role = ");
        sql.text(role.name());
        self.0.read_count(&sql).await
    }

    /// The ids of all suspended accounts, at most `limit` of them, longest suspended first.
    pub async fn suspended(self, limit: u32) -> Result<Vec<String>, StoreError> {
        let mut sql =
            Sql::new("SELECT id FROM users WHERE suspended_at IS NOT NULL ORDER BY suspended_at LIMIT ");
        sql.number(limit.into());
        self.0.read_all(&sql, |row| row.text("id")).await
    }

    /// Newest first.
    pub async fn list(self, filter: &UserFilter, slice: &Slice) -> Result<Page<User>, StoreError> {
        let mut condition = Sql::default();
        if let Some(role) = filter.role {
            condition.push(" AND role = ").text(role.name());
        }
        match filter.suspended {
            Some(true) => condition.push(" AND suspended_at IS NOT NULL"),
            Some(false) => condition.push(" AND suspended_at IS NULL"),
            None => &mut condition,
        };
        if let Some(q) = &filter.q {
            let words = Sought::words(q);
            if words.is_empty() {
                return Ok(Page::empty());
            }
            for word in words {
                condition.push(" AND id IN (SELECT subject_id FROM user_terms WHERE");
                word.push_range(&mut condition);
                condition.push(")");
            }
        }
        LISTING.newest(self.0, &condition, slice).await
    }
}

const COLUMNS: &str = "id, email, username, display_name, avatar_url, password_hash, role, must_change_password, \
    suspended_at, suspended_reason, last_sign_in_at, created_at, updated_at";

const LISTING: Listing<User> = Listing {
    columns: COLUMNS,
    table: "users",
    time: "created_at",
    id: "id",
    read,
    position: |user| Position::new(user.created_at.as_millis(), &user.id),
};

fn read(row: &AnyRow) -> Result<User, StoreError> {
    Ok(User {
        id: row.text("id")?,
        email: row.text("email")?,
        username: row.text("username")?,
        display_name: row.text("display_name")?,
        avatar_url: row.optional_text("avatar_url")?,
        password_hash: row.optional_text("password_hash")?.map(Secret::new),
        role: row.account_role("role")?,
        must_change_password: row.flag("must_change_password")?,
        suspended_at: row.optional_time("suspended_at")?,
        suspended_reason: row.optional_text("suspended_reason")?,
        last_sign_in_at: row.optional_time("last_sign_in_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// The values of [`COLUMNS`], in their order.
pub(crate) fn push_values(sql: &mut Sql, user: &User) {
    sql.push("(").text(&user.id).push(", ").text(&user.email).push(", ").text(&user.username);
    sql.push(", ").text(&user.display_name).push(", ").optional_text(user.avatar_url.as_deref());
    sql.push(", ").optional_text(user.password_hash.as_ref().map(Secret::expose));
    sql.push(", ").text(user.role.name()).push(", ").flag(user.must_change_password);
    sql.push(", ")
        .optional_time(user.suspended_at)
        .push(", ")
        .optional_text(user.suspended_reason.as_deref());
    sql.push(", ").optional_time(user.last_sign_in_at).push(", ").time(user.created_at);
    sql.push(", ").time(user.updated_at).push(")");
}

/// Begins an insert of rows.
pub(crate) fn insertion() -> Sql {
    let mut sql = Sql::new("INSERT INTO users (");
    sql.push(COLUMNS).push(") VALUES ");
    sql
}

pub(crate) async fn insert(connection: &mut AnyConnection, user: &User) -> Result<(), StoreError> {
    let mut sql = insertion();
    push_values(&mut sql, user);
    sql.execute(connection).await?;
    index(connection, user).await
}

/// Lets `edit` change an account, and answers with what it is then.
async fn change(
    connection: &mut AnyConnection,
    id: &str,
    edit: impl FnOnce(&mut User) + Send,
) -> Result<Option<User>, StoreError> {
    let Some(before) = lock(connection, id).await? else { return Ok(None) };
    let mut after = before.clone();
    edit(&mut after);
    after.id.clone_from(&before.id);
    after.updated_at = Timestamp::now();
    write(connection, &after).await?;
    if terms(&before) != terms(&after) {
        index(connection, &after).await?;
    }
    if search::words(&host_words(&before)) != search::words(&host_words(&after)) {
        broadcasts::rename_host(connection, &after).await?;
    }
    if access(&before) != access(&after) {
        access_changes::note(connection, AccessSubject::User, id, after.updated_at).await?;
    }
    Ok(Some(after))
}

/// What of an account every station has to know.
fn access(user: &User) -> (Role, bool, Option<&str>, bool) {
    let password = user.password_hash.as_ref().map(Secret::expose);
    (user.role, user.suspended_at.is_some(), password, user.must_change_password)
}

/// Loads an account so that nobody else changes it before this transaction is over.
async fn lock(connection: &mut AnyConnection, id: &str) -> Result<Option<User>, StoreError> {
    // An update locks its row on both databases; SELECT … FOR UPDATE exists on one.
    let mut touch = Sql::new("UPDATE users SET updated_at = updated_at WHERE id = ");
    touch.text(id).execute(connection).await?;
    let mut sql = LISTING.select();
    sql.push(" AND id = ").text(id);
    sql.one(connection, read).await
}

async fn write(connection: &mut AnyConnection, user: &User) -> Result<(), StoreError> {
    let mut sql = Sql::new("UPDATE users SET (");
    sql.push(COLUMNS).push(") = ");
    push_values(&mut sql, user);
    sql.push(" WHERE id = ").text(&user.id);
    sql.execute(connection).await?;
    Ok(())
}

pub(crate) fn terms(user: &User) -> Vec<String> {
    search::words(&format!("{} {}", host_words(user), user.email))
}

/// The words by which a host's broadcasts are found.
pub(crate) fn host_words(user: &User) -> String {
    format!("{} {}", user.username, user.display_name)
}

async fn index(connection: &mut AnyConnection, user: &User) -> Result<(), StoreError> {
    search::replace(connection, "user_terms", &user.id, Source::Own, &terms(user)).await
}
