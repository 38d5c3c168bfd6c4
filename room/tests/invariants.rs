//! Whatever people do, and in whatever order, the room stays one.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use room::{
    Command, ConnectionId, Emoji, Event, MessageId, Moment, Name, Person, PersonId, PollId, QuestionId,
    Removal, Role, Room, Rules, Setting, Text, Voice,
};

/// Something that happens to a room.
#[derive(Clone, Debug)]
enum Step {
    Join(u8, u8),
    Leave(u8),
    Ask(u8, Command),
    Hear(u8, Command),
    Sound(u8, bool),
    OnAir(bool),
    Wait(u64),
    Listeners(usize),
}

const ROLES: [Role; 6] =
    [Role::Owner, Role::Admin, Role::Moderator, Role::Speaker, Role::Listener, Role::Guest];
const MOST: usize = 3;

fn person(n: u8) -> PersonId {
    PersonId::parse(&format!("p{}", n % 8)).unwrap()
}

fn role(n: u8) -> Role {
    ROLES[usize::from(n % 8).min(ROLES.len() - 1)]
}

fn who(n: u8) -> Person {
    Person { id: person(n), name: Name::parse("Sam").unwrap(), role: role(n), follows: n.is_multiple_of(2) }
}

fn command() -> impl Strategy<Value = Command> {
    let text = || Text::parse("hello example.org").unwrap();
    let message = |n: u8| MessageId::parse(&format!("m{}", n % 20)).unwrap();
    let poll = PollId::parse("poll").unwrap();
    let question = |n: u8| QuestionId::parse(&format!("q{}", n % 6)).unwrap();
    let open = Command::OpenPoll {
        id: poll.clone(),
        question: text(),
        options: vec![text(), Text::parse("no").unwrap()],
    };
    prop_oneof![
        any::<u8>().prop_map(move |n| Command::Chat { id: message(n), text: text(), reply_to: None }),
        any::<u8>().prop_map(move |n| Command::Delete(message(n))),
        any::<u8>().prop_map(move |n| Command::Pin(message(n))),
        any::<u8>().prop_map(move |n| Command::Unpin(message(n))),
        Just(Command::React(Emoji::parse("👍").unwrap())),
        Just(Command::RaiseHand),
        proptest::option::of(any::<u8>()).prop_map(|n| Command::LowerHand(n.map(person))),
        any::<u8>().prop_map(|n| Command::Invite(person(n))),
        Just(Command::Accept),
        Just(Command::Decline),
        Just(Command::EnterStage),
        Just(Command::LeaveStage),
        any::<u8>().prop_map(|n| Command::RemoveFromStage(person(n))),
        (any::<u8>(), any::<bool>())
            .prop_map(|(n, on)| Command::Mute(person(n), if on { Voice::Heard } else { Voice::Muted })),
        any::<u8>().prop_map(|n| Command::Remove(person(n))),
        any::<u8>().prop_map(|n| Command::Ban(person(n))),
        (any::<u8>(), 0_u64..100).prop_map(|(n, s)| Command::TimeOut(person(n), Duration::from_secs(s))),
        (any::<bool>(), 0_u64..900).prop_map(|(guests, s)| Command::SetRules(Rules {
            guests,
            slow_mode: Duration::from_secs(s),
            ..Rules::default()
        })),
        Just(open),
        (0_usize..3).prop_map(move |option| Command::Vote(poll.clone(), option)),
        Just(Command::ClosePoll(PollId::parse("poll").unwrap())),
        Just(Command::OpenQuestions),
        Just(Command::CloseQuestions),
        any::<u8>().prop_map(move |n| Command::Ask(question(n), text())),
        any::<u8>().prop_map(move |n| Command::Upvote(question(n))),
        any::<u8>().prop_map(move |n| Command::Settle(question(n))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<u8>(), 0_u8..12).prop_map(|(n, connection)| Step::Join(n, connection)),
        1 => (0_u8..12).prop_map(Step::Leave),
        8 => (0_u8..12, command()).prop_map(|(connection, command)| Step::Ask(connection, command)),
        3 => (any::<u8>(), command()).prop_map(|(n, command)| Step::Hear(n, command)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(n, comes)| Step::Sound(n, comes)),
        1 => any::<bool>().prop_map(Step::OnAir),
        2 => (0_u64..40_000).prop_map(Step::Wait),
        1 => (0_usize..500).prop_map(Step::Listeners),
    ]
}

fn check(room: &Room, banned: &HashSet<PersonId>) {
    let hands: Vec<&PersonId> = room.hands().iter().map(|hand| &hand.person.id).collect();
    assert_eq!(hands.iter().collect::<HashSet<_>>().len(), hands.len(), "one hand a person");
    let seats: Vec<&PersonId> = room.stage().seats().iter().map(|seat| &seat.person.id).collect();
    assert_eq!(seats.iter().collect::<HashSet<_>>().len(), seats.len(), "one seat a person");
    let invited: Vec<&PersonId> = room.stage().invited().map(|person| &person.id).collect();
    assert!(seats.len() + invited.len() <= MOST, "no speaker beyond the most");
    assert!(!hands.iter().any(|hand| seats.contains(hand)), "nobody on stage asks to come there");
    for person in banned {
        assert!(room.people().find(person).is_none(), "a banned person is nowhere");
        assert!(!hands.contains(&person) && !seats.contains(&person) && !invited.contains(&person));
    }
    assert!(room.chat().history().count() <= room::Chat::HISTORY);
    assert!(room.chat().pinned().len() <= room::Chat::PINS);
    let names: HashSet<_> =
        room.people().iter().filter(|one| !one.is_crew()).map(|one| one.name.likeness()).collect();
    assert_eq!(
        names.len(),
        room.people().iter().filter(|one| !one.is_crew()).count(),
        "no two are called alike"
    );
    if let Some(poll) = room.poll() {
        let voters = (0..=255).filter(|n| *n < 8 && poll.vote_of(&person(*n)).is_some()).count();
        assert_eq!(poll.counts().iter().sum::<u32>() as usize, voters, "a vote a person");
    }
    for question in room.questions().iter() {
        assert!((1..=8).contains(&question.votes()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_the_room_stays_one(steps in proptest::collection::vec(step(), 1..120)) {
        let setting = Setting { rules: Rules::default(), speakers_max: MOST, crew: vec![], on_air: true };
        let mut room = Room::new(setting);
        let mut now = Moment::default();
        let (mut banned, mut told_here) = (HashSet::new(), HashSet::new());
        for step in steps {
            match step {
                Step::Join(n, connection) => {
                    let joined = room.join(now, ConnectionId(connection.into()), who(n));
                    prop_assert!(!(joined.is_ok() && banned.contains(&person(n))));
                }
                Step::Leave(connection) => room.leave(now, ConnectionId(connection.into())),
                Step::Ask(connection, command) => {
                    // A refusal is an answer like any other.
                    let _ = room.handle(now, ConnectionId(connection.into()), command);
                }
                Step::Hear(n, command) => {
                    if !banned.contains(&person(n)) {
                        let _ = room.hear(now, &who(n).into(), command);
                    }
                }
                Step::Sound(n, comes) => room.note_sound(now, &person(n), comes),
                Step::OnAir(on_air) => room.set_on_air(now, on_air),
                Step::Wait(millis) => {
                    now.since += Duration::from_millis(millis);
                    room.handle_timeout(now);
                    prop_assert!(room.poll_timeout().is_none_or(|due| due > now.since), "nothing stays due");
                }
                Step::Listeners(listeners) => room.set_listeners(now, listeners / 2, listeners),
            }
            while let Some(output) = room.poll_output() {
                match output.event {
                    Event::Removed { person, removal: Removal::ForGood, .. } => {
                        banned.insert(person);
                    }
                    // Who came is told of before they leave.
                    Event::PersonJoined(person) => prop_assert!(told_here.insert(person.id.clone())),
                    Event::PersonLeft(person) => prop_assert!(told_here.remove(&person)),
                    _ => {}
                }
            }
            check(&room, &banned);
        }
    }
}
