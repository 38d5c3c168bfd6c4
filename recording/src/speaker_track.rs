//! One speaker's own sound as a file that grows: what came is framed and never encoded anew, and whatever has been
//! written plays, also when nothing follows.
//!
//! Opus becomes Ogg, AAC becomes ADTS, and MP3 frames are a file as they are. The file keeps time: where packets of Opus
//! are missing there is silence as long.

use std::time::Duration;

use bytes::Bytes;
use media::{Codec, MediaDuration, Timescale, TrackInfo};
use packager::ogg::{FIRST, LAST, Page, SEGMENTS, segments};

/// Frames of a page of Ogg: a second, which is what a crash costs at the most.
const PAGE: u64 = 48_000;

/// Frames of a packet of silence.
const SILENCE: u64 = 960;

/// A longer hole is no loss on the way but a pause, and the file ends there: ten seconds.
const HOLE_MAX: u64 = 10 * 48_000;

/// Without silence to fill with, a file is as wrong as this at the most: half a second.
const DRIFT_MAX: u64 = 24_000;

/// What a file of a speaker is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Ogg Opus (RFC 7845).
    Opus,
    /// AAC in ADTS (ISO 13818-7 6.2).
    Aac,
    /// MP3.
    Mp3,
}

/// Whether sound went into a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fit {
    /// It did.
    Written,
    /// It lies too far from what is in the file, which ends here; another one begins with it.
    Elsewhere,
    /// It is none of that codec.
    Damaged,
}

/// A file that grows.
#[derive(Debug)]
pub struct SpeakerTrack {
    framing: Framing,
    /// When its first sound was, by the publisher's clock, in frames.
    first: Option<u64>,
}

#[derive(Debug)]
enum Framing {
    Opus(Box<Pages>),
    Frames { adts: Option<Adts>, samples: u64, rate: u64, written: u64 },
}

#[derive(Debug)]
struct Pages {
    serial: u32,
    sequence: u32,
    silence: Bytes,
    /// Frames of all pages that were written.
    granule: u64,
    packets: Vec<Bytes>,
    lacing: usize,
    /// Frames of those packets.
    waiting: u64,
}

/// What stands in every ADTS header of a file.
#[derive(Clone, Copy, Debug)]
struct Adts {
    rate: u8,
    channels: u8,
}

impl Form {
    /// The form of sound in this codec.
    pub const fn of(codec: Codec) -> Self {
        match codec {
            Codec::Opus => Self::Opus,
            Codec::AacLc | Codec::HeAac => Self::Aac,
            Codec::Mp3 => Self::Mp3,
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Opus => "audio/ogg; codecs=opus",
            Self::Aac => "audio/aac",
            Self::Mp3 => "audio/mpeg",
        }
    }

    /// How the names of such files end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Aac => "aac",
            Self::Mp3 => "mp3",
        }
    }
}

impl SpeakerTrack {
    /// A file of `track`, and what it begins with; `serial` names the logical stream of an Ogg file. `None` where the
    /// track has no such file: its configuration cannot be read, or ADTS has no place for it.
    pub fn open(track: &TrackInfo, serial: u32) -> Option<(Self, Vec<u8>)> {
        let mut head = Vec::new();
        let framing = match track.codec {
            Codec::Opus => Framing::Opus(Box::new(Pages::open(track, serial, &mut head))),
            Codec::AacLc | Codec::HeAac => {
                let (adts, rate) = Adts::parse(&track.config)?;
                Framing::Frames { adts: Some(adts), samples: 1_024, rate, written: 0 }
            }
            Codec::Mp3 => {
                // MPEG-2 has half as many samples, at half the rate and less.
                let samples = if track.sample_rate < 32_000 { 576 } else { 1_152 };
                Framing::Frames { adts: None, samples, rate: u64::from(track.sample_rate).max(1), written: 0 }
            }
        };
        Some((Self { framing, first: None }, head))
    }

    /// Appends a unit to `out`, with what time asks for before it. `time` is by the publisher's clock; an Opus packet is
    /// `length` long.
    pub fn push(&mut self, time: Duration, length: Option<Duration>, data: &Bytes, out: &mut Vec<u8>) -> Fit {
        let at = frames(time);
        let due = at.saturating_sub(*self.first.get_or_insert(at));
        let early = self.first.is_some_and(|first| at < first);
        let (behind, ahead) =
            (due.saturating_sub(self.length().ticks()), self.length().ticks().saturating_sub(due));
        match &mut self.framing {
            Framing::Opus(pages) => {
                let Some(length) = length.map(frames).filter(|length| *length > 0) else {
                    return Fit::Damaged;
                };
                if early || behind > HOLE_MAX || ahead > DRIFT_MAX {
                    return Fit::Elsewhere;
                }
                for _ in 0..behind / SILENCE {
                    pages.push(pages.silence.clone(), SILENCE, out);
                }
                pages.push(data.clone(), length, out);
            }
            Framing::Frames { adts, written, .. } => {
                if early || behind > DRIFT_MAX || ahead > DRIFT_MAX {
                    return Fit::Elsewhere;
                }
                if let Some(adts) = adts {
                    let Some(header) = adts.header(data.len()) else { return Fit::Damaged };
                    out.extend_from_slice(&header);
                }
                out.extend_from_slice(data);
                *written += 1;
            }
        }
        Fit::Written
    }

    /// Appends what waits to `out`; the file is whole then.
    pub fn close(mut self, out: &mut Vec<u8>) {
        if let Framing::Opus(pages) = &mut self.framing
            && !pages.packets.is_empty()
        {
            pages.flush(LAST, out);
        }
    }

    /// How long it plays, with what waits.
    pub fn length(&self) -> MediaDuration {
        MediaDuration::from_ticks(match &self.framing {
            Framing::Opus(pages) => pages.granule + pages.waiting,
            Framing::Frames { samples, rate, written, .. } => {
                written * samples * u64::from(Timescale::PROGRAMME.hz()) / rate
            }
        })
    }
}

impl Pages {
    fn open(track: &TrackInfo, serial: u32, head: &mut Vec<u8>) -> Self {
        let count = track.channels.count() as u8;
        let mut opus_head = b"OpusHead\x01".to_vec();
        opus_head.push(count);
        // What an encoder's delay is nobody says who sends by RTP, so nothing is skipped.
        opus_head.extend_from_slice(&0_u16.to_le_bytes());
        opus_head.extend_from_slice(&Timescale::PROGRAMME.hz().to_le_bytes());
        opus_head.extend_from_slice(&[0, 0, 0]);
        let mut tags = b"OpusTags\x05\0\0\0OnAir".to_vec();
        tags.extend_from_slice(&0_u32.to_le_bytes());
        for (sequence, (flags, packet)) in (0..).zip([(FIRST, opus_head), (0, tags)]) {
            Page { serial, sequence, granule: 0, flags }.write(head, &[Bytes::from(packet)]);
        }
        // A frame of 20 ms of CELT in which nothing is coded, in one channel or two.
        let silence = Bytes::copy_from_slice(&[if count == 2 { 0xfc } else { 0xf8 }, 0xff, 0xfe]);
        Self { serial, sequence: 2, silence, granule: 0, packets: Vec::new(), lacing: 0, waiting: 0 }
    }

    fn push(&mut self, packet: Bytes, length: u64, out: &mut Vec<u8>) {
        let lacing = segments(packet.len());
        // A packet that fills more than a page is none that an encoder makes.
        if lacing > SEGMENTS {
            return;
        }
        if self.lacing + lacing > SEGMENTS {
            self.flush(0, out);
        }
        self.lacing += lacing;
        self.waiting += length;
        self.packets.push(packet);
        if self.waiting >= PAGE {
            self.flush(0, out);
        }
    }

    fn flush(&mut self, flags: u8, out: &mut Vec<u8>) {
        self.granule += self.waiting;
        let page = Page { serial: self.serial, sequence: self.sequence, granule: self.granule, flags };
        page.write(out, &self.packets);
        self.sequence = self.sequence.wrapping_add(1);
        self.packets.clear();
        (self.lacing, self.waiting) = (0, 0);
    }
}

impl Adts {
    /// From an `AudioSpecificConfig` (ISO 14496-3 1.6.2.1), and the samples a second of its core. HE-AAC is signalled by
    /// what is in its frames.
    fn parse(config: &[u8]) -> Option<(Self, u64)> {
        const RATES: [u64; 13] = [
            96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
            7_350,
        ];
        let [first, second, ..] = *config else { return None };
        let kind = first >> 3;
        let rate = (first & 0b111) << 1 | second >> 7;
        let channels = second >> 3 & 0b1111;
        // Low Complexity, or that with band replication, in one channel or two.
        let fits = matches!(kind, 2 | 5 | 29) && matches!(channels, 1 | 2);
        fits.then_some((Self { rate, channels }, *RATES.get(usize::from(rate))?))
    }

    /// Seven bytes before a frame of `length`; `None` where it is too long to have any.
    fn header(self, length: usize) -> Option<[u8; 7]> {
        const LOW_COMPLEXITY: u8 = 1;
        let length = length + 7;
        if length >= 1 << 13 {
            return None;
        }
        Some([
            0xff,
            0xf1,
            LOW_COMPLEXITY << 6 | self.rate << 2 | self.channels >> 2,
            self.channels << 6 | (length >> 11) as u8,
            (length >> 3) as u8,
            (length << 5) as u8 | 0x1f,
            0xfc,
        ])
    }
}

/// At 48 kHz, to the nearest frame: a publisher's instants are whole ticks, of which nanoseconds are a little short.
fn frames(time: Duration) -> u64 {
    ((time.as_nanos() * 48 + 500_000) / 1_000_000) as u64
}

#[cfg(test)]
mod tests {
    use media::Channels;

    use super::*;

    fn opus() -> TrackInfo {
        TrackInfo {
            codec: Codec::Opus,
            timescale: Timescale::PROGRAMME,
            sample_rate: 48_000,
            channels: Channels::Stereo,
            config: Bytes::new(),
        }
    }

    fn aac(config: &'static [u8]) -> TrackInfo {
        TrackInfo { codec: Codec::AacLc, config: Bytes::from_static(config), ..opus() }
    }

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// The granule positions and flags of the pages of a file.
    fn pages(mut file: &[u8]) -> Vec<(u64, u8)> {
        let mut pages = Vec::new();
        while !file.is_empty() {
            let lacing = &file[27..27 + usize::from(file[26])];
            let length = 27 + lacing.len() + lacing.iter().map(|&it| usize::from(it)).sum::<usize>();
            pages.push((u64::from_le_bytes(file[6..14].try_into().unwrap()), file[5]));
            file = &file[length..];
        }
        pages
    }

    fn say(track: &mut SpeakerTrack, millis: u64, out: &mut Vec<u8>) -> Fit {
        track.push(ms(millis), Some(ms(20)), &Bytes::from_static(&[0xfc, 1, 2]), out)
    }

    #[test]
    fn what_is_missing_of_opus_is_silence_as_long() {
        let (mut track, mut file) = SpeakerTrack::open(&opus(), 7).unwrap();
        for n in 0..60 {
            assert_eq!(say(&mut track, 5_000 + 20 * n, &mut file), Fit::Written);
        }
        // A second is a page; what waits is lost by a crash.
        assert_eq!(pages(&file), [(0, FIRST), (0, 0), (48_000, 0)]);
        assert_eq!(say(&mut track, 8_000, &mut file), Fit::Written);
        assert_eq!(track.length().ticks(), 48 * 3_020);
        assert_eq!(say(&mut track, 18_100, &mut file), Fit::Elsewhere, "a pause");
        assert_eq!(say(&mut track, 4_000, &mut file), Fit::Elsewhere, "time that goes back");
        assert_eq!(track.push(ms(8_020), None, &Bytes::from_static(&[3]), &mut file), Fit::Damaged);
        track.close(&mut file);
        assert_eq!(pages(&file).last(), Some(&(48 * 3_020, LAST)));
    }

    #[test]
    fn aac_gets_headers_of_its_own_rate() {
        // 44.1 kHz, stereo.
        let (mut track, mut file) = SpeakerTrack::open(&aac(&[0x12, 0x10]), 0).unwrap();
        assert!(file.is_empty());
        let frame = Bytes::from_static(&[9; 5]);
        for n in 0..441 {
            assert_eq!(track.push(ms(n * 1_024 * 10 / 441), None, &frame, &mut file), Fit::Written);
        }
        assert_eq!(file[..7], [0xff, 0xf1, 0x50, 0x80, 0x01, 0x9f, 0xfc]);
        assert_eq!((file.len(), track.length().ticks()), (441 * 12, 491_520));
        assert_eq!(track.push(ms(11_000), None, &frame, &mut file), Fit::Elsewhere);
        let long = Bytes::from(vec![0; 8_185]);
        assert_eq!(track.push(ms(10_240), None, &long, &mut file), Fit::Damaged);
        for bad in [&[][..], &[0x12], &[0x0a, 0x10], &[0x17, 0x90], &[0x12, 0x18]] {
            assert!(Adts::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn mp3_is_a_file_as_it_comes() {
        let (mut track, mut file) =
            SpeakerTrack::open(&TrackInfo { codec: Codec::Mp3, ..opus() }, 0).unwrap();
        for n in 0..50 {
            assert_eq!(track.push(ms(24 * n), None, &Bytes::from_static(b"abc"), &mut file), Fit::Written);
        }
        assert_eq!((file.len(), track.length().ticks()), (150, 50 * 1_152));
    }
}
