//! The rules of a room: who may do what.
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
//! Roles say nothing about one person and one broadcast beyond that: who is blocked, suspended, or not on
//! the list of a private broadcast is refused before anybody asks for a role.

mod action;
mod role;

pub use action::Action;
pub use role::{Role, Tie, UnknownRole};
