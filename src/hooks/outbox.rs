//! Brings what webhooks are to be told: each webhook's deliveries in their order, until they are taken or
//! their time is over.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use store::{Attempt, Delivery, DeliveryStatus, Store, StoreError, Timestamp, Webhook};
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::backoff;
use super::courier::{Courier, Letter, NotTaken};
use super::event::envelope;
use super::standing;
use crate::http::reach::Reach;
use crate::logs::Redacted;

/// How long a receiver may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Requests under way at a time, one a webhook. Nobody may make nearly as many webhooks, so nobody's slow
/// receivers take all of them.
const UNDER_WAY: usize = 64;

/// How often the store is asked what is due. One look-up in an index; a second is soon enough.
const LOOK: Duration = Duration::from_secs(1);

/// How long the store is left alone after it was found away, in looks.
const REST: u32 = 5;

/// For how long a delivery is one station's alone. Longer than an answer may take and than a database is usually away
/// before its outcome can be noted; where a station dies, what it was bringing waits so long for another.
const LEASE: Duration = Duration::from_mins(2);

/// How long deliveries are kept once they were taken or given up.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// How often older ones are removed.
const PRUNING: Duration = Duration::from_hours(1);

/// What time it is; a test has a clock of its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Brings deliveries for as long as it runs.
pub struct Outbox {
    errands: Errands,
    /// Webhooks with a request under way, by its task.
    busy: HashMap<Id, String>,
    pruned_at: Option<Timestamp>,
}

/// What a request needs. Cheap to clone.
#[derive(Clone)]
struct Errands {
    store: Store,
    /// By which this outbox claims what it brings; another one has another.
    name: Arc<str>,
    courier: Courier,
    reach: Reach,
    clock: Clock,
    look: Duration,
}

impl Outbox {
    /// An outbox over `store`. Webhooks that people made reach machines within `reach`.
    pub fn new(store: Store, courier: Courier, reach: Reach) -> Self {
        let name = store::id().into();
        let errands = Errands { store, name, courier, reach, clock: Arc::new(Timestamp::now), look: LOOK };
        Self { errands, busy: HashMap::new(), pruned_at: None }
    }

    /// The same outbox by another clock, looking for work every `look`.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock, look: Duration) -> Self {
        self.errands.clock = clock;
        self.errands.look = look;
        self
    }

    /// Runs until `shutdown`. What is under way then is brought again by another station or the next start, since
    /// nobody noted that it was taken.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut under_way = JoinSet::new();
        let mut away = false;
        loop {
            let begun = self.begin(&mut under_way).await;
            match &begun {
                Ok(()) => away = false,
                // Said once, not every few seconds.
                Err(cause) if away => debug!("webhooks still wait: {cause}"),
                Err(cause) => {
                    warn!("webhooks wait for the database: {cause}");
                    away = true;
                }
            }
            let pause = self.errands.look * if away { REST } else { 1 };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(over) = under_way.join_next_with_id() => {
                    let task = match over {
                        Ok((task, ())) => task,
                        Err(cause) => {
                            error!("a webhook's request broke off: {cause}");
                            cause.id()
                        }
                    };
                    self.busy.remove(&task);
                }
                () = sleep(pause) => {}
            }
        }
        under_way.shutdown().await;
        if let Err(cause) = self.errands.store.deliveries().release(&self.errands.name).await {
            info!("webhooks that were being told are told again in {} s: {cause}", LEASE.as_secs());
        }
    }

    /// Begins what is due.
    async fn begin(&mut self, under_way: &mut JoinSet<()>) -> Result<(), StoreError> {
        let now = (self.errands.clock)();
        let store = &self.errands.store;
        if self.pruned_at.is_none_or(|at| now.since(at) >= PRUNING) {
            let removed = store.deliveries().delete_before(now.minus(KEPT)).await?;
            if removed > 0 {
                info!("{removed} old deliveries of webhooks were removed");
            }
            self.pruned_at = Some(now);
        }
        if self.busy.len() >= UNDER_WAY {
            return Ok(());
        }
        // What is under way is still due until its outcome is noted.
        for delivery in store.deliveries().due(&self.errands.name, now, UNDER_WAY as u32).await? {
            let known = self.busy.values().any(|webhook| *webhook == delivery.webhook_id);
            if known || self.busy.len() >= UNDER_WAY {
                continue;
            }
            let Some(webhook) = store.webhooks().load(&delivery.webhook_id).await? else { continue };
            let until = now.plus(LEASE);
            if !store.deliveries().claim(&delivery, &self.errands.name, now, until).await? {
                continue;
            }
            let (errands, id) = (self.errands.clone(), webhook.id.clone());
            let task = under_way.spawn(async move { errands.run(&webhook, &delivery).await });
            self.busy.insert(task.id(), id);
        }
        Ok(())
    }
}

impl Errands {
    /// One attempt, and its note in the store.
    async fn run(&self, webhook: &Webhook, delivery: &Delivery) {
        let outcome = self.bring(webhook, delivery).await;
        if let Err(cause) = &outcome {
            info!(
                webhook.id = %webhook.id, webhook.delivery = %delivery.id,
                "a webhook was not told of {}: {cause}", delivery.event
            );
        }
        let attempt = attempt(delivery, &outcome, (self.clock)(), random());
        // Without the note it would be brought again: the database gets the time that it needs.
        while let Err(cause) = self.store.deliveries().note(&delivery.id, &self.name, &attempt).await {
            if !cause.is_unavailable() {
                error!(webhook.delivery = %delivery.id, "the outcome of a delivery is lost: {cause}");
                return;
            }
            debug!(webhook.delivery = %delivery.id, "the outcome of a delivery waits: {cause}");
            sleep(self.look * REST).await;
        }
    }

    async fn bring(&self, webhook: &Webhook, delivery: &Delivery) -> Result<(), NotTaken> {
        let body = envelope(delivery).map_err(NotTaken::Unreadable)?;
        let now = (self.clock)();
        let retired = webhook.retired.iter().filter(|retired| retired.until > now);
        // The former one last: who reads only one signature is one who has not been told of the new secret.
        let secrets = std::iter::once(&webhook.secret).chain(retired.map(|retired| &retired.secret));
        let secrets: Vec<_> = secrets.map(|secret| Redacted::new(secret.expose().to_owned())).collect();
        let letter = Letter {
            url: &webhook.url,
            // The one of the settings is the operator's own.
            reach: if webhook.id == standing::ID { Reach::Anywhere } else { self.reach },
            secrets: &secrets,
            event: &delivery.event,
            id: &delivery.id,
            body: Bytes::from(body),
        };
        self.courier.bring(letter, u64::try_from(now.as_millis() / 1_000).unwrap_or(0)).await
    }
}

/// What is noted of an attempt that ended at `now` with `outcome`; `random` is in [0, 1).
fn attempt(delivery: &Delivery, outcome: &Result<(), NotTaken>, now: Timestamp, random: f64) -> Attempt {
    let noted = |status, next_attempt_at| {
        let cause = outcome.as_ref().err();
        Attempt {
            status,
            answer: cause.and_then(NotTaken::status).map(|status| i64::from(status.as_u16())),
            error: cause.map(ToString::to_string),
            at: now,
            next_attempt_at,
        }
    };
    if outcome.is_ok() {
        return noted(DeliveryStatus::Delivered, now);
    }
    match backoff::wait(delivery.attempts + 1, now.since(delivery.created_at), random) {
        Some(wait) => noted(DeliveryStatus::Pending, now.plus(wait)),
        None => noted(DeliveryStatus::Failed, now),
    }
}

/// In [0, 1). Without the system's random numbers deliveries only come back together.
fn random() -> f64 {
    let bits = getrandom::u32().unwrap_or(0);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests;
