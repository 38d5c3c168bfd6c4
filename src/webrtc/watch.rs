//! Looks after one session for as long as it lasts.

use std::sync::Arc;
use std::time::Instant;

use rtc::{Farewell, SessionId};
use tokio::sync::oneshot;
use tracing::debug;

use super::WebRtc;
use super::door::Door;
use super::hold::Hold;
use crate::live::Join;

/// Waits for the end of a session that began just now, and brings it about where what it rests on is taken away.
pub(super) async fn watch(
    station: Arc<WebRtc>,
    id: SessionId,
    door: Door,
    broadcast: String,
    mut hold: Hold,
    (mut connected, mut over): (oneshot::Receiver<()>, oneshot::Receiver<Farewell>),
) {
    let (mut joined, mut taken_away) = (false, false);
    let why = loop {
        tokio::select! {
            why = &mut over => break why,
            Ok(()) = &mut connected, if !joined => {
                joined = true;
                if door == Door::Whep {
                    station.presence.joins().note(&broadcast, Join::Succeeded);
                }
            }
            taken = hold.taken() => {
                debug!(broadcast.id = %broadcast, "a session by {door} is closed: {taken}");
                taken_away = true;
                station.rtc.close(id);
                break over.await;
            }
        }
    };
    drop(hold);
    station.sessions.remove(door, &broadcast, id);
    if door == Door::Whep {
        // Neither did we end it nor the programme.
        let given_up = !taken_away && !matches!(why, Ok(Farewell::Over | Farewell::Stopped) | Err(_));
        if !joined && given_up {
            station.presence.joins().note(&broadcast, Join::Failed);
        }
        station.presence.leave(&broadcast, &id.to_string(), Instant::now());
    }
    // A port that is closed tells nobody.
    let why = why.unwrap_or(Farewell::Stopped).name();
    debug!(broadcast.id = %broadcast, "a session by {door} is over: {why}");
}
