//! What can go wrong for a listener, as the report counts it.

use std::fmt;

/// One thing that went wrong. Each makes the run fail.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Fault {
    /// No connection could be opened.
    Connect,
    /// The connection ended in the middle of a request.
    Closed,
    /// The bytes were no response, beyond the bounds, or not asked for.
    Malformed,
    /// Any status but 200.
    Status(u16),
    /// The document could not be read as the playlist it should be.
    Playlist,
    /// No variant has the asked name.
    NoRung,
    /// A blocking reload came back without what it waited for.
    Early,
    /// A part was never listed, or left the list before it was seen.
    Missed,
    /// The same part had another length for another listener, or none at all.
    Length,
    /// No whole response in three target durations and five seconds.
    Overdue,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => write!(f, "connect"),
            Self::Closed => write!(f, "closed"),
            Self::Malformed => write!(f, "malformed"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Playlist => write!(f, "playlist"),
            Self::NoRung => write!(f, "no such rung"),
            Self::Early => write!(f, "early reload"),
            Self::Missed => write!(f, "missed part"),
            Self::Length => write!(f, "wrong length"),
            Self::Overdue => write!(f, "overdue"),
        }
    }
}

impl Fault {
    /// Whether the listener has nothing in hand after it and has to ask again.
    pub(crate) fn is_failure_of_request(self) -> bool {
        !matches!(self, Self::Early | Self::Missed | Self::Length)
    }
}
