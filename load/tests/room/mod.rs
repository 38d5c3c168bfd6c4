//! A room that speaks the protocol on another library than the generator reads it with, and that can be wrong in
//! a known way.

#![allow(clippy::unwrap_used, reason = "a helper of tests: what fails here fails the test")]

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Message, accept};

/// What the room does wrong, if anything, to the first who entered. Messages are counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mishap {
    None,
    /// This message is not told.
    Lost(usize),
    /// This message is told twice.
    Doubled(usize),
    /// This message and the one after it change places.
    Swapped(usize),
    /// After this message the connection is closed with 1013.
    Dropped(usize),
    /// The ticket is good for nobody.
    Shut,
    /// Messages are refused with an error, and told to nobody.
    Mute,
}

#[derive(Default)]
struct State {
    tickets: HashSet<String>,
    issued: usize,
    bodies: Vec<String>,
    people: Vec<Sender<Message>>,
    messages: usize,
    /// A message that changes places with the next one.
    kept: Option<Message>,
}

/// A running room; it ends with the process.
pub(crate) struct Room {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Room {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked for: head and body of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().bodies.clone()
    }

    /// A ticket that was got in another way.
    pub(crate) fn ticket(&self) -> String {
        issue(&mut self.state.lock().unwrap())
    }
}

/// Opens the room of the broadcast `demo`.
pub(crate) fn open(mishap: Mishap) -> Room {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, state) = (listener.local_addr().unwrap(), Arc::<Mutex<State>>::default());
    let shared = state.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, state) = (stream.unwrap(), shared.clone());
            thread::spawn(move || serve(stream, &state, mishap));
        }
    });
    Room { address, state }
}

fn issue(state: &mut State) -> String {
    state.issued += 1;
    let ticket = format!("ticket-{}", state.issued);
    state.tickets.insert(ticket.clone());
    ticket
}

fn serve(stream: TcpStream, state: &Mutex<State>, mishap: Mishap) {
    let mut first = [0; 4];
    while stream.peek(&mut first).unwrap() < 4 {}
    if &first == b"POST" { give_tickets(stream, state) } else { enter(stream, state, mishap) }
}

/// `POST …/ticket` and `…/token`, as many as are asked for on one connection.
fn give_tickets(mut stream: TcpStream, state: &Mutex<State>) {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        let field = if head.starts_with("POST /api/broadcasts/demo/token ") { "token" } else { "ticket" };
        let mut state = state.lock().unwrap();
        let ticket = issue(&mut state);
        state.bodies.push(head + str::from_utf8(&body).unwrap());
        drop(state);
        let answer = format!(r#"{{"{field}":"{ticket}"}}"#);
        let length = answer.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{answer}").unwrap();
    }
}

fn enter(stream: TcpStream, state: &Mutex<State>, mishap: Mishap) {
    let out = stream.try_clone().unwrap();
    let mut socket = accept(stream).unwrap();
    let join: serde_json::Value = serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(join["type"], "join");
    let (send, sent) = channel();
    {
        let mut state = state.lock().unwrap();
        let known = state.tickets.remove(join["ticket"].as_str().unwrap());
        if !known || mishap == Mishap::Shut {
            socket.send(Message::text(r#"{"type":"error","id":"1","at":"","code":"bad_ticket"}"#)).unwrap();
            return;
        }
        // A sign of life is asked for first, so that whoever has joined has been asked.
        send.send(Message::Ping("there?".into())).unwrap();
        send.send(Message::text(r#"{"type":"joined","id":"2","at":"","messages":[]}"#)).unwrap();
        state.people.push(send.clone());
    }
    // Frames of the two halves never mix: this one is the only one that writes from now on.
    let writer = thread::spawn(move || {
        let mut out = WebSocket::from_raw_socket(out, Role::Server, None);
        for message in sent {
            let is_last = message.is_close();
            if out.send(message).is_err() || is_last {
                return;
            }
        }
    });
    let mut has_answered = false;
    while let Ok(message) = read(&mut socket) {
        match message {
            Message::Text(text) => {
                let said: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(said["type"], "chatMessage");
                tell(&mut state.lock().unwrap(), &send, said["message"].as_str().unwrap(), mishap);
            }
            Message::Pong(payload) => has_answered = payload == "there?",
            Message::Close(_) => {
                assert!(has_answered, "the ping was not answered");
                // After all that was said before.
                let _ = send.send(Message::Close(None));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    drop(send);
    writer.join().unwrap();
}

/// Reads a frame and writes nothing: the library would answer a Close by itself, in the middle of another frame.
fn read(socket: &mut WebSocket<TcpStream>) -> Result<Message, ()> {
    socket.read().map_err(|_| ())
}

/// Tells a message to everybody, the first one apart.
fn tell(state: &mut State, to_sender: &Sender<Message>, text: &str, mishap: Mishap) {
    if mishap == Mishap::Mute {
        let _ = to_sender.send(Message::text(r#"{"type":"error","id":"3","at":"","code":"muted"}"#));
        return;
    }
    let number = state.messages;
    state.messages += 1;
    let event = serde_json::json!({
        "type": "chatMessage", "id": number.to_string(), "at": "",
        "message": { "id": number.to_string(), "text": text, "author": { "name": "somebody" } },
    });
    let event = Message::text(event.to_string());
    for person in &state.people[1..] {
        let _ = person.send(event.clone());
    }
    let first = &state.people[0];
    let tell_first = |event: &Message| drop(first.send(event.clone()));
    match mishap {
        Mishap::Lost(lost) if lost == number => {}
        Mishap::Doubled(doubled) if doubled == number => {
            tell_first(&event);
            tell_first(&event);
        }
        Mishap::Swapped(swapped) if swapped == number => state.kept = Some(event),
        Mishap::Dropped(dropped) if dropped == number => {
            let why = tungstenite::protocol::CloseFrame { code: 1013.into(), reason: "slow".into() };
            tell_first(&Message::Close(Some(why)));
        }
        _ => {
            tell_first(&event);
            if let Some(kept) = state.kept.take() {
                tell_first(&kept);
            }
        }
    }
}
