//! Where people can be reached when they are not here.

use sqlx::any::AnyRow;
use uuid::{Uuid, uuid};

use crate::error::StoreError;
use crate::handle::Store;
use crate::notification_sends::Channel;
use crate::row::Columns;
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A browser or a telephone of somebody.
#[derive(Clone, Debug)]
pub struct Device {
    /// Follows from channel and token: [`Device::id_of`].
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// How it is reached; never by e-mail.
    pub channel: Channel,
    /// Where: an endpoint or a token. Whoever has it can write there.
    pub token: Secret,
    /// A browser's public key.
    pub key: Option<String>,
    /// What only the browser and the station know.
    pub auth: Option<Secret>,
    /// As its owner knows it; may be empty.
    pub name: String,
    /// When it was registered last.
    pub created_at: Timestamp,
}

impl Device {
    /// The id of the device with this token.
    pub fn id_of(channel: Channel, token: &str) -> String {
        Uuid::new_v5(&NAMESPACE, format!("{}:{token}", channel.name()).as_bytes()).to_string()
    }
}

/// Ids of devices are made in it.
const NAMESPACE: Uuid = uuid!("6a0c6d0c-2f9b-5a0e-9f5e-6d1f0a3b7c21");

/// Devices in the store.
#[derive(Clone, Copy, Debug)]
pub struct Devices<'a>(pub(crate) &'a Store);

impl Devices<'_> {
    /// Registers a device. One that is known is now this user's, whoever had it before: who signs in on a device that
    /// they were lent takes it over. Of more than `most` of a user the oldest go. `Dangling` where there is no such user.
    pub async fn put(self, device: &Device, most: u32) -> Result<(), StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let mut sql = Sql::new("INSERT INTO devices (");
                sql.push(COLUMNS).push(") VALUES (").text(&device.id).push(", ").text(&device.user_id);
                sql.push(", ").text(device.channel.name()).push(", ").text(device.token.expose());
                sql.push(", ").optional_text(device.key.as_deref());
                sql.push(", ").optional_text(device.auth.as_ref().map(Secret::expose));
                sql.push(", ").text(&device.name).push(", ").time(device.created_at);
                sql.push(
                    ") ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, key = excluded.key, \
                     auth = excluded.auth, name = excluded.name, created_at = excluded.created_at",
                );
                sql.execute(writing.connection()).await?;
                let mut surplus = Sql::new("DELETE FROM devices WHERE user_id = ");
                surplus.text(&device.user_id).push(" AND id NOT IN (SELECT id FROM devices WHERE user_id = ");
                surplus.text(&device.user_id).push(" ORDER BY created_at DESC, id DESC LIMIT ");
                surplus.number(most.into()).push(")").execute(writing.connection()).await?;
                writing.commit().await
            })
            .await
    }

    /// Those of a user, oldest first.
    pub async fn of_user(self, user_id: &str) -> Result<Vec<Device>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM devices WHERE user_id = ").text(user_id);
        sql.push(" ORDER BY created_at, id LIMIT ").number(MOST);
        self.0.read_all(&sql, read).await
    }

    /// Those of several users.
    pub async fn of_users(self, user_ids: &[String]) -> Result<Vec<Device>, StoreError> {
        if user_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM devices WHERE user_id IN (");
        for (n, id) in user_ids.iter().enumerate() {
            sql.push(if n == 0 { "" } else { ", " }).text(id);
        }
        sql.push(") ORDER BY created_at, id");
        self.0.read_all(&sql, read).await
    }

    /// The device with this id.
    pub async fn load(self, id: &str) -> Result<Option<Device>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM devices WHERE id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Forgets a user's device; `false` where they have no such device.
    pub async fn delete(self, user_id: &str, id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM devices WHERE user_id = ");
        sql.text(user_id).push(" AND id = ").text(id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

/// Rows that are read of one user at the most; an API lets nobody have nearly as many.
const MOST: i64 = 200;

const COLUMNS: &str = "id, user_id, channel, token, key, auth, name, created_at";

fn read(row: &AnyRow) -> Result<Device, StoreError> {
    Ok(Device {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        channel: row.word("channel", Channel::of)?,
        token: row.secret("token")?,
        key: row.optional_text("key")?,
        auth: row.optional_text("auth")?.map(Secret::new),
        name: row.text("name")?,
        created_at: row.time("created_at")?,
    })
}
