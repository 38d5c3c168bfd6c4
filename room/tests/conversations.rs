//! What people do in a room, told as small stories.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use room::{
    Audience, Command, ConnectionId, Emoji, Event, InvitationEnd, MessageId, Moment, Name, Origin, Person,
    PersonId, PollId, QuestionId, Refusal, Removal, Role, Room, Rules, Setting, StageChange, Text, Voice,
};

/// A room with its host (`h`), a moderator (`m`) and three listeners (`a`, `b`, `c`), and a clock.
struct Evening {
    room: Room,
    now: Moment,
    connections: u64,
    ids: u64,
}

impl Evening {
    fn begin() -> Self {
        let rules = Rules::default();
        let setting = Setting { rules, speakers_max: 2, crew: vec![name("Hana")], on_air: true };
        let mut evening = Self { room: Room::new(setting), now: Moment::default(), connections: 0, ids: 0 };
        for (id, role) in [("h", Role::Owner), ("m", Role::Moderator)] {
            evening.enter(id, role).unwrap();
        }
        for id in ["a", "b", "c"] {
            evening.enter(id, Role::Listener).unwrap();
        }
        evening.wait(10_000);
        evening
    }

    fn enter(&mut self, id: &str, role: Role) -> Result<ConnectionId, Refusal> {
        let called = if id == "h" { "Hana".to_owned() } else { format!("Person {id}") };
        self.enter_as(id, role, &called)
    }

    fn enter_as(&mut self, id: &str, role: Role, called: &str) -> Result<ConnectionId, Refusal> {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let person = Person { id: person(id), name: name(called), role, follows: false };
        self.room.join(self.now, connection, person).map(|_| connection)
    }

    /// Time passes; what is due happens. Tells what was told.
    fn wait(&mut self, millis: u64) -> Vec<Event> {
        let until = self.now.since + Duration::from_millis(millis);
        let mut told = self.told();
        while let Some(due) = self.room.poll_timeout().filter(|due| *due <= until) {
            self.now.since = self.now.since.max(due);
            self.room.handle_timeout(self.now);
            told.extend(self.told());
        }
        self.now.since = until;
        told
    }

    fn told(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.room.poll_output()).map(|output| output.event).collect()
    }

    fn ask(&mut self, who: &str, command: Command) -> Result<Vec<Event>, Refusal> {
        let connection = self.room.people().connections_of(&person(who))[0];
        self.room.handle(self.now, connection, command)?;
        Ok(self.told())
    }

    fn say(&mut self, who: &str, words: &str) -> Result<MessageId, Refusal> {
        self.ids += 1;
        let id = MessageId::parse(&format!("m{}", self.ids)).unwrap();
        self.ask(who, Command::Chat { id: id.clone(), text: text(words), reply_to: None }).map(|_| id)
    }

    fn on_stage(&self) -> Vec<&str> {
        self.room.stage().seats().iter().map(|seat| seat.person.id.as_str()).collect()
    }

    fn hands(&self) -> Vec<&str> {
        self.room.hands().iter().map(|hand| hand.person.id.as_str()).collect()
    }
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn name(called: &str) -> Name {
    Name::parse(called).unwrap()
}

fn text(words: &str) -> Text {
    Text::parse(words).unwrap()
}

fn emoji(sign: &str) -> Emoji {
    Emoji::parse(sign).unwrap()
}

#[test]
fn a_hand_is_raised_invited_on_stage_muted_and_removed() {
    let mut evening = Evening::begin();
    assert_eq!(evening.ask("a", Command::RaiseHand).unwrap().len(), 1);
    assert_eq!(evening.ask("a", Command::RaiseHand), Ok(vec![]), "one hand a person");
    assert_eq!(evening.hands(), ["a"]);
    evening.ask("h", Command::Invite(person("a"))).unwrap();
    evening.ask("a", Command::Accept).unwrap();
    assert_eq!((evening.on_stage(), evening.hands()), (vec!["a"], vec![]));
    let told = evening.ask("m", Command::Mute(person("a"), Voice::Muted)).unwrap();
    assert!(matches!(&told[..], [Event::Muted { voice: Voice::Muted, .. }]));
    assert_eq!(evening.room.stage().seats()[0].voice, Voice::Muted);
    let told = evening.ask("m", Command::Remove(person("a"))).unwrap();
    assert!(told.iter().any(|event| matches!(event, Event::Removed { removal: Removal::Once, .. })));
    assert!(evening.on_stage().is_empty() && evening.room.people().find(&person("a")).is_none());
    evening.enter("a", Role::Listener).expect("they may come back");
}

#[test]
fn who_becomes_something_else_is_that_at_once() {
    let mut evening = Evening::begin();
    assert_eq!(evening.ask("a", Command::Remove(person("b"))), Err(Refusal::NotAllowed));
    evening.ask("a", Command::RaiseHand).unwrap();
    evening.room.set_role(&person("a"), Role::Moderator);
    let told = evening.told();
    assert!(matches!(&told[..], [Event::RoleChanged(who)] if who.role == Role::Moderator), "{told:?}");
    assert_eq!(evening.room.hands().iter().next().unwrap().person.role, Role::Moderator);
    evening.ask("a", Command::Remove(person("b"))).unwrap();
    evening.room.set_role(&person("a"), Role::Moderator);
    assert_eq!(evening.told(), [], "that is nothing new");

    evening.ask("a", Command::EnterStage).unwrap();
    evening.room.set_role(&person("a"), Role::Speaker);
    assert_eq!((evening.told().len(), evening.on_stage()), (1, vec!["a"]), "a speaker may stay");
    evening.room.set_role(&person("a"), Role::Listener);
    let told = evening.told();
    let change = StageChange::Removed;
    assert!(
        matches!(&told[..], [Event::RoleChanged(_), Event::StageChanged { change: it, .. }] if *it == change),
        "{told:?}"
    );
    assert!(evening.on_stage().is_empty());
    assert_eq!(evening.ask("a", Command::Remove(person("c"))), Err(Refusal::NotAllowed));
    evening.ask("m", Command::Remove(person("a"))).unwrap();
    evening.enter("a", Role::Listener).unwrap();
    let called = evening.room.people().find(&person("a")).unwrap().name.clone();
    assert_eq!(called, name("Person a"), "nobody takes them for somebody who poses as crew");
}

#[test]
fn who_was_brought_on_stage_as_a_listener_stays_there_whatever_they_become() {
    let mut evening = Evening::begin();
    evening.ask("h", Command::Invite(person("a"))).unwrap();
    evening.ask("a", Command::Accept).unwrap();
    evening.room.set_role(&person("a"), Role::Host);
    evening.room.set_role(&person("a"), Role::Listener);
    assert_eq!(evening.on_stage(), ["a"]);
}

#[test]
fn who_is_banned_does_not_come_back() {
    let mut evening = Evening::begin();
    evening.ask("m", Command::Ban(person("b"))).unwrap();
    assert_eq!(evening.enter("b", Role::Listener), Err(Refusal::Banned));
    evening.room.pardon(&person("b"));
    evening.enter("b", Role::Listener).expect("unless they are let in again");
}

#[test]
fn nobody_touches_the_host_and_listeners_touch_nobody() {
    let mut evening = Evening::begin();
    for command in
        [Command::Remove(person("h")), Command::Ban(person("h")), Command::TimeOut(person("h"), MINUTE)]
    {
        assert_eq!(evening.ask("m", command), Err(Refusal::Untouchable));
    }
    for command in [
        Command::Remove(person("b")),
        Command::Invite(person("b")),
        Command::LowerHand(Some(person("b"))),
        Command::SetRules(Rules::default()),
        Command::MarkChapter(text("one")),
    ] {
        assert_eq!(evening.ask("a", command), Err(Refusal::NotAllowed));
        evening.wait(1_000);
    }
    assert_eq!(evening.ask("m", Command::OpenQuestions), Err(Refusal::NotAllowed), "the host's alone");
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn the_stage_holds_so_many_with_those_who_were_invited() {
    let mut evening = Evening::begin();
    evening.ask("h", Command::Invite(person("a"))).unwrap();
    evening.ask("h", Command::Invite(person("b"))).unwrap();
    assert_eq!(evening.ask("h", Command::Invite(person("c"))), Err(Refusal::StageFull { most: 2 }));
    evening.ask("a", Command::Decline).unwrap();
    evening.ask("h", Command::Invite(person("c"))).unwrap();
    assert_eq!(evening.ask("a", Command::Accept), Err(Refusal::NotInvited));
    let told = evening.wait(60_000);
    let expired =
        |event: &&Event| matches!(event, Event::InvitationEnded { how: InvitationEnd::Expired, .. });
    assert_eq!(told.iter().filter(expired).count(), 2, "nobody answered within a minute");
}

#[test]
fn a_seat_is_kept_for_half_a_minute_without_sound() {
    let mut evening = Evening::begin();
    evening.ask("h", Command::EnterStage).unwrap();
    evening.room.note_sound(evening.now, &person("h"), true);
    evening.wait(600_000);
    assert_eq!(evening.on_stage(), ["h"]);
    evening.room.note_sound(evening.now, &person("h"), false);
    evening.wait(29_000);
    assert_eq!(evening.on_stage(), ["h"]);
    let told = evening.wait(1_000);
    assert!(told.iter().any(|event| matches!(event, Event::StageChanged { change: StageChange::Gone, .. })));
    assert!(evening.on_stage().is_empty());
}

#[test]
fn five_messages_a_second_and_the_sixth_ends_the_connection() {
    let mut evening = Evening::begin();
    for _ in 0..5 {
        evening.say("a", "hello").unwrap();
    }
    let refusal = evening.say("a", "hello").unwrap_err();
    assert!(refusal.ends_the_connection());
    evening.say("b", "hello").expect("others write on");
}

#[test]
fn slow_mode_closed_chats_followers_and_links_bind_listeners_and_not_the_crew() {
    let mut evening = Evening::begin();
    let rules = Rules { slow_mode: Duration::from_secs(30), links: false, ..Rules::default() };
    evening.ask("m", Command::SetRules(rules.clone())).unwrap();
    assert_eq!(evening.say("a", "see example.org"), Err(Refusal::NoLinks));
    evening.say("a", "one").unwrap();
    evening.wait(10_000);
    assert_eq!(evening.say("a", "two"), Err(Refusal::SlowMode(Duration::from_secs(20))));
    evening.wait(20_000);
    evening.say("a", "two").unwrap();
    evening.ask("m", Command::SetRules(Rules { followers_only: true, ..rules.clone() })).unwrap();
    assert_eq!(evening.say("b", "hi"), Err(Refusal::FollowersOnly));
    evening.ask("m", Command::SetRules(Rules { chat: false, ..rules.clone() })).unwrap();
    assert_eq!(evening.say("b", "hi"), Err(Refusal::ChatClosed));
    evening.say("m", "www.example.org").unwrap();
    evening.say("m", "again").unwrap();
    let sleepy = Rules { slow_mode: Duration::from_hours(1), ..rules };
    assert_eq!(evening.ask("m", Command::SetRules(sleepy)), Err(Refusal::BadRules));
}

#[test]
fn who_is_timed_out_only_listens_until_it_is_over() {
    let mut evening = Evening::begin();
    evening.ask("a", Command::RaiseHand).unwrap();
    evening.ask("m", Command::TimeOut(person("a"), MINUTE)).unwrap();
    assert!(evening.hands().is_empty());
    evening.wait(20_000);
    let left = Duration::from_secs(40);
    assert_eq!(evening.say("a", "hi"), Err(Refusal::TimedOut(left)));
    assert_eq!(evening.ask("a", Command::RaiseHand), Err(Refusal::TimedOut(left)));
    evening.wait(40_000);
    evening.say("a", "hi").unwrap();
}

#[test]
fn messages_are_deleted_by_their_author_or_the_crew_and_pinned_by_the_crew() {
    let mut evening = Evening::begin();
    let (one, two) = (evening.say("a", "one").unwrap(), evening.say("b", "two").unwrap());
    assert_eq!(evening.ask("a", Command::Delete(two.clone())), Err(Refusal::NotAllowed));
    evening.ask("m", Command::Pin(two.clone())).unwrap();
    assert_eq!(evening.room.chat().pinned().len(), 1);
    evening.ask("a", Command::Delete(one)).unwrap();
    evening.ask("m", Command::Delete(two.clone())).unwrap();
    assert_eq!((evening.room.chat().history().count(), evening.room.chat().pinned().len()), (0, 0));
    assert_eq!(evening.ask("m", Command::Delete(two)), Err(Refusal::NoSuchMessage));
}

#[test]
fn reactions_of_a_quarter_second_are_one_event() {
    let mut evening = Evening::begin();
    for who in ["a", "b", "c"] {
        assert_eq!(evening.ask(who, Command::React(emoji("👍"))), Ok(vec![]));
    }
    evening.ask("a", Command::React(emoji("🔥"))).unwrap();
    let told = evening.wait(250);
    let [Event::Reacted { counts, here }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(counts, here);
    let mut sums: Vec<_> = counts.iter().map(|(emoji, count)| (emoji.as_str(), *count)).collect();
    sums.sort_unstable();
    assert_eq!(sums, [("👍", 3), ("🔥", 1)]);
    assert_eq!(evening.ask("a", Command::React(emoji("🚀"))), Err(Refusal::NoSuchReaction));
    evening.room.hear_reactions(evening.now, vec![(emoji("👍"), 7), (emoji("🚀"), 9)]);
    let told = evening.wait(250);
    let [Event::Reacted { counts, here }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((counts, here.len()), (&vec![(emoji("👍"), 7)], 0));
}

#[test]
fn ten_reactions_a_second_count() {
    let mut evening = Evening::begin();
    let counted = (0..20).filter(|_| evening.ask("a", Command::React(emoji("👍"))).is_ok()).count();
    assert_eq!(counted, 10);
    evening.say("a", "hi").expect("nobody is put out for it");
}

#[test]
fn everybody_has_one_vote_and_may_change_it() {
    let mut evening = Evening::begin();
    let id = PollId::parse("p").unwrap();
    let open = |options: &[&str]| Command::OpenPoll {
        id: id.clone(),
        question: text("Tea?"),
        options: options.iter().map(|option| text(option)).collect(),
    };
    assert_eq!(evening.ask("h", open(&["yes", "yes"])), Err(Refusal::BadOptions));
    evening.ask("h", open(&["yes", "no"])).unwrap();
    assert_eq!(evening.ask("h", open(&["yes", "no"])), Err(Refusal::PollOpen));
    for (who, option) in [("a", 0), ("b", 1), ("a", 1)] {
        evening.ask(who, Command::Vote(id.clone(), option)).unwrap();
    }
    assert_eq!(evening.ask("c", Command::Vote(id.clone(), 2)), Err(Refusal::NoSuchOption));
    let told = evening.wait(250);
    assert_eq!(told, [Event::PollCounted { id: id.clone(), counts: vec![0, 2] }]);
    let closed = evening.ask("h", Command::ClosePoll(id.clone())).unwrap();
    assert_eq!(closed, [Event::PollClosed { id: id.clone(), counts: vec![0, 2] }]);
    assert_eq!(evening.ask("c", Command::Vote(id, 0)), Err(Refusal::NoPoll));
}

#[test]
fn the_question_that_most_want_answered_comes_first() {
    let mut evening = Evening::begin();
    let question = |n: u32| QuestionId::parse(&format!("q{n}")).unwrap();
    assert_eq!(evening.ask("a", Command::Ask(question(1), text("Why?"))), Err(Refusal::QuestionsClosed));
    evening.ask("h", Command::OpenQuestions).unwrap();
    evening.ask("a", Command::Ask(question(1), text("Why?"))).unwrap();
    evening.ask("b", Command::Ask(question(2), text("How?"))).unwrap();
    for _ in 0..2 {
        evening.ask("c", Command::Upvote(question(2))).unwrap();
    }
    assert_eq!(evening.wait(250), [Event::QuestionVoted { id: question(2), votes: 2 }]);
    let order: Vec<_> = evening.room.questions().iter().map(|question| question.id.to_string()).collect();
    assert_eq!(order, ["q2", "q1"]);
    evening.ask("m", Command::Settle(question(2))).unwrap();
    assert_eq!(evening.ask("c", Command::Upvote(question(2))), Err(Refusal::NoSuchQuestion));
}

#[test]
fn nobody_is_called_like_the_host_and_no_two_alike() {
    let mut evening = Evening::begin();
    let called =
        |evening: &Evening, id: &str| evening.room.people().find(&person(id)).unwrap().name.to_string();
    evening.enter_as("x", Role::Listener, "Наnа").unwrap();
    assert!(called(&evening, "x").starts_with("Listener "), "{}", called(&evening, "x"));
    evening.enter_as("y", Role::Listener, "Ｐerson A").unwrap();
    assert_ne!(called(&evening, "y"), "Ｐerson A");
    evening.enter_as("z", Role::Listener, "Zoë").unwrap();
    assert_eq!(called(&evening, "z"), "Zoë");
}

#[test]
fn guests_listen_and_react_and_may_be_kept_out() {
    let mut evening = Evening::begin();
    evening.enter("g", Role::Guest).unwrap();
    evening.ask("g", Command::React(emoji("👍"))).unwrap();
    for command in [Command::RaiseHand, Command::Ask(QuestionId::parse("q").unwrap(), text("why"))] {
        assert_eq!(evening.ask("g", command), Err(Refusal::SignIn));
    }
    assert_eq!(evening.ask("h", Command::Invite(person("g"))), Err(Refusal::SignIn));
    evening.ask("m", Command::SetRules(Rules { guests: false, ..Rules::default() })).unwrap();
    assert_eq!(evening.enter("g2", Role::Guest), Err(Refusal::SignIn));
}

#[test]
fn who_leaves_takes_their_hand_down_and_a_second_connection_keeps_them_there() {
    let mut evening = Evening::begin();
    let second = evening.enter("a", Role::Listener).unwrap();
    evening.ask("a", Command::RaiseHand).unwrap();
    evening.room.leave(evening.now, second);
    assert_eq!(evening.hands(), ["a"]);
    let first = evening.room.people().connections_of(&person("a"))[0];
    evening.room.leave(evening.now, first);
    let told = evening.told();
    assert!(evening.hands().is_empty() && told.contains(&Event::PersonLeft(person("a"))), "{told:?}");
}

#[test]
fn how_many_listen_is_told_when_it_changes_and_at_most_every_three_seconds() {
    let mut evening = Evening::begin();
    let counted = |events: &[Event]| events.iter().filter(|event| matches!(event, Event::Counted(_))).count();
    for hls in 1..=10 {
        evening.room.set_listeners(evening.now, 2, hls);
    }
    let told = evening.wait(0);
    assert_eq!(counted(&told), 1);
    assert_eq!(counted(&evening.wait(2_999)), 0);
    let told = evening.wait(1);
    assert_eq!((counted(&told), evening.room.counts().hls), (1, 10));
    assert_eq!(counted(&evening.wait(60_000)), 0, "nothing has changed");
}

#[test]
fn whose_voice_is_heard_is_told_at_most_twice_a_second() {
    let mut evening = Evening::begin();
    let speak = |evening: &mut Evening, who: &[&str]| {
        let people: Vec<_> = who.iter().map(|id| person(id)).collect();
        evening.room.set_speaking(evening.now, people, Origin::Here);
        evening.told()
    };
    assert_eq!(speak(&mut evening, &["h"]), [Event::Speaking(vec![person("h")])], "the first at once");
    assert!(speak(&mut evening, &["h"]).is_empty(), "nothing is new");
    assert!(speak(&mut evening, &["a", "h"]).is_empty(), "it is too soon");
    assert!(speak(&mut evening, &["a"]).is_empty());
    assert!(evening.wait(499).is_empty());
    assert_eq!(evening.wait(1), [Event::Speaking(vec![person("a")])], "as it is by now");
    // Who fell silent and goes on in between is told nothing of.
    assert!(speak(&mut evening, &[]).is_empty() && speak(&mut evening, &["a"]).is_empty());
    assert!(evening.wait(5_000).is_empty());
    assert_eq!(evening.room.speaking().collect::<Vec<_>>(), [&person("a")], "for whoever comes");
    evening.room.set_on_air(evening.now, false);
    assert_eq!(evening.room.speaking().count(), 0, "nobody is heard any more");
    assert_eq!(evening.told(), [Event::Ended], "which goes without saying");
}

#[test]
fn a_large_room_tells_counts_instead_of_names() {
    let mut evening = Evening::begin();
    for n in 0..Room::SMALL {
        evening.enter(&format!("p{n}"), Role::Listener).unwrap();
    }
    let joined =
        |events: &[Event]| events.iter().filter(|event| matches!(event, Event::PersonJoined(_))).count();
    assert_eq!(joined(&evening.told()), Room::SMALL - 5);
    evening.room.hear_people(evening.now, 50);
    assert_eq!(evening.room.counts().people, Room::SMALL + 5 + 50);
}

#[test]
fn the_end_of_the_broadcast_empties_the_stage() {
    let mut evening = Evening::begin();
    evening.ask("h", Command::EnterStage).unwrap();
    evening.ask("a", Command::RaiseHand).unwrap();
    evening.room.set_on_air(evening.now, false);
    let told = evening.told();
    assert_eq!(told.last(), Some(&Event::Ended));
    assert!(evening.on_stage().is_empty() && evening.hands().is_empty());
}

#[test]
fn hands_and_invitations_are_for_the_crew_and_the_person_alone() {
    let mut evening = Evening::begin();
    let connection = evening.room.people().connections_of(&person("a"))[0];
    evening.room.handle(evening.now, connection, Command::RaiseHand).unwrap();
    let output = evening.room.poll_output().unwrap();
    assert_eq!(output.to, Audience::CrewAnd(person("a")));
}

#[test]
fn what_another_machine_granted_is_carried_out_without_asking_again() {
    let mut evening = Evening::begin();
    let host = evening.room.people().find(&person("h")).unwrap().clone();
    let far = std::sync::Arc::new(Person {
        id: person("far"),
        name: name("Far"),
        role: Role::Listener,
        follows: false,
    });
    for _ in 0..20 {
        evening.ids += 1;
        let id = MessageId::parse(&format!("far{}", evening.ids)).unwrap();
        let said = Command::Chat { id, text: text("hello from afar"), reply_to: None };
        evening.room.hear(evening.now, &far, said.clone()).unwrap();
        evening.room.hear(evening.now, &far, said).expect("told twice, kept once");
    }
    assert_eq!(evening.room.chat().history().count(), 20);
    evening.room.hear(evening.now, &far, Command::RaiseHand).unwrap();
    evening.ask("h", Command::Invite(person("far"))).unwrap();
    evening.room.hear(evening.now, &far, Command::Accept).unwrap();
    assert_eq!(evening.on_stage(), ["far"]);
    evening.room.hear(evening.now, &host, Command::RemoveFromStage(person("far"))).unwrap();
    assert!(evening.on_stage().is_empty());
}
