//! Why a connection came to its end.

use crate::rtmp::chunk_reader::ChunkError;
use crate::rtmp::command::CommandError;
use crate::rtmp::handshake::HandshakeError;
use crate::{CloseReason, Refusal};

/// Why a session is over.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Ending {
    /// The publisher said that it is done.
    #[error("the publisher ended its stream")]
    Unpublished,
    /// We refused it, and said why.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// It didn't say what to publish in a way that we understand, and was told so.
    #[error("refused: {0}")]
    BadName(String),
    /// It wanted to play, and was told where not to.
    #[error("it wanted to play")]
    Play,
    /// We ended it, and said why.
    #[error("{0}")]
    Sent(CloseReason),
    /// No RTMP.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// Bytes that make no chunks.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// Bytes that make no command.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A command that has no place where it came.
    #[error("{0} out of turn")]
    OutOfTurn(&'static str),
    /// It took too long.
    #[error("no {0} in time")]
    TimedOut(&'static str),
}

impl Ending {
    /// Whether the peer was told why, and should get a moment to read it.
    pub fn was_told(&self) -> bool {
        match self {
            Self::Unpublished | Self::Refused(_) | Self::BadName(_) | Self::Play | Self::Sent(_) => true,
            Self::Handshake(_)
            | Self::Chunk(_)
            | Self::Command(_)
            | Self::OutOfTurn(_)
            | Self::TimedOut(_) => false,
        }
    }
}
