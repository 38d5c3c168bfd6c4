//! What the hall tells the control plane: facts to be written down and passed on.

use std::sync::Arc;

use packager::{RunId, WallClock};

use super::card::Card;
use super::trouble::Trouble;
use crate::recordings::RecordingNote;

/// Something that happened to a broadcast. Told in order, once; `at` is the moment it became true.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Happening {
    /// It is on air in this run; told again when a run goes on after a restart.
    WentLive {
        /// Which broadcast.
        card: Arc<Card>,
        /// Its run.
        run: RunId,
        /// When the run opened.
        at: WallClock,
        /// Whether it opened now.
        beginning: Beginning,
    },
    /// It is no longer on air.
    Ended {
        /// Which broadcast.
        card: Arc<Card>,
        /// Its run.
        run: RunId,
        /// When.
        at: WallClock,
        /// Why.
        why: EndReason,
    },
    /// A publisher was let in, on air or in preview.
    PublisherJoined {
        /// To which broadcast.
        card: Arc<Card>,
        /// Names this stay, for ever.
        session: String,
        /// `rtmp`, `rtmps` or `whip`.
        protocol: &'static str,
        /// The account that publishes; not known of who shows a stream key.
        user: Option<String>,
        /// When.
        at: WallClock,
    },
    /// A publisher left, or was asked to.
    PublisherLeft {
        /// Which broadcast.
        card: Arc<Card>,
        /// Which stay is over.
        session: String,
        /// `rtmp`, `rtmps` or `whip`.
        protocol: &'static str,
        /// The account that published.
        user: Option<String>,
        /// When.
        at: WallClock,
    },
    /// Something is wrong with its sound.
    Degraded {
        /// Which broadcast.
        card: Arc<Card>,
        /// What.
        trouble: Trouble,
        /// When it was noticed.
        at: WallClock,
    },
    /// A recording of it opened, or closed; a note that is told again changes nothing.
    Recording(RecordingNote),
}

/// How a run came to be on air.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Beginning {
    /// It was opened.
    Opened,
    /// It goes on after a restart.
    Resumed,
}

impl Happening {
    /// Which broadcast it happened to.
    pub fn broadcast(&self) -> &str {
        match self {
            Self::WentLive { card, .. }
            | Self::Ended { card, .. }
            | Self::PublisherJoined { card, .. }
            | Self::PublisherLeft { card, .. }
            | Self::Degraded { card, .. } => &card.id,
            Self::Recording(note) => &note.broadcast,
        }
    }
}

/// Why a broadcast is no longer on air.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndReason {
    /// Its host, or a server in the host's name, ended it.
    ByHost,
    /// An administrator ended it.
    ByAdmin,
    /// It was planned to end then.
    Planned,
    /// Nobody published for its whole grace.
    Silence,
    /// Its programme broke off and could not go on.
    Failure,
}

impl EndReason {
    /// The reason in one word, for records and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByHost => "host",
            Self::ByAdmin => "admin",
            Self::Planned => "planned",
            Self::Silence => "silence",
            Self::Failure => "failure",
        }
    }
}
