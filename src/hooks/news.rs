//! What webhooks are told of what happens in the hall.

use packager::WallClock;
use serde_json::{Value, json};
use store::{Entry, Timestamp};

use super::event::Event;
use crate::live::happening::{Beginning, Happening};

/// What webhooks are told of `happening`, for the journal; nothing where it is no news to anybody else.
pub fn of(happening: &Happening) -> Option<Entry> {
    let (event, at, mut told) = match happening {
        // A run that goes on after a restart was told of when it began.
        Happening::WentLive { beginning: Beginning::Resumed, .. } => return None,
        Happening::WentLive { run, at, .. } => (Event::RoomStarted, at, json!({"run": run.as_str()})),
        Happening::Ended { run, at, why, .. } => {
            (Event::RoomFinished, at, json!({"run": run.as_str(), "reason": why.name()}))
        }
        Happening::PublisherJoined { session, protocol, user, at, .. } => {
            (Event::ParticipantJoined, at, participant(session, protocol, user.as_deref()))
        }
        Happening::PublisherLeft { session, protocol, user, at, .. } => {
            (Event::ParticipantLeft, at, participant(session, protocol, user.as_deref()))
        }
        Happening::Degraded { trouble, at, .. } => {
            (Event::StreamDegraded, at, json!({"trouble": trouble.name()}))
        }
    };
    let card = happening.broadcast();
    told["broadcast"] = json!({"id": card.id, "title": card.title, "hostId": card.host});
    Some(Entry::WebhookEvent {
        event: event.name().to_owned(),
        broadcast_id: card.id.clone(),
        host_id: card.host.clone(),
        at: stamp(*at),
        body: told.to_string(),
    })
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
    fn a_run_that_goes_on_after_a_restart_has_not_started_again() {
        let (card, run, at) = (Arc::new(card("a")), RunId::parse("r1").unwrap(), WallClock(5_000_000));
        assert_eq!(of(&Happening::WentLive { card, run, at, beginning: Beginning::Resumed }), None);
    }
}
