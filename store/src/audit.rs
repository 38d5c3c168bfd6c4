//! The audit log: who did what to whom, when, from where.
//!
//! It only grows. There is no verb here that changes or removes an entry; a trigger that forbids it in the database
//! too is written differently for SQLite and PostgreSQL, so whoever needs that adds it there, or takes `UPDATE` and
//! `DELETE` on the table away from the station's database user.

use serde_json::Value;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::{Columns, json, unreadable};
use crate::sql::Sql;
use crate::time::Timestamp;

/// Something that was done.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AuditEntry {
    /// A UUIDv7.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What, in dotted words: `auth.signed_in`, `broadcast.started`, `user.role_changed`.
    pub action: String,
    /// To what.
    pub subject: Option<Subject>,
    /// The address it came from, as text.
    pub address: Option<String>,
    /// What else matters, as an object; never a secret.
    pub detail: Value,
}

/// Who did something.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The user with this id.
    User(String),
    /// The holder of the API key with this id.
    ApiKey(String),
    /// The station itself.
    System,
    /// Somebody who had not signed in.
    Anonymous,
}

/// What something was done to.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Subject {
    /// `user`, `broadcast`, `api_key`, `webhook`, …
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl Actor {
    /// The word for what it is: `user`, `api_key`, `system`, `anonymous`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::ApiKey(_) => "api_key",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }

    /// Its id, where it has one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::User(id) | Self::ApiKey(id) => Some(id),
            Self::System | Self::Anonymous => None,
        }
    }
}

/// Which entries are listed.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By the user or API key with this id.
    pub actor: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// To what has this id.
    pub subject: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// The audit log in the store.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a>(pub(crate) &'a Store);

impl Audit<'_> {
    /// One more entry. An entry that is there already stays as it is.
    pub async fn insert(self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.0.write(&insert(entry)).await.map(|_| ())
    }

    /// Newest first.
    pub async fn list(self, filter: &AuditFilter, slice: &Slice) -> Result<Page<AuditEntry>, StoreError> {
        let mut condition = Sql::default();
        if let Some(actor) = &filter.actor {
            condition.push(" AND actor_id = ").text(actor);
        }
        if let Some(action) = &filter.action {
            condition.push(" AND action = ").text(action);
        }
        if let Some(subject) = &filter.subject {
            condition.push(" AND subject_id = ").text(subject);
        }
        if let Some(since) = filter.since {
            condition.push(" AND at >= ").time(since);
        }
        if let Some(until) = filter.until {
            condition.push(" AND at < ").time(until);
        }
        LISTING.newest(self.0, &condition, slice).await
    }
}

const COLUMNS: &str = "id, at, actor_kind, actor_id, action, subject_kind, subject_id, address, detail";

const LISTING: Listing<AuditEntry> = Listing {
    columns: COLUMNS,
    table: "audit_log",
    time: "at",
    id: "id",
    read,
    position: |entry| Position::new(entry.at.as_millis(), &entry.id),
};

/// Begins an insert of entries.
pub(crate) fn insertion() -> Sql {
    let mut sql = Sql::new("INSERT INTO audit_log (");
    sql.push(COLUMNS).push(") VALUES ");
    sql
}

/// The values of [`COLUMNS`], in their order.
pub(crate) fn push_values(sql: &mut Sql, entry: &AuditEntry) {
    sql.push("(").text(&entry.id).push(", ").time(entry.at);
    sql.push(", ").text(entry.actor.kind()).push(", ").optional_text(entry.actor.id());
    sql.push(", ").text(&entry.action);
    sql.push(", ").optional_text(entry.subject.as_ref().map(|subject| &*subject.kind));
    sql.push(", ").optional_text(entry.subject.as_ref().map(|subject| &*subject.id));
    sql.push(", ").optional_text(entry.address.as_deref()).push(", ").text(json(&entry.detail)).push(")");
}

/// One more entry; one that is there already stays as it is.
pub(crate) fn insert(entry: &AuditEntry) -> Sql {
    let mut sql = insertion();
    push_values(&mut sql, entry);
    sql.push(" ON CONFLICT (id) DO NOTHING");
    sql
}

fn read(row: &AnyRow) -> Result<AuditEntry, StoreError> {
    let actor_id = row.optional_text("actor_id")?;
    let actor = match (&*row.text("actor_kind")?, actor_id) {
        ("user", Some(id)) => Actor::User(id),
        ("api_key", Some(id)) => Actor::ApiKey(id),
        ("system", None) => Actor::System,
        ("anonymous", None) => Actor::Anonymous,
        _ => return Err(unreadable("actor_kind")),
    };
    let kind = row.optional_text("subject_kind")?;
    let subject = row.optional_text("subject_id")?;
    Ok(AuditEntry {
        id: row.text("id")?,
        at: row.time("at")?,
        actor,
        action: row.text("action")?,
        subject: kind.zip(subject).map(|(kind, id)| Subject { kind, id }),
        address: row.optional_text("address")?,
        detail: row.json("detail")?,
    })
}
