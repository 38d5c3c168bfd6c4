//! What a track carries, as its publisher or its encoder announced it.

use bytes::Bytes;

use crate::Timescale;

/// An audio coding we accept or produce.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Codec {
    /// AAC Low Complexity, 1024 samples an access unit.
    AacLc,
    /// AAC with spectral band replication (HE-AAC v1 or v2); accepted from publishers, never produced.
    HeAac,
    /// Opus (RFC 6716).
    Opus,
    /// MPEG-1/2 Layer III; accepted from publishers, never produced.
    Mp3,
}

impl Codec {
    /// The name a person knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AacLc => "AAC-LC",
            Self::HeAac => "HE-AAC",
            Self::Opus => "Opus",
            Self::Mp3 => "MP3",
        }
    }
}

/// One voice or two.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Channels {
    /// One channel.
    Mono,
    /// Two channels, left before right.
    Stereo,
}

impl Channels {
    /// 1 or 2.
    pub const fn count(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }

    /// `None` unless `count` is 1 or 2.
    pub const fn from_count(count: usize) -> Option<Self> {
        match count {
            1 => Some(Self::Mono),
            2 => Some(Self::Stereo),
            _ => None,
        }
    }
}

/// What a track carries; sent before its first access unit, and again whenever it changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrackInfo {
    /// How its access units are coded.
    pub codec: Codec,
    /// Ticks per second of its access units' times.
    pub timescale: Timescale,
    /// Samples per second and channel as announced, before any band replication; 8,000 to 96,000.
    /// A decoder believes the bitstream where the two disagree.
    pub sample_rate: u32,
    /// Channels as announced.
    pub channels: Channels,
    /// AAC: the `AudioSpecificConfig` (ISO 14496-3). Opus: the `OpusHead` payload (RFC 7845), or empty.
    /// MP3: empty.
    pub config: Bytes,
}
