//! Writes down what people are to be told: once for each, with the ways by which it goes out.

use std::collections::HashMap;

use store::{Device, Notification, Store, StoreError, Timestamp};

use super::bell::Bell;
use super::channels::Channels;
use super::kind::Kind;
use super::told::Told;
use super::ways;
use crate::metrics::notices::NoticeCounts;

/// People who are told at a time; more are the caller's to divide.
pub const AT_ONCE: usize = 200;

/// Tells people. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Teller {
    store: Store,
    channels: Channels,
    bell: Option<Bell>,
    counts: NoticeCounts,
}

impl Teller {
    /// Writes into `store` what goes out by `channels`.
    pub fn new(store: Store, channels: Channels) -> Self {
        Self { store, channels, bell: None, counts: NoticeCounts::new() }
    }

    /// The same, counting there.
    #[must_use]
    pub fn counted(self, counts: NoticeCounts) -> Self {
        Self { counts, ..self }
    }

    /// The same, and it rings where people are.
    #[must_use]
    pub fn ringing(self, bell: Bell) -> Self {
        Self { bell: Some(bell), ..self }
    }

    /// Tells at most [`AT_ONCE`] `people` that something happened at `at`. `about` names it: who was told of it before is
    /// not told again, so that it does no harm to ask twice. Answers with what is new.
    pub async fn tell(
        &self,
        people: &[String],
        kind: Kind,
        about: &str,
        told: &Told,
        at: Timestamp,
    ) -> Result<Vec<Notification>, StoreError> {
        let people = &people[..people.len().min(AT_ONCE)];
        let wanted = self.store.notification_preferences().of_users(people).await?;
        let mut devices: HashMap<String, Vec<Device>> = HashMap::new();
        for device in self.store.devices().of_users(people).await? {
            if self.channels.has(device.channel) {
                devices.entry(device.user_id.clone()).or_default().push(device);
            }
        }
        let payload = told.to_payload();
        let about = format!("{}:{about}", kind.name());
        let mut all = Vec::with_capacity(people.len());
        for person in people {
            let notification = Notification {
                id: store::id(),
                user_id: person.clone(),
                kind: kind.name().to_owned(),
                about: about.clone(),
                payload: payload.clone(),
                created_at: at,
                read_at: None,
            };
            let wanted = wanted.get(person).cloned().unwrap_or_default();
            let devices = devices.get(person).map_or(&[][..], Vec::as_slice);
            all.push((notification, ways::ways(kind, &wanted, devices, self.channels.mail(), at)));
        }
        let new = self.store.notifications().tell(all).await?;
        self.counts.told.add(kind, new.len() as u64);
        if let Some(bell) = &self.bell {
            bell.told(&new);
        }
        Ok(new)
    }
}
