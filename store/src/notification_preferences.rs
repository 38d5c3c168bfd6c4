//! What people want to be told, by which ways, and when.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::{Columns, json};
use crate::sql::Sql;
use crate::time::Timestamp;

/// What somebody wants. Who never said anything has no row, and gets what [`NotificationPreferences::default`] says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NotificationPreferences {
    /// The IANA time zone in which the times below are meant; UTC without one.
    pub timezone: Option<String>,
    /// From which minute of the day to which nothing goes out; over midnight where the first is later.
    pub quiet: Option<(u32, u32)>,
    /// At which minute of the day e-mail of a day goes out as one; at once without.
    pub digest_at: Option<u32>,
    /// By which ways each kind goes out. A kind that is not named goes by all of them.
    pub channels: BTreeMap<String, Vec<String>>,
    /// Letters in a row that came back.
    pub bounces: u32,
}

/// Preferences in the store.
#[derive(Clone, Copy, Debug)]
pub struct Preferences<'a>(pub(crate) &'a Store);

impl Preferences<'_> {
    /// What a user wants.
    pub async fn load(self, user_id: &str) -> Result<NotificationPreferences, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM notification_preferences WHERE user_id = ").text(user_id);
        Ok(self.0.read_one(&sql, read).await?.map(|(_, wanted)| wanted).unwrap_or_default())
    }

    /// The same of several users; of those who said nothing there is none.
    pub async fn of_users(
        self,
        user_ids: &[String],
    ) -> Result<BTreeMap<String, NotificationPreferences>, StoreError> {
        if user_ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM notification_preferences WHERE user_id IN (");
        for (n, id) in user_ids.iter().enumerate() {
            sql.push(if n == 0 { "" } else { ", " }).text(id);
        }
        sql.push(")");
        Ok(self.0.read_all(&sql, read).await?.into_iter().collect())
    }

    /// From now on a user wants this. `Dangling` where there is no such user. How often letters came back stays.
    pub async fn put(
        self,
        user_id: &str,
        wanted: &NotificationPreferences,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let number = |value: Option<u32>| value.map(i64::from);
        let mut sql = Sql::new("INSERT INTO notification_preferences (");
        sql.push(COLUMNS).push(", updated_at) VALUES (").text(user_id);
        sql.push(", ").optional_text(wanted.timezone.as_deref());
        sql.push(", ").optional_number(number(wanted.quiet.map(|quiet| quiet.0)));
        sql.push(", ").optional_number(number(wanted.quiet.map(|quiet| quiet.1)));
        sql.push(", ").optional_number(number(wanted.digest_at)).push(", ").text(json(&wanted.channels));
        sql.push(", 0, ").time(now);
        sql.push(
            ") ON CONFLICT (user_id) DO UPDATE SET timezone = excluded.timezone, \
             quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, \
             digest_at = excluded.digest_at, channels = excluded.channels, updated_at = excluded.updated_at",
        );
        self.0.write(&sql).await.map(|_| ())
    }

    /// Notes that a letter to a user came back, or that one was taken; how many came back in a row.
    pub async fn bounced(self, user_id: &str, back: bool, now: Timestamp) -> Result<u32, StoreError> {
        let mut sql = Sql::new(
            "INSERT INTO notification_preferences (user_id, channels, bounces, updated_at) VALUES (",
        );
        sql.text(user_id).push(", '{}', ").flag(back).push(", ").time(now);
        // A letter that is taken starts the count anew.
        sql.push(") ON CONFLICT (user_id) DO UPDATE SET bounces = ");
        sql.push(if back { "notification_preferences.bounces + 1" } else { "0" });
        sql.push(" RETURNING bounces AS bounces");
        let bounces = self
            .0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let bounces = sql.one(writing.connection(), |row| row.count("bounces")).await?;
                writing.commit().await?;
                Ok(bounces)
            })
            .await?;
        Ok(bounces.unwrap_or(0))
    }
}

const COLUMNS: &str = "user_id, timezone, quiet_from, quiet_until, digest_at, channels, bounces";

fn read(row: &AnyRow) -> Result<(String, NotificationPreferences), StoreError> {
    let minute = |name: &str| -> Result<Option<u32>, StoreError> {
        Ok(row.optional_number(name)?.and_then(|minute| u32::try_from(minute).ok()))
    };
    let wanted = NotificationPreferences {
        timezone: row.optional_text("timezone")?,
        quiet: minute("quiet_from")?.zip(minute("quiet_until")?),
        digest_at: minute("digest_at")?,
        channels: row.json("channels")?,
        bounces: row.count("bounces")?,
    };
    Ok((row.text("user_id")?, wanted))
}
