//! Other programs that are asked and told: what the settings say of them, at work.

use anyhow::Context;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hooks::admission::{self, Admission, Hooks};
use crate::hooks::courier::Courier;
use crate::hooks::outbox::{self, Outbox};
use crate::hooks::standing;
use crate::http::client::system_roots;
use crate::playback::Gate;
use crate::settings::WebhookSettings;

/// The admission hooks; who has gone is told until `shutdown`.
pub(super) fn admission(
    settings: &WebhookSettings,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Admission {
    let Some(secret) = &settings.secret else { return Admission::open() };
    let hooks = Hooks {
        on_publish: settings.on_publish.clone(),
        on_unpublish: settings.on_unpublish.clone(),
        secret: secret.clone(),
        on_failure: settings.on_publish_fail,
    };
    let (admission, departures) = Admission::new(hooks, &Courier::new(system_roots(), admission::PATIENCE));
    tasks.spawn(departures.run(shutdown.clone()));
    admission
}

/// Webhooks: what they are to be told is brought until `shutdown`.
pub(super) async fn webhooks(
    settings: &WebhookSettings,
    store: &Store,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let standing = settings.url.as_ref().zip(settings.secret.as_ref());
    standing::stand(store, standing).await.context("setting the webhook of the settings up")?;
    let courier = Courier::new(system_roots(), outbox::PATIENCE);
    let outbox = Outbox::new(store.clone(), courier, settings.reach());
    tasks.spawn(outbox.run(shutdown.clone()));
    Ok(())
}

/// Blocks that are loaded at the most: more than any station has, and a bound on the memory.
const BLOCKS_MAX: u32 = 1_000_000;

/// Tells `gate` who is suspended and who is blocked.
pub(super) async fn bars(gate: &Gate, store: &Store) -> anyhow::Result<()> {
    let suspended = store.users().suspended(BLOCKS_MAX).await.context("loading who is suspended")?;
    let blocked = store.blocks().all(BLOCKS_MAX).await.context("loading who is blocked")?;
    let blocked = blocked.iter().map(|(broadcast, user)| (broadcast.as_str(), user.as_str()));
    gate.load(suspended.iter().map(String::as_str), blocked);
    Ok(())
}
