//! What has happened in a room.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    Emoji, Hand, Message, MessageId, Person, PersonId, PollId, Question, QuestionId, Rules, Text, Voice,
};

/// What has happened in a room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// Somebody came; told one by one in small rooms only.
    PersonJoined(Arc<Person>),
    /// Somebody left; likewise.
    PersonLeft(PersonId),
    /// Somebody is something else here now.
    RoleChanged(Arc<Person>),
    /// Somebody said something.
    Said(Arc<Message>),
    /// A message is gone.
    MessageDeleted {
        /// Which.
        message: MessageId,
        /// Who took it away.
        by: PersonId,
    },
    /// A message stands above the others.
    MessagePinned {
        /// Which.
        message: Arc<Message>,
        /// Who pinned it.
        by: PersonId,
    },
    /// It does not any more.
    MessageUnpinned {
        /// Which.
        message: MessageId,
        /// Who took it down.
        by: PersonId,
    },
    /// People reacted, since the last time.
    Reacted {
        /// How often with each.
        counts: Vec<(Emoji, u32)>,
        /// How many of these came in on this machine.
        here: Vec<(Emoji, u32)>,
    },
    /// A hand went up.
    HandRaised(Hand),
    /// A hand went down.
    HandLowered(PersonId),
    /// Somebody was asked on stage.
    Invited {
        /// Who.
        person: Arc<Person>,
        /// By whom.
        by: PersonId,
    },
    /// They are not asked any more.
    InvitationEnded {
        /// Who was asked.
        person: Arc<Person>,
        /// How it ended.
        how: InvitationEnd,
    },
    /// Somebody came on stage or went off it.
    StageChanged {
        /// Who.
        person: Arc<Person>,
        /// What they did.
        change: StageChange,
    },
    /// The voices of these are heard at the moment, and of nobody else.
    Speaking(Vec<PersonId>),
    /// Somebody's voice was taken, or given back.
    Muted {
        /// Whose.
        person: PersonId,
        /// By whom.
        by: PersonId,
        /// Whether they are heard now.
        voice: Voice,
    },
    /// Somebody was put out.
    Removed {
        /// Who.
        person: PersonId,
        /// By whom.
        by: PersonId,
        /// For how long.
        removal: Removal,
    },
    /// Somebody may only listen for a while.
    TimedOut {
        /// Who.
        person: PersonId,
        /// By whom.
        by: PersonId,
        /// For how long from now.
        length: Duration,
    },
    /// The room is kept differently.
    RulesChanged(Rules),
    /// Everybody is asked something.
    PollOpened {
        /// What it is called.
        id: PollId,
        /// What is asked.
        question: Text,
        /// What can be answered.
        options: Vec<Text>,
    },
    /// So many answered so far.
    PollCounted {
        /// Which poll.
        id: PollId,
        /// How many gave each answer.
        counts: Vec<u32>,
    },
    /// So many answered.
    PollClosed {
        /// Which poll.
        id: PollId,
        /// How many gave each answer.
        counts: Vec<u32>,
    },
    /// Questions can be asked.
    QuestionsOpened,
    /// None can be asked any more.
    QuestionsClosed,
    /// Somebody asked one.
    Asked(Question),
    /// So many want to hear it answered.
    QuestionVoted {
        /// Which.
        id: QuestionId,
        /// How many.
        votes: usize,
    },
    /// It is off the queue.
    QuestionSettled(QuestionId),
    /// A chapter begins.
    ChapterBegan {
        /// What it is called.
        title: Text,
        /// Who marked it.
        by: PersonId,
    },
    /// So many listen and so many are here.
    Counted(Counts),
    /// The broadcast is on air.
    Started,
    /// It is not any more.
    Ended,
}

/// How many hear a broadcast, and how many are in its room.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Who listen by WebRTC.
    pub webrtc: usize,
    /// Who listen by HLS.
    pub hls: usize,
    /// Who are in the room.
    pub people: usize,
}

/// How an invitation ended that was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvitationEnd {
    /// They said no.
    Declined,
    /// They said nothing.
    Expired,
    /// It was taken back, or they left.
    Withdrawn,
}

/// What somebody did on stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StageChange {
    /// They came.
    Entered,
    /// They went.
    Left,
    /// They were sent off.
    Removed,
    /// Their connection was gone for too long, or the broadcast ended.
    Gone,
}

/// How somebody was put out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removal {
    /// They may come back.
    Once,
    /// They may not.
    ForGood,
}

/// Who is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Audience {
    /// Everybody in the room.
    Everybody,
    /// Who keep order, and this person.
    CrewAnd(PersonId),
}

/// Where something came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// It happened on this machine: here it is written down and passed on.
    Here,
    /// Another machine told.
    Elsewhere,
}

/// Something that has happened, and who is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Output {
    /// What.
    pub event: Event,
    /// Who is told.
    pub to: Audience,
    /// Where it came from.
    pub origin: Origin,
}
