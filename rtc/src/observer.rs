//! What a port tells whoever counts.

use std::time::Duration;

use crate::rtcp::Reception;

/// Why a session did not come about, or is over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Farewell {
    /// Its client closed it.
    Left,
    /// Nothing was heard of its client for 30 s (RFC 7675).
    Lost,
    /// No check of its client arrived: its network lets no datagrams through, or ours does not.
    NoIce,
    /// Checks arrived, and the DTLS handshake did not succeed.
    NoDtls,
    /// The engine could not go on with it.
    Broken,
    /// The station let it go.
    Dismissed,
    /// What it listened to is over.
    Over,
    /// The port is closed.
    Stopped,
}

impl Farewell {
    /// A word for logs and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Lost => "lost",
            Self::NoIce => "no_ice",
            Self::NoDtls => "no_dtls",
            Self::Broken => "broken",
            Self::Dismissed => "dismissed",
            Self::Over => "over",
            Self::Stopped => "stopped",
        }
    }
}

/// Counts what happens on the port. Called on its threads: it must not wait.
pub trait Observer: Send + Sync + 'static {
    /// A session's handshake is over, this long after its offer was answered.
    fn connected(&self, after: Duration) {
        let _ = after;
    }

    /// A session is over; whether its handshake ever was.
    fn over(&self, why: Farewell, was_connected: bool) {
        let _ = (why, was_connected);
    }

    /// A listener says how it hears us.
    fn heard(&self, reception: Reception, round_trip: Option<Duration>) {
        let _ = (reception, round_trip);
    }

    /// Datagrams left, and so many bytes; others did not.
    fn sent(&self, datagrams: u64, bytes: u64, dropped: u64) {
        let _ = (datagrams, bytes, dropped);
    }

    /// A datagram came that belongs to nobody.
    fn stray(&self) {}
}

/// Nobody counts.
impl Observer for () {}
