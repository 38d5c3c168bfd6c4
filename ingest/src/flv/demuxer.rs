//! Audio messages in, tracks and access units out.

use std::collections::VecDeque;

use bytes::Bytes;
use media::{AccessUnit, Channels, Codec, MediaDuration, MediaTime, Timescale, TrackInfo};

use crate::aac::{AudioSpecificConfig, ConfigError};
use crate::flv::{AudioCodec, AudioTag, TagError, TagKind};
use crate::mp3::FrameHeader;
use crate::opus::{OpusHead, head::HeadError};

/// What a door hands on: a track's description, or one of its access units.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Media {
    /// Comes before the track's first unit, and again whenever the publisher changes it.
    Track(TrackInfo),
    /// Coded as the last [`Media::Track`] says.
    Unit(AccessUnit),
}

/// Sound that we can't take, with the words for the publisher.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DemuxError {
    /// The message itself, or its codec.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// The AAC sequence header.
    #[error(transparent)]
    Aac(#[from] ConfigError),
    /// The Opus sequence header.
    #[error(transparent)]
    Opus(#[from] HeadError),
}

/// Turns the audio messages of one publisher into [`Media`].
///
/// Times are in milliseconds ([`Timescale::MILLIS`]), unrolled over the 32-bit wrap; they may repeat, jump
/// and go back as the publisher's do. Durations are zero: RTMP doesn't say them.
#[derive(Debug, Default)]
pub struct Demuxer {
    track: Option<TrackInfo>,
    clock: MillisClock,
    outputs: VecDeque<Media>,
}

impl Demuxer {
    /// A demuxer that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Told one audio message with the 32-bit timestamp it came with. What can't be played is an error;
    /// units that precede their track's header are left out.
    pub fn push(&mut self, timestamp: u32, payload: Bytes) -> Result<(), DemuxError> {
        let time = self.clock.unroll(timestamp);
        let Some(tag) = AudioTag::parse(payload)? else { return Ok(()) };
        match (tag.codec, tag.kind) {
            // ffmpeg sends an empty header first when the encoder has none yet.
            (_, TagKind::SequenceHeader) if tag.data.is_empty() => {}
            (AudioCodec::Aac, TagKind::SequenceHeader) => {
                let config = AudioSpecificConfig::parse(&tag.data)?;
                self.set_track(config.codec, config.sample_rate, config.channels, tag.data);
            }
            (AudioCodec::Opus, TagKind::SequenceHeader) => {
                let head = OpusHead::parse(&tag.data)?;
                self.set_track(Codec::Opus, 48_000, head.channels, tag.data);
            }
            // An MP3 track says everything in each frame.
            (AudioCodec::Mp3, TagKind::SequenceHeader) => {}
            (AudioCodec::Mp3, TagKind::Coded) => self.push_mp3(time, tag.data),
            (AudioCodec::Aac, TagKind::Coded) => {
                if self.is_playing(|codec| matches!(codec, Codec::AacLc | Codec::HeAac)) {
                    self.push_unit(time, tag.data);
                }
            }
            (AudioCodec::Opus, TagKind::Coded) => {
                if !self.is_playing(|codec| codec == Codec::Opus) {
                    self.set_track(Codec::Opus, 48_000, Channels::Stereo, Bytes::new());
                }
                self.push_unit(time, tag.data);
            }
        }
        Ok(())
    }

    /// What follows from what was pushed; drained after every push.
    pub fn poll_output(&mut self) -> Option<Media> {
        self.outputs.pop_front()
    }

    fn is_playing(&self, expected: impl Fn(Codec) -> bool) -> bool {
        self.track.as_ref().is_some_and(|track| expected(track.codec))
    }

    /// Publishers repeat their headers every few seconds; only a change is a new track.
    fn set_track(&mut self, codec: Codec, sample_rate: u32, channels: Channels, config: Bytes) {
        let track = TrackInfo { codec, timescale: Timescale::MILLIS, sample_rate, channels, config };
        if self.track.as_ref() != Some(&track) {
            self.track = Some(track.clone());
            self.outputs.push_back(Media::Track(track));
        }
    }

    fn push_unit(&mut self, time: MediaTime, data: Bytes) {
        if !data.is_empty() {
            self.outputs.push_back(Media::Unit(AccessUnit {
                time,
                duration: MediaDuration::default(),
                data,
            }));
        }
    }

    /// One message may hold several frames. What is no whole frame (an ID3 tag, a tail) is left out.
    fn push_mp3(&mut self, start: MediaTime, mut data: Bytes) {
        // Frames since `start` in units of a millisecond times the sample rate, so that nothing rounds twice.
        let mut elapsed = 0;
        while let Some(header) = FrameHeader::parse(&data) {
            if data.len() < header.length {
                return;
            }
            self.set_track(Codec::Mp3, header.sample_rate, header.channels, Bytes::new());
            let offset = MediaDuration::from_ticks(elapsed / u64::from(header.sample_rate));
            self.push_unit(start + offset, data.split_to(header.length));
            elapsed += 1_000 * u64::from(header.samples);
        }
    }
}

/// RTMP's 32-bit milliseconds as a timeline that goes on over the wrap (every 49.7 days).
///
/// A step is read as the shorter way round: up to 2^31 ms forward or back. A step back beyond the origin
/// is the origin.
#[derive(Debug, Default)]
struct MillisClock {
    /// The last timestamp and where it lay.
    last: Option<(u32, u64)>,
}

impl MillisClock {
    fn unroll(&mut self, timestamp: u32) -> MediaTime {
        let unrolled = match self.last {
            None => u64::from(timestamp),
            Some((last, at)) => at.saturating_add_signed(i64::from(timestamp.wrapping_sub(last) as i32)),
        };
        self.last = Some((timestamp, unrolled));
        MediaTime::from_ticks(unrolled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AAC_HEADER: &[u8] = &[0xaf, 0, 0x12, 0x10];
    const AAC_UNIT: &[u8] = &[0xaf, 1, 0x21, 0x10];

    fn drain(demuxer: &mut Demuxer) -> Vec<Media> {
        std::iter::from_fn(|| demuxer.poll_output()).collect()
    }

    fn push(demuxer: &mut Demuxer, timestamp: u32, payload: &[u8]) -> Vec<Media> {
        demuxer.push(timestamp, Bytes::copy_from_slice(payload)).unwrap();
        drain(demuxer)
    }

    fn times(media: &[Media]) -> Vec<u64> {
        media
            .iter()
            .filter_map(|media| match media {
                Media::Unit(unit) => Some(unit.time.ticks()),
                Media::Track(_) => None,
            })
            .collect()
    }

    #[test]
    fn a_repeated_header_is_no_new_track_and_a_changed_one_is() {
        let mut demuxer = Demuxer::new();
        assert!(matches!(&push(&mut demuxer, 0, AAC_HEADER)[..], [Media::Track(track)]
            if track.codec == Codec::AacLc && track.sample_rate == 44_100 && track.config[..] == [0x12, 0x10]));
        assert_eq!(push(&mut demuxer, 5_000, AAC_HEADER), []);
        assert!(matches!(&push(&mut demuxer, 5_001, &[0xaf, 0, 0x11, 0x88])[..], [Media::Track(track)]
            if track.sample_rate == 48_000 && track.channels == Channels::Mono));
    }

    #[test]
    fn units_before_their_header_are_left_out() {
        let mut demuxer = Demuxer::new();
        assert_eq!(push(&mut demuxer, 0, AAC_UNIT), []);
        assert_eq!(push(&mut demuxer, 0, &[0xaf, 0]), []);
        push(&mut demuxer, 0, AAC_HEADER);
        assert_eq!(times(&push(&mut demuxer, 23, AAC_UNIT)), [23]);
    }

    #[test]
    fn time_goes_on_over_the_32_bit_wrap() {
        let mut demuxer = Demuxer::new();
        push(&mut demuxer, u32::MAX - 9, AAC_HEADER);
        let mut seen = Vec::new();
        for timestamp in [u32::MAX - 9, 13, 36] {
            seen.extend(times(&push(&mut demuxer, timestamp, AAC_UNIT)));
        }
        assert_eq!(seen, [4_294_967_286, 4_294_967_309, 4_294_967_332]);
    }

    #[test]
    fn time_may_jump_repeat_and_go_back_without_harm() {
        let mut demuxer = Demuxer::new();
        push(&mut demuxer, 100, AAC_HEADER);
        let mut seen = Vec::new();
        for timestamp in [100, 100, 90_000, 50, u32::MAX, 0, 1 << 31, 0] {
            seen.extend(times(&push(&mut demuxer, timestamp, AAC_UNIT)));
        }
        assert_eq!(seen, [100, 100, 90_000, 50, 0, 1, 0, 0]);
    }

    #[test]
    fn several_mp3_frames_in_one_message_are_spread_over_time() {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        let payload = [&[0x2f][..], &frame, &frame, &frame, b"TAG"].concat();
        let media = push(&mut Demuxer::new(), 1_000, &payload);
        assert!(matches!(&media[0], Media::Track(track) if track.codec == Codec::Mp3));
        assert_eq!(times(&media), [1_000, 1_026, 1_052]);
    }

    #[test]
    fn opus_without_a_header_is_taken_for_stereo() {
        let media = push(&mut Demuxer::new(), 20, b"\x91Opus\xfcunit");
        assert!(matches!(&media[0], Media::Track(track)
            if track.codec == Codec::Opus && track.channels == Channels::Stereo && track.config.is_empty()));
        assert_eq!(times(&media), [20]);
    }

    #[test]
    fn a_track_we_cannot_play_is_an_error_with_words() {
        let surround = Demuxer::new().push(0, Bytes::from_static(&[0xaf, 0, 0x12, 0x30])).unwrap_err();
        assert_eq!(surround.to_string(), "AAC channel configuration 6 is not supported; use mono or stereo");
    }
}
