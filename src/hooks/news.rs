//! What webhooks are told of what happens in the hall.

use packager::WallClock;
use serde_json::{Map, Value, json};
use store::{Entry, Timestamp};

use super::event::Event;
use crate::live::happening::{Beginning, Happening};
use crate::recordings::RecordingNote;

/// What webhooks are told of `happening`, for the journal; nothing where it is no news to anybody else.
pub fn of(happening: &Happening) -> Option<Entry> {
    let (event, card, at, mut told) = match happening {
        // A run that goes on after a restart was told of when it began; of a recording it is told once the store
        // knows that it is ready.
        Happening::WentLive { beginning: Beginning::Resumed, .. } | Happening::Recording(_) => return None,
        Happening::WentLive { card, run, at, .. } => {
            (Event::RoomStarted, card, at, json!({"run": run.as_str()}))
        }
        Happening::Ended { card, run, at, why } => {
            (Event::RoomFinished, card, at, json!({"run": run.as_str(), "reason": why.name()}))
        }
        Happening::PublisherJoined { card, session, protocol, user, at } => {
            (Event::ParticipantJoined, card, at, participant(session, protocol, user.as_deref()))
        }
        Happening::PublisherLeft { card, session, protocol, user, at } => {
            (Event::ParticipantLeft, card, at, participant(session, protocol, user.as_deref()))
        }
        Happening::Degraded { card, trouble, at } => {
            (Event::StreamDegraded, card, at, json!({"trouble": trouble.name()}))
        }
    };
    told["broadcast"] = json!({"id": card.id, "title": card.title, "hostId": card.host});
    Some(Entry::WebhookEvent {
        event: event.name().to_owned(),
        broadcast_id: card.id.clone(),
        host_id: card.host.clone(),
        at: stamp(*at),
        body: told.to_string(),
    })
}

/// What webhooks are told of a recording that is ready; the store adds its broadcast.
pub fn of_recording(note: &RecordingNote) -> Map<String, Value> {
    let recording = json!({
        "id": note.id,
        "run": note.run.as_str(),
        "startedAt": note.started_at.to_string(),
        "endedAt": note.ended_at.map(|at| at.to_string()),
        "durationSeconds": note.duration.map(|duration| duration.as_secs_f64()),
    });
    Map::from_iter([("recording".to_owned(), recording)])
}

fn participant(session: &str, protocol: &str, user: Option<&str>) -> Value {
    let role = room::Role::Owner.name();
    json!({"participant": {"id": session, "userId": user, "role": role, "transport": protocol}})
}

fn stamp(at: WallClock) -> Timestamp {
    Timestamp::from_millis(i64::try_from(at.0 / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use packager::RunId;

    use super::*;
    use crate::live::happening::EndReason;
    use crate::live::testing::card;

    fn told(happening: &Happening) -> (String, Value) {
        let Some(Entry::WebhookEvent { event, broadcast_id, host_id, at, body }) = of(happening) else {
            panic!("{happening:?} is no news");
        };
        assert_eq!((broadcast_id.as_str(), host_id.as_str(), at.as_millis()), ("a", "ann", 5_000));
        (event, serde_json::from_str(&body).unwrap())
    }

    #[test]
    fn what_happens_is_told_with_its_broadcast() {
        let (card, run, at) = (Arc::new(card("a")), RunId::parse("r1").unwrap(), WallClock(5_000_000));
        let broadcast = json!({"id": "a", "title": "A", "hostId": "ann"});
        let (beginning, why) = (Beginning::Opened, EndReason::Silence);
        let started = Happening::WentLive { card: card.clone(), run: run.clone(), at, beginning };
        let expected = json!({"run": "r1", "broadcast": broadcast});
        assert_eq!(told(&started), ("room_started".to_owned(), expected));
        let finished = Happening::Ended { card: card.clone(), run, at, why };
        let expected = json!({"run": "r1", "reason": "silence", "broadcast": broadcast});
        assert_eq!(told(&finished), ("room_finished".to_owned(), expected));
        let (session, protocol) = ("s1".to_owned(), "rtmp");
        for user in [None, Some("ann".to_owned())] {
            let participant = json!({"id": "s1", "userId": user, "role": "owner", "transport": "rtmp"});
            let expected = json!({"participant": participant, "broadcast": broadcast});
            let (card, session) = (card.clone(), session.clone());
            let joined = Happening::PublisherJoined {
                card: card.clone(),
                session: session.clone(),
                protocol,
                user: user.clone(),
                at,
            };
            assert_eq!(told(&joined), ("participant_joined".to_owned(), expected.clone()));
            let left = Happening::PublisherLeft { card, session, protocol, user, at };
            assert_eq!(told(&left), ("participant_left".to_owned(), expected));
        }
    }

    #[test]
    fn a_recording_is_told_of_with_its_times() {
        let note = RecordingNote {
            id: "rec".to_owned(),
            broadcast: "a".to_owned(),
            run: RunId::parse("r1").unwrap(),
            from: media::MediaTime::from_ticks(0),
            to: Some(media::MediaTime::from_ticks(72_000)),
            started_at: WallClock(5_000_000),
            ended_at: Some(WallClock(6_500_000)),
            duration: Some(std::time::Duration::from_millis(1_500)),
            size_bytes: Some(9),
        };
        let recording = json!({
            "id": "rec",
            "run": "r1",
            "startedAt": "1970-01-01T00:00:05.000Z",
            "endedAt": "1970-01-01T00:00:06.500Z",
            "durationSeconds": 1.5,
        });
        assert_eq!(Value::Object(of_recording(&note)), json!({"recording": recording}));
        assert_eq!(of(&Happening::Recording(note)), None);
    }

    #[test]
    fn a_run_that_goes_on_after_a_restart_has_not_started_again() {
        let (card, run, at) = (Arc::new(card("a")), RunId::parse("r1").unwrap(), WallClock(5_000_000));
        assert_eq!(of(&Happening::WentLive { card, run, at, beginning: Beginning::Resumed }), None);
    }
}
