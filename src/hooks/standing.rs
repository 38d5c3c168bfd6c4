//! The webhook of the settings: it stands beside those that people made, and is told of everything.

use store::{Secret, Store, StoreError, Timestamp, Webhook};
use url::Url;

use super::event::Event;
use crate::logs::Redacted;

/// Its id.
pub const ID: &str = "settings";

/// Makes the webhook what the settings say; without an address it is told nothing, and keeps its deliveries.
pub async fn stand(store: &Store, address: Option<(&Url, &Redacted<String>)>) -> Result<(), StoreError> {
    let Some((url, secret)) = address else {
        return store.webhooks().update(ID, |webhook| webhook.enabled = false).await.map(|_| ());
    };
    let secret = Secret::new(secret.expose().clone());
    let now = Timestamp::now();
    let standing = Webhook {
        id: ID.to_owned(),
        owner_id: None,
        broadcast_id: None,
        url: url.to_string(),
        secret,
        retired: None,
        events: Event::ALL.iter().map(ToString::to_string).collect(),
        enabled: true,
        created_at: now,
        updated_at: now,
    };
    let wanted = standing.clone();
    let known = store.webhooks().update(ID, move |webhook| {
        let created_at = webhook.created_at;
        *webhook = Webhook { created_at, ..wanted };
    });
    if known.await?.is_none() {
        store.webhooks().insert(&standing).await?;
    }
    Ok(())
}
