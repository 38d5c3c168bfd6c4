//! What people are told when they are not here, and when they are.
//!
//! Something happens that somebody wants to know ([`kind`]); it is written down once for each person ([`teller`]), with the
//! facts ([`told`]), and with the ways by which it goes out and when ([`ways`]); for all who follow a host, some at a
//! time ([`announcer`]), and for those whom a reminder is due to ([`reminders`]). From there it is sent ([`sender`]) over the
//! channels that the operator has ([`channels`]), and rings where they are here ([`bell`]). A letter carries an address by which it is the last of its kind
//! ([`unsubscribe`]).

pub mod announcer;
pub mod bell;
pub mod channels;
pub mod kind;
pub mod reminders;
pub mod sender;
pub mod teller;
pub mod told;
pub mod unsubscribe;
pub mod ways;

pub use announcer::Announcer;
pub use bell::Bell;
pub use channels::Channels;
pub use kind::Kind;
pub use reminders::Reminders;
pub use teller::Teller;
pub use told::Told;
pub use unsubscribe::Unsubscribe;
