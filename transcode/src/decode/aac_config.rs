//! What of an `AudioSpecificConfig` (ISO 14496-3 section 1.6.2) decides who decodes the track.

use media::Channels;

/// A sampling rate at or below which AAC-LC may hide band replication that only its bitstream tells
/// (implicit signalling: HE-AAC runs its core at half the output's rate, which is 48 kHz at most in practice).
const CORE_RATE_MAX: u32 = 24_000;

const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The `syncExtensionType` before a backward compatible announcement of band replication.
const SYNC_EXTENSION: u32 = 0x2b7;

const LC: u32 = 2;
const SBR: u32 = 5;
const PS: u32 = 29;

/// AAC that this crate decodes: LC, with or without band replication and parametric stereo, one channel
/// or two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct AacConfig {
    /// Samples per second of the core.
    pub(super) core_rate: u32,
    /// Channels of the core.
    pub(super) channels: Channels,
    /// Whether band replication is in use; `None` where only the bitstream tells.
    pub(super) replication: Option<bool>,
}

/// Why a configuration was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum ConfigError {
    #[error("its AudioSpecificConfig is cut short")]
    Short,
    #[error("AAC object type {0} is neither LC nor HE-AAC")]
    ObjectType(u32),
    #[error("its sampling rate is not among those of AAC")]
    Rate,
    #[error("channel configuration {0} is neither mono nor stereo")]
    Channels(u32),
}

impl AacConfig {
    pub(super) fn parse(config: &[u8]) -> Result<Self, ConfigError> {
        let mut bits = Bits { bytes: config, at: 0 };
        let mut object_type = bits.object_type()?;
        let core_rate = bits.rate()?;
        let channels = bits.take(4)?;
        let channels = Channels::from_count(channels as usize).ok_or(ConfigError::Channels(channels))?;
        let mut replication = None;
        if object_type == SBR || object_type == PS {
            replication = Some(true);
            bits.rate()?;
            object_type = bits.object_type()?;
        }
        if object_type != LC {
            return Err(ConfigError::ObjectType(object_type));
        }
        // GASpecificConfig: frame length, dependence on a core coder, extension.
        bits.take(1)?;
        if bits.take(1)? == 1 {
            bits.take(14)?;
        }
        bits.take(1)?;
        if replication.is_none() && bits.take(11) == Ok(SYNC_EXTENSION) && bits.object_type() == Ok(SBR) {
            replication = bits.take(1).ok().map(|present| present == 1);
        }
        Ok(Self { core_rate, channels, replication })
    }

    /// Whether a decoder without band replication might lose half of this track.
    pub(super) fn may_replicate_bands(self) -> bool {
        self.replication.unwrap_or(self.core_rate <= CORE_RATE_MAX)
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next `count` (at most 24) bits, most significant first.
    fn take(&mut self, count: usize) -> Result<u32, ConfigError> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(ConfigError::Short)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    fn object_type(&mut self) -> Result<u32, ConfigError> {
        match self.take(5)? {
            31 => Ok(32 + self.take(6)?),
            object_type => Ok(object_type),
        }
    }

    fn rate(&mut self) -> Result<u32, ConfigError> {
        let rate = match self.take(4)? {
            15 => self.take(24)?,
            index => *RATES.get(index as usize).ok_or(ConfigError::Rate)?,
        };
        if (7_350..=96_000).contains(&rate) { Ok(rate) } else { Err(ConfigError::Rate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lc_at_48_khz_in_stereo_hides_nothing() {
        let config = AacConfig::parse(&[0x11, 0x90]).unwrap();
        assert_eq!(config, AacConfig { core_rate: 48_000, channels: Channels::Stereo, replication: None });
        assert!(!config.may_replicate_bands());
    }

    #[test]
    fn lc_at_24_khz_may_hide_band_replication() {
        assert!(AacConfig::parse(&[0x13, 0x10]).unwrap().may_replicate_bands());
    }

    #[test]
    fn lc_at_24_khz_that_says_there_is_none_hides_none() {
        // Sync extension 0x2b7, object type 5, absent.
        let config = AacConfig::parse(&[0x13, 0x10, 0x56, 0xe5, 0x00]).unwrap();
        assert_eq!(config.replication, Some(false));
        assert!(!config.may_replicate_bands());
    }

    #[test]
    fn band_replication_is_found_announced_before_and_behind() {
        // Object type 5 with core 24 kHz, extension 48 kHz, then LC; and LC with the sync extension.
        let before = AacConfig::parse(&[0x2b, 0x11, 0x88, 0x00]).unwrap();
        let behind = AacConfig::parse(&[0x13, 0x10, 0x56, 0xe5, 0x98]).unwrap();
        assert_eq!((before.core_rate, before.replication), (24_000, Some(true)));
        assert_eq!((behind.core_rate, behind.replication), (24_000, Some(true)));
    }

    #[test]
    fn what_is_not_lc_mono_or_stereo_is_refused_by_its_reason() {
        assert_eq!(AacConfig::parse(&[]), Err(ConfigError::Short));
        assert_eq!(AacConfig::parse(&[0x11]), Err(ConfigError::Short));
        assert_eq!(AacConfig::parse(&[0x09, 0x90]), Err(ConfigError::ObjectType(1)));
        assert_eq!(AacConfig::parse(&[0x11, 0xb0]), Err(ConfigError::Channels(6)));
        assert_eq!(AacConfig::parse(&[0x11, 0x80]), Err(ConfigError::Channels(0)));
        assert_eq!(AacConfig::parse(&[0x16, 0x90]), Err(ConfigError::Rate));
    }
}
