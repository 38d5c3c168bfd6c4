//! A room: who is in it, what they do, and what follows.

mod commands;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::people::MESSAGES;
use crate::speaking::Speaking;
use crate::{
    Action, Audience, Chat, Command, ConnectionId, Counts, Emoji, Event, Hands, InvitationEnd, Message,
    Moment, Name, Origin, Output, People, Person, PersonId, Poll, QuestionId, Questions, Refusal, Removal,
    Role, Rules, Stage, StageChange,
};

/// What a room is opened with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How it is kept.
    pub rules: Rules,
    /// People on stage at a time.
    pub speakers_max: usize,
    /// What the host and the moderators are called, so that nobody else looks like them.
    pub crew: Vec<Name>,
    /// Whether the broadcast is on air.
    pub on_air: bool,
}

/// The room of one broadcast.
///
/// Told what people ask for and what the time is, asked what has happened ([`Room::poll_output`], drained after
/// every call) and when it wants to be woken ([`Room::poll_timeout`]).
#[derive(Debug)]
pub struct Room {
    rules: Rules,
    people: People,
    /// People in the same room on other machines.
    elsewhere: usize,
    chat: Chat,
    hands: Hands,
    stage: Stage,
    speaking: Speaking,
    poll: Option<Poll>,
    questions: Questions,
    timed_out: HashMap<PersonId, Duration>,
    banned: HashSet<PersonId>,
    on_air: bool,
    burst: Burst,
    counts: Counter,
    outputs: VecDeque<Output>,
}

/// What is told together a moment later.
#[derive(Debug, Default)]
struct Burst {
    here: BTreeMap<Emoji, u32>,
    elsewhere: BTreeMap<Emoji, u32>,
    poll: bool,
    questions: BTreeSet<QuestionId>,
    due: Option<Duration>,
}

/// What was told of how many listen.
#[derive(Debug, Default)]
struct Counter {
    now: Counts,
    told: Option<(Counts, Duration)>,
}

/// Reactions and votes of this long are one event.
const BURST: Duration = Duration::from_millis(250);

/// How often it is told at the most how many listen.
const COUNTING: Duration = Duration::from_secs(3);

impl Room {
    /// People up to whom comings and goings are told one by one.
    pub const SMALL: usize = 200;

    /// An empty room.
    pub fn new(setting: Setting) -> Self {
        Self {
            rules: setting.rules,
            people: People::new(&setting.crew),
            elsewhere: 0,
            chat: Chat::default(),
            hands: Hands::default(),
            stage: Stage::new(setting.speakers_max),
            speaking: Speaking::default(),
            poll: None,
            questions: Questions::default(),
            timed_out: HashMap::new(),
            banned: HashSet::new(),
            on_air: setting.on_air,
            burst: Burst::default(),
            counts: Counter::default(),
            outputs: VecDeque::new(),
        }
    }

    /// How it is kept.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Who is in it on this machine.
    pub const fn people(&self) -> &People {
        &self.people
    }

    /// What was said.
    pub const fn chat(&self) -> &Chat {
        &self.chat
    }

    /// Who wants to speak.
    pub const fn hands(&self) -> &Hands {
        &self.hands
    }

    /// Who speaks.
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Whose voice is heard at the moment, as it was told last.
    pub fn speaking(&self) -> impl Iterator<Item = &PersonId> {
        self.speaking.told()
    }

    /// What everybody is asked.
    pub const fn poll(&self) -> Option<&Poll> {
        self.poll.as_ref()
    }

    /// What people want to know.
    pub const fn questions(&self) -> &Questions {
        &self.questions
    }

    /// How many listen, and how many are here and in the same room elsewhere.
    pub fn counts(&self) -> Counts {
        Counts { people: self.people.len() + self.elsewhere, ..self.counts.now }
    }

    /// Whether the broadcast is on air.
    pub const fn is_on_air(&self) -> bool {
        self.on_air
    }

    /// Whether comings and goings are told one by one.
    pub fn is_small(&self) -> bool {
        self.people.len() + self.elsewhere <= Self::SMALL
    }

    /// Puts back what was said before the room was opened here; called before anybody comes.
    pub fn restore(&mut self, message: Arc<Message>, pinned: bool) {
        self.chat.restore(message, pinned);
    }

    /// Lets somebody in. Answers with who they are here: their name may have been taken.
    pub fn join(
        &mut self,
        now: Moment,
        connection: ConnectionId,
        person: Person,
    ) -> Result<Arc<Person>, Refusal> {
        if self.banned.contains(&person.id) {
            return Err(Refusal::Banned);
        }
        if person.role == Role::Guest && !self.rules.guests {
            return Err(Refusal::SignIn);
        }
        // A connection is one person: who comes in by it again leaves first.
        self.leave(now, connection);
        let (person, is_new) = self.people.enter(connection, person);
        if is_new {
            if self.is_small() {
                self.tell(Event::PersonJoined(person.clone()), Origin::Here);
            }
            self.count(now.since);
        }
        Ok(person)
    }

    /// A connection is gone.
    pub fn leave(&mut self, now: Moment, connection: ConnectionId) {
        let Some(person) = self.people.leave(connection) else { return };
        if self.is_small() {
            self.tell(Event::PersonLeft(person.id.clone()), Origin::Here);
        }
        self.lower(&person.id, Origin::Here);
        self.withdraw(&person, Origin::Here);
        self.count(now.since);
    }

    /// Carries out what somebody on this machine asks for.
    pub fn handle(&mut self, now: Moment, connection: ConnectionId, command: Command) -> Result<(), Refusal> {
        let person = self.people.behind(connection).cloned().ok_or(Refusal::NoSuchPerson)?;
        match command {
            Command::React(_) if !self.people.count_reaction(connection, now.since) => {
                return Err(Refusal::TooManyReactions);
            }
            Command::React(_) => {}
            _ if !self.people.count_message(connection, now.since) => {
                return Err(Refusal::TooFast { most: MESSAGES });
            }
            _ => {}
        }
        self.obey(now, &person, command, Origin::Here)
    }

    /// Carries out what somebody on another machine asked for there, and was granted.
    pub fn hear(&mut self, now: Moment, person: &Arc<Person>, command: Command) -> Result<(), Refusal> {
        self.obey(now, person, command, Origin::Elsewhere)
    }

    /// Others reacted on another machine.
    pub fn hear_reactions(&mut self, now: Moment, counts: Vec<(Emoji, u32)>) {
        for (emoji, count) in counts.into_iter().filter(|(emoji, _)| self.rules.reactions.contains(emoji)) {
            let sum = self.burst.elsewhere.entry(emoji).or_default();
            *sum = sum.saturating_add(count);
        }
        self.burst.wake(now.since);
    }

    /// So many people are in the same room on other machines.
    pub fn hear_people(&mut self, now: Moment, people: usize) {
        self.elsewhere = people;
        self.count(now.since);
    }

    /// So many listen; told to the room at most once in 3 s.
    pub fn set_listeners(&mut self, now: Moment, webrtc: usize, hls: usize) {
        self.counts.now = Counts { webrtc, hls, people: 0 };
        self.count(now.since);
    }

    /// The voices of these are heard, and of nobody else; told to the room at most twice a second. `origin` says whether
    /// this machine hears them.
    pub fn set_speaking(&mut self, now: Moment, people: impl IntoIterator<Item = PersonId>, origin: Origin) {
        self.speaking.set(people, origin);
        self.tell_speaking(now.since);
    }

    /// So many fit on the stage from now on. Who is there stays.
    pub fn set_speakers_max(&mut self, most: usize) {
        self.stage.set_most(most);
    }

    /// The broadcast went on air, or off it. With its end the stage is empty and no hand is up.
    pub fn set_on_air(&mut self, now: Moment, on_air: bool) {
        if self.on_air == on_air {
            return;
        }
        self.on_air = on_air;
        if on_air {
            self.tell(Event::Started, Origin::Here);
            return;
        }
        for person in self.hands.iter().map(|hand| hand.person.id.clone()).collect::<Vec<_>>() {
            self.lower(&person, Origin::Here);
        }
        for person in self.stage.invited().cloned().collect::<Vec<_>>() {
            self.withdraw(&person, Origin::Here);
        }
        for seat in self.stage.seats().to_vec() {
            self.take_off(&seat.person.id, StageChange::Gone, Origin::Here);
        }
        self.speaking.clear();
        self.flush(now.since);
        self.tell(Event::Ended, Origin::Here);
    }

    /// Somebody speaks who may and did not ask: the host who goes live. With nobody more fitting they are heard all the
    /// same, and refused a seat.
    pub fn seat(&mut self, now: Moment, person: &Arc<Person>) -> Result<(), Refusal> {
        self.obey(now, person, Command::EnterStage, Origin::Here)
    }

    /// Somebody was put out by other means than a command: from here on they are.
    pub fn put_out(&mut self, by: &PersonId, person: &PersonId, removal: Removal) {
        self.expel(by, person, removal, Origin::Here);
    }

    /// Somebody is something else here from now on. Who was on stage because of what they were goes off it.
    pub fn set_role(&mut self, id: &PersonId, role: Role) {
        let seated = || self.stage.seats().iter().map(|seat| &seat.person).find(|person| person.id == *id);
        let known = self.people.find(id).or_else(seated);
        let Some(was) = known.filter(|person| person.role != role).cloned() else { return };
        let person = Arc::new(Person { role, ..(*was).clone() });
        self.people.replace(&person);
        self.hands.replace(&person);
        self.stage.replace(&person);
        self.tell(Event::RoleChanged(person), Origin::Here);
        if was.role.may(Action::Speak) && !role.may(Action::Speak) {
            self.take_off(id, StageChange::Removed, Origin::Here);
        }
    }

    /// Somebody who was put out for good may come back.
    pub fn pardon(&mut self, person: &PersonId) {
        self.banned.remove(person);
    }

    /// The sound of somebody on stage comes now, or has stopped coming.
    pub fn note_sound(&mut self, now: Moment, person: &PersonId, comes: bool) {
        self.stage.note_sound(person, comes, now.since);
    }

    /// When [`Room::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let told = [self.burst.due, self.speaking.due(), self.counts.due(self.counts())];
        told.into_iter().chain([self.stage.deadline()]).flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some(person) = self.stage.pop_expired(now.since) {
            self.end_invitation(person, InvitationEnd::Expired, Origin::Here);
        }
        while let Some(person) = self.stage.pop_gone(now.since) {
            self.tell(Event::StageChanged { person, change: StageChange::Gone }, Origin::Here);
        }
        if self.burst.due.is_some_and(|due| due <= now.since) {
            self.flush(now.since);
        }
        self.tell_speaking(now.since);
        self.count(now.since);
        self.timed_out.retain(|_, until| *until > now.since);
    }

    /// What has happened since it was last asked, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn tell(&mut self, event: Event, origin: Origin) {
        self.outputs.push_back(Output { event, to: Audience::Everybody, origin });
    }

    fn tell_crew_and(&mut self, person: PersonId, event: Event, origin: Origin) {
        self.outputs.push_back(Output { event, to: Audience::CrewAnd(person), origin });
    }

    fn lower(&mut self, person: &PersonId, origin: Origin) -> bool {
        let lowered = self.hands.lower(person);
        if lowered {
            self.tell_crew_and(person.clone(), Event::HandLowered(person.clone()), origin);
        }
        lowered
    }

    fn withdraw(&mut self, person: &Arc<Person>, origin: Origin) {
        if self.stage.uninvite(&person.id) {
            self.end_invitation(person.clone(), InvitationEnd::Withdrawn, origin);
        }
    }

    fn end_invitation(&mut self, person: Arc<Person>, how: InvitationEnd, origin: Origin) {
        self.tell_crew_and(person.id.clone(), Event::InvitationEnded { person, how }, origin);
    }

    fn take_off(&mut self, person: &PersonId, change: StageChange, origin: Origin) -> bool {
        let Some(seat) = self.stage.leave(person) else { return false };
        self.tell(Event::StageChanged { person: seat.person, change }, origin);
        true
    }

    /// Tells what was gathered.
    fn flush(&mut self, now: Duration) {
        let burst = std::mem::take(&mut self.burst);
        let mut counts = burst.here.clone();
        for (emoji, count) in burst.elsewhere {
            let sum = counts.entry(emoji).or_default();
            *sum = sum.saturating_add(count);
        }
        if !counts.is_empty() {
            let here = burst.here.into_iter().collect();
            self.tell(Event::Reacted { counts: counts.into_iter().collect(), here }, Origin::Here);
        }
        if burst.poll
            && let Some(poll) = &self.poll
        {
            let counted = Event::PollCounted { id: poll.id.clone(), counts: poll.counts().to_vec() };
            self.tell(counted, Origin::Here);
        }
        for id in burst.questions {
            let votes = self.questions.iter().find(|question| question.id == id).map(crate::Question::votes);
            if let Some(votes) = votes {
                self.tell(Event::QuestionVoted { id, votes }, Origin::Here);
            }
        }
        self.count(now);
    }

    /// Tells who speaks where that is new and due.
    fn tell_speaking(&mut self, now: Duration) {
        if let Some((people, origin)) = self.speaking.take(now) {
            self.tell(Event::Speaking(people), origin);
        }
    }

    /// Tells how many listen where that is new and due.
    fn count(&mut self, now: Duration) {
        let counts = self.counts();
        if self.counts.due(counts).is_some_and(|due| due <= now) {
            self.counts.told = Some((counts, now));
            self.tell(Event::Counted(counts), Origin::Here);
        }
    }
}

impl Burst {
    /// Something was gathered.
    fn wake(&mut self, now: Duration) {
        self.due.get_or_insert(now + BURST);
    }
}

impl Counter {
    /// When `counts` are told; `None` where they were.
    fn due(&self, counts: Counts) -> Option<Duration> {
        match self.told {
            None => Some(Duration::ZERO),
            Some((told, _)) if told == counts => None,
            Some((_, at)) => Some(at + COUNTING),
        }
    }
}
