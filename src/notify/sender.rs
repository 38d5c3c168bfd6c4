//! Sends what people are told by the ways that were chosen for it: each once, again where it may help, and not any more
//! once it is worth nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use notices::email::Letter;
use notices::{Notice, Outcome, Urgency};
use store::{Channel, Lease, Send, SendOutcome, SendStatus, Store, StoreError, Timestamp, User};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};
use url::Url;
use uuid::Uuid;

use super::channels::Channels;
use super::kind::Kind;
use super::told::Told;
use super::unsubscribe::Unsubscribe;
use super::ways::zone;
use crate::hooks::backoff;
use crate::metrics::notices::{NoticeCounts, Sent};

/// What is under way at a time; a relay and the push services take as much from one sender.
const UNDER_WAY: u32 = 64;

/// How often the store is asked what is due. One look-up in an index.
const LOOK: Duration = Duration::from_secs(1);

/// How long the store is left alone after it was found away, in looks.
const REST: u32 = 5;

/// For how long something is one station's alone: longer than every attempt of a batch takes. Where a station dies, what
/// it was sending waits so long for another.
const LEASE: Duration = Duration::from_mins(5);

/// Notices that one digest gathers.
const DIGEST_MAX: u32 = 50;

/// How long what people were told stays in their lists.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// How often older ones are removed, and how many at a time.
const PRUNING: Duration = Duration::from_hours(1);
const PRUNED: u32 = 10_000;

/// How often it is counted what waits.
const BOOKING: Duration = Duration::from_secs(15);

/// What time it is; a test has a clock of its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + std::marker::Send + Sync>;

/// Sends for as long as it runs.
#[derive(Clone)]
pub struct Sender {
    store: Store,
    /// By which this sender claims what it sends; another one has another.
    name: Arc<str>,
    channels: Channels,
    unsubscribe: Arc<Unsubscribe>,
    /// The station's address, for links.
    base: Url,
    clock: Clock,
    look: Duration,
    counts: NoticeCounts,
}

impl Sender {
    /// A sender over `store`; links lead below `base`.
    pub fn new(store: Store, channels: Channels, unsubscribe: Arc<Unsubscribe>, base: Url) -> Self {
        let name = store::id().into();
        Self {
            store,
            name,
            channels,
            unsubscribe,
            base,
            clock: Arc::new(Timestamp::now),
            look: LOOK,
            counts: NoticeCounts::new(),
        }
    }

    /// The same sender, counting there.
    #[must_use]
    pub fn counted(self, counts: NoticeCounts) -> Self {
        Self { counts, ..self }
    }

    /// The same sender by another clock, looking for work every `look`.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock, look: Duration) -> Self {
        self.clock = clock;
        self.look = look;
        self
    }

    /// Runs until `shutdown`. What is under way then is sent again by another station or the next start, since nobody
    /// noted that it went; a Message-ID, an `apns-id` and the id inside show that it is the same.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut away = false;
        let mut pruned_at = None;
        let mut booked: Option<Instant> = None;
        loop {
            let looked = shutdown.run_until_cancelled(self.send_due(&mut pruned_at)).await;
            if booked.is_none_or(|at| at.elapsed() >= BOOKING) {
                booked = Some(Instant::now());
                if let Some(Err(cause)) = shutdown.run_until_cancelled(self.book()).await {
                    debug!("what waits is not counted: {cause}");
                }
            }
            let pause = match looked {
                None => break,
                Some(Ok(sent)) => {
                    away = false;
                    // As long as there is more, nobody waits.
                    if sent >= UNDER_WAY as usize { Duration::ZERO } else { self.look }
                }
                Some(Err(cause)) => {
                    if away {
                        debug!("notifications still wait: {cause}");
                    } else {
                        warn!("notifications wait for the database: {cause}");
                    }
                    away = true;
                    self.look * REST
                }
            };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = sleep(pause) => {}
            }
        }
        if let Err(cause) = self.store.notification_sends().release(&self.name).await {
            info!("notifications that were being sent are sent again in {} s: {cause}", LEASE.as_secs());
        }
    }

    /// Counts what waits.
    async fn book(&self) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.counts.stand(&self.store.notification_sends().waiting(now).await?, now);
        Ok(())
    }

    /// Sends what is due; how much there was.
    async fn send_due(&self, pruned_at: &mut Option<Timestamp>) -> Result<usize, StoreError> {
        let now = (self.clock)();
        if pruned_at.is_none_or(|at| now.since(at) >= PRUNING) {
            let removed = self.store.notifications().delete_before(now.minus(KEPT), PRUNED).await?;
            if removed > 0 {
                info!("{removed} old notifications were removed");
            }
            *pruned_at = Some(now);
        }
        let lease = Lease { station: &self.name, now, until: now.plus(LEASE) };
        let due = self.store.notification_sends().claim(&lease, UNDER_WAY).await?;
        let claimed = due.len();
        let mut letters: HashMap<String, Vec<Send>> = HashMap::new();
        let mut under_way = JoinSet::new();
        for send in due {
            if send.channel == Channel::Email {
                letters.entry(send.notification.user_id.clone()).or_default().push(send);
            } else {
                let sender = self.clone();
                under_way.spawn(async move { sender.push(&send).await });
            }
        }
        for (user, sends) in letters {
            let sender = self.clone();
            under_way.spawn(async move { sender.write(&user, sends).await });
        }
        while let Some(over) = under_way.join_next().await {
            match over {
                Ok(Ok(())) => {}
                Ok(Err(cause)) => debug!("a notification waits for the database: {cause}"),
                Err(cause) => error!("a notification broke off: {cause}"),
            }
        }
        Ok(claimed)
    }

    /// Sends to a device.
    async fn push(&self, send: &Send) -> Result<(), StoreError> {
        let Some((kind, told)) = facts(send) else { return self.note(send, unreadable()).await };
        let device = self.store.devices().load(&send.device_id).await?;
        // Who took it over meanwhile is somebody else.
        let device = device.filter(|device| device.user_id == send.notification.user_id);
        let Some(device) = device else {
            return self
                .note(send, Outcome::Gone { why: "the device is not registered any more".to_owned() })
                .await;
        };
        let wanted = self.store.notification_preferences().load(&device.user_id).await?;
        let (title, body) = told.words(kind, &zone(&wanted));
        let outcome = match self.notice(&send.notification.id, kind, &told, &title, &body) {
            Some(notice) => self.channels.push(&device, &notice).await,
            None => unreadable(),
        };
        if let Outcome::Gone { why } = &outcome {
            info!(user.id = %device.user_id, "a device is forgotten: {why}");
            self.store.devices().delete(&device.user_id, &device.id).await?;
        }
        self.note(send, outcome).await
    }

    /// Sends what waits for somebody as one letter.
    async fn write(&self, user_id: &str, mut sends: Vec<Send>) -> Result<(), StoreError> {
        let wanted = self.store.notification_preferences().load(user_id).await?;
        if wanted.digest_at.is_some() {
            let now = (self.clock)();
            let lease = Lease { station: &self.name, now, until: now.plus(LEASE) };
            let more = self.store.notification_sends();
            sends.extend(more.claim_of_user(user_id, Channel::Email, now, &lease, DIGEST_MAX).await?);
        }
        let user = self.store.users().load(user_id).await?.filter(|user| user.suspended_at.is_none());
        let Some(user) = user else {
            for send in &sends {
                self.note(send, Outcome::Gone { why: "the account is gone".to_owned() }).await?;
            }
            return Ok(());
        };
        let there = zone(&wanted);
        let mut parts = Vec::new();
        for send in sends {
            match facts(&send) {
                Some((kind, told)) => {
                    let words = told.words(kind, &there);
                    parts.push((send, kind, told, words));
                }
                None => self.note(&send, unreadable()).await?,
            }
        }
        let Some((first, kind, told, (title, body))) = parts.first() else { return Ok(()) };
        let notice = if parts.len() == 1 {
            self.notice(&first.notification.id, *kind, told, title, body)
        } else {
            let lines: Vec<_> = parts.iter().map(|(.., (title, _))| title.as_str()).collect();
            let title = format!("{} notifications", parts.len());
            self.base.join("/notifications").ok().and_then(|link| {
                let id = Uuid::parse_str(&first.notification.id).ok()?;
                Notice::new(id, &title, &lines.join(" · "), link).ok()
            })
        };
        let outcome = match notice {
            Some(notice) => self.letter(&user, *kind, &notice).await,
            None => unreadable(),
        };
        match &outcome {
            Outcome::Sent if wanted.bounces > 0 => {
                self.store.notification_preferences().bounced(user_id, false, (self.clock)()).await?;
            }
            Outcome::Gone { why } => {
                let bounces =
                    self.store.notification_preferences().bounced(user_id, true, (self.clock)()).await?;
                info!(user.id = %user_id, "a letter came back, the {bounces}. in a row: {why}");
            }
            _ => {}
        }
        for (send, ..) in &parts {
            self.note(send, outcome.clone()).await?;
        }
        Ok(())
    }

    async fn letter(&self, user: &User, kind: Kind, notice: &Notice) -> Outcome {
        let token = self.unsubscribe.token(&user.id, kind);
        let unsubscribe = self.base.join(&format!("/unsubscribe/{token}")).ok();
        let letter = Letter { to: &user.email, notice, unsubscribe: unsubscribe.as_ref() };
        self.channels.write(&letter).await
    }

    /// The notice in these words; `None` where what is kept cannot be one.
    fn notice(&self, id: &str, kind: Kind, told: &Told, title: &str, body: &str) -> Option<Notice> {
        let link = self.base.join(&told.link()).ok()?;
        let mut notice = Notice::new(Uuid::parse_str(id).ok()?, title, body, link).ok()?;
        notice.life = kind.life();
        notice.urgency = if kind.is_urgent() { Urgency::High } else { Urgency::Normal };
        Some(notice)
    }

    /// Notes what became of an attempt.
    async fn note(&self, send: &Send, outcome: Outcome) -> Result<(), StoreError> {
        let now = (self.clock)();
        let noted = noted(send, outcome, now, random());
        if let Some(why) = &noted.error {
            let (id, channel) = (&send.notification.id, send.channel.name());
            debug!(notification.id = %id, "a notification did not go out by {channel}: {why}");
        }
        // Without the note it would be sent again: the database gets the time that it needs.
        loop {
            match self.store.notification_sends().note(send, &self.name, &noted).await {
                Err(cause) if cause.is_unavailable() && noted.status == SendStatus::Sent => {
                    debug!("the outcome of a notification waits: {cause}");
                    sleep(self.look * REST).await;
                }
                outcome => {
                    if outcome? {
                        self.counts.sent.add(Sent { channel: send.channel, status: noted.status }, 1);
                    }
                    return Ok(());
                }
            }
        }
    }
}

/// What is noted of an attempt that ended at `now`; `random` is in [0, 1).
fn noted(send: &Send, outcome: Outcome, now: Timestamp, random: f64) -> SendOutcome {
    let done = |status, error| SendOutcome { status, error, at: now, due_at: now };
    match outcome {
        Outcome::Sent => done(SendStatus::Sent, None),
        Outcome::Gone { why } => done(SendStatus::Gone, Some(why)),
        Outcome::Refused { why } => done(SendStatus::Refused, Some(why)),
        Outcome::Later { after, why } => {
            let wait = backoff::wait(send.attempts + 1, Duration::ZERO, random).unwrap_or(backoff::PATIENCE);
            let due_at = now.plus(after.unwrap_or(wait).max(SHORTEST));
            let life = Kind::of(&send.notification.kind).map(Kind::life).unwrap_or_default();
            let last = send.notification.created_at.plus(life);
            if due_at > last {
                return done(SendStatus::Late, Some(why));
            }
            SendOutcome { due_at, ..done(SendStatus::Pending, Some(why)) }
        }
    }
}

/// A service that says «at once» is given this long all the same.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is told, where this version can read it.
fn facts(send: &Send) -> Option<(Kind, Told)> {
    Some((Kind::of(&send.notification.kind)?, Told::of_payload(&send.notification.payload)?))
}

fn unreadable() -> Outcome {
    Outcome::Refused { why: "what was to be told cannot be read".to_owned() }
}

/// In [0, 1). Without the system's random numbers what failed only comes back together.
fn random() -> f64 {
    let bits = getrandom::u32().unwrap_or(0);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests;
