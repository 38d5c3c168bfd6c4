//! What stations tell each other of a room that each of them has.

use std::collections::BTreeMap;
use std::sync::Arc;

use room::{Command, Emoji, Name, Person, PersonId, Role, Room, Rules, Voice};
use serde::{Deserialize, Serialize};

use crate::message::{BadMessage, Client, Request};

/// What a station tells the others of a room.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Gossip {
    /// Somebody asked for something, and it was granted.
    Granted(Granted),
    /// People reacted.
    Reacted {
        /// How often with each.
        counts: BTreeMap<String, u32>,
    },
    /// So many are in the room there, and listen by that station; told every few seconds.
    Present {
        /// In the room.
        people: usize,
        /// By WebRTC.
        webrtc: usize,
        /// By HLS.
        hls: usize,
    },
    /// The voices of these are heard at the moment: that station puts the broadcast on air.
    Speaking {
        /// Who.
        user_ids: Vec<String>,
    },
    /// Somebody who was banned may come back.
    Pardoned {
        /// Who.
        user_id: String,
    },
    /// Somebody is something else in the broadcast now.
    RoleChanged {
        /// Who.
        user_id: String,
        /// What, as rooms call it.
        role: String,
    },
    /// Somebody may not be in the room any more, and may come back when they may.
    PutOut {
        /// Who.
        user_id: String,
    },
    /// The host has not come.
    HostLate {
        /// When the broadcast is closed: microseconds since 1970.
        #[serde(skip_serializing_if = "Option::is_none")]
        closes_at: Option<u64>,
    },
    /// The host did not come, and the broadcast does not take place.
    HostMissed,
    /// The teller has missed something: whoever knows the room tells its state.
    AskState,
    /// What would have to be granted to make the room as it is.
    State {
        /// In order.
        granted: Vec<Granted>,
    },
}

/// Something that was granted to somebody.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Granted {
    /// Who asked.
    pub person: Somebody,
    /// What is new is called this.
    pub id: String,
    /// When: microseconds since 1970.
    pub at: u64,
    /// The moment of the programme, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<u64>,
    /// What they asked for.
    pub asked: Client,
}

/// A person, on the way.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Somebody {
    id: String,
    name: String,
    role: String,
}

/// Questions and hands that a state tells of: what fits into one message of the bus.
const MOST: usize = 500;

impl Gossip {
    /// Reads what another station told.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadMessage> {
        serde_json::from_slice(bytes).map_err(|error| BadMessage::Json(error.to_string()))
    }

    /// As it is told.
    pub fn encode(&self) -> Vec<u8> {
        // Strings, numbers, and maps with strings for keys: there is nothing in it that JSON could not say.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The state of a room, as `station` tells it; `None` where there is nothing to tell. Votes are not part of it.
    pub fn state(room: &Room, station: &Person) -> Option<Self> {
        let mut granted = Vec::new();
        let mut note = |person: &Person, id: &str, at: u64, asked: Client| {
            let (person, id) = (Somebody::from(person), id.to_owned());
            granted.push(Granted { person, id, at, programme: None, asked });
        };
        if *room.rules() != Rules::default() {
            note(station, "rules", 0, rules(room.rules()));
        }
        for seat in room.stage().seats() {
            note(&seat.person, "stage", 0, Client::EnterStage {});
            if seat.voice == Voice::Muted {
                let (user_id, muted) = (seat.person.id.to_string(), Some(true));
                note(station, "mute", 0, Client::Mute { user_id, muted });
            }
        }
        for hand in room.hands().iter().take(MOST) {
            note(&hand.person, "hand", hand.raised.wall, Client::RaiseHand {});
        }
        if let Some(poll) = room.poll() {
            let options = poll.options.iter().map(ToString::to_string).collect();
            note(
                station,
                poll.id.as_str(),
                0,
                Client::OpenPoll { question: poll.question.to_string(), options },
            );
        }
        if room.questions().are_open() {
            note(station, "questions", 0, Client::OpenQuestions {});
        }
        for question in room.questions().iter().take(MOST) {
            let (id, name) = (question.author.clone(), question.name.clone());
            let author = Person { id, name, role: Role::Listener, follows: false };
            let asked = Client::AskQuestion { text: question.text.to_string() };
            note(&author, question.id.as_str(), question.asked.wall, asked);
        }
        (!granted.is_empty()).then_some(Self::State { granted })
    }

    /// Reactions, where they are some.
    pub fn reactions(counts: BTreeMap<String, u32>) -> Vec<(Emoji, u32)> {
        counts.into_iter().filter_map(|(sign, count)| Some((Emoji::parse(&sign).ok()?, count))).collect()
    }
}

impl Granted {
    /// Who asked for what. Rules that are left out are those of `room`.
    pub fn command(self, room: &Room) -> Option<(Arc<Person>, Command)> {
        let person = Arc::new(self.person.person()?);
        match self.asked.request(&self.id).ok()? {
            Request::Ask(command) => Some((person, command)),
            Request::ChangeRules(change) => Some((person, Command::SetRules(change.apply(room.rules())))),
            _ => None,
        }
    }
}

impl Somebody {
    fn person(&self) -> Option<Person> {
        Some(Person {
            id: PersonId::parse(&self.id).ok()?,
            name: Name::parse(&self.name).ok()?,
            role: Role::in_room(&self.role).ok()?,
            follows: false,
        })
    }
}

impl From<&Person> for Somebody {
    fn from(person: &Person) -> Self {
        let role = person.role.room_name().to_owned();
        Self { id: person.id.to_string(), name: person.name.to_string(), role }
    }
}

fn rules(rules: &Rules) -> Client {
    Client::SetRules {
        chat: Some(rules.chat),
        slow_mode_seconds: Some(u32::try_from(rules.slow_mode.as_secs()).unwrap_or(u32::MAX)),
        followers_only: Some(rules.followers_only),
        links: Some(rules.links),
        guests: Some(rules.guests),
        reactions: Some(rules.reactions.iter().map(ToString::to_string).collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use room::{ConnectionId, Moment, PollId, QuestionId, Setting, Text};

    use super::*;

    fn room() -> Room {
        Room::new(Setting { rules: Rules::default(), speakers_max: 4, crew: vec![], on_air: true })
    }

    fn person(id: &str, role: Role) -> Person {
        Person { id: PersonId::parse(id).unwrap(), name: Name::parse(id).unwrap(), role, follows: false }
    }

    #[test]
    fn a_state_makes_another_room_the_same() {
        let (mut here, now) = (room(), Moment::default());
        for (number, (id, role)) in [("hana", Role::Owner), ("amy", Role::Listener)].into_iter().enumerate() {
            here.join(now, ConnectionId(number as u64), person(id, role)).unwrap();
        }
        let text = |words| Text::parse(words).unwrap();
        let (poll, question) = (PollId::parse("p1").unwrap(), QuestionId::parse("q1").unwrap());
        let (host, amy) = (ConnectionId(0), ConnectionId(1));
        let rules = Rules { slow_mode: Duration::from_secs(5), links: false, ..Rules::default() };
        let options = vec![text("yes"), text("no")];
        for (who, command) in [
            (host, Command::SetRules(rules.clone())),
            (host, Command::EnterStage),
            (host, Command::OpenQuestions),
            (host, Command::OpenPoll { id: poll.clone(), question: text("Tea?"), options }),
            (amy, Command::RaiseHand),
            (amy, Command::Ask(question.clone(), text("Why?"))),
        ] {
            here.handle(now, who, command).unwrap();
        }
        let station = person("station", Role::Owner);
        let told = Gossip::state(&here, &station).unwrap().encode();
        let Ok(Gossip::State { granted }) = Gossip::parse(&told) else { panic!("no state") };
        let mut there = room();
        for granted in granted {
            let (person, command) = granted.command(&there).unwrap();
            there.hear(now, &person, command).unwrap();
        }
        assert_eq!(there.rules(), &rules);
        assert!(there.stage().has(&PersonId::parse("hana").unwrap()));
        assert!(there.hands().has(&PersonId::parse("amy").unwrap()));
        assert_eq!(there.poll().map(|poll| &poll.id), Some(&poll));
        assert_eq!(there.questions().iter().map(|one| &one.id).collect::<Vec<_>>(), [&question]);
        assert_eq!(
            there.poll_timeout().filter(|due| !due.is_zero()),
            None,
            "nobody there waits for the host's sound"
        );
        assert!(Gossip::state(&room(), &station).is_none());
    }

    #[test]
    fn nonsense_is_no_gossip() {
        assert!(Gossip::parse(b"nonsense").is_err());
        let stranger = br#"{"kind":"granted","person":{"id":"a b","name":"x","role":"listener"},"id":"1","at":0,"asked":{"type":"raiseHand"}}"#;
        let Ok(Gossip::Granted(granted)) = Gossip::parse(stranger) else { panic!("not read") };
        assert!(granted.command(&room()).is_none());
    }
}
