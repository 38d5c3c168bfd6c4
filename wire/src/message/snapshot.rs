//! What somebody sees who comes in.

use room::{Moment, Person, Room};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::notice::{
    AskedQuestion, ChatMessage, Listeners, OpenPoll, RaisedHand, RoomRules, Speaker, Stamp, stage,
};
use super::user::User;
use crate::time::rfc3339;

/// A room as everybody sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomSnapshot)]
struct Snapshot {
    on_air: bool,
    rules: RoomRules,
    /// Who is here; none in a large room.
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<User>>,
    people: usize,
    listeners: Listeners,
    stage: Vec<Speaker>,
    /// Whose voice is heard at the moment.
    speaking: Vec<String>,
    messages: Vec<ChatMessage>,
    pinned: Vec<ChatMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<OpenPoll>,
    questions_open: bool,
    questions: Vec<AskedQuestion>,
}

/// The first message to somebody who comes in: `joined`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomJoined)]
pub struct Joined<'a> {
    /// `joined`.
    r#type: &'static str,
    /// The last message that is in it.
    id: &'a str,
    #[schema(format = DateTime)]
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    program_time: Option<String>,
    you: User,
    /// Whether what was missed follows, instead of a snapshot.
    resumed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Snapshot>)]
    room: Option<&'a RawValue>,
    /// Every hand for the crew, one's own for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    hands: Option<Vec<RaisedHand>>,
    /// The answer that one gave to the poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    vote: Option<usize>,
    /// Whether one is asked on stage.
    invited: bool,
}

/// Messages that a snapshot shows.
const MESSAGES: usize = 50;

/// A room as everybody sees it, as JSON: made once for all who come in before it changes.
pub fn snapshot(room: &Room) -> Box<RawValue> {
    let history: Vec<_> = room.chat().history().collect();
    let latest = history.iter().skip(history.len().saturating_sub(MESSAGES));
    let counts = room.counts();
    let snapshot = Snapshot {
        on_air: room.is_on_air(),
        rules: room.rules().into(),
        users: room.is_small().then(|| room.people().iter().map(|person| (&**person).into()).collect()),
        people: counts.people,
        listeners: (&counts).into(),
        stage: stage(room),
        speaking: room.speaking().map(ToString::to_string).collect(),
        messages: latest.map(|message| (&***message).into()).collect(),
        pinned: room.chat().pinned().iter().map(|message| (&**message).into()).collect(),
        poll: room.poll().map(|poll| OpenPoll {
            id: poll.id.to_string(),
            question: poll.question.to_string(),
            options: poll.options.iter().map(ToString::to_string).collect(),
            counts: poll.counts().to_vec(),
        }),
        questions_open: room.questions().are_open(),
        questions: room.questions().iter().map(Into::into).collect(),
    };
    // Strings, numbers and lists of them: there is nothing in it that JSON could not say.
    serde_json::value::to_raw_value(&snapshot).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// `joined` for `person`: with the snapshot, or after a lost connection without one, where what was missed follows.
pub fn joined(stamp: &Stamp, room: &Room, person: &Person, snapshot: Option<&RawValue>) -> String {
    let sees = |hand: &&room::Hand| person.is_crew() || hand.person.id == person.id;
    let Moment { wall, programme, .. } = stamp.at;
    let joined = Joined {
        r#type: "joined",
        id: &stamp.id,
        at: rfc3339(wall),
        program_time: programme.map(rfc3339),
        you: person.into(),
        resumed: snapshot.is_none(),
        room: snapshot,
        hands: snapshot.map(|_| room.hands().iter().filter(sees).map(Into::into).collect()),
        vote: room.poll().and_then(|poll| poll.vote_of(&person.id)),
        invited: room.stage().invited().any(|invited| invited.id == person.id),
    };
    // As above.
    serde_json::to_string(&joined).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use room::{Command, ConnectionId, MessageId, Name, PersonId, Role, Rules, Setting, Text};
    use serde_json::Value;

    use super::*;
    use crate::message::{Notice, notice};

    fn person(id: &str, role: Role) -> Person {
        let name = Name::parse(&format!("{id} <b>")).unwrap();
        Person { id: PersonId::parse(id).unwrap(), name, role, follows: false }
    }

    fn stamp() -> Stamp {
        let at = Moment { since: Duration::ZERO, wall: 1_000_000, programme: Some(2_500_000) };
        Stamp { id: "e-7".to_owned(), at }
    }

    #[test]
    fn who_comes_in_sees_what_was_said_and_who_is_there() {
        let setting = Setting { rules: Rules::default(), speakers_max: 4, crew: vec![], on_air: true };
        let (mut room, at) = (Room::new(setting), stamp().at);
        room.join(at, ConnectionId(1), person("amy", Role::Listener)).unwrap();
        let host = room.join(at, ConnectionId(2), person("hana", Role::Owner)).unwrap();
        let (id, text) = (MessageId::parse("m1").unwrap(), Text::parse("\"hi\" </script>").unwrap());
        room.handle(at, ConnectionId(1), Command::Chat { id, text, reply_to: None }).unwrap();
        room.handle(at, ConnectionId(1), Command::RaiseHand).unwrap();
        let json: Value =
            serde_json::from_str(&joined(&stamp(), &room, &host, Some(&snapshot(&room)))).unwrap();
        assert_eq!(json["type"], "joined");
        assert_eq!((&json["id"], &json["at"]), (&"e-7".into(), &"1970-01-01T00:00:01.000Z".into()));
        assert_eq!(json["programTime"], "1970-01-01T00:00:02.500Z");
        assert_eq!(json["you"]["role"], "host");
        assert_eq!(json["room"]["messages"][0]["text"], "\"hi\" </script>");
        assert_eq!(json["room"]["messages"][0]["author"]["name"], "amy <b>");
        assert_eq!(json["room"]["messages"][0]["at"], "1970-01-01T00:00:01.000Z");
        assert_eq!(json["room"]["messages"][0]["programTime"], "1970-01-01T00:00:02.500Z");
        assert_eq!(json["room"]["users"].as_array().unwrap().len(), 2);
        assert_eq!(json["hands"][0]["user"]["id"], "amy");
        let told = std::iter::from_fn(|| room.poll_output()).collect::<Vec<_>>();
        let said = told.iter().find(|output| matches!(output.event, room::Event::Said(_))).unwrap();
        let json: Value = serde_json::from_str(&notice(&stamp(), &Notice::of(&said.event, &room))).unwrap();
        assert_eq!(json["type"], "chatMessage");
        assert_eq!(json["message"]["text"], "\"hi\" </script>");
        assert_eq!(json["programTime"], "1970-01-01T00:00:02.500Z");
        assert_eq!(json["at"], "1970-01-01T00:00:01.000Z");
        let twice = ["at", "programTime"].map(|field| json["message"].get(field));
        assert_eq!(twice, [None, None], "ten thousand people are told the time once");
        let resumed: Value = serde_json::from_str(&joined(&stamp(), &room, &host, None)).unwrap();
        assert_eq!((&resumed["resumed"], resumed.get("room")), (&true.into(), None));
    }
}
