//! Somebody in a room.

use crate::{Action, Name, PersonId, Role};

/// Somebody in a room, with all that the room has to know of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// What the others call them. The room numbers the second of a name and renames who looks like its host.
    pub name: Name,
    /// What they are in this broadcast.
    pub role: Role,
    /// Whether they follow its host.
    pub follows: bool,
}

impl Person {
    /// Whether they keep order here.
    pub fn is_crew(&self) -> bool {
        self.role.may(Action::ViewStats)
    }

    /// Whether they may be muted, removed or banned by somebody in `role`: nobody does that to the host or to an
    /// admin but these.
    pub(crate) fn yields_to(&self, role: Role) -> bool {
        let stands_above = |role| matches!(role, Role::Admin | Role::Owner);
        !stands_above(self.role) || stands_above(role)
    }
}
