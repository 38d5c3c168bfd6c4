//! Who somebody is.

use std::fmt;
use std::str::FromStr;

/// What somebody is on the station, or in one broadcast. Not ordered: ask [`Role::may`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// Runs the station; in every broadcast too.
    Admin,
    /// An account that may make broadcasts. In somebody else's broadcast it may what a listener may.
    Host,
    /// The host of this broadcast.
    Owner,
    /// Keeps order in this broadcast.
    Moderator,
    /// Is heard in this broadcast.
    Speaker,
    /// Has an account and listens.
    Listener,
    /// Has no account.
    Guest,
}

/// What ties somebody to one broadcast.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Tie {
    /// It is theirs.
    Owner,
    /// Its owner made them a moderator.
    Moderator,
    /// Its owner made them a speaker.
    Speaker,
    /// Nothing.
    Stranger,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] =
        [Self::Admin, Self::Host, Self::Owner, Self::Moderator, Self::Speaker, Self::Listener, Self::Guest];

    /// The roles that an account or an API key can have.
    pub const OF_ACCOUNTS: [Self; 3] = [Self::Admin, Self::Host, Self::Listener];

    /// The roles that somebody can have in a room.
    pub const IN_ROOMS: [Self; 6] =
        [Self::Admin, Self::Owner, Self::Moderator, Self::Speaker, Self::Listener, Self::Guest];

    /// The role in one broadcast of somebody whose account has this role.
    ///
    /// An admin is one everywhere. Who owns a broadcast and is no host any more is a listener in it. A guest
    /// has no account that anything could be tied to.
    #[must_use]
    pub const fn within(self, tie: Tie) -> Self {
        match (self, tie) {
            (Self::Host, Tie::Owner) => Self::Owner,
            (Self::Host | Self::Listener, Tie::Moderator) => Self::Moderator,
            (Self::Host | Self::Listener, Tie::Speaker) => Self::Speaker,
            (role, _) => role,
        }
    }

    /// The word for it in the API and in the store: `admin`, `host`, `owner`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Host => "host",
            Self::Owner => "owner",
            Self::Moderator => "moderator",
            Self::Speaker => "speaker",
            Self::Listener => "listener",
            Self::Guest => "guest",
        }
    }

    /// The word for it in a room and in what lets somebody into it: who owns the broadcast is its `host`, and
    /// a host who owns another one is a `listener`.
    pub const fn room_name(self) -> &'static str {
        match self {
            Self::Owner => "host",
            Self::Host => "listener",
            role => role.name(),
        }
    }

    /// The role by its [name in a room](Self::room_name).
    pub fn in_room(name: &str) -> Result<Self, UnknownRole> {
        let found = Self::IN_ROOMS.into_iter().find(|role| role.room_name() == name);
        found.ok_or_else(|| UnknownRole(name.to_owned()))
    }

    /// The role of an account by its [name](Self::name): one of [`Role::OF_ACCOUNTS`].
    pub fn of_account(name: &str) -> Result<Self, UnknownRole> {
        let found = Self::OF_ACCOUNTS.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

/// A word that names no role, or none that was possible there.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is no role that can be given here")]
pub struct UnknownRole(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_by_its_name() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert!("Admin".parse::<Role>().is_err() && "".parse::<Role>().is_err());
    }

    #[test]
    fn an_account_is_admin_host_or_listener() {
        assert_eq!(Role::of_account("host"), Ok(Role::Host));
        for name in ["owner", "moderator", "speaker", "guest", "root"] {
            assert_eq!(Role::of_account(name), Err(UnknownRole(name.to_owned())));
        }
    }

    #[test]
    fn in_a_room_the_host_is_who_owns_the_broadcast() {
        for role in Role::IN_ROOMS {
            assert_eq!(Role::in_room(role.room_name()), Ok(role));
        }
        assert_eq!(Role::in_room("host"), Ok(Role::Owner));
        assert_eq!(Role::Host.room_name(), "listener");
        assert!(Role::in_room("owner").is_err());
    }

    #[test]
    fn a_tie_makes_a_role_in_one_broadcast() {
        #[rustfmt::skip]
        let roles = [
            // account          its own          moderates        speaks           nothing
            (Role::Admin,    [Role::Admin,    Role::Admin,     Role::Admin,   Role::Admin]),
            (Role::Host,     [Role::Owner,    Role::Moderator, Role::Speaker, Role::Host]),
            (Role::Listener, [Role::Listener, Role::Moderator, Role::Speaker, Role::Listener]),
            (Role::Guest,    [Role::Guest,    Role::Guest,     Role::Guest,   Role::Guest]),
        ];
        for (account, expected) in roles {
            let ties = [Tie::Owner, Tie::Moderator, Tie::Speaker, Tie::Stranger];
            assert_eq!(ties.map(|tie| account.within(tie)), expected, "{account}");
        }
    }
}
