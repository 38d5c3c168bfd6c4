//! Lets nobody hear themselves late: whoever speaks on the stage is in the programme a moment afterwards.

use std::sync::{Arc, Weak};
use std::time::Instant;

use rtc::{Ear, Farewell, Heard};
use tracing::debug;

use super::WebRtc;
use crate::playback::Subject;

/// The ear of somebody on the stage. Once they are there, their own sessions of listening to the same broadcast are
/// closed; before that they would hear nothing at all.
pub(super) struct EchoGuard<E> {
    ear: E,
    station: Weak<WebRtc>,
    broadcast: String,
    who: Subject,
}

impl<E> EchoGuard<E> {
    /// Stands before the ear of somebody who comes onto a stage.
    pub(super) fn new(ear: E, station: &Arc<WebRtc>, broadcast: &str, who: Subject) -> Self {
        Self { ear, station: Arc::downgrade(station), broadcast: broadcast.to_owned(), who }
    }
}

impl<E: Ear> Ear for EchoGuard<E> {
    fn connected(&mut self, now: Instant) {
        self.ear.connected(now);
        let Some(station) = self.station.upgrade() else { return };
        for session in station.sessions.of_listener(&self.broadcast, self.who) {
            debug!(broadcast.id = %self.broadcast, "somebody who came onto the stage listens no more");
            station.rtc.close(session);
        }
    }

    fn hear(&mut self, now: Instant, packet: Heard<'_>) {
        self.ear.hear(now, packet);
    }

    fn over(&mut self, now: Instant, why: Farewell) {
        self.ear.over(now, why);
    }
}
