//! What people can be told.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ways::Way;

/// A sort of thing that people can be told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationKind)]
pub enum Kind {
    /// A broadcast begins soon that they wanted to be reminded of.
    Reminder,
    /// A host whom they follow is on air.
    HostLive,
    /// A host whom they follow has planned a broadcast.
    HostPlanned,
    /// A broadcast that they were to be reminded of has another hour.
    Moved,
    /// It will not be.
    Cancelled,
    /// Somebody answered what they wrote.
    Reply,
    /// They are invited to the stage of a broadcast.
    StageInvite,
    /// A recording of theirs, or of a host whom they follow, can be heard.
    RecordingReady,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Reminder,
        Self::HostLive,
        Self::HostPlanned,
        Self::Moved,
        Self::Cancelled,
        Self::Reply,
        Self::StageInvite,
        Self::RecordingReady,
    ];

    /// Its name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reminder => "reminder",
            Self::HostLive => "hostLive",
            Self::HostPlanned => "hostPlanned",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
            Self::Reply => "reply",
            Self::StageInvite => "stageInvite",
            Self::RecordingReady => "recordingReady",
        }
    }

    /// The one with this [name](Self::name).
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// How it goes out to who did not say: what somebody asked for, and what changes their evening, by every way; the
    /// rest does not fill their letter box.
    pub const fn usual(self) -> &'static [Way] {
        match self {
            Self::Reminder | Self::Moved | Self::Cancelled => &[Way::Email, Way::Push],
            Self::HostLive | Self::HostPlanned | Self::Reply | Self::StageInvite | Self::RecordingReady => {
                &[Way::Push]
            }
        }
    }

    /// For how long it is worth being sent; afterwards it only stands in the list.
    pub const fn life(self) -> Duration {
        match self {
            Self::StageInvite => Duration::from_mins(10),
            Self::Reminder | Self::HostLive => Duration::from_hours(1),
            Self::Reply => Duration::from_hours(24),
            Self::HostPlanned | Self::Moved | Self::Cancelled | Self::RecordingReady => {
                Duration::from_hours(72)
            }
        }
    }

    /// Is it about now? Then it wakes a device, and no digest gathers it.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Reminder | Self::HostLive | Self::StageInvite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert_eq!(Kind::of("host_live"), None);
    }
}
