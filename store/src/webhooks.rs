//! Who is told what happens.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::{Columns, json};
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;

/// An address that is told what happens.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// A UUIDv7.
    pub id: String,
    /// Whose it is: it is told of this user's broadcasts. Without one it is the station's, and told of all.
    pub owner_id: Option<String>,
    /// The only broadcast that it is told of.
    pub broadcast_id: Option<String>,
    /// Where to send it.
    pub url: String,
    /// What it is signed with; kept as it is, since every delivery needs it.
    pub secret: Secret,
    /// What it was signed with before, where that was not long ago.
    pub retired: Option<Retired>,
    /// What it is told: `room_started`, `room_finished`, …
    pub events: Vec<String>,
    /// Is it told anything?
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed; set by [`Webhooks::update`].
    pub updated_at: Timestamp,
}

/// A secret that was replaced.
#[derive(Clone, Debug)]
pub struct Retired {
    /// What it was.
    pub secret: Secret,
    /// Until when requests are signed with it too.
    pub until: Timestamp,
}

/// Webhooks in the store.
#[derive(Clone, Copy, Debug)]
pub struct Webhooks<'a>(pub(crate) &'a Store);

impl Webhooks<'_> {
    /// A new webhook. `Dangling` where there is no such owner or broadcast.
    pub async fn insert(self, webhook: &Webhook) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO webhooks (");
        sql.push(COLUMNS).push(", last_sequence) VALUES (");
        push_values(&mut sql, webhook);
        sql.push(", 0)");
        self.0.write(&sql).await.map(|_| ())
    }

    /// The webhook with this id.
    pub async fn load(self, id: &str) -> Result<Option<Webhook>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Lets `edit` change the webhook, everything but its id, and answers with what it is now; `None` where there is
    /// none.
    pub async fn update(
        self,
        id: &str,
        edit: impl FnOnce(&mut Webhook) + Send,
    ) -> Result<Option<Webhook>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let Some(mut webhook) = lock(writing.connection(), id).await? else { return Ok(None) };
                edit(&mut webhook);
                id.clone_into(&mut webhook.id);
                webhook.updated_at = Timestamp::now();
                let mut sql = Sql::new("UPDATE webhooks SET (");
                sql.push(COLUMNS).push(") = (");
                push_values(&mut sql, &webhook);
                sql.push(") WHERE id = ").text(id);
                sql.execute(writing.connection()).await?;
                writing.commit().await?;
                Ok(Some(webhook))
            })
            .await
    }

    /// Newest first; of one owner, or all.
    pub async fn list(self, owner_id: Option<&str>, slice: &Slice) -> Result<Page<Webhook>, StoreError> {
        let mut condition = Sql::default();
        if let Some(owner) = owner_id {
            condition.push(" AND owner_id = ").text(owner);
        }
        LISTING.newest(self.0, &condition, slice).await
    }

    /// Forgets it and its deliveries; `false` where there was none.
    pub async fn delete(self, id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM webhooks WHERE id = ");
        sql.text(id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

/// Those that are to be told of something in a broadcast of this host, whatever it is; at most [`CONCERNED`], the
/// oldest.
pub(crate) async fn concerned(
    connection: &mut AnyConnection,
    broadcast_id: &str,
    host_id: &str,
) -> Result<Vec<Webhook>, StoreError> {
    let mut sql = LISTING.select();
    sql.push(" AND enabled = 1 AND (owner_id IS NULL OR owner_id = ").text(host_id);
    sql.push(") AND (broadcast_id IS NULL OR broadcast_id = ").text(broadcast_id);
    sql.push(") ORDER BY created_at, id LIMIT ").number(CONCERNED);
    // In the order of their ids, so that two transactions cannot each hold a number that the other waits for.
    let mut concerned = sql.all(connection, read).await?;
    concerned.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(concerned)
}

/// Webhooks that are told of one event.
const CONCERNED: i64 = 100;

/// Loads a webhook so that nobody else changes it before this transaction is over.
async fn lock(connection: &mut AnyConnection, id: &str) -> Result<Option<Webhook>, StoreError> {
    // An update locks its row on both databases; SELECT … FOR UPDATE exists on one.
    let mut touch = Sql::new("UPDATE webhooks SET updated_at = updated_at WHERE id = ");
    touch.text(id).execute(connection).await?;
    let mut sql = LISTING.select();
    sql.push(" AND id = ").text(id);
    sql.one(connection, read).await
}

const COLUMNS: &str = "id, owner_id, broadcast_id, url, secret, retired_secret, retired_until, events, enabled, \
    created_at, updated_at";

const LISTING: Listing<Webhook> = Listing {
    columns: COLUMNS,
    table: "webhooks",
    time: "created_at",
    id: "id",
    read,
    position: |webhook| Position::new(webhook.created_at.as_millis(), &webhook.id),
};

/// The values of [`COLUMNS`], in their order.
fn push_values(sql: &mut Sql, webhook: &Webhook) {
    sql.text(&webhook.id).push(", ").optional_text(webhook.owner_id.as_deref());
    sql.push(", ").optional_text(webhook.broadcast_id.as_deref()).push(", ").text(&webhook.url);
    let retired = webhook.retired.as_ref();
    sql.push(", ").text(webhook.secret.expose());
    sql.push(", ").optional_text(retired.map(|retired| retired.secret.expose()));
    sql.push(", ").optional_time(retired.map(|retired| retired.until));
    sql.push(", ").text(json(&webhook.events));
    sql.push(", ").flag(webhook.enabled).push(", ").time(webhook.created_at);
    sql.push(", ").time(webhook.updated_at);
}

fn read(row: &AnyRow) -> Result<Webhook, StoreError> {
    let retired = row.optional_text("retired_secret")?.zip(row.optional_time("retired_until")?);
    Ok(Webhook {
        id: row.text("id")?,
        owner_id: row.optional_text("owner_id")?,
        broadcast_id: row.optional_text("broadcast_id")?,
        url: row.text("url")?,
        secret: row.secret("secret")?,
        retired: retired.map(|(secret, until)| Retired { secret: Secret::new(secret), until }),
        events: row.json("events")?,
        enabled: row.flag("enabled")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
