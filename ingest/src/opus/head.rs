//! `OpusHead`: the identification header of an Opus track (RFC 7845, 5.1).

use media::Channels;

/// The longest header we keep: 19 bytes, and 21 with the channel mapping of family 1.
pub const MAX_HEAD: usize = 64;

/// What an Opus track announced: one channel or two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpusHead {
    /// Channels as announced; each packet may still be coded in either.
    pub channels: Channels,
    /// Samples at 48 kHz to throw away at the start.
    pub pre_skip: u16,
}

/// An Opus header that we don't take, with the words for the publisher.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// Not an `OpusHead` of a version we know.
    #[error("the Opus header is damaged")]
    Damaged,
    /// Surround, ambisonics, or no channel at all.
    #[error("Opus with {0} channels is not supported; use mono or stereo")]
    Channels(u8),
}

impl OpusHead {
    /// Reads `bytes`, the header with its magic, at most [`MAX_HEAD`] bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeadError> {
        if bytes.len() < 19 || bytes.len() > MAX_HEAD || !bytes.starts_with(b"OpusHead") || bytes[8] > 15 {
            return Err(HeadError::Damaged);
        }
        let count = bytes[9];
        let channels = Channels::from_count(usize::from(count)).ok_or(HeadError::Channels(count))?;
        Ok(Self { channels, pre_skip: u16::from_le_bytes([bytes[10], bytes[11]]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEREO: [u8; 19] = *b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00";

    #[test]
    fn a_stereo_header_is_read() {
        assert_eq!(OpusHead::parse(&STEREO), Ok(OpusHead { channels: Channels::Stereo, pre_skip: 312 }));
    }

    #[test]
    fn surround_and_damage_are_refused() {
        let mut surround = STEREO;
        surround[9] = 6;
        assert_eq!(OpusHead::parse(&surround), Err(HeadError::Channels(6)));
        assert_eq!(OpusHead::parse(&STEREO[..18]), Err(HeadError::Damaged));
        assert_eq!(OpusHead::parse(b"OpusTags\x01\x02\x38\x01\x80\xbb\0\0\0\0\0"), Err(HeadError::Damaged));
    }
}
