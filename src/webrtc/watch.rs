//! Looks after one session for as long as it lasts.

use std::sync::Arc;
use std::time::Instant;

use rtc::{Farewell, SessionId};
use tokio::sync::oneshot;
use tracing::debug;

use super::WebRtc;
use super::door::Door;
use super::hold::Hold;

/// Waits for the end of a session that began just now, and brings it about where what it rests on is taken away.
pub(super) async fn watch(
    station: Arc<WebRtc>,
    id: SessionId,
    door: Door,
    broadcast: String,
    mut hold: Hold,
    mut over: oneshot::Receiver<Farewell>,
) {
    let why = tokio::select! {
        why = &mut over => why,
        taken = hold.taken() => {
            debug!(broadcast.id = %broadcast, "a session by {door} is closed: {taken}");
            station.rtc.close(id);
            over.await
        }
    };
    drop(hold);
    station.sessions.remove(door, &broadcast, id);
    if door == Door::Whep {
        station.presence.leave(&broadcast, &id.to_string(), Instant::now());
    }
    // A port that is closed tells nobody.
    let why = why.unwrap_or(Farewell::Stopped).name();
    debug!(broadcast.id = %broadcast, "a session by {door} is over: {why}");
}
