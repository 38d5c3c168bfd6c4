//! One encoded frame of sound.

use bytes::Bytes;

use crate::{MediaDuration, MediaTime};

/// One encoded audio frame with its times: an Opus packet or a raw AAC frame.
///
/// Decode and presentation time are equal for audio, so there is one `time`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessUnit {
    /// When it starts, in its track's timescale.
    pub time: MediaTime,
    /// How long it lasts, in its track's timescale; zero where the publisher does not say.
    pub duration: MediaDuration,
    /// The coded bytes, without any framing.
    pub data: Bytes,
}
