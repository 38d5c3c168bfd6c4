//! What people are told, from what somebody does to the list of who is told, and to their letter box.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::participant::Participant;
use super::recordings::{TONE, address, ready};
use super::station::{AAC, Person, Station, until};

/// A mail relay that keeps letters.
struct Relay {
    port: u16,
    letters: Receiver<String>,
}

impl Relay {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (came, letters) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let came = came.clone();
                thread::spawn(move || converse(stream, &came));
            }
        });
        Self { port, letters }
    }

    /// The next letter, without the line ends that only keep lines short.
    fn next(&self) -> String {
        let came = self.letters.recv_timeout(Duration::from_secs(40));
        came.expect("a letter comes, also on a busy machine").replace("=\r\n", "")
    }
}

/// SMTP (RFC 5321), as much of it as a letter needs.
fn converse(stream: TcpStream, came: &Sender<String>) {
    let mut answers = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream);
    let mut answer = "220 localhost";
    loop {
        let mut line = String::new();
        if write!(answers, "{answer}\r\n").is_err() || lines.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        answer = "250 ok";
        if line.starts_with("DATA") {
            write!(answers, "354 go on\r\n").unwrap();
            let mut letter = String::new();
            while !letter.ends_with("\r\n.\r\n") {
                lines.read_line(&mut letter).unwrap();
            }
            // A test that has ended reads no more.
            came.send(letter).ok();
        }
    }
}

fn ahead(hours: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours)).to_string()
}

/// Waits until somebody is told something of this kind; its title and body. It is the only one.
fn told(person: &Person<'_>, kind: &str) -> (String, String) {
    let found = until(kind, || {
        let told = person.get("/api/notifications");
        let items: Vec<_> =
            told["items"].as_array().unwrap().iter().filter(|it| it["kind"] == kind).cloned().collect();
        Some(items).filter(|items| !items.is_empty())
    });
    assert_eq!(found.len(), 1, "{found:?}");
    let text = |field: &str| found[0][field].as_str().unwrap().to_owned();
    (text("title"), text("body"))
}

#[test]
fn people_are_told_what_happens_while_they_are_away() {
    let relay = Relay::open();
    let url = format!("smtp://localhost:{}?tls=none", relay.port);
    let station = Station::start(&["--smtp-url", &url, "--mail-from", "radio@radio.example"]);
    let (amy, leo) = (station.register("amy"), station.register("leo"));
    let id_of = |person: &Person<'_>| person.get("/api/auth/me")["id"].as_str().unwrap().to_owned();
    leo.done("PUT", &format!("/api/users/{}/follow", id_of(&amy)), None);

    let made = amy.create(json!({"title": "News", "scheduledStartTime": ahead(24), "latencyMode": "low"}));
    let id = made["id"].as_str().unwrap();
    assert_eq!(told(&leo, "hostPlanned").0, "amy has planned News");
    leo.done("PUT", &format!("/api/broadcasts/{id}/reminder"), Some(&json!({"offsets": [600]})));
    amy.done("PATCH", &format!("/api/broadcasts/{id}"), Some(&json!({"scheduledStartTime": ahead(48)})));
    let letter = relay.next();
    assert!(letter.contains("Subject: News has another hour\r\n") && letter.contains("To: leo@"), "{letter}");
    assert!(letter.contains(&format!("/listen/{id}")), "{letter}");
    told(&leo, "moved");

    let mut host = Participant::join(&station, id, Some(&amy));
    let mut listener = Participant::join(&station, id, Some(&leo));
    listener.ask(&json!({"type": "chatMessage", "message": "What is new?"}));
    let asked = host.told("chatMessage")["message"]["id"].clone();
    let answer = |words: &str| json!({"type": "chatMessage", "message": words, "replyTo": asked});
    host.ask(&answer("Wait"));
    assert_eq!(listener.told("chatMessage")["message"]["text"], "What is new?");
    assert_eq!(listener.told("chatMessage")["message"]["text"], "Wait");
    host.ask(&json!({"type": "inviteToStage", "userId": id_of(&leo)}));
    listener.told("stageInvite");
    assert_eq!(told(&leo, "stageInvite").0, "amy invites you to the stage");
    drop(listener);
    host.told("userLeft");
    host.ask(&answer("This"));
    host.ask(&answer("And that"));
    let reply = ("amy answered you in News".to_owned(), "This".to_owned());
    assert_eq!(told(&leo, "reply"), reply, "what he has read in the room he is not told again");

    let publisher = station.publish_to(&address(&made), TONE, AAC);
    assert_eq!(told(&leo, "hostLive").0, "amy is on air");
    until("there is something to record", || {
        let heard = station.get(&format!("/live/{id}/index.m3u8"));
        (heard.status == 200).then_some(())
    });
    amy.done("POST", &format!("/api/broadcasts/{id}/end"), None);
    drop(publisher);
    let recording = ready(&amy, id, 1).remove(0);
    for person in [&amy, &leo] {
        assert_eq!(told(person, "recordingReady").0, "The recording of News is ready");
    }
    let told_of = leo.get("/api/notifications")["items"][0]["link"].clone();
    assert_eq!(told_of, Value::from(format!("/r/{}", recording["id"].as_str().unwrap())));

    let other = amy.create(json!({"title": "Late news", "scheduledStartTime": ahead(24)}));
    let other = other["id"].as_str().unwrap();
    leo.done("PUT", &format!("/api/broadcasts/{other}/reminder"), Some(&json!({"offsets": [600]})));
    amy.done("DELETE", &format!("/api/broadcasts/{other}"), None);
    assert!(relay.next().contains("Subject: Late news was cancelled\r\n"));
    assert_eq!(relay.letters.try_recv().ok(), None, "each goes out once");
}

#[test]
fn what_somebody_is_told_comes_to_their_sockets_at_once_until_they_sign_out() {
    let station = Station::start(&[]);
    let (amy, leo) = (station.register("amy"), station.register("leo"));
    let host = amy.get("/api/auth/me")["id"].as_str().unwrap().to_owned();
    leo.done("PUT", &format!("/api/users/{host}/follow"), None);
    let ticket = || leo.done("POST", "/api/notifications/ticket", None)["ticket"].clone();
    let once = ticket();
    let mut page = Participant::attend(&station, &once);
    assert_eq!((&page.joined["type"], &page.joined["unread"]), (&json!("joined"), &json!(0)));
    let refused = Participant::attend(&station, &once).joined;
    assert_eq!((&refused["type"], &refused["code"]), (&json!("error"), &json!("badTicket")));
    let open = amy.create(json!({"title": "Open"}));
    let mut listener = Participant::join(&station, open["id"].as_str().unwrap(), Some(&leo));
    let mut guest = Participant::join(&station, open["id"].as_str().unwrap(), None);

    amy.create(json!({"title": "News", "scheduledStartTime": ahead(24)}));
    for socket in [&mut page, &mut listener] {
        let told = socket.told("notification");
        assert_eq!(
            (&told["unread"], &told["notification"]["title"]),
            (&json!(1), &json!("amy has planned News"))
        );
    }
    leo.done("POST", "/api/notifications/read", None);
    assert_eq!(page.told("unread")["unread"], 0);

    let mut other = Participant::attend(&station, &ticket());
    other.ask(&json!({"type": "chatMessage", "message": "hello"}));
    assert_eq!(other.ended()["code"], "badMessage");
    let late = ticket();
    let change = json!({"currentPassword": "a long enough secret", "newPassword": "another long one"});
    let session = leo.done("POST", "/api/auth/password", Some(&change));
    let again = station.signed_in(session["accessToken"].as_str().unwrap().to_owned());
    assert_eq!(page.ended()["code"], "revoked", "that sign-in is over");
    assert_eq!(Participant::attend(&station, &late).joined["code"], "revoked");
    amy.create(json!({"title": "Late news", "scheduledStartTime": ahead(24)}));
    until("he is told", || (again.get("/api/notifications")["total"] == 2).then_some(()));
    let mut host = Participant::join(&station, open["id"].as_str().unwrap(), Some(&amy));
    host.ask(&json!({"type": "chatMessage", "message": "Are you there?"}));
    for socket in [&mut listener, &mut guest] {
        let heard = std::iter::from_fn(|| socket.next()).take_while(|told| told["type"] != "chatMessage");
        assert!(heard.into_iter().all(|told| told["type"] != "notification"), "it is nobody's here");
    }
}
