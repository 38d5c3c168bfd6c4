//! What people in a room ask for.

use std::time::Duration;

use crate::{Emoji, MessageId, PersonId, PollId, QuestionId, Rules, Text};

/// What somebody in a room asks for. Ids of what is new are made by the caller.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// Write a message.
    Chat {
        /// What it will be called.
        id: MessageId,
        /// The words.
        text: Text,
        /// The message that it answers.
        reply_to: Option<MessageId>,
    },
    /// Take a message away: one's own, or as crew anybody's.
    Delete(MessageId),
    /// Put a message above the others.
    Pin(MessageId),
    /// Put it back.
    Unpin(MessageId),
    /// React.
    React(Emoji),
    /// Ask to be brought on stage.
    RaiseHand,
    /// Take the hand down: one's own, or as crew this person's.
    LowerHand(Option<PersonId>),
    /// Ask somebody on stage.
    Invite(PersonId),
    /// Come on stage as one was asked to.
    Accept,
    /// Stay where one is.
    Decline,
    /// Come on stage without being asked: who speaks here anyway.
    EnterStage,
    /// Go off it.
    LeaveStage,
    /// Send somebody off it.
    RemoveFromStage(PersonId),
    /// Take somebody's voice, or give it back.
    Mute(PersonId, Voice),
    /// Put somebody out of the room. They may come back.
    Remove(PersonId),
    /// Put somebody out of the broadcast for good.
    Ban(PersonId),
    /// Let somebody only listen for so long; at most [`Command::LONGEST_TIME_OUT`].
    TimeOut(PersonId, Duration),
    /// Change how the room is kept.
    SetRules(Rules),
    /// Ask everybody.
    OpenPoll {
        /// What it will be called.
        id: PollId,
        /// What is asked.
        question: Text,
        /// What can be answered: 2 to 8.
        options: Vec<Text>,
    },
    /// Answer; a second answer takes the place of the first.
    Vote(PollId, usize),
    /// End a poll.
    ClosePoll(PollId),
    /// Let people ask questions.
    OpenQuestions,
    /// Let nobody ask any more; what was asked goes.
    CloseQuestions,
    /// Ask a question.
    Ask(QuestionId, Text),
    /// Want to hear a question answered.
    Upvote(QuestionId),
    /// Take a question off the queue: it is answered, or not going to be.
    Settle(QuestionId),
    /// Begin a chapter of the programme.
    MarkChapter(Text),
}

/// Whether somebody on stage is heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Voice {
    /// They are.
    Heard,
    /// They are not, whatever they send.
    Muted,
}

impl Command {
    /// The longest that somebody is made to only listen.
    pub const LONGEST_TIME_OUT: Duration = Duration::from_hours(24);
}
