//! What other processes do to accounts, sign-ins and API keys: `onair user`, and other stations on the same database.
//!
//! A station keeps in memory whom it lets in ([`crate::auth`]), so that nothing is asked of the database for that. What
//! changes is noted there in the same transaction; [`Watch`] reads on from the last note, and takes over what it finds.

use std::sync::Arc;
use std::time::Duration;

use store::{AccessChange, AccessSubject, StoreError, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::auth::{Auth, access};
use crate::broadcasts::{may_broadcast, take_off_air};
use crate::live::{Closed, HallHandle};
use crate::playback::Gate;
use crate::signal::{Rooms, standing};

/// How often the database is asked: one look-up by a key.
pub const LOOK: Duration = Duration::from_secs(10);

/// Changes that are read at a time.
const BATCH: u32 = 500;

/// Why changes are not taken over now.
#[derive(Debug, thiserror::Error)]
pub enum Missed {
    /// They cannot be read; the next look reads them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The station stops.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Takes over what other processes change.
pub struct Watch {
    auth: Arc<Auth>,
    gate: Arc<Gate>,
    hall: HallHandle,
    rooms: Arc<Rooms>,
    /// Everything up to this number is taken over.
    seen: i64,
}

impl Watch {
    /// Takes over what happened within the life of an access token: an earlier process knew it, and it still counts.
    /// Call it while the hall runs.
    pub async fn open(
        auth: Arc<Auth>,
        gate: Arc<Gate>,
        hall: HallHandle,
        rooms: Arc<Rooms>,
    ) -> Result<Self, Missed> {
        let since = Timestamp::now().minus(access::LIFE);
        let seen = auth.store().access_changes().last_before(since).await?;
        let mut watch = Self { auth, gate, hall, rooms, seen };
        watch.look().await?;
        Ok(watch)
    }

    /// Looks every [`LOOK`] until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
            match self.look().await {
                Ok(()) => away = false,
                // Said once, not every few seconds.
                Err(cause) if away => debug!("what other processes change is still not known: {cause}"),
                Err(cause) => {
                    warn!("what other processes change is not known for now: {cause}");
                    away = true;
                }
            }
        }
    }

    /// Takes over what has changed since the last look. What a look does not get to, the next one does again.
    pub async fn look(&mut self) -> Result<(), Missed> {
        loop {
            let changes = self.auth.store().access_changes().after(self.seen, BATCH).await?;
            let Some(last) = changes.last().map(|change| change.number) else { return Ok(()) };
            for change in &changes {
                self.take_over(change).await?;
            }
            self.seen = last;
        }
    }

    async fn take_over(&self, change: &AccessChange) -> Result<(), Missed> {
        let at = u64::try_from(change.at.as_millis()).unwrap_or(0);
        match change.subject {
            AccessSubject::User => self.account(&change.id, at).await,
            AccessSubject::Session => {
                self.auth.session_ended(&change.id, at);
                Ok(())
            }
            AccessSubject::ApiKey => Ok(self.auth.key_changed(&change.id).await?),
        }
    }

    async fn account(&self, id: &str, at: u64) -> Result<(), Missed> {
        let Some(user) = self.auth.store().users().load(id).await? else { return Ok(()) };
        self.auth.account_changed_at(&user, at);
        if user.suspended_at.is_some() {
            self.gate.suspend(id);
        } else {
            self.gate.reinstate(id);
        }
        if !may_broadcast(&user) {
            take_off_air(&self.hall, id).await?;
        }
        Ok(standing::follow_account(&self.rooms, self.auth.store(), &user).await?)
    }
}

#[cfg(test)]
mod tests;
