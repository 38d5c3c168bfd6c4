//! Rings where somebody is who is told something: at their sockets in this station, and by the bus at those of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use store::{Notification, Store};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::signal::bus::{Bus, Received};

/// Sockets of one person that ring, in rooms and beside them: more than anybody has pages open.
const EARS: usize = 20;

/// Rings that a socket may be behind; one that is further behind counts anew what was not read.
const BEHIND: usize = 16;

/// What stations call it when they tell each other. No broadcast has a colon in its id.
const CHANNEL: &str = ":people";

/// What rings for somebody.
#[derive(Clone, Debug)]
pub enum Ring {
    /// They were told something.
    Told(Arc<Notification>),
    /// How much they have not read may be another number now.
    Counted,
}

/// Rings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    bus: Bus,
    ears: Mutex<HashMap<String, broadcast::Sender<Ring>>>,
}

/// What a station tells the others.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
enum Word {
    /// These people were told this: accounts, and notifications.
    Told(Vec<(String, String)>),
    /// Somebody has read something.
    Read(String),
}

/// Hears what rings for one person.
#[derive(Debug)]
pub struct Ear {
    bell: Bell,
    user: String,
    rings: broadcast::Receiver<Ring>,
}

impl Bell {
    /// A bell that other stations hear by `bus`, and that finds in `store` what they told.
    pub fn new(store: Store, bus: Bus) -> Self {
        Self(Arc::new(Inner { store, bus, ears: Mutex::default() }))
    }

    /// Hears what rings for an account from now on; `None` where it is heard at as many places as may be.
    pub fn listen(&self, user: &str) -> Option<Ear> {
        let mut ears = self.ears();
        let rings = match ears.get(user) {
            Some(sender) if sender.receiver_count() >= EARS => return None,
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, rings) = broadcast::channel(BEHIND);
                ears.insert(user.to_owned(), sender);
                rings
            }
        };
        Some(Ear { bell: self.clone(), user: user.to_owned(), rings })
    }

    /// Rings for those who were told something, once it is kept.
    pub fn told(&self, new: &[Notification]) {
        for notification in new {
            self.ring(&notification.user_id, || Ring::Told(Arc::new(notification.clone())));
        }
        if !new.is_empty() {
            self.say(&Word::Told(new.iter().map(|it| (it.user_id.clone(), it.id.clone())).collect()));
        }
    }

    /// Somebody has read something: what is shown elsewhere is to be counted anew.
    pub fn read(&self, user: &str) {
        self.ring(user, || Ring::Counted);
        self.say(&Word::Read(user.to_owned()));
    }

    /// Rings for what other stations tell, until `shutdown`.
    pub async fn hear_others(self, shutdown: CancellationToken) {
        let mut others = self.0.bus.subscribe(CHANNEL);
        while let Some(Some(received)) = shutdown.run_until_cancelled(others.next()).await {
            match received {
                Received::Envelope(envelope) => match serde_json::from_slice(&envelope.payload) {
                    Ok(word) => self.hear(word).await,
                    Err(cause) => debug!("another station tells what is not understood: {cause}"),
                },
                // Somebody may have been told something.
                Received::Gap => {
                    let here: Vec<_> = self.ears().keys().cloned().collect();
                    for user in here {
                        self.ring(&user, || Ring::Counted);
                    }
                }
            }
        }
    }

    async fn hear(&self, word: Word) {
        let told = match word {
            Word::Told(told) => told,
            Word::Read(user) => return self.ring(&user, || Ring::Counted),
        };
        for (user, id) in told {
            if !self.ears().contains_key(&user) {
                continue;
            }
            match self.0.store.notifications().load(&id).await {
                Ok(Some(it)) if it.user_id == user => self.ring(&user, || Ring::Told(Arc::new(it))),
                Ok(_) => {}
                Err(cause) => {
                    debug!("what another station told somebody is not known: {cause}");
                    self.ring(&user, || Ring::Counted);
                }
            }
        }
    }

    fn ring(&self, user: &str, ring: impl FnOnce() -> Ring) {
        if let Some(sender) = self.ears().get(user) {
            // An error says that nobody is there any more.
            sender.send(ring()).ok();
        }
    }

    fn say(&self, word: &Word) {
        // Names alone: there is nothing in it that JSON could not say.
        self.0.bus.publish(CHANNEL, serde_json::to_vec(word).unwrap_or_default().into());
    }

    fn ears(&self) -> MutexGuard<'_, HashMap<String, broadcast::Sender<Ring>>> {
        // Each change is one call of the map's own.
        self.0.ears.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ear {
    /// What rings next.
    pub async fn next(&mut self) -> Ring {
        match self.rings.recv().await {
            Ok(ring) => ring,
            // The bell holds the sender for as long as this hears.
            Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => {
                Ring::Counted
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut ears = self.bell.ears();
        // This one is still counted.
        if ears.get(&self.user).is_some_and(|sender| sender.receiver_count() <= 1) {
            ears.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use store::Database;

    use super::*;
    use crate::both::Home;
    use crate::signal::bus::Exchange;

    fn notification(user: &str) -> Notification {
        Notification {
            id: store::id(),
            user_id: user.to_owned(),
            kind: "hostLive".to_owned(),
            about: store::id(),
            payload: "{}".to_owned(),
            created_at: store::Timestamp::now(),
            read_at: None,
        }
    }

    #[tokio::test]
    async fn it_rings_at_every_ear_of_a_person_and_at_no_other() {
        let home = Home::new(Database::Sqlite);
        let bell = Bell::new(home.store().await, Bus::alone());
        let mut ears: Vec<_> = (0..EARS).map(|_| bell.listen("bob").unwrap()).collect();
        assert!(bell.listen("bob").is_none(), "there are as many as may be");
        let mut other = bell.listen("eve").unwrap();
        let told = notification("bob");
        bell.told(std::slice::from_ref(&told));
        for ear in &mut ears {
            assert!(matches!(ear.next().await, Ring::Told(it) if *it == told));
        }
        ears.pop();
        assert!(bell.listen("bob").is_some());
        for _ in 0..=BEHIND {
            bell.told(&[notification("eve")]);
        }
        assert!(matches!(other.next().await, Ring::Counted), "it was too far behind");
        drop((ears, other));
        assert!(bell.ears().is_empty());
    }

    #[tokio::test]
    async fn another_station_rings_too() {
        let home = Home::new(Database::Sqlite);
        let store = home.store().await;
        let exchange = Exchange::new();
        let bells = [Bell::new(store.clone(), exchange.bus()), Bell::new(store.clone(), exchange.bus())];
        crate::schedule::tests::account(&store, "bob").await;
        let mut ear = bells[1].listen("bob").unwrap();
        let shutdown = CancellationToken::new();
        let hearing = tokio::spawn(bells[1].clone().hear_others(shutdown.clone()));
        assert!(matches!(ear.next().await, Ring::Counted), "it hears from now on");
        let told = notification("bob");
        let new = store.notifications().tell(vec![(told.clone(), Vec::new())]).await.unwrap();
        bells[0].told(&new);
        assert!(matches!(ear.next().await, Ring::Told(it) if it.id == told.id));
        bells[0].read("bob");
        assert!(matches!(ear.next().await, Ring::Counted));
        shutdown.cancel();
        hearing.await.unwrap();
    }
}
