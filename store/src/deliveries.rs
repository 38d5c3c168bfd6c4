//! What webhooks were told, and what they are yet to be told.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::broadcast::words;
use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;
use crate::webhooks;

words! {
    /// How far a delivery is.
    DeliveryStatus {
        /// It is to be sent.
        Pending = "pending",
        /// The receiver took it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}

/// Something that a webhook is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// A UUIDv7.
    pub id: String,
    /// Who is told.
    pub webhook_id: String,
    /// Its number among those of the webhook, from 1, without gaps.
    pub sequence: i64,
    /// What happened: `room_started`, …
    pub event: String,
    /// What is sent, as it is signed.
    pub body: String,
    /// How far it is.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
    /// The HTTP status of the last attempt, where there was an answer.
    pub last_status: Option<i64>,
    /// What went wrong at the last attempt.
    pub last_error: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When the receiver took it.
    pub delivered_at: Option<Timestamp>,
}

impl Delivery {
    /// Not yet tried, and due at once.
    fn new(id: &str, webhook_id: &str, sequence: i64, event: &str, body: String, at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            webhook_id: webhook_id.to_owned(),
            sequence,
            event: event.to_owned(),
            body,
            status: DeliveryStatus::Pending,
            attempts: 0,
            next_attempt_at: at,
            last_status: None,
            last_error: None,
            created_at: at,
            delivered_at: None,
        }
    }
}

/// How an attempt went.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// How far the delivery is now.
    pub status: DeliveryStatus,
    /// The HTTP status, where there was an answer.
    pub answer: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
    /// When it was.
    pub at: Timestamp,
    /// When to try again; matters where it is still pending.
    pub next_attempt_at: Timestamp,
}

/// Deliveries in the store.
#[derive(Clone, Copy, Debug)]
pub struct Deliveries<'a>(pub(crate) &'a Store);

impl Deliveries<'_> {
    /// Puts something at the end of what a webhook is told; `body` makes the text for its number. `None` where there
    /// is no such webhook. An id that is there already is answered with what is there.
    pub async fn enqueue(
        self,
        id: &str,
        webhook_id: &str,
        event: &str,
        at: Timestamp,
        body: impl FnOnce(i64) -> String + Send,
    ) -> Result<Option<Delivery>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let Some(sequence) = next_number(connection, webhook_id).await? else { return Ok(None) };
                // The number's row is locked, so nobody else inserts for this webhook meanwhile.
                let mut known = LISTING.select();
                known.push(" AND id = ").text(id);
                if let Some(known) = known.one(connection, read).await? {
                    return Ok(Some(known));
                }
                let delivery = Delivery::new(id, webhook_id, sequence, event, body(sequence), at);
                insertion(&delivery).execute(connection).await?;
                writing.commit().await?;
                Ok(Some(delivery))
            })
            .await
    }

    /// What `station` may send at `now`: of each webhook that is enabled the first that is pending, and only where its
    /// time has come and nobody else has claimed it, so that order is kept. Longest waiting first, at most `limit`.
    pub async fn due(self, station: &str, now: Timestamp, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS_OF_D).push(
            " FROM webhooks w CROSS JOIN webhook_deliveries d WHERE w.enabled = 1 AND d.webhook_id = w.id \
             AND d.sequence = (SELECT MIN(e.sequence) FROM webhook_deliveries e WHERE e.webhook_id = w.id \
             AND e.status = 'pending') AND d.next_attempt_at <= ",
        );
        sql.time(now).push(" AND (d.claimed_by IS NULL OR d.claimed_by = ").text(station);
        sql.push(" OR d.claimed_until <= ").time(now);
        sql.push(") ORDER BY d.next_attempt_at, d.id LIMIT ").number(limit.into());
        self.0.read_all(&sql, read).await
    }

    /// Makes a delivery that was due at `now` the `station`'s own until `until`; `false` where another station was
    /// faster, or has brought it meanwhile.
    pub async fn claim(
        self,
        delivery: &Delivery,
        station: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE webhook_deliveries SET claimed_by = ");
        sql.text(station).push(", claimed_until = ").time(until);
        sql.push(" WHERE status = 'pending' AND id = ").text(&delivery.id);
        sql.push(" AND attempts = ").number(delivery.attempts.into());
        sql.push(" AND next_attempt_at <= ").time(now);
        sql.push(" AND (claimed_by IS NULL OR claimed_by = ").text(station);
        sql.push(" OR claimed_until <= ").time(now).push(")");
        Ok(self.0.write(&sql).await? == 1)
    }

    /// Lets others have what `station` has claimed and not brought; how many there were.
    pub async fn release(self, station: &str) -> Result<u64, StoreError> {
        let mut sql = Sql::new("UPDATE webhook_deliveries SET claimed_by = NULL, claimed_until = NULL");
        sql.push(" WHERE status = 'pending' AND claimed_by = ").text(station);
        self.0.write(&sql).await
    }

    /// Notes how an attempt of `station` went; `false` where the delivery is not pending any more, or where another
    /// station has it now and this attempt failed.
    pub async fn note(self, id: &str, station: &str, attempt: &Attempt) -> Result<bool, StoreError> {
        let delivered = (attempt.status == DeliveryStatus::Delivered).then_some(attempt.at);
        let mut sql = Sql::new("UPDATE webhook_deliveries SET attempts = attempts + 1, status = ");
        sql.text(attempt.status.name()).push(", next_attempt_at = ").time(attempt.next_attempt_at);
        sql.push(", last_status = ").optional_number(attempt.answer);
        sql.push(", last_error = ").optional_text(attempt.error.as_deref());
        sql.push(", delivered_at = ").optional_time(delivered);
        sql.push(", claimed_by = NULL, claimed_until = NULL");
        sql.push(" WHERE status = 'pending' AND id = ").text(id);
        if delivered.is_none() {
            sql.push(" AND claimed_by = ").text(station);
        }
        Ok(self.0.write(&sql).await? == 1)
    }

    /// Has it sent once more, from the beginning; `None` where there is no such delivery.
    pub async fn replay(self, id: &str, now: Timestamp) -> Result<Option<Delivery>, StoreError> {
        let mut sql = Sql::new("UPDATE webhook_deliveries SET status = 'pending', attempts = 0, ");
        sql.push("delivered_at = NULL, next_attempt_at = ").time(now).push(" WHERE id = ").text(id);
        self.0.write(&sql).await?;
        self.load(id).await
    }

    /// The delivery with this id.
    pub async fn load(self, id: &str) -> Result<Option<Delivery>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Those of a webhook, latest first; of one status, or all.
    pub async fn list(
        self,
        webhook_id: &str,
        status: Option<DeliveryStatus>,
        slice: &Slice,
    ) -> Result<Page<Delivery>, StoreError> {
        let mut condition = Sql::new(" AND webhook_id = ");
        condition.text(webhook_id);
        if let Some(status) = status {
            condition.push(" AND status = ").text(status.name());
        }
        LISTING.newest(self.0, &condition, slice).await
    }

    /// Forgets what happened before `before` and is not pending; how many there were.
    pub async fn delete_before(self, before: Timestamp) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM webhook_deliveries WHERE status <> 'pending' AND created_at < ");
        sql.time(before);
        self.0.write(&sql).await
    }
}

/// Takes the next number of a webhook and locks its row; `None` where there is no such webhook.
async fn next_number(connection: &mut AnyConnection, webhook_id: &str) -> Result<Option<i64>, StoreError> {
    let mut sql = Sql::new("UPDATE webhooks SET last_sequence = last_sequence + 1 WHERE id = ");
    sql.text(webhook_id).push(" RETURNING last_sequence");
    sql.one(connection, |row| row.number("last_sequence")).await
}

/// Enqueues for every webhook that is to be told of `event` in this broadcast.
pub(crate) async fn enqueue_for_all(
    connection: &mut AnyConnection,
    event: &str,
    broadcast_id: &str,
    host_id: &str,
    at: Timestamp,
    body: &str,
) -> Result<(), StoreError> {
    for webhook in webhooks::concerned(connection, broadcast_id, host_id).await? {
        if !webhook.events.iter().any(|wanted| wanted == event) {
            continue;
        }
        if let Some(sequence) = next_number(connection, &webhook.id).await? {
            let delivery = Delivery::new(&crate::id(), &webhook.id, sequence, event, body.to_owned(), at);
            insertion(&delivery).execute(connection).await?;
        }
    }
    Ok(())
}

fn insertion(delivery: &Delivery) -> Sql {
    let mut sql = Sql::new("INSERT INTO webhook_deliveries (");
    sql.push(COLUMNS).push(") VALUES (").text(&delivery.id).push(", ").text(&delivery.webhook_id);
    sql.push(", ").number(delivery.sequence).push(", ").text(&delivery.event).push(", ").text(&delivery.body);
    sql.push(", ").text(delivery.status.name()).push(", ").number(delivery.attempts.into());
    sql.push(", ").time(delivery.next_attempt_at).push(", ").optional_number(delivery.last_status);
    sql.push(", ").optional_text(delivery.last_error.as_deref()).push(", ").time(delivery.created_at);
    sql.push(", ").optional_time(delivery.delivered_at).push(")");
    sql
}

const COLUMNS: &str = "id, webhook_id, sequence, event, body, status, attempts, next_attempt_at, last_status, \
    last_error, created_at, delivered_at";

const COLUMNS_OF_D: &str = "d.id, d.webhook_id, d.sequence, d.event, d.body, d.status, d.attempts, \
    d.next_attempt_at, d.last_status, d.last_error, d.created_at, d.delivered_at";

const LISTING: Listing<Delivery> = Listing {
    columns: COLUMNS,
    table: "webhook_deliveries",
    time: "sequence",
    id: "id",
    read,
    position: |delivery| Position::new(delivery.sequence, &delivery.id),
};

fn read(row: &AnyRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.text("id")?,
        webhook_id: row.text("webhook_id")?,
        sequence: row.number("sequence")?,
        event: row.text("event")?,
        body: row.text("body")?,
        status: row.word("status", DeliveryStatus::of)?,
        attempts: row.count("attempts")?,
        next_attempt_at: row.time("next_attempt_at")?,
        last_status: row.optional_number("last_status")?,
        last_error: row.optional_text("last_error")?,
        created_at: row.time("created_at")?,
        delivered_at: row.optional_time("delivered_at")?,
    })
}
