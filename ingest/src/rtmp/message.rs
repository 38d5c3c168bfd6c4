//! One RTMP message and its kinds (RTMP 1.0, 5.4, 6.2 and 7.1).

use bytes::Bytes;

/// A whole message, put together from its chunks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// What it is.
    pub kind: MessageKind,
    /// Milliseconds, modulo 2^32.
    pub timestamp: u32,
    /// The message stream it belongs to; 0 is the connection itself.
    pub stream_id: u32,
    /// At most [`MessageKind::limit`] bytes; empty for what is read past.
    pub payload: Bytes,
}

/// The message type id.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MessageKind {
    /// 1: the size of the sender's chunks from now on.
    SetChunkSize,
    /// 2: throw away what has come of a message.
    Abort,
    /// 3: bytes received.
    Acknowledgement,
    /// 4: pings, stream begin and end.
    UserControl,
    /// 5: how often the sender wants acknowledgements.
    WindowAckSize,
    /// 6: how much the sender lets the other side send unacknowledged.
    SetPeerBandwidth,
    /// 8: an FLV audio tag.
    Audio,
    /// 9: an FLV video tag.
    Video,
    /// 17: a command in AMF3 (in practice AMF0 behind a zero byte).
    CommandAmf3,
    /// 20: a command in AMF0.
    CommandAmf0,
    /// 22: several FLV tags in one message.
    Aggregate,
    /// Metadata (15, 18), shared objects (16, 19) and what nobody knows.
    Other(u8),
}

/// Whether a message's bytes are kept until it is whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Kept; a message that says it is longer than this many bytes ends the connection.
    Keep(usize),
    /// Read past without storing a byte, whatever its length.
    ReadPast,
}

/// Audio: the longest AAC frame is 1,536 bytes, an Opus packet of 120 ms is 7,650; several tracks fit.
const AUDIO: usize = 16 * 1024;
/// Commands: a `connect` with every field has under 1 KiB.
const COMMAND: usize = 16 * 1024;
/// Aggregates are made of small tags; one that holds video larger than this is no live audio.
const AGGREGATE: usize = 64 * 1024;
/// Protocol control messages have 4 to 18 bytes.
const CONTROL: usize = 64;

impl MessageKind {
    /// The kind with this message type id.
    pub fn from_id(id: u8) -> Self {
        match id {
            1 => Self::SetChunkSize,
            2 => Self::Abort,
            3 => Self::Acknowledgement,
            4 => Self::UserControl,
            5 => Self::WindowAckSize,
            6 => Self::SetPeerBandwidth,
            8 => Self::Audio,
            9 => Self::Video,
            17 => Self::CommandAmf3,
            20 => Self::CommandAmf0,
            22 => Self::Aggregate,
            other => Self::Other(other),
        }
    }

    /// Its message type id.
    pub fn id(self) -> u8 {
        match self {
            Self::SetChunkSize => 1,
            Self::Abort => 2,
            Self::Acknowledgement => 3,
            Self::UserControl => 4,
            Self::WindowAckSize => 5,
            Self::SetPeerBandwidth => 6,
            Self::Audio => 8,
            Self::Video => 9,
            Self::CommandAmf3 => 17,
            Self::CommandAmf0 => 20,
            Self::Aggregate => 22,
            Self::Other(id) => id,
        }
    }

    /// How much of a message of this kind is kept.
    pub fn limit(self) -> Limit {
        match self {
            Self::Audio => Limit::Keep(AUDIO),
            Self::CommandAmf0 | Self::CommandAmf3 => Limit::Keep(COMMAND),
            Self::Aggregate => Limit::Keep(AGGREGATE),
            Self::Video | Self::Other(_) => Limit::ReadPast,
            Self::SetChunkSize
            | Self::Abort
            | Self::Acknowledgement
            | Self::UserControl
            | Self::WindowAckSize
            | Self::SetPeerBandwidth => Limit::Keep(CONTROL),
        }
    }
}
