//! `AudioSpecificConfig`: what an AAC sequence header says (ISO 14496-3, 1.6.2.1).

use media::{Channels, Codec};

use crate::bit_reader::BitReader;

/// The longest config we look at. Real ones have 2 to 7 bytes; a program config element, which we refuse,
/// makes them longer.
pub const MAX_CONFIG: usize = 64;

/// Sampling frequencies by index (ISO 14496-3, table 1.18).
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

const LOW_COMPLEXITY: u32 = 2;
const SPECTRAL_BAND_REPLICATION: u32 = 5;
const PARAMETRIC_STEREO: u32 = 29;

/// A core at or below this rate that doesn't say whether bands are replicated usually has them replicated:
/// an encoder that means plain AAC-LC at such a rate says so with the 0x2b7 extension.
const IMPLICIT_SBR_RATE: u32 = 24_000;

/// What an AAC track announced: AAC-LC or HE-AAC, 8 to 96 kHz, one channel or two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AudioSpecificConfig {
    /// [`Codec::AacLc`], or [`Codec::HeAac`] where bands are replicated, by announcement or by the low rate.
    pub codec: Codec,
    /// Samples per second of the core, before any band replication.
    pub sample_rate: u32,
    /// Channels of the core, before parametric stereo.
    pub channels: Channels,
}

/// An AAC config that we don't take, with the words for the publisher.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Cut off, or too long to be one.
    #[error("the AAC config is damaged")]
    Damaged,
    /// Main, SSR, LTP, ER, xHE-AAC and the rest.
    #[error("AAC object type {0} is not supported; use AAC-LC")]
    ObjectType(u32),
    /// Outside 8 to 96 kHz.
    #[error("AAC at {0} Hz is not supported; use 8,000 to 96,000 Hz")]
    SampleRate(u32),
    /// Surround, or a channel layout of its own.
    #[error("AAC channel configuration {0} is not supported; use mono or stereo")]
    Channels(u32),
    /// 960 samples a frame.
    #[error("AAC with 960 samples a frame is not supported; use 1024")]
    ShortFrames,
}

impl AudioSpecificConfig {
    /// Reads `bytes`, an `AudioSpecificConfig` of at most [`MAX_CONFIG`] bytes. What follows the parts we
    /// know is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() > MAX_CONFIG {
            return Err(ConfigError::Damaged);
        }
        let mut reader = BitReader::new(bytes);
        let config = Self::read(&mut reader).ok_or(ConfigError::Damaged)??;
        Ok(config)
    }

    /// `None` where the bytes end too early.
    fn read(reader: &mut BitReader) -> Option<Result<Self, ConfigError>> {
        let mut object = object_type(reader)?;
        let sample_rate = sample_rate(reader)?;
        let channels = reader.bits(4)?;
        let mut replicated = None;
        if object == SPECTRAL_BAND_REPLICATION || object == PARAMETRIC_STEREO {
            replicated = Some(true);
            self::sample_rate(reader)?;
            object = object_type(reader)?;
        }
        if object != LOW_COMPLEXITY {
            return Some(Err(ConfigError::ObjectType(object)));
        }
        // GASpecificConfig (4.4.1)
        if reader.flag()? {
            return Some(Err(ConfigError::ShortFrames));
        }
        if reader.flag()? {
            reader.bits(14)?;
        }
        reader.flag()?;
        let Some(channels) = (channels <= 2).then(|| Channels::from_count(channels as usize)).flatten()
        else {
            return Some(Err(ConfigError::Channels(channels)));
        };
        if !(8_000..=96_000).contains(&sample_rate) {
            return Some(Err(ConfigError::SampleRate(sample_rate)));
        }
        let replicated = replicated
            .or_else(|| backward_compatible_extension(reader))
            .unwrap_or(sample_rate <= IMPLICIT_SBR_RATE);
        let codec = if replicated { Codec::HeAac } else { Codec::AacLc };
        Some(Ok(Self { codec, sample_rate, channels }))
    }
}

/// Whether the 0x2b7 extension behind the core config says that bands are replicated; `None` without one.
fn backward_compatible_extension(reader: &mut BitReader) -> Option<bool> {
    if reader.bits(11)? != 0x2b7 {
        return None;
    }
    match object_type(reader)? {
        SPECTRAL_BAND_REPLICATION => reader.flag(),
        _ => None,
    }
}

fn object_type(reader: &mut BitReader) -> Option<u32> {
    match reader.bits(5)? {
        31 => Some(32 + reader.bits(6)?),
        object => Some(object),
    }
}

/// The rate by index or in full; 0, which nobody accepts, for a reserved index.
fn sample_rate(reader: &mut BitReader) -> Option<u32> {
    match reader.bits(4)? {
        15 => reader.bits(24),
        index => Some(RATES.get(index as usize).copied().unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lc(sample_rate: u32, channels: Channels) -> AudioSpecificConfig {
        AudioSpecificConfig { codec: Codec::AacLc, sample_rate, channels }
    }

    fn he(sample_rate: u32, channels: Channels) -> AudioSpecificConfig {
        AudioSpecificConfig { codec: Codec::HeAac, sample_rate, channels }
    }

    #[test]
    fn common_low_complexity_configs_are_read() {
        use Channels::{Mono, Stereo};
        assert_eq!(AudioSpecificConfig::parse(&[0x12, 0x10]), Ok(lc(44_100, Stereo)));
        assert_eq!(AudioSpecificConfig::parse(&[0x11, 0x90]), Ok(lc(48_000, Stereo)));
        assert_eq!(AudioSpecificConfig::parse(&[0x11, 0x88]), Ok(lc(48_000, Mono)));
        assert_eq!(AudioSpecificConfig::parse(&[0x10, 0x10]), Ok(lc(96_000, Stereo)));
    }

    #[test]
    fn ffmpeg_marks_replication_as_absent_and_so_a_low_rate_stays_plain() {
        // 16 kHz mono as ffmpeg writes it: 0x2b7, object type 5, flag 0.
        assert_eq!(
            AudioSpecificConfig::parse(&[0x14, 0x08, 0x56, 0xe5, 0x00]),
            Ok(lc(16_000, Channels::Mono))
        );
        assert_eq!(
            AudioSpecificConfig::parse(&[0x15, 0x88, 0x56, 0xe5, 0x00]),
            Ok(lc(8_000, Channels::Mono))
        );
    }

    #[test]
    fn a_low_rate_that_says_nothing_is_taken_for_he_aac() {
        assert_eq!(AudioSpecificConfig::parse(&[0x13, 0x10]), Ok(he(24_000, Channels::Stereo)));
    }

    #[test]
    fn explicit_he_aac_is_recognised_in_all_three_spellings() {
        // Hierarchical SBR: object 5, 24 kHz core, stereo, extension 48 kHz, object 2.
        assert_eq!(AudioSpecificConfig::parse(&[0x2b, 0x11, 0x88, 0x00]), Ok(he(24_000, Channels::Stereo)));
        // Parametric stereo: object 29, 22.05 kHz core, mono, extension 44.1 kHz, object 2.
        assert_eq!(AudioSpecificConfig::parse(&[0xeb, 0x8a, 0x08, 0x00]), Ok(he(22_050, Channels::Mono)));
        // Backward compatible: object 2, 44.1 kHz (above the implicit rate), 0x2b7, object 5, flag 1.
        assert_eq!(
            AudioSpecificConfig::parse(&[0x12, 0x10, 0x56, 0xe5, 0x80]),
            Ok(he(44_100, Channels::Stereo))
        );
    }

    #[test]
    fn what_we_cannot_decode_is_named() {
        assert_eq!(AudioSpecificConfig::parse(&[0x0a, 0x10]), Err(ConfigError::ObjectType(1)));
        assert_eq!(AudioSpecificConfig::parse(&[0xf9, 0x46, 0x40]), Err(ConfigError::ObjectType(42)));
        assert_eq!(AudioSpecificConfig::parse(&[0x12, 0x30]), Err(ConfigError::Channels(6)));
        assert_eq!(AudioSpecificConfig::parse(&[0x12, 0x00]), Err(ConfigError::Channels(0)));
        assert_eq!(AudioSpecificConfig::parse(&[0x16, 0x10]), Err(ConfigError::SampleRate(7_350)));
        assert_eq!(AudioSpecificConfig::parse(&[0x16, 0x90]), Err(ConfigError::SampleRate(0)));
        assert_eq!(AudioSpecificConfig::parse(&[0x12, 0x14]), Err(ConfigError::ShortFrames));
    }

    #[test]
    fn a_rate_written_in_full_is_read() {
        // Object 2 (00010), index 15 (1111), 48,000 in 24 bits, mono (0001), three flags.
        let bytes = [0b0001_0111, 0b1000_0000, 0b0101_1101, 0b1100_0000, 0b0000_1000];
        assert_eq!(AudioSpecificConfig::parse(&bytes), Ok(lc(48_000, Channels::Mono)));
    }

    #[test]
    fn a_damaged_config_is_an_error() {
        assert_eq!(AudioSpecificConfig::parse(&[]), Err(ConfigError::Damaged));
        assert_eq!(AudioSpecificConfig::parse(&[0x12]), Err(ConfigError::Damaged));
        assert_eq!(AudioSpecificConfig::parse(&[0x12; MAX_CONFIG + 1]), Err(ConfigError::Damaged));
    }
}
