//! Why somebody does not get what they asked for.

use std::time::Duration;

use crate::{Poll, Questions, Stage};

/// Why a command is not carried out. The text is for the person who gave it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The role does not allow it.
    #[error("you may not do that here")]
    NotAllowed,
    /// Put out for good.
    #[error("you are banned from this broadcast")]
    Banned,
    /// There is no account behind it.
    #[error("sign in first")]
    SignIn,
    /// More messages than a connection may send; it is closed.
    #[error("more than {most} messages within a second; the connection is closed")]
    TooFast {
        /// As many may be.
        most: usize,
    },
    /// More reactions than are counted of one connection.
    #[error("so many reactions at once are not counted")]
    TooManyReactions,
    /// Slow mode.
    #[error("slow mode is on: wait {} s", .0.as_secs_f64().ceil())]
    SlowMode(Duration),
    /// Only followers write.
    #[error("only followers of the host may write now")]
    FollowersOnly,
    /// No links.
    #[error("links are not allowed here")]
    NoLinks,
    /// Nobody writes.
    #[error("the chat is closed")]
    ChatClosed,
    /// Made to only listen.
    #[error("you can only listen for another {} s", .0.as_secs_f64().ceil())]
    TimedOut(Duration),
    /// Nobody of that id is here.
    #[error("nobody with that id is in the room")]
    NoSuchPerson,
    /// There is no such message, or none of the last hundred.
    #[error("there is no such message")]
    NoSuchMessage,
    /// So many are pinned as can be.
    #[error("no more messages can be pinned; unpin one")]
    PinsFull,
    /// No emoji of this room's.
    #[error("that reaction is none of this room's")]
    NoSuchReaction,
    /// Nobody raised a hand.
    #[error("no hand is raised")]
    NoHand,
    /// More hands than can be kept.
    #[error("too many hands are raised; try again in a while")]
    HandsFull,
    /// Nobody more fits on the stage.
    #[error("the stage is full: {most} people, with those who were invited")]
    StageFull {
        /// As many may be there.
        most: usize,
    },
    /// They are there already.
    #[error("already on stage")]
    OnStage,
    /// They are not there.
    #[error("not on stage")]
    NotOnStage,
    /// They were not asked, or too long ago.
    #[error("there is no invitation, or it is over")]
    NotInvited,
    /// The host and admins.
    #[error("nobody does that to the host or to an admin")]
    Untouchable,
    /// It can be longer than nothing and up to a day.
    #[error("a time-out lasts 1 s to 24 hours")]
    BadTimeOut,
    /// Out of bounds.
    #[error("slow mode is at most 10 minutes, and there are 1 to 24 different reactions")]
    BadRules,
    /// One at a time.
    #[error("a poll is open already")]
    PollOpen,
    /// It is closed, or never was.
    #[error("there is no such poll, or it is closed")]
    NoPoll,
    /// Too few or too many answers, or twice the same.
    #[error("a poll has {} to {} different answers", Poll::OPTIONS.start(), Poll::OPTIONS.end())]
    BadOptions,
    /// There is no such answer.
    #[error("the poll has no such answer")]
    NoSuchOption,
    /// Nobody opened the queue.
    #[error("questions are not open")]
    QuestionsClosed,
    /// So many wait that no more are taken.
    #[error("{} questions wait; up-vote one of them", Questions::MAX)]
    QuestionsFull,
    /// One person's part of the queue is used up.
    #[error("{} questions of yours wait already", Questions::PER_PERSON)]
    OwnQuestionsFull,
    /// It is settled, or never was.
    #[error("there is no such question")]
    NoSuchQuestion,
}

impl Refusal {
    /// The reason in one word, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAllowed => "notAllowed",
            Self::Banned => "banned",
            Self::SignIn => "signIn",
            Self::TooFast { .. } => "tooFast",
            Self::TooManyReactions => "tooManyReactions",
            Self::SlowMode(_) => "slowMode",
            Self::FollowersOnly => "followersOnly",
            Self::NoLinks => "noLinks",
            Self::ChatClosed => "chatClosed",
            Self::TimedOut(_) => "timedOut",
            Self::NoSuchPerson => "noSuchPerson",
            Self::NoSuchMessage => "noSuchMessage",
            Self::PinsFull => "pinsFull",
            Self::NoSuchReaction => "noSuchReaction",
            Self::NoHand => "noHand",
            Self::HandsFull => "handsFull",
            Self::StageFull { .. } => "stageFull",
            Self::OnStage => "onStage",
            Self::NotOnStage => "notOnStage",
            Self::NotInvited => "notInvited",
            Self::Untouchable => "untouchable",
            Self::BadTimeOut => "badTimeOut",
            Self::BadRules => "badRules",
            Self::PollOpen => "pollOpen",
            Self::NoPoll => "noPoll",
            Self::BadOptions => "badOptions",
            Self::NoSuchOption => "noSuchOption",
            Self::QuestionsClosed => "questionsClosed",
            Self::QuestionsFull => "questionsFull",
            Self::OwnQuestionsFull => "ownQuestionsFull",
            Self::NoSuchQuestion => "noSuchQuestion",
        }
    }

    /// Whether the connection ends with it.
    pub const fn ends_the_connection(self) -> bool {
        matches!(self, Self::TooFast { .. })
    }

    /// How long to wait, where that is all.
    pub const fn wait(self) -> Option<Duration> {
        match self {
            Self::SlowMode(wait) | Self::TimedOut(wait) => Some(wait),
            _ => None,
        }
    }

    pub(crate) const fn stage_full(stage: &Stage) -> Self {
        Self::StageFull { most: stage.most() }
    }
}
