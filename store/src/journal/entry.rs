//! What the data plane has to have written.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::announcement::Announcement;
use crate::audit::AuditEntry;
use crate::blocks::Block;
use crate::chat::ChatMessage;
use crate::listener_minutes::ListenerMinute;
use crate::polls::Poll;
use crate::reactions::ReactionSum;
use crate::recording::RecordingFacts;
use crate::time::Timestamp;

/// Something that happened and must be remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Entry {
    /// A broadcast went on air.
    BroadcastLive {
        /// Which.
        broadcast_id: String,
        /// Its run.
        run: String,
        /// When the run began.
        at: Timestamp,
    },
    /// A run ended, and with it the sessions in its broadcast. What is on air with another run stays.
    BroadcastEnded {
        /// Which broadcast.
        broadcast_id: String,
        /// Its run.
        run: String,
        /// When.
        at: Timestamp,
    },
    /// Somebody came to listen or to speak.
    SessionJoined {
        /// A UUIDv7 of the session's own.
        session_id: String,
        /// Where.
        broadcast_id: String,
        /// Who; nobody where it is a guest.
        user_id: Option<String>,
        /// As what.
        role: String,
        /// By what: `hls`, `webrtc`, `rtmp`, …
        transport: String,
        /// When.
        at: Timestamp,
    },
    /// They left.
    SessionLeft {
        /// Which session.
        session_id: String,
        /// When.
        at: Timestamp,
    },
    /// So many listened at once; the most of all is kept.
    PeakListeners {
        /// To what.
        broadcast_id: String,
        /// How many.
        listeners: u32,
    },
    /// How many heard a broadcast in one minute.
    Listeners(ListenerMinute),
    /// Somebody said something in a room.
    ChatSaid(ChatMessage),
    /// A message was taken away.
    ChatDeleted {
        /// Which.
        message_id: String,
        /// The account that did it.
        by: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A message was put above the others, or back.
    ChatPinned {
        /// Which.
        message_id: String,
        /// Since when it stands there; none where it does not.
        at: Option<Timestamp>,
    },
    /// People reacted.
    Reacted(ReactionSum),
    /// A poll was opened, counted or closed: how it stands. It is open until an entry says that it is not.
    Poll(Poll),
    /// Somebody was put out of a broadcast for good.
    Blocked(Block),
    /// A recording opened, or closed.
    Recording {
        /// What is known of it.
        facts: RecordingFacts,
        /// What webhooks are told once it can be heard, in its broadcast and beside that, as an object of JSON.
        /// However often the entry is told, they are told once.
        event: String,
        /// See `event`.
        told: Map<String, Value>,
    },
    /// Somebody is to be told something.
    Announced {
        /// What, and who.
        announcement: Announcement,
    },
    /// Something for the audit log.
    Audit(AuditEntry),
    /// Something that webhooks are told. Each that is concerned gets a delivery with the next number of its own.
    WebhookEvent {
        /// `room_started`, …
        event: String,
        /// In which broadcast.
        broadcast_id: String,
        /// Whose it is.
        host_id: String,
        /// When.
        at: Timestamp,
        /// What [`Delivery::body`](crate::Delivery::body) becomes.
        body: String,
    },
}

impl Entry {
    /// May it be left out when the journal is nearly full? What is on air, the audit log and what others are told
    /// may not.
    pub(super) const fn is_expendable(&self) -> bool {
        matches!(
            self,
            Self::SessionJoined { .. }
                | Self::SessionLeft { .. }
                | Self::PeakListeners { .. }
                | Self::Listeners(_)
                | Self::Reacted(_)
        )
    }
}

/// An entry with its number, as a line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Numbered {
    /// From 1, without gaps as long as nothing was left out.
    pub(super) sequence: u64,
    pub(super) entry: Entry,
}
