//! Audio profiles: which rungs a broadcast is encoded in.

use std::fmt;
use std::str::FromStr;

use crate::{Channels, Codec};

/// Which sound a broadcast is made for; decides the ladder.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum AudioProfile {
    /// Speech: mono, small.
    Voice,
    /// Speech with music between.
    #[default]
    Standard,
    /// Music first.
    Music,
}

/// Which rung of the ladder; its `name` is part of media URLs and never changes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RungId {
    /// AAC-LC, the rendition every player can play.
    Main,
    /// AAC-LC at a lower bit rate, for weak networks.
    Low,
    /// Opus, for HLS players that can and for every WebRTC listener.
    Opus,
}

impl RungId {
    /// Every rung, in the order in which a multivariant playlist lists them (AAC before Opus).
    pub const ALL: [Self; 3] = [Self::Main, Self::Low, Self::Opus];

    /// `main`, `low` or `opus`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Low => "low",
            Self::Opus => "opus",
        }
    }
}

impl fmt::Display for RungId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One rendition that we encode: 48 kHz, one codec, one bit rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rung {
    /// Which one.
    pub id: RungId,
    /// [`Codec::AacLc`] or [`Codec::Opus`].
    pub codec: Codec,
    /// One channel or two.
    pub channels: Channels,
    /// Bits per second of coded audio.
    pub bit_rate: u32,
}

impl Rung {
    /// Frames (samples per channel) in one access unit at 48 kHz: 1024 for AAC, 960 (20 ms) for Opus.
    pub const fn unit_frames(&self) -> u64 {
        match self.codec {
            Codec::Opus => 960,
            _ => 1024,
        }
    }
}

impl AudioProfile {
    /// Every profile, from the smallest.
    pub const ALL: [Self; 3] = [Self::Voice, Self::Standard, Self::Music];

    /// The profile's rungs, in the order of [`RungId::ALL`].
    pub const fn rungs(self) -> [Rung; 3] {
        use Channels::{Mono, Stereo};
        let (main, low, opus) = match self {
            Self::Voice => ((64_000, Mono), (32_000, Mono), (24_000, Mono)),
            Self::Standard => ((96_000, Stereo), (48_000, Mono), (64_000, Stereo)),
            Self::Music => ((160_000, Stereo), (64_000, Stereo), (128_000, Stereo)),
        };
        [
            Rung { id: RungId::Main, codec: Codec::AacLc, channels: main.1, bit_rate: main.0 },
            Rung { id: RungId::Low, codec: Codec::AacLc, channels: low.1, bit_rate: low.0 },
            Rung { id: RungId::Opus, codec: Codec::Opus, channels: opus.1, bit_rate: opus.0 },
        ]
    }

    /// `voice`, `standard` or `music`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Standard => "standard",
            Self::Music => "music",
        }
    }
}

impl fmt::Display for AudioProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no audio profile.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no audio profile; use voice, standard or music")]
pub struct UnknownProfile(String);

impl FromStr for AudioProfile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_parses_from_its_own_name() {
        for profile in AudioProfile::ALL {
            assert_eq!(profile.name().parse::<AudioProfile>().unwrap(), profile);
        }
        assert!("loud".parse::<AudioProfile>().is_err());
    }

    #[test]
    fn aac_and_opus_units_meet_every_320_ms() {
        let [main, _, opus] = AudioProfile::Standard.rungs();
        assert_eq!(15 * main.unit_frames(), 16 * opus.unit_frames());
        assert_eq!(15 * main.unit_frames(), 48 * 320);
    }
}
