//! What each command does.

use std::sync::Arc;
use std::time::Duration;

use super::Room;
use crate::{
    Action, Command, Event, InvitationEnd, Message, MessageId, Moment, Origin, Person, PersonId, Poll,
    PollId, Refusal, Removal, Role, StageChange, Text, Voice,
};

impl Room {
    pub(super) fn obey(
        &mut self,
        now: Moment,
        who: &Arc<Person>,
        command: Command,
        origin: Origin,
    ) -> Result<(), Refusal> {
        // What another machine granted it has looked at.
        let is_ours = origin == Origin::Here;
        if is_ours {
            require(who, &command)?;
        }
        if is_ours && is_voiced(&command) && !who.is_crew() {
            self.check_time_out(&who.id, now.since)?;
        }
        match command {
            Command::Chat { id, text, reply_to } => self.say(now, who, id, text, reply_to, origin),
            Command::Delete(id) => self.delete(who, &id, origin),
            Command::Pin(id) => {
                if let Some(message) = self.chat.pin(&id)? {
                    self.tell(Event::MessagePinned { message, by: who.id.clone() }, origin);
                }
                Ok(())
            }
            Command::Unpin(id) => {
                if !self.chat.unpin(&id) {
                    return Err(Refusal::NoSuchMessage);
                }
                self.tell(Event::MessageUnpinned { message: id, by: who.id.clone() }, origin);
                Ok(())
            }
            Command::React(emoji) => {
                if !self.rules.reactions.contains(&emoji) {
                    return Err(Refusal::NoSuchReaction);
                }
                // Others' bursts come as sums.
                if origin == Origin::Here {
                    *self.burst.here.entry(emoji).or_default() += 1;
                    self.burst.wake(now.since);
                }
                Ok(())
            }
            Command::RaiseHand => {
                if self.stage.has(&who.id) {
                    return Err(Refusal::OnStage);
                }
                if let Some(hand) = self.hands.raise(who.clone(), now)? {
                    self.tell_crew_and(who.id.clone(), Event::HandRaised(hand), origin);
                }
                Ok(())
            }
            Command::LowerHand(whose) => {
                let whose = whose.unwrap_or_else(|| who.id.clone());
                if self.lower(&whose, origin) { Ok(()) } else { Err(Refusal::NoHand) }
            }
            Command::Invite(person) => self.invite(now, who, &person, origin),
            Command::Accept => {
                if !self.stage.uninvite(&who.id) {
                    return Err(Refusal::NotInvited);
                }
                self.bring_on(now, who, origin)
            }
            Command::Decline => {
                if !self.stage.uninvite(&who.id) {
                    return Err(Refusal::NotInvited);
                }
                self.end_invitation(who.clone(), InvitationEnd::Declined, origin);
                Ok(())
            }
            Command::EnterStage => {
                self.stage.uninvite(&who.id);
                self.bring_on(now, who, origin)
            }
            Command::LeaveStage => self.go_off(&who.id, StageChange::Left, origin),
            Command::RemoveFromStage(person) => {
                self.check_yields(who, &person)?;
                self.go_off(&person, StageChange::Removed, origin)
            }
            Command::Mute(person, voice) => self.mute(who, person, voice, origin),
            Command::Remove(person) => self.remove(who, &person, Removal::Once, origin),
            Command::Ban(person) => self.remove(who, &person, Removal::ForGood, origin),
            Command::TimeOut(person, length) => self.time_out(now, who, person, length, origin),
            Command::SetRules(rules) => {
                if !rules.are_sound() {
                    return Err(Refusal::BadRules);
                }
                if self.rules != rules {
                    self.rules = rules.clone();
                    self.tell(Event::RulesChanged(rules), origin);
                }
                Ok(())
            }
            Command::OpenPoll { id, question, options } => self.open_poll(id, question, options, origin),
            Command::Vote(id, option) => {
                let poll = self.poll.as_mut().filter(|poll| poll.id == id).ok_or(Refusal::NoPoll)?;
                poll.vote(who.id.clone(), option)?;
                self.burst.poll = true;
                self.burst.wake(now.since);
                Ok(())
            }
            Command::ClosePoll(id) => {
                let poll = self.poll.take_if(|poll| poll.id == id).ok_or(Refusal::NoPoll)?;
                let counts = poll.counts().to_vec();
                self.tell(Event::PollClosed { id, counts }, origin);
                Ok(())
            }
            Command::OpenQuestions => {
                if !self.questions.are_open() {
                    self.questions.open();
                    self.tell(Event::QuestionsOpened, origin);
                }
                Ok(())
            }
            Command::CloseQuestions => {
                if !self.questions.are_open() {
                    return Err(Refusal::QuestionsClosed);
                }
                self.questions.close();
                self.tell(Event::QuestionsClosed, origin);
                Ok(())
            }
            Command::Ask(id, text) => {
                if !self.rules.links && !who.is_crew() && text.has_link() {
                    return Err(Refusal::NoLinks);
                }
                let question = self.questions.ask(who, id, text, now)?;
                self.tell(Event::Asked(question), origin);
                Ok(())
            }
            Command::Upvote(id) => {
                if self.questions.upvote(who.id.clone(), &id)?.is_some() {
                    self.burst.questions.insert(id);
                    self.burst.wake(now.since);
                }
                Ok(())
            }
            Command::Settle(id) => {
                if !self.questions.settle(&id) {
                    return Err(Refusal::NoSuchQuestion);
                }
                self.tell(Event::QuestionSettled(id), origin);
                Ok(())
            }
            Command::MarkChapter(title) => {
                self.tell(Event::ChapterBegan { title, by: who.id.clone() }, origin);
                Ok(())
            }
        }
    }

    fn say(
        &mut self,
        now: Moment,
        who: &Arc<Person>,
        id: MessageId,
        text: Text,
        reply_to: Option<MessageId>,
        origin: Origin,
    ) -> Result<(), Refusal> {
        // Where it came in it was looked at by that room's rules.
        if origin == Origin::Here {
            self.chat.may_say(who, &text, &self.rules, now.since)?;
            if reply_to.as_ref().is_some_and(|id| self.chat.find(id).is_none()) {
                return Err(Refusal::NoSuchMessage);
            }
        }
        let (author, name) = (Some(who.id.clone()), who.name.clone());
        let message = Arc::new(Message { id, text, author, name, role: who.role, at: now, reply_to });
        if self.chat.keep(message.clone(), &self.rules) {
            self.tell(Event::Said(message), origin);
        }
        Ok(())
    }

    fn delete(&mut self, who: &Arc<Person>, id: &MessageId, origin: Origin) -> Result<(), Refusal> {
        let message = self.chat.find(id).ok_or(Refusal::NoSuchMessage)?;
        if message.author.as_ref() != Some(&who.id) && !who.role.may(Action::DeleteMessage) {
            return Err(Refusal::NotAllowed);
        }
        self.chat.delete(id);
        self.tell(Event::MessageDeleted { message: id.clone(), by: who.id.clone() }, origin);
        Ok(())
    }

    fn invite(
        &mut self,
        now: Moment,
        who: &Arc<Person>,
        person: &PersonId,
        origin: Origin,
    ) -> Result<(), Refusal> {
        let raised = self.hands.iter().find(|hand| hand.person.id == *person).map(|hand| &hand.person);
        let person = self.people.find(person).or(raised).cloned().ok_or(Refusal::NoSuchPerson)?;
        // What a guest says on air nobody answers for.
        if person.role == Role::Guest {
            return Err(Refusal::SignIn);
        }
        self.stage.invite(person.clone(), now.since)?;
        let by = who.id.clone();
        self.tell_crew_and(person.id.clone(), Event::Invited { person, by }, origin);
        Ok(())
    }

    fn bring_on(&mut self, now: Moment, who: &Arc<Person>, origin: Origin) -> Result<(), Refusal> {
        self.stage.enter(who.clone(), now.since)?;
        if origin == Origin::Elsewhere {
            // Whoever hears them says when they are gone.
            self.stage.note_sound(&who.id, true, now.since);
        }
        self.lower(&who.id, origin);
        let entered = Event::StageChanged { person: who.clone(), change: StageChange::Entered };
        self.tell(entered, origin);
        Ok(())
    }

    fn go_off(&mut self, person: &PersonId, change: StageChange, origin: Origin) -> Result<(), Refusal> {
        if self.take_off(person, change, origin) { Ok(()) } else { Err(Refusal::NotOnStage) }
    }

    fn mute(
        &mut self,
        who: &Arc<Person>,
        person: PersonId,
        voice: Voice,
        origin: Origin,
    ) -> Result<(), Refusal> {
        self.check_yields(who, &person)?;
        let seat = self.stage.seat_mut(&person).ok_or(Refusal::NotOnStage)?;
        if seat.voice != voice {
            seat.voice = voice;
            self.tell(Event::Muted { person, by: who.id.clone(), voice }, origin);
        }
        Ok(())
    }

    fn remove(
        &mut self,
        who: &Arc<Person>,
        person: &PersonId,
        removal: Removal,
        origin: Origin,
    ) -> Result<(), Refusal> {
        self.check_yields(who, person)?;
        // Who is banned need not be here; who is put out does. Another machine knows who is there.
        let is_here = self.people.find(person).is_some() || self.stage.has(person);
        if removal == Removal::Once && !is_here && origin == Origin::Here {
            return Err(Refusal::NoSuchPerson);
        }
        self.expel(&who.id, person, removal, origin);
        Ok(())
    }

    /// Puts somebody out, wherever they are.
    pub(super) fn expel(&mut self, by: &PersonId, person: &PersonId, removal: Removal, origin: Origin) {
        if removal == Removal::ForGood {
            self.banned.insert(person.clone());
        }
        self.lower(person, origin);
        let invited = self.stage.invited().find(|invited| invited.id == *person).cloned();
        if let Some(invited) = invited {
            self.withdraw(&invited, origin);
        }
        self.take_off(person, StageChange::Removed, origin);
        let removed = Event::Removed { person: person.clone(), by: by.clone(), removal };
        self.tell_crew_and(person.clone(), removed, origin);
        // They are out from here on; what their connections still send is nobody's.
        for connection in self.people.connections_of(person) {
            let Some(gone) = self.people.leave(connection) else { continue };
            if self.is_small() {
                self.tell(Event::PersonLeft(gone.id.clone()), origin);
            }
        }
    }

    fn time_out(
        &mut self,
        now: Moment,
        who: &Arc<Person>,
        person: PersonId,
        length: Duration,
        origin: Origin,
    ) -> Result<(), Refusal> {
        self.check_yields(who, &person)?;
        if !(Duration::from_secs(1)..=Command::LONGEST_TIME_OUT).contains(&length) {
            return Err(Refusal::BadTimeOut);
        }
        self.timed_out.retain(|_, until| *until > now.since);
        self.timed_out.insert(person.clone(), now.since + length);
        self.lower(&person, origin);
        let by = who.id.clone();
        self.tell_crew_and(person.clone(), Event::TimedOut { person, by, length }, origin);
        Ok(())
    }

    fn open_poll(
        &mut self,
        id: PollId,
        question: Text,
        options: Vec<Text>,
        origin: Origin,
    ) -> Result<(), Refusal> {
        if self.poll.is_some() {
            return Err(Refusal::PollOpen);
        }
        self.poll = Some(Poll::new(id.clone(), question.clone(), options.clone())?);
        self.tell(Event::PollOpened { id, question, options }, origin);
        Ok(())
    }

    fn check_time_out(&self, person: &PersonId, now: Duration) -> Result<(), Refusal> {
        match self.timed_out.get(person).and_then(|until| until.checked_sub(now)) {
            Some(left) if !left.is_zero() => Err(Refusal::TimedOut(left)),
            _ => Ok(()),
        }
    }

    /// Somebody who is known here may be untouchable; of somebody else nothing is known.
    fn check_yields(&self, who: &Arc<Person>, person: &PersonId) -> Result<(), Refusal> {
        let seats = self.stage.seats().iter().map(|seat| &seat.person);
        let known = self.people.find(person).or_else(|| seats.clone().find(|seated| seated.id == *person));
        if known.is_none_or(|known| known.yields_to(who.role)) { Ok(()) } else { Err(Refusal::Untouchable) }
    }
}

/// Whether this person's role allows the command at all.
fn require(who: &Person, command: &Command) -> Result<(), Refusal> {
    let action = match command {
        Command::Chat { .. } | Command::Vote(..) | Command::Ask(..) | Command::Upvote(_) => Action::Chat,
        // Of one's own message or hand; what is somebody else's is looked at where that is known.
        Command::Delete(_) | Command::LowerHand(None) | Command::LeaveStage => Action::Join,
        Command::LowerHand(Some(whose)) if *whose == who.id => Action::Join,
        Command::LowerHand(Some(_)) | Command::Invite(_) | Command::RemoveFromStage(_) => {
            Action::InviteToStage
        }
        Command::Pin(_) | Command::Unpin(_) | Command::MarkChapter(_) | Command::Settle(_) => {
            Action::PinMessage
        }
        Command::React(_) => Action::React,
        Command::RaiseHand | Command::Accept | Command::Decline => Action::RaiseHand,
        Command::EnterStage => Action::Speak,
        Command::Mute(..) => Action::Mute,
        Command::Remove(_) | Command::TimeOut(..) => Action::Remove,
        Command::Ban(_) => Action::Block,
        Command::SetRules(_) => Action::KeepRules,
        Command::OpenPoll { .. }
        | Command::ClosePoll(_)
        | Command::OpenQuestions
        | Command::CloseQuestions => Action::AskTheRoom,
    };
    match () {
        () if who.role.may(action) => Ok(()),
        () if who.role == Role::Guest && Role::Listener.may(action) => Err(Refusal::SignIn),
        () => Err(Refusal::NotAllowed),
    }
}

/// Whether somebody who may only listen may not do it.
const fn is_voiced(command: &Command) -> bool {
    matches!(
        command,
        Command::Chat { .. }
            | Command::React(_)
            | Command::RaiseHand
            | Command::Accept
            | Command::Vote(..)
            | Command::Ask(..)
            | Command::Upvote(_)
    )
}
