//! The four bytes before every MPEG audio frame (ISO 11172-3, 2.4.1.3; ISO 13818-3 for the low rates).

use media::Channels;

/// One Layer III frame header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameHeader {
    /// Samples per second: 8,000 to 48,000.
    pub sample_rate: u32,
    /// Mono, or any of the stereo modes.
    pub channels: Channels,
    /// The whole frame with its header, in bytes: 24 to 1,441.
    pub length: usize,
    /// Samples per channel in the frame: 1152, or 576 below 32 kHz.
    pub samples: u32,
}

/// kbit/s of Layer III in MPEG-1.
const BIT_RATES_1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// kbit/s of Layer III in MPEG-2 and 2.5.
const BIT_RATES_2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES_1: [u32; 3] = [44_100, 48_000, 32_000];

impl FrameHeader {
    /// Reads the header at the start of `bytes`; `None` where there is no Layer III frame, or one of free
    /// format (whose length nobody says).
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, version, rates, mode, ..] = bytes else { return None };
        if sync != 0xff || version & 0xe0 != 0xe0 || version >> 1 & 3 != 1 {
            return None;
        }
        let divisor = match version >> 3 & 3 {
            3 => 1,
            2 => 2,
            0 => 4,
            _ => return None,
        };
        let bit_rates = if divisor == 1 { &BIT_RATES_1 } else { &BIT_RATES_2 };
        let bit_rate = *bit_rates.get(usize::from(rates >> 4)).filter(|rate| **rate > 0)? * 1_000;
        let sample_rate = RATES_1.get(usize::from(rates >> 2 & 3))? / divisor;
        let samples = if divisor == 1 { 1_152 } else { 576 };
        let padding = u32::from(rates >> 1 & 1);
        let length = (samples / 8 * bit_rate / sample_rate + padding) as usize;
        let channels = if mode >> 6 == 3 { Channels::Mono } else { Channels::Stereo };
        Some(Self { sample_rate, channels, length, samples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_three_versions_are_read() {
        assert_eq!(
            FrameHeader::parse(&[0xff, 0xfb, 0x90, 0x00]),
            Some(FrameHeader {
                sample_rate: 44_100,
                channels: Channels::Stereo,
                length: 417,
                samples: 1_152
            })
        );
        assert_eq!(
            FrameHeader::parse(&[0xff, 0xf3, 0x82, 0xc0]),
            Some(FrameHeader { sample_rate: 22_050, channels: Channels::Mono, length: 209, samples: 576 })
        );
        assert_eq!(
            FrameHeader::parse(&[0xff, 0xe3, 0x18, 0xc4]),
            Some(FrameHeader { sample_rate: 8_000, channels: Channels::Mono, length: 72, samples: 576 })
        );
    }

    #[test]
    fn the_longest_frame_has_1441_bytes() {
        assert_eq!(FrameHeader::parse(&[0xff, 0xfb, 0xea, 0x00]).unwrap().length, 1_441);
    }

    #[test]
    fn what_is_no_layer_three_frame_is_none() {
        for bytes in [
            &[0xff, 0xfb, 0x90][..],
            b"ID3\x04",
            &[0xff, 0xfd, 0x90, 0], // Layer II
            &[0xff, 0xeb, 0x90, 0], // reserved version
            &[0xff, 0xfb, 0x00, 0], // free format
            &[0xff, 0xfb, 0xf0, 0], // bad bit rate
            &[0xff, 0xfb, 0x9c, 0], // reserved sample rate
        ] {
            assert_eq!(FrameHeader::parse(bytes), None, "{bytes:02x?}");
        }
    }
}
