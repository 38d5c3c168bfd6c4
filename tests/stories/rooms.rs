//! What people do in the room of a broadcast.

use serde_json::{Value, json};
use tungstenite::Message;

use super::participant::{Participant, knock};
use super::station::{AAC, Person, Station, until};

const TONE: &str = "sine=frequency=440:sample_rate=48000";
const PASSWORD: &str = "long and only the admin's";

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

fn account(person: &Person<'_>) -> String {
    person.get("/api/auth/me")["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_listener_raises_a_hand_is_invited_muted_and_removed() {
    let station = Station::start(&["--admin-password", PASSWORD]);
    let (amy, mona, leo) = (station.register("amy"), station.register("mona"), station.register("leo"));
    let admin = station.sign_in("admin@localhost", PASSWORD);
    let made = amy.create(json!({"title": "News"}));
    let members = format!("/api/broadcasts/{}/members/{}", id(&made), account(&mona));
    amy.done("PUT", &members, Some(&json!({"role": "moderator"})));
    let ingest = |field: &str| made["ingest"][field].as_str().unwrap().to_owned();
    let url = format!("{}/{}", ingest("rtmpUrl"), ingest("rtmpStreamKey"));
    let _publisher = station.publish_to(&url, TONE, AAC);
    until("it is on air", || {
        (amy.get(&format!("/api/broadcasts/{}", id(&made)))["status"] == "live").then_some(())
    });

    let mut host = Participant::join(&station, id(&made), Some(&amy));
    let mut moderator = Participant::join(&station, id(&made), Some(&mona));
    let mut listener = Participant::join(&station, id(&made), Some(&leo));
    let mut guest = Participant::join(&station, id(&made), None);
    assert_eq!(host.joined["you"]["role"], "host");
    assert_eq!(moderator.joined["you"]["role"], "moderator");
    assert_eq!(guest.joined["you"]["role"], "guest");
    assert_eq!(guest.joined["room"]["onAir"], true);
    assert_eq!(guest.joined["room"]["users"].as_array().unwrap().len(), 4);
    let leo_id = account(&leo);

    listener.ask(&json!({"type": "chatMessage", "message": "salaam <b>"}));
    let said = guest.told("chatMessage");
    assert_eq!(
        (&said["message"]["text"], &said["message"]["author"]["id"]),
        (&json!("salaam <b>"), &json!(leo_id))
    );
    assert!(said["programTime"].is_string() && said["at"].is_string(), "{said}");
    assert!(said["message"].get("at").is_none(), "the time is told once: {said}");
    guest.ask(&json!({"type": "chatMessage", "message": "hi"}));
    assert_eq!(guest.refused(), "signIn");

    // Nobody speaks who was not let on the stage.
    let offer = include_str!("../../rtc/tests/offers/chromium-stage.sdp");
    let speak = |person: &Person<'_>| person.send_sdp(&format!("/stage/{}", id(&made)), offer);
    assert_eq!(speak(&leo).status, 403);
    listener.ask(&json!({"type": "raiseHand"}));
    let raised = host.told("handRaised");
    assert_eq!(raised["hand"]["user"]["id"], json!(leo_id));
    host.ask(&json!({"type": "inviteToStage", "userId": leo_id}));
    assert_eq!(listener.told("stageInvite")["user"]["id"], json!(leo_id));
    listener.ask(&json!({"type": "acceptInvite"}));
    let changed = guest.told("stageChanged");
    assert_eq!((&changed["change"], &changed["stage"][0]["user"]["id"]), (&json!("entered"), &json!(leo_id)));
    let spoken = speak(&leo);
    assert_eq!(spoken.status, 201, "{}", spoken.text());
    moderator.ask(&json!({"type": "mute", "userId": leo_id}));
    assert_eq!(guest.told("muted")["muted"], true);
    moderator.ask(&json!({"type": "removeFromStage", "userId": leo_id}));
    assert_eq!(guest.told("stageChanged")["stage"], json!([]));
    until("the session is gone", || {
        let session = leo.send("DELETE", spoken.header("location").unwrap(), None);
        (session.status == 404).then_some(())
    });
    assert_eq!(speak(&leo).status, 403);

    moderator.ask(&json!({"type": "ban", "userId": leo_id}));
    assert_eq!(listener.ended()["type"], "removed");
    let ticket = leo.send("POST", &format!("/api/broadcasts/{}/ticket", id(&made)), None);
    assert_eq!(ticket.status, 403, "at once, from the API too");
    until("the ban is kept", || {
        let blocks = amy.get(&format!("/api/broadcasts/{}/blocks", id(&made)));
        (blocks["items"][0]["user"]["id"] == json!(leo_id)).then_some(())
    });
    amy.done("DELETE", &format!("/api/broadcasts/{}/blocks/{leo_id}", id(&made)), None);
    let back = Participant::join(&station, id(&made), Some(&leo));
    assert_eq!(back.joined["you"]["id"], json!(leo_id), "let in again");
    until("what was done is in the audit log", || {
        let audit = admin.get("/api/admin/audit?action=moderation.banned");
        (audit["items"][0]["detail"]["user"] == json!(leo_id)).then_some(())
    });
    amy.done("POST", &format!("/api/broadcasts/{}/end", id(&made)), None);
    guest.told("broadcastEnded");
}

#[test]
fn who_loses_the_connection_misses_nothing_and_gets_nothing_twice() {
    let station = Station::start(&[]);
    let amy = station.register("amy");
    let made = amy.create(json!({"title": "News"}));
    let mut host = Participant::join(&station, id(&made), Some(&amy));
    let guest = Participant::join(&station, id(&made), None);
    let last = guest.last.clone();
    drop(guest);
    for words in ["one", "two", "three"] {
        host.ask(&json!({"type": "chatMessage", "message": words}));
        assert_eq!(host.told("chatMessage")["message"]["text"], words);
    }
    let mut back = Participant::join_after(&station, id(&made), None, Some(&last));
    assert_eq!((&back.joined["resumed"], back.joined.get("room")), (&json!(true), None));
    let heard: Vec<_> = (0..3).map(|_| back.told("chatMessage")["message"]["text"].clone()).collect();
    assert_eq!(heard, ["one", "two", "three"]);
    let strange = Participant::join_after(&station, id(&made), None, Some("00000000-3"));
    assert_eq!(strange.joined["resumed"], false);
    let seen: Vec<_> =
        strange.joined["room"]["messages"].as_array().unwrap().iter().map(|one| &one["text"]).collect();
    assert_eq!(seen, ["one", "two", "three"]);
}

#[test]
fn what_was_said_is_there_after_a_restart() {
    let station = Station::start(&[]);
    let amy = station.register("amy");
    let made = amy.create(json!({"title": "News"}));
    let mut host = Participant::join(&station, id(&made), Some(&amy));
    host.ask(&json!({"type": "chatMessage", "message": "before"}));
    let message = host.told("chatMessage")["message"]["id"].clone();
    host.ask(&json!({"type": "pinMessage", "messageId": message}));
    host.told("messagePinned");
    host.ask(&json!({"type": "chatMessage", "message": "rude"}));
    let rude = host.told("chatMessage")["message"]["id"].clone();
    host.ask(&json!({"type": "deleteMessage", "messageId": rude}));
    host.told("messageDeleted");
    let broadcast = id(&made).to_owned();
    let station = station.stopped_and_started_with(&[]);
    let guest = Participant::join(&station, &broadcast, None);
    let room = &guest.joined["room"];
    assert_eq!(room["messages"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&room["messages"][0]["text"], &room["pinned"][0]["text"]),
        (&json!("before"), &json!("before"))
    );
}

#[test]
fn strangers_to_a_room_are_told_why_and_closed() {
    let station = Station::start(&[]);
    let amy = station.register("amy");
    let made = amy.create(json!({"title": "News"}));
    let last_words = |sent: &[Message]| {
        let mut socket = knock(&station, id(&made));
        for message in sent {
            socket.send(message.clone()).unwrap();
        }
        let mut words = Value::Null;
        loop {
            match socket.read() {
                Ok(Message::Text(text)) => words = serde_json::from_str(&text).unwrap(),
                Ok(Message::Close(close)) => {
                    return (words["code"].clone(), close.map(|close| u16::from(close.code)));
                }
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    let join = Message::text(r#"{"type":"join","ticket":"nonsense"}"#);
    assert_eq!(last_words(&[join]), (json!("badTicket"), Some(1008)));
    assert_eq!(last_words(&[Message::text(r#"{"type":"raiseHand"}"#)]), (json!("noJoin"), Some(1008)));
    assert_eq!(last_words(&[Message::binary(vec![0])]), (Value::Null, Some(1003)));
    assert_eq!(last_words(&[Message::text("x".repeat(5_000))]), (Value::Null, Some(1009)));
    assert_eq!(station.get(&format!("/ws/broadcasts/{}", id(&made))).status, 426);

    let mut host = Participant::join(&station, id(&made), Some(&amy));
    for _ in 0..6 {
        host.ask(&json!({"type": "chatMessage", "message": "hello"}));
    }
    assert_eq!(host.ended()["code"], "tooFast");
}

#[test]
fn a_role_that_changes_counts_in_the_room_at_once() {
    let station = Station::start(&["--admin-password", PASSWORD]);
    let admin = station.sign_in("admin@localhost", PASSWORD);
    let (amy, leo) = (station.register("amy"), station.register("leo"));
    let made = amy.create(json!({"title": "News"}));
    let mut host = Participant::join(&station, id(&made), Some(&amy));
    let mut listener = Participant::join(&station, id(&made), Some(&leo));
    let mut guest = Participant::join(&station, id(&made), None);
    let (leo_id, guest_id) = (account(&leo), guest.joined["you"]["id"].clone());
    let mona = station.register("mona");
    let mut mona = Participant::join(&station, id(&made), Some(&mona));
    mona.ask(&json!({"type": "raiseHand"}));
    host.told("handRaised");
    let timeout = json!({"type": "timeOut", "userId": guest_id, "seconds": 60});
    listener.ask(&timeout);
    assert_eq!(listener.refused(), "notAllowed");

    let member = format!("/api/broadcasts/{}/members/{leo_id}", id(&made));
    amy.done("PUT", &member, Some(&json!({"role": "moderator"})));
    for one in [&mut host, &mut listener, &mut guest] {
        let user = one.told("roleChanged")["user"].clone();
        assert_eq!((&user["id"], &user["role"]), (&json!(leo_id), &json!("moderator")));
    }
    let hand = listener.told("handRaised")["hand"].clone();
    assert_eq!(hand["user"]["id"], mona.joined["you"]["id"], "it was up before");
    listener.ask(&timeout);
    assert_eq!(listener.told("timedOut")["userId"], guest_id, "who keeps order is told what the crew is");

    amy.done("DELETE", &member, None);
    assert_eq!(listener.told("roleChanged")["user"]["role"], "listener");
    listener.ask(&timeout);
    assert_eq!(listener.refused(), "notAllowed");

    let change = format!("/api/admin/users/{leo_id}");
    admin.done("PATCH", &change, Some(&json!({"role": "admin"})));
    assert_eq!(listener.told("roleChanged")["user"]["role"], "admin");
    admin.done("PATCH", &change, Some(&json!({"suspended": true, "reason": "lies"})));
    assert_eq!(listener.ended()["type"], "removed");
    assert_eq!(host.told("removed")["userId"], json!(leo_id));
}

#[test]
fn who_loses_a_private_broadcast_leaves_its_room() {
    let station = Station::start(&[]);
    let (amy, leo) = (station.register("amy"), station.register("leo"));
    let made = amy.create(json!({"title": "News", "visibility": "private"}));
    let member = format!("/api/broadcasts/{}/members/{}", id(&made), account(&leo));
    amy.done("PUT", &member, Some(&json!({"role": "listener"})));
    let mut listener = Participant::join(&station, id(&made), Some(&leo));
    amy.done("DELETE", &member, None);
    assert_eq!(listener.ended()["type"], "removed");
}

#[test]
fn a_guest_who_is_banned_gets_no_ticket_from_there() {
    let station = Station::start(&[]);
    let amy = station.register("amy");
    let made = amy.create(json!({"title": "News"}));
    let mut host = Participant::join(&station, id(&made), Some(&amy));
    let mut guest = Participant::join(&station, id(&made), None);
    host.ask(&json!({"type": "ban", "userId": guest.joined["you"]["id"]}));
    guest.ended();
    let ticket = station.send("POST", &format!("/api/broadcasts/{}/ticket", id(&made)), None, None);
    assert_eq!(ticket.status, 403);
}

#[test]
fn a_report_from_a_room_is_in_the_admins_queue() {
    let station = Station::start(&["--admin-password", PASSWORD]);
    let (amy, admin) = (station.register("amy"), station.sign_in("admin@localhost", PASSWORD));
    let made = amy.create(json!({"title": "News"}));
    let mut host = Participant::join(&station, id(&made), Some(&amy));
    let mut guest = Participant::join(&station, id(&made), None);
    host.ask(&json!({"type": "chatMessage", "message": "buy this"}));
    let message = guest.told("chatMessage")["message"]["id"].clone();
    guest.ask(&json!({"type": "report", "messageId": message, "reason": "spam", "detail": "twice"}));
    guest.ask(&json!({"type": "report", "reason": "boring"}));
    assert_eq!(guest.refused(), "badMessage");
    for _ in 0..5 {
        guest.ask(&json!({"type": "report", "reason": "other"}));
    }
    assert_eq!(guest.refused(), "tooManyReports");
    let report = until("the report is there", || {
        let reports = admin.get("/api/admin/reports")["items"].as_array().unwrap().clone();
        reports.into_iter().find(|report| report["reason"] == "spam")
    });
    assert_eq!((&report["reason"], &report["broadcastId"]), (&json!("spam"), &made["id"]));
    let detail = report["detail"].as_str().unwrap();
    assert!(detail.contains("buy this") && detail.contains("twice"), "{detail}");
}

#[test]
fn what_a_room_answered_can_be_looked_up_later() {
    let station = Station::start(&[]);
    let (amy, bob) = (station.register("amy"), station.register("bob"));
    let made = amy.create(json!({"title": "News"}));
    let mut host = Participant::join(&station, id(&made), Some(&amy));
    let mut listener = Participant::join(&station, id(&made), Some(&bob));
    host.ask(&json!({"type": "openPoll", "question": "Tea?", "options": ["yes", "no"]}));
    let opened = listener.told("pollOpened");
    let poll = opened["poll"]["id"].clone();
    listener.ask(&json!({"type": "vote", "pollId": poll, "option": 1}));
    listener.told("pollCounted");
    host.ask(&json!({"type": "closePoll", "pollId": poll}));
    listener.told("pollClosed");
    host.ask(&json!({"type": "openPoll", "question": "Again?", "options": ["yes", "no"]}));
    let again = listener.told("pollOpened")["poll"]["id"].clone();
    listener.ask(&json!({"type": "vote", "pollId": again, "option": 0}));
    listener.told("pollCounted");

    // The second is never closed: the station stops.
    let broadcast = id(&made).to_owned();
    let station = station.stopped_and_started_with(&[]);
    let path = format!("/api/broadcasts/{broadcast}/polls");
    let polls: Value = serde_json::from_str(&station.send("GET", &path, None, None).text()).unwrap();
    let seen: Vec<_> = polls["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|poll| {
            (poll["question"].as_str().unwrap(), poll["answers"].clone(), poll["closedAt"].is_string())
        })
        .collect();
    let answers = |yes: u32, no: u32| json!([{"text": "yes", "votes": yes}, {"text": "no", "votes": no}]);
    assert_eq!(seen, [("Again?", answers(1, 0), true), ("Tea?", answers(0, 1), true)]);
}

#[test]
fn a_webrtc_place_that_frees_is_told_to_every_guest_where_one_waits() {
    let station = Station::start(&["--demo", "--webrtc-listeners-max", "1"]);
    let bob = station.register("bob");
    until("the demo is on air", || (bob.get("/api/broadcasts/demo")["status"] == "live").then_some(()));
    let offer = include_str!("../../rtc/tests/offers/chromium-listener.sdp");
    let taken = bob.send_sdp("/whep/demo", offer);
    assert_eq!(taken.status, 201, "{}", taken.text());
    // Behind one address: which of them asked is not known.
    let mut guests = [(); 3].map(|()| Participant::join(&station, "demo", None));
    let playback = station.send("GET", "/api/broadcasts/demo/playback", None, None).text();
    assert!(playback.contains("\"transport\":\"hls\""), "{playback}");
    let session = taken.header("location").unwrap();
    assert_eq!(bob.send("DELETE", session, None).status, 200);
    for guest in &mut guests {
        guest.told("webrtcPlace");
    }
}
