//! What somebody may do in the room of one broadcast; carried by a room token or a ticket.

use room::{Action, Role};

use super::pass::Pass;

/// Leave to enter one room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// The broadcast's id.
    pub broadcast: String,
    /// Who enters: an account's id, or a name that was made up for a guest.
    pub subject: String,
    /// What others call them.
    pub name: Option<String>,
    /// Their role in this room.
    pub role: Role,
    /// May they be heard?
    pub can_publish: bool,
    /// May they hear?
    pub can_subscribe: bool,
    /// May they write, react and raise a hand?
    pub can_publish_data: bool,
    /// The sign-in of the account itself; none where somebody else vouches for them.
    pub pass: Option<Pass>,
}

impl Grant {
    /// All that somebody in `role` may do in the room of `broadcast`.
    pub fn of(role: Role, broadcast: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            broadcast: broadcast.into(),
            subject: subject.into(),
            name: None,
            role,
            can_publish: role.may(Action::Speak),
            can_subscribe: role.may(Action::Join),
            can_publish_data: role.may(Action::React),
            pass: None,
        }
    }
}
