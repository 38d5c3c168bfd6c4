//! The rules of a room: who may do what, and what follows.
//!
//! Whoever asks for something has one [`Role`]: on the station as a whole the one of their account, in a
//! broadcast the one that [`Role::within`] makes of it. Whether they may do it is answered by
//! [`Role::may`] and nowhere else.
//!
//! ```
//! use room::{Action, Role, Tie};
//!
//! let host = Role::Host;
//! assert!(host.may(Action::CreateBroadcast));
//! assert!(!host.may(Action::EndBroadcast), "of somebody else's broadcast");
//! assert!(host.within(Tie::Owner).may(Action::EndBroadcast));
//! ```
//!
//! A [`Room`] is the social side of one broadcast: people, chat, reactions, hands, the stage, polls and questions. It is
//! told what people ask for ([`Command`]) and what the time is, and tells what has happened ([`Event`]). The same room
//! on several machines is kept alike by telling each what was granted on the others ([`Room::hear`]).
//!
//! Roles say nothing about one person and one broadcast beyond that: who is suspended, or not on the list of a
//! private broadcast is refused before anybody asks for a role.

mod action;
mod chat;
mod command;
mod event;
mod hands;
mod id;
mod moment;
mod name;
mod people;
mod person;
mod poll;
mod questions;
mod rate;
mod refusal;
mod role;
mod room;
mod rules;
mod speaking;
mod stage;
mod text;

pub use action::Action;
pub use chat::{Chat, Message};
pub use command::{Command, Voice};
pub use event::{Audience, Counts, Event, InvitationEnd, Origin, Output, Removal, StageChange};
pub use hands::{Hand, Hands};
pub use id::{BadId, ConnectionId, MessageId, PersonId, PollId, QuestionId};
pub use moment::Moment;
pub use name::{Likeness, Name};
pub use people::People;
pub use person::Person;
pub use poll::Poll;
pub use questions::{Question, Questions};
pub use rate::Rate;
pub use refusal::Refusal;
pub use role::{Role, Tie, UnknownRole};
pub use room::{Room, Setting};
pub use rules::{Emoji, NoEmoji, Rules};
pub use stage::{Seat, Stage};
pub use text::{BadText, Text};
