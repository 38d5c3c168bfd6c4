//! What people send into a room: each line a message, of one of four who are in it.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use room::{ConnectionId, Moment, Name, Person, PersonId, Role, Room, Rules, Setting};
use wire::gossip::Gossip;
use wire::message::{Client, Notice, Request, Stamp, joined, notice, snapshot};

const ROLES: [Role; 4] = [Role::Owner, Role::Moderator, Role::Listener, Role::Guest];
const SPEAKERS: usize = 2;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let setting = Setting { rules: Rules::default(), speakers_max: SPEAKERS, crew: vec![], on_air: true };
    let (mut room, mut now) = (Room::new(setting), Moment::default());
    for (number, role) in (0..).zip(ROLES) {
        let (id, name) = (PersonId::parse(&number.to_string()).unwrap(), Name::parse("Sam").unwrap());
        room.join(now, ConnectionId(number), Person { id, name, role, follows: false }).unwrap();
    }
    for (number, line) in (0..).zip(text.lines()) {
        now.since += Duration::from_millis(300);
        let Ok(message) = Client::parse(line) else { continue };
        // What is read is written as it was understood.
        let again = serde_json::to_string(&message).unwrap();
        assert_eq!(Client::parse(&again).as_ref(), Ok(&message));
        let Ok(request) = message.request(&number.to_string()) else { continue };
        let command = match request {
            Request::Ask(command) => command,
            Request::ChangeRules(change) => room::Command::SetRules(change.apply(room.rules())),
            _ => continue,
        };
        let _ = room.handle(now, ConnectionId(number % 4), command);
        room.handle_timeout(now);
        while let Some(output) = room.poll_output() {
            let stamp = Stamp { id: "e-1".to_owned(), at: now };
            let told = notice(&stamp, &Notice::of(&output.event, &room));
            assert!(serde_json::from_str::<serde_json::Value>(&told).unwrap()["type"].is_string());
        }
        assert!(room.stage().seats().len() <= SPEAKERS);
    }
    let host = Person { id: PersonId::parse("h").unwrap(), name: Name::parse("h").unwrap(), role: Role::Owner, follows: false };
    let stamp = Stamp { id: "e-1".to_owned(), at: now };
    let picture = snapshot(&room);
    serde_json::from_str::<serde_json::Value>(&joined(&stamp, &room, &host, Some(&picture))).unwrap();
    if let Some(state) = Gossip::state(&room, &host) {
        assert_eq!(Gossip::parse(&state.encode()).unwrap(), state);
    }
    let _ = Gossip::parse(bytes);
});
