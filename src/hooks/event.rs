//! What webhooks can be told of.

use std::fmt;
use std::str::FromStr;

use packager::WallClock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Delivery, Timestamp};
use utoipa::ToSchema;

/// Something that other programs may want to know.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A broadcast went on air.
    RoomStarted,
    /// It ended.
    RoomFinished,
    /// Somebody began to publish.
    ParticipantJoined,
    /// They left.
    ParticipantLeft,
    /// The recording of a broadcast can be heard.
    RecordingReady,
    /// Something is wrong with a broadcast's sound.
    StreamDegraded,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 6] = [
        Self::RoomStarted,
        Self::RoomFinished,
        Self::ParticipantJoined,
        Self::ParticipantLeft,
        Self::RecordingReady,
        Self::StreamDegraded,
    ];

    /// Its name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoomStarted => "room_started",
            Self::RoomFinished => "room_finished",
            Self::ParticipantJoined => "participant_joined",
            Self::ParticipantLeft => "participant_left",
            Self::RecordingReady => "recording_ready",
            Self::StreamDegraded => "stream_degraded",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no event.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is no event")]
pub struct UnknownEvent(String);

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        let found = Self::ALL.into_iter().find(|event| event.name() == name);
        found.ok_or_else(|| UnknownEvent(name.to_owned()))
    }
}

/// What every request to a webhook begins with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    id: &'a str,
    event: &'a str,
    sequence: i64,
    created_at: String,
    #[serde(flatten)]
    told: Map<String, Value>,
}

/// The body of the requests that bring `delivery`: the same bytes every time, since they are signed.
pub fn envelope(delivery: &Delivery) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Envelope {
        id: &delivery.id,
        event: &delivery.event,
        sequence: delivery.sequence,
        created_at: rfc3339(delivery.created_at),
        told: serde_json::from_str(&delivery.body)?,
    })
}

/// In UTC, with milliseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    WallClock(u64::try_from(at.as_millis()).unwrap_or(0).saturating_mul(1_000)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_one_name_everywhere() {
        for event in Event::ALL {
            assert_eq!(event.name().parse(), Ok(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
        }
        assert!("room-started".parse::<Event>().is_err());
    }
}
