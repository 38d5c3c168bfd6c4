//! The same room in other stations: what is told to them, and what they tell.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use room::{Event, Moment, Origin, Person, PersonId, Role};
use tracing::debug;
use wire::gossip::{Gossip, Granted, Somebody};
use wire::message::{Client, Notice};

use super::Hub;
use crate::live::presence::Listeners;
use crate::signal::bus::{NodeId, Received};

/// A station that has said nothing for this long has nobody in the room any more.
const SILENT: Duration = Duration::from_secs(10);

/// Who does what nobody in a room did. Nobody comes in who is called so.
pub(in crate::signal) const STATION: &str = "onair:station";

/// What is known of the other stations.
#[derive(Default)]
pub(super) struct Others(HashMap<NodeId, Present>);

struct Present {
    people: usize,
    listeners: Listeners,
    seen: Instant,
}

impl Others {
    fn note(&mut self, node: NodeId, people: usize, listeners: Listeners) {
        self.0.insert(node, Present { people, listeners, seen: Instant::now() });
    }

    /// People in the room and listeners, by all other stations together.
    pub(super) fn count(&mut self) -> (usize, Listeners) {
        self.0.retain(|_, present| present.seen.elapsed() < SILENT);
        self.0.values().fold(Default::default(), |(people, listeners): (usize, Listeners), present| {
            let webrtc = listeners.webrtc + present.listeners.webrtc;
            let hls = listeners.hls + present.listeners.hls;
            (people + present.people, Listeners { hls, webrtc, ..listeners })
        })
    }
}

impl Hub {
    /// Hears what another station told.
    pub(super) fn hear(&mut self, received: Received) {
        let envelope = match received {
            Received::Envelope(envelope) => envelope,
            Received::Gap => return self.say(&Gossip::AskState),
        };
        let gossip = match Gossip::parse(&envelope.payload) {
            Ok(gossip) => gossip,
            Err(cause) => {
                debug!(broadcast.id = %self.broadcast, "another station tells what is not understood: {cause}");
                return;
            }
        };
        match gossip {
            Gossip::Granted(granted) => self.take_over(granted),
            Gossip::State { granted } => granted.into_iter().for_each(|granted| self.take_over(granted)),
            Gossip::Reacted { counts } => {
                let now = self.now();
                self.room.hear_reactions(now, Gossip::reactions(counts));
            }
            Gossip::Speaking { user_ids } => {
                let (now, people) = (self.now(), user_ids.iter().filter_map(|id| PersonId::parse(id).ok()));
                self.room.set_speaking(now, people, Origin::Elsewhere);
            }
            Gossip::Present { people, webrtc, hls } => {
                self.others.note(envelope.node, people, Listeners { hls, webrtc, streams: 0 });
            }
            Gossip::Pardoned { user_id } => {
                if let Ok(person) = PersonId::parse(&user_id) {
                    self.room.pardon(&person);
                    self.house.gate.unblock(&self.broadcast, &user_id);
                }
            }
            Gossip::RoleChanged { user_id, role } => {
                if let (Ok(person), Ok(role)) = (PersonId::parse(&user_id), Role::in_room(&role)) {
                    self.room.set_role(&person, role);
                }
            }
            Gossip::PutOut { user_id } => {
                if let Ok(person) = PersonId::parse(&user_id) {
                    self.put_out(&person);
                }
            }
            Gossip::HostLate { closes_at } => self.announce(&Notice::host_late(closes_at)),
            Gossip::HostMissed => self.announce(&Notice::HostMissed),
            Gossip::AskState => {
                if let Some(state) = Gossip::state(&self.room, &station()) {
                    self.say(&state);
                }
            }
        }
    }

    fn take_over(&mut self, granted: Granted) {
        let since = self.begun.elapsed();
        let now = Moment { since, wall: granted.at, programme: granted.programme };
        let Some((person, command)) = granted.command(&self.room) else { return };
        if let room::Command::Remove(person) | room::Command::Ban(person) = &command {
            self.follow_up.note_connections(person, &self.room);
        }
        // A state tells what may be known already.
        if let Err(refusal) = self.room.hear(now, &person, command) {
            debug!(broadcast.id = %self.broadcast, "what another station granted changes nothing here: {refusal}");
        }
    }

    /// Tells the others what was granted here.
    pub(super) fn pass_on(&self, now: Moment, person: &Person, id: &str, asked: Client) {
        let (at, programme) = (now.wall, now.programme);
        let granted = Granted { person: Somebody::from(person), id: id.to_owned(), at, programme, asked };
        self.say(&Gossip::Granted(granted));
    }

    /// Tells the others what happened here without anybody asking for it.
    pub(super) fn pass_on_event(&self, now: Moment, event: &Event, origin: Origin) {
        if origin == Origin::Elsewhere {
            return;
        }
        let asked = match event {
            Event::Reacted { here, .. } if !here.is_empty() => {
                let counts = here.iter().map(|(emoji, count)| (emoji.to_string(), *count)).collect();
                return self.say(&Gossip::Reacted { counts });
            }
            Event::Speaking(people) => {
                let user_ids = people.iter().map(ToString::to_string).collect();
                return self.say(&Gossip::Speaking { user_ids });
            }
            Event::HandLowered(person) => Client::LowerHand { user_id: Some(person.to_string()) },
            Event::StageChanged { person, change: room::StageChange::Gone } => {
                Client::RemoveFromStage { user_id: person.id.to_string() }
            }
            _ => return,
        };
        self.pass_on(now, &station(), "event", asked);
    }

    /// Tells the others how many there are here.
    pub(super) fn say_present(&self, listeners: Listeners) {
        let people = self.room.people().len();
        self.say(&Gossip::Present { people, webrtc: listeners.webrtc, hls: listeners.hls });
    }

    pub(super) fn say(&self, gossip: &Gossip) {
        self.house.bus.publish(&self.broadcast, gossip.encode().into());
    }
}

/// Who speaks for a station.
pub(super) fn station() -> Arc<Person> {
    let (id, name) = (PersonId::parse(STATION), room::Name::parse("station"));
    let (id, name) = (id.expect("it is a word"), name.expect("it is a word"));
    Arc::new(Person { id, name, role: Role::Owner, follows: false })
}
