//! The header of one audio tag: FLV 10.1 (E.4.2.1) and Enhanced RTMP v2 ("Enhanced Audio").

use bytes::{Buf, Bytes};

/// How the sound in a tag is coded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AudioCodec {
    /// `SoundFormat` 10 or `mp4a`.
    Aac,
    /// `SoundFormat` 2 or 14, or `.mp3`.
    Mp3,
    /// `Opus`.
    Opus,
}

/// What a tag carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TagKind {
    /// The codec's own header: an `AudioSpecificConfig` or an `OpusHead`.
    SequenceHeader,
    /// Coded sound.
    Coded,
}

/// One audio tag of the publisher's first track.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AudioTag {
    /// How it is coded.
    pub codec: AudioCodec,
    /// What it carries.
    pub kind: TagKind,
    /// The codec's bytes, without FLV's.
    pub data: Bytes,
}

/// A tag that can't be played, with the words for the publisher.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// Shorter than its own header says.
    #[error("an audio message is cut short")]
    Truncated,
    /// A legacy `SoundFormat` other than AAC and MP3.
    #[error("audio format {0} is not supported; use AAC, Opus or MP3")]
    SoundFormat(&'static str),
    /// An Enhanced RTMP codec other than `mp4a`, `Opus` and `.mp3`.
    #[error("audio codec {0:?} is not supported; use AAC, Opus or MP3")]
    FourCc(String),
}

/// `SoundFormat` by number, for the words to the publisher.
const SOUND_FORMATS: [&str; 16] = [
    "PCM (platform endian)",
    "ADPCM",
    "MP3",
    "PCM",
    "Nellymoser 16 kHz",
    "Nellymoser 8 kHz",
    "Nellymoser",
    "G.711 A-law",
    "G.711 mu-law",
    "enhanced",
    "AAC",
    "Speex",
    "12",
    "13",
    "MP3 8 kHz",
    "device specific",
];

const ENHANCED: u8 = 9;

const SEQUENCE_START: u8 = 0;
const CODED_FRAMES: u8 = 1;
const MULTITRACK: u8 = 5;
const MOD_EX: u8 = 7;

const ONE_TRACK: u8 = 0;
const MANY_TRACKS_MANY_CODECS: u8 = 2;

impl AudioTag {
    /// Reads the payload of an audio message. `None` for what is no sound of the first track: an empty
    /// message, another track, a channel map, the end of a sequence.
    pub fn parse(mut payload: Bytes) -> Result<Option<Self>, TagError> {
        if payload.is_empty() {
            return Ok(None);
        }
        let first = payload.get_u8();
        match first >> 4 {
            ENHANCED => Self::parse_enhanced(first & 0x0f, payload),
            10 => {
                let kind = match payload.try_get_u8().map_err(|_| TagError::Truncated)? {
                    0 => TagKind::SequenceHeader,
                    1 => TagKind::Coded,
                    _ => return Ok(None),
                };
                Ok(Some(Self { codec: AudioCodec::Aac, kind, data: payload }))
            }
            2 | 14 => Ok(Some(Self { codec: AudioCodec::Mp3, kind: TagKind::Coded, data: payload })),
            other => Err(TagError::SoundFormat(SOUND_FORMATS[usize::from(other)])),
        }
    }

    fn parse_enhanced(mut packet_type: u8, mut body: Bytes) -> Result<Option<Self>, TagError> {
        while packet_type == MOD_EX {
            packet_type = skip_modifier(&mut body)?;
        }
        let (codec, mut body) = if packet_type == MULTITRACK {
            let control = body.try_get_u8().map_err(|_| TagError::Truncated)?;
            packet_type = control & 0x0f;
            match first_track(control >> 4, body)? {
                Some(track) => track,
                None => return Ok(None),
            }
        } else {
            (four_cc(&mut body)?, body)
        };
        let kind = match packet_type {
            SEQUENCE_START => TagKind::SequenceHeader,
            CODED_FRAMES => TagKind::Coded,
            _ => return Ok(None),
        };
        let data = body.split_to(body.len());
        Ok(Some(Self { codec: known_codec(codec)?, kind, data }))
    }
}

/// Steps over one `ModEx` (a nanosecond offset, or what comes after us); the packet type behind it.
fn skip_modifier(body: &mut Bytes) -> Result<u8, TagError> {
    let mut size = usize::from(body.try_get_u8().map_err(|_| TagError::Truncated)?) + 1;
    if size == 256 {
        size = usize::from(body.try_get_u16().map_err(|_| TagError::Truncated)?) + 1;
    }
    if body.remaining() < size {
        return Err(TagError::Truncated);
    }
    body.advance(size);
    Ok(body.try_get_u8().map_err(|_| TagError::Truncated)? & 0x0f)
}

/// The codec and the bytes of track 0 in a multitrack body; `None` where it has other tracks only.
fn first_track(multitrack_type: u8, mut body: Bytes) -> Result<Option<([u8; 4], Bytes)>, TagError> {
    let shared = match multitrack_type {
        MANY_TRACKS_MANY_CODECS => None,
        _ => Some(four_cc(&mut body)?),
    };
    while body.has_remaining() {
        let codec = match shared {
            Some(codec) => codec,
            None => four_cc(&mut body)?,
        };
        let track = body.try_get_u8().map_err(|_| TagError::Truncated)?;
        let size = match multitrack_type {
            ONE_TRACK => body.len(),
            _ => body.try_get_uint(3).map_err(|_| TagError::Truncated)? as usize,
        };
        if body.len() < size {
            return Err(TagError::Truncated);
        }
        let data = body.split_to(size);
        if track == 0 {
            return Ok(Some((codec, data)));
        }
    }
    Ok(None)
}

fn four_cc(body: &mut Bytes) -> Result<[u8; 4], TagError> {
    let mut code = [0; 4];
    body.try_copy_to_slice(&mut code).map_err(|_| TagError::Truncated)?;
    Ok(code)
}

fn known_codec(code: [u8; 4]) -> Result<AudioCodec, TagError> {
    match &code {
        b"mp4a" => Ok(AudioCodec::Aac),
        b"Opus" => Ok(AudioCodec::Opus),
        b".mp3" => Ok(AudioCodec::Mp3),
        _ => Err(TagError::FourCc(String::from_utf8_lossy(&code).into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parts: &[&[u8]]) -> Result<Option<AudioTag>, TagError> {
        AudioTag::parse(parts.concat().into())
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what parse gives")]
    fn tag(codec: AudioCodec, kind: TagKind, data: &[u8]) -> Result<Option<AudioTag>, TagError> {
        Ok(Some(AudioTag { codec, kind, data: Bytes::copy_from_slice(data) }))
    }

    #[test]
    fn legacy_aac_and_mp3_are_read() {
        assert_eq!(
            parse(&[&[0xaf, 0, 0x12, 0x10]]),
            tag(AudioCodec::Aac, TagKind::SequenceHeader, &[0x12, 0x10])
        );
        assert_eq!(parse(&[&[0xaf, 1], b"raw"]), tag(AudioCodec::Aac, TagKind::Coded, b"raw"));
        assert_eq!(parse(&[&[0x2f], b"frame"]), tag(AudioCodec::Mp3, TagKind::Coded, b"frame"));
    }

    #[test]
    fn enhanced_codecs_are_read_by_four_cc() {
        assert_eq!(
            parse(&[&[0x90], b"Opus", b"head"]),
            tag(AudioCodec::Opus, TagKind::SequenceHeader, b"head")
        );
        assert_eq!(parse(&[&[0x91], b"Opus", b"unit"]), tag(AudioCodec::Opus, TagKind::Coded, b"unit"));
        assert_eq!(parse(&[&[0x91], b"mp4a", b"unit"]), tag(AudioCodec::Aac, TagKind::Coded, b"unit"));
        assert_eq!(parse(&[&[0x91], b".mp3", b"unit"]), tag(AudioCodec::Mp3, TagKind::Coded, b"unit"));
    }

    #[test]
    fn only_track_zero_of_a_multitrack_message_is_taken() {
        let one = |track: u8| parse(&[&[0x95, 0x01], b"Opus", &[track], b"unit"]);
        assert_eq!(one(0), tag(AudioCodec::Opus, TagKind::Coded, b"unit"));
        assert_eq!(one(1), Ok(None));
        assert_eq!(
            parse(&[&[0x95, 0x11], b"Opus", &[7, 0, 0, 2], b"no", &[0, 0, 0, 3], b"yes"]),
            tag(AudioCodec::Opus, TagKind::Coded, b"yes")
        );
        assert_eq!(
            parse(&[&[0x95, 0x21], b"ac-3", &[1, 0, 0, 2], b"no", b"mp4a", &[0, 0, 0, 3], b"yes"]),
            tag(AudioCodec::Aac, TagKind::Coded, b"yes")
        );
    }

    #[test]
    fn modifiers_are_stepped_over() {
        assert_eq!(
            parse(&[&[0x97, 2, 1, 2, 3, 0x01], b"Opus", b"unit"]),
            tag(AudioCodec::Opus, TagKind::Coded, b"unit")
        );
        let long = [&[0x97, 255, 0x01, 0x00][..], &[0; 257], &[0x01]].concat();
        assert_eq!(parse(&[&long, b"Opus", b"unit"]), tag(AudioCodec::Opus, TagKind::Coded, b"unit"));
    }

    #[test]
    fn what_is_no_sound_is_nothing() {
        assert_eq!(parse(&[]), Ok(None));
        assert_eq!(parse(&[&[0xaf, 2]]), Ok(None));
        assert_eq!(parse(&[&[0x92], b"Opus"]), Ok(None));
        assert_eq!(parse(&[&[0x94], b"Opus", &[1, 2, 0, 0, 0, 3]]), Ok(None));
    }

    #[test]
    fn codecs_we_cannot_play_are_named() {
        assert_eq!(parse(&[&[0xb2, 1]]), Err(TagError::SoundFormat("Speex")));
        assert_eq!(parse(&[&[0x91], b"ac-3", b"unit"]), Err(TagError::FourCc("ac-3".into())));
    }

    #[test]
    fn every_cut_is_noticed() {
        let whole = [&[0x97, 0, 9, 0x05, 0x11][..], b"Opus", &[0, 0, 0, 3], b"yes"].concat();
        assert_eq!(parse(&[&whole]), tag(AudioCodec::Opus, TagKind::Coded, b"yes"));
        for end in 1..whole.len() {
            let cut = parse(&[&whole[..end]]);
            assert!(matches!(cut, Err(TagError::Truncated) | Ok(None)), "{end}: {cut:?}");
        }
        assert_eq!(parse(&[&[0xaf]]), Err(TagError::Truncated));
    }
}
