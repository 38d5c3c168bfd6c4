//! By which ways what people are told goes out, each once.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::broadcast::words;
use crate::error::StoreError;
use crate::handle::Store;
use crate::notifications::Notification;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

words! {
    /// A way to somebody who is not here.
    Channel {
        /// To the account's address.
        Email = "email",
        /// To a browser.
        WebPush = "web_push",
        /// To an Android device.
        Fcm = "fcm",
        /// To a device of Apple's.
        Apns = "apns",
    }
}

words! {
    /// How far something is that goes out.
    SendStatus {
        /// It is to be sent.
        Pending = "pending",
        /// It was taken.
        Sent = "sent",
        /// Nobody was there any more.
        Gone = "gone",
        /// It was refused for good.
        Refused = "refused",
        /// It could not be sent for as long as it was worth anything.
        Late = "late",
    }
}

/// A way by which a notification is to go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// Which.
    pub channel: Channel,
    /// To which device; empty for e-mail.
    pub device_id: String,
    /// When; not at once where quiet hours or a digest are in between.
    pub due_at: Timestamp,
}

/// A notification on one way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Send {
    /// What is told.
    pub notification: Notification,
    /// By which way.
    pub channel: Channel,
    /// To which device; empty for e-mail.
    pub device_id: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was to go.
    pub due_at: Timestamp,
}

/// How much is due by one way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// By which.
    pub channel: Channel,
    /// How much.
    pub due: i64,
    /// Since when the oldest of it is.
    pub oldest: Timestamp,
}

/// How an attempt went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SendOutcome {
    /// How far it is now.
    pub status: SendStatus,
    /// What went wrong.
    pub error: Option<String>,
    /// When it was.
    pub at: Timestamp,
    /// When to try again; matters where it is still pending.
    pub due_at: Timestamp,
}

/// For how long something is one station's alone.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// Whose.
    pub station: &'a str,
    /// From when.
    pub now: Timestamp,
    /// Until when: longer than an attempt takes.
    pub until: Timestamp,
}

/// What goes out, in the store.
#[derive(Clone, Copy, Debug)]
pub struct NotificationSends<'a>(pub(crate) &'a Store);

impl NotificationSends<'_> {
    /// Makes at most `limit` of what is due at `lease.now` the station's own until the lease is over, longest due first,
    /// and answers with it. Nobody else gets the same meanwhile.
    pub async fn claim(self, lease: &Lease<'_>, limit: u32) -> Result<Vec<Send>, StoreError> {
        let mut due = Sql::new(" AND s.due_at <= ");
        due.time(lease.now);
        self.claim_those(due, lease, limit).await
    }

    /// The same of what waits for one user on one channel, whether it is due or only at `due` at the latest: what a
    /// digest gathers.
    pub async fn claim_of_user(
        self,
        user_id: &str,
        channel: Channel,
        due: Timestamp,
        lease: &Lease<'_>,
        limit: u32,
    ) -> Result<Vec<Send>, StoreError> {
        let mut waiting = Sql::new(" AND s.user_id = ");
        waiting.text(user_id).push(" AND s.channel = ").text(channel.name());
        waiting.push(" AND s.due_at <= ").time(due);
        self.claim_those(waiting, lease, limit).await
    }

    async fn claim_those(
        self,
        condition: Sql,
        lease: &Lease<'_>,
        limit: u32,
    ) -> Result<Vec<Send>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let mut waiting = Sql::new(SELECT);
                waiting.push(" AND s.status = 'pending'").append(&condition);
                waiting.push(" AND (s.claimed_by IS NULL OR s.claimed_until <= ").time(lease.now);
                waiting.push(") ORDER BY s.due_at, s.notification_id LIMIT ").number(limit.into());
                let mut mine = Vec::new();
                for send in waiting.all(writing.connection(), read).await? {
                    // Between the look and this, another station may have been faster.
                    let mut sql = Sql::new("UPDATE notification_sends SET claimed_by = ");
                    sql.text(lease.station).push(", claimed_until = ").time(lease.until);
                    sql.push(" WHERE status = 'pending' AND (claimed_by IS NULL OR claimed_until <= ");
                    sql.time(lease.now).push(")").append(&these(&send));
                    if sql.execute(writing.connection()).await? == 1 {
                        mine.push(send);
                    }
                }
                writing.commit().await?;
                Ok(mine)
            })
            .await
    }

    /// Notes how an attempt of `station` went; `false` where it is not pending any more, or where another station has
    /// it now and this attempt failed.
    pub async fn note(self, send: &Send, station: &str, outcome: &SendOutcome) -> Result<bool, StoreError> {
        let sent = (outcome.status == SendStatus::Sent).then_some(outcome.at);
        let mut sql = Sql::new("UPDATE notification_sends SET attempts = attempts + 1, status = ");
        sql.text(outcome.status.name()).push(", due_at = ").time(outcome.due_at);
        sql.push(", last_error = ").optional_text(outcome.error.as_deref());
        sql.push(", sent_at = ").optional_time(sent).push(", claimed_by = NULL, claimed_until = NULL");
        sql.push(" WHERE status = 'pending'").append(&these(send));
        if sent.is_none() {
            sql.push(" AND claimed_by = ").text(station);
        }
        Ok(self.0.write(&sql).await? == 1)
    }

    /// Lets others have what `station` has claimed and not sent; how many there were.
    pub async fn release(self, station: &str) -> Result<u64, StoreError> {
        let mut sql = Sql::new("UPDATE notification_sends SET claimed_by = NULL, claimed_until = NULL");
        sql.push(" WHERE status = 'pending' AND claimed_by = ").text(station);
        self.0.write(&sql).await
    }

    /// What is due at `now` by each way and is still to go; the ways by which something is.
    pub async fn waiting(self, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
        let mut sql =
            Sql::new("SELECT channel, COUNT(*) AS due, MIN(due_at) AS oldest FROM notification_sends ");
        sql.push("WHERE status = 'pending' AND due_at <= ").time(now).push(" GROUP BY channel");
        let read = |row: &AnyRow| {
            let channel = row.word("channel", Channel::of)?;
            Ok(Waiting { channel, due: row.number("due")?, oldest: row.time("oldest")? })
        };
        self.0.read_all(&sql, read).await
    }

    /// How many there are of a notification, by how far they are.
    pub async fn statuses(self, notification_id: &str) -> Result<Vec<(Channel, SendStatus)>, StoreError> {
        let mut sql = Sql::new("SELECT channel, status FROM notification_sends WHERE notification_id = ");
        sql.text(notification_id).push(" ORDER BY channel, device_id");
        let read =
            |row: &AnyRow| Ok((row.word("channel", Channel::of)?, row.word("status", SendStatus::of)?));
        self.0.read_all(&sql, read).await
    }
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    notification: &Notification,
    send: &Outgoing,
) -> Result<(), StoreError> {
    let mut sql = Sql::new(
        "INSERT INTO notification_sends (notification_id, channel, device_id, user_id, status, attempts, due_at) \
         VALUES (",
    );
    sql.text(&notification.id).push(", ").text(send.channel.name()).push(", ").text(&send.device_id);
    sql.push(", ").text(&notification.user_id).push(", 'pending', 0, ").time(send.due_at).push(")");
    sql.execute(connection).await.map(|_| ())
}

/// The row of `send`.
fn these(send: &Send) -> Sql {
    let mut sql = Sql::new(" AND notification_id = ");
    sql.text(&send.notification.id).push(" AND channel = ").text(send.channel.name());
    sql.push(" AND device_id = ").text(&send.device_id);
    sql
}

const SELECT: &str = "SELECT n.id, n.user_id, n.kind, n.about, n.payload, n.created_at, n.read_at, s.channel, \
    s.device_id, s.attempts, s.due_at FROM notification_sends s CROSS JOIN notifications n \
    WHERE n.id = s.notification_id";

fn read(row: &AnyRow) -> Result<Send, StoreError> {
    Ok(Send {
        notification: crate::notifications::read(row)?,
        channel: row.word("channel", Channel::of)?,
        device_id: row.text("device_id")?,
        attempts: row.count("attempts")?,
        due_at: row.time("due_at")?,
    })
}
