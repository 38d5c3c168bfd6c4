//! Other programs that are asked and told: what the settings say of them, at work.

use std::sync::Arc;

use anyhow::Context;
use notices::email::Trust;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::auth::secrets;
use crate::hooks::admission::{self, Admission, Hooks};
use crate::hooks::courier::Courier;
use crate::hooks::outbox::{self, Outbox};
use crate::hooks::standing;
use crate::http::client::system_roots;
use crate::metrics::Metrics;
use crate::notify::channels::Surroundings;
use crate::notify::sender::Sender;
use crate::notify::{Channels, Unsubscribe, unsubscribe};
use crate::playback::Gate;
use crate::settings::{Settings, WebhookSettings};

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

/// The ways to people who are not here.
pub(super) fn channels(settings: &Settings) -> anyhow::Result<Channels> {
    let around = Surroundings {
        roots: system_roots(),
        trust: Trust::System,
        private_endpoints: settings.webhooks.private_targets,
    };
    Channels::open(settings, &around)
}

/// What people are to be told is sent by `channels` until `shutdown`. Links lead to the first of `web` where the settings
/// name no other address.
pub(super) fn people(
    settings: &Settings,
    web: &[Url],
    (store, channels, metrics): (&Store, &Channels, &Metrics),
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<Arc<Unsubscribe>> {
    let secret = secrets::load_or_make(&settings.storage.data_dir, unsubscribe::SECRET_FILE)?;
    let unsubscribe = Arc::new(Unsubscribe::new(&secret));
    let base = settings.http.public_url.as_ref().or(web.first());
    let base = base.context("the station has no address on the web")?.clone();
    let sender = Sender::new(store.clone(), channels.clone(), unsubscribe.clone(), base);
    let sender = sender.counted(metrics.notices.clone());
    tasks.spawn(sender.run(shutdown.clone()));
    Ok(unsubscribe)
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
