//! Somebody in a room, by a WebSocket client that is not ours.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::client;
use tungstenite::{Message, WebSocket};

use super::station::{Person, Station};

/// Longest that a message is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody in a room.
pub(crate) struct Participant {
    socket: WebSocket<TcpStream>,
    /// What they were told first.
    pub(crate) joined: Value,
    /// The id of the last message that they have.
    pub(crate) last: String,
}

impl Participant {
    /// Comes into the room of a broadcast, as `person` or as a guest.
    pub(crate) fn join(station: &Station, broadcast: &str, person: Option<&Person<'_>>) -> Self {
        Self::join_after(station, broadcast, person, None)
    }

    /// The same after a lost connection.
    pub(crate) fn join_after(
        station: &Station,
        broadcast: &str,
        person: Option<&Person<'_>>,
        last: Option<&str>,
    ) -> Self {
        let path = format!("/api/broadcasts/{broadcast}/ticket");
        let ticket = match person {
            Some(person) => person.send("POST", &path, None),
            None => station.send("POST", &path, None, None),
        };
        assert_eq!(ticket.status, 200, "{}", ticket.text());
        let ticket: Value = serde_json::from_str(&ticket.text()).unwrap();
        let mut ask = json!({"type": "join", "ticket": ticket["ticket"]});
        if let Some(last) = last {
            ask["lastEventId"] = last.into();
        }
        let mut socket = knock(station, broadcast);
        socket.send(Message::text(ask.to_string())).unwrap();
        let mut participant = Self { socket, joined: Value::Null, last: String::new() };
        participant.joined = participant.told("joined");
        participant
    }

    /// Comes to where one person is told everything; `joined` is the first message.
    pub(crate) fn attend(station: &Station, ticket: &Value) -> Self {
        let mut socket = knock_at(station, "/ws/me");
        socket.send(Message::text(json!({"type": "join", "ticket": ticket}).to_string())).unwrap();
        let mut participant = Self { socket, joined: Value::Null, last: String::new() };
        participant.joined = participant.next().unwrap();
        participant
    }

    /// Asks for something.
    pub(crate) fn ask(&mut self, what: &Value) {
        self.socket.send(Message::text(what.to_string())).unwrap();
    }

    /// Waits for a message of this type, and answers with it.
    pub(crate) fn told(&mut self, kind: &str) -> Value {
        loop {
            let next = self.next().unwrap_or_else(|| panic!("the connection ended before {kind}"));
            if next["type"] == kind {
                return next;
            }
            assert_ne!(next["type"], "error", "while waiting for {kind}: {next}");
        }
    }

    /// Waits for an error, and answers with its code.
    pub(crate) fn refused(&mut self) -> String {
        loop {
            let next = self.next().expect("the connection ended before an error");
            if next["type"] == "error" {
                return next["code"].as_str().unwrap().to_owned();
            }
        }
    }

    /// The next message; `None` where the connection is closed.
    pub(crate) fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    message["id"].as_str().unwrap().clone_into(&mut self.last);
                    return Some(message);
                }
                Ok(Message::Close(_)) | Err(tungstenite::Error::ConnectionClosed) => return None,
                Ok(_) => {}
                Err(error) => panic!("the connection broke: {error}"),
            }
        }
    }

    /// Waits for the end of the connection; answers with the last message before it.
    pub(crate) fn ended(&mut self) -> Value {
        let mut last = Value::Null;
        while let Some(next) = self.next() {
            last = next;
        }
        last
    }
}

/// A WebSocket to a room, before anything is said.
pub(crate) fn knock(station: &Station, broadcast: &str) -> WebSocket<TcpStream> {
    knock_at(station, &format!("/ws/broadcasts/{broadcast}"))
}

fn knock_at(station: &Station, path: &str) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(&station.web).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (socket, _) = client(format!("ws://{}{path}", station.web), stream).unwrap();
    socket
}
