//! The store as the hall's directory.

use std::time::Duration;

use ingest::StreamKey;
use room::{Action, Tie};
use store::{Broadcast, Hosted, Status, Store, StoreError, User, Visibility};
use tracing::{error, warn};

use super::builtin::{DEMO, STUDIO};
use crate::live::directory::Search;
use crate::live::{Away, Card, Directory, Opening, Origination, Stage, Treatment};
use crate::playback::Audience;

/// Looks broadcasts up in the store.
#[derive(Clone, Debug)]
pub struct Books(Store);

/// A row that holds something which cannot go on air; a newer version wrote it, or somebody by hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("its {0} cannot be read")]
pub struct BadRow(&'static str);

impl Books {
    /// Broadcasts of `store`.
    pub const fn new(store: Store) -> Self {
        Self(store)
    }
}

impl Directory for Books {
    fn find(&self, id: &str) -> Search {
        let (store, id) = (self.0.clone(), id.to_owned());
        Box::pin(async move {
            match on_the_books(&store, &id).await {
                Ok(None) => Ok(None),
                Ok(Some(found)) => match card(&found.broadcast) {
                    Ok(card) => Ok(Some(card)),
                    Err(bad) => {
                        error!(broadcast.id = %id, "{id} cannot go on air: {bad}");
                        Err(Away)
                    }
                },
                Err(cause) => {
                    warn!(broadcast.id = %id, "{id} is not found: {cause}");
                    Err(Away)
                }
            }
        })
    }
}

/// The broadcast `id`, unless whose it is may not broadcast.
pub async fn on_the_books(store: &Store, id: &str) -> Result<Option<Hosted>, StoreError> {
    let Some(found) = store.broadcasts().load(id).await? else { return Ok(None) };
    let host = store.users().load(&found.broadcast.host_id).await?;
    Ok(host.as_ref().is_some_and(may_broadcast).then_some(found))
}

/// Whether this account may have broadcasts of its own on air: it is a host or an admin, and not suspended.
pub fn may_broadcast(host: &User) -> bool {
    host.suspended_at.is_none() && host.role.within(Tie::Owner).may(Action::Publish)
}

/// A broadcast as the hall needs it.
pub fn card(broadcast: &Broadcast) -> Result<Card, BadRow> {
    let mode = broadcast.latency_mode.parse().map_err(|_| BadRow("latency mode"))?;
    let profile = broadcast.audio_profile.parse().map_err(|_| BadRow("audio profile"))?;
    if broadcast.id == DEMO {
        return Ok(Card::demo(&broadcast.host_id, mode, profile));
    }
    let key = StreamKey::parse(broadcast.stream_key.expose()).map_err(|_| BadRow("stream key"))?;
    Ok(Card {
        id: broadcast.id.clone(),
        title: broadcast.title.clone(),
        host: broadcast.host_id.clone(),
        audience: match broadcast.visibility {
            Visibility::Public | Visibility::Unlisted => Audience::Everybody,
            Visibility::Private => Audience::Members,
        },
        origination: Origination::Publisher(key),
        mode,
        profile,
        grace: Duration::from_secs(broadcast.publisher_grace_seconds.into()),
        opening: match (broadcast.auto_start, broadcast.id == STUDIO) {
            (false, _) => Opening::ByHand,
            (true, false) => Opening::FirstPublish,
            (true, true) => Opening::EveryPublish,
        },
        speakers_max: broadcast.max_speakers.max(1) as usize,
        publishers_max: if broadcast.single_publisher { 1 } else { broadcast.max_speakers.max(1) as usize },
        treatment: Treatment {
            noise_suppression: broadcast.noise_suppression,
            levelling: broadcast.levelling,
        },
        recorded: broadcast.recording_enabled,
        tracks: broadcast.record_tracks,
        stage: match broadcast.status {
            Status::Scheduled => Stage::Scheduled,
            // What is on air the hall holds; what it does not hold has ended, whether or not that is written
            // down by now.
            Status::Live | Status::Ended => Stage::Ended,
            Status::Cancelled => Stage::Cancelled,
        },
    })
}
