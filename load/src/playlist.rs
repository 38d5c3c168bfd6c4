//! Playlists as a listener needs them, read with `quick-m3u8` (RFC 8216bis).

use std::fmt;

use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::date::DateTime;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

/// Lines of one playlist. A twelve-hour DVR list at one part a line has fewer.
const LINES_MAX: usize = 200_000;

/// Where a part stands: Media Sequence Number, then its index within the segment.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// Media Sequence Number of the Parent Segment.
    pub msn: u64,
    /// Index of the part in it, from 0.
    pub part: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.msn, self.part)
    }
}

/// A Media Segment or a part of one, as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Of the part; for a segment `part` is 0.
    pub position: Position,
    /// As written, not resolved.
    pub uri: String,
    /// Seconds.
    pub duration: f64,
    /// Wall clock of its last sample in seconds since 1970, where the playlist has a
    /// `EXT-X-PROGRAM-DATE-TIME`.
    pub end: Option<f64>,
    /// `EXT-X-GAP` or `GAP=YES`: there is nothing to fetch.
    pub gap: bool,
}

/// A Media Playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaPlaylist {
    /// `EXT-X-TARGETDURATION`, seconds.
    pub target_duration: u64,
    /// `PART-TARGET`, seconds; none without parts.
    pub part_target: Option<f64>,
    /// `PART-HOLD-BACK`, seconds.
    pub part_hold_back: Option<f64>,
    /// `HOLD-BACK`, seconds; three target durations where it is not said.
    pub hold_back: f64,
    /// `CAN-BLOCK-RELOAD=YES`.
    pub can_block_reload: bool,
    /// `CAN-SKIP-UNTIL` is there: delta updates may be asked for.
    pub can_skip: bool,
    /// The `EXT-X-MAP` in force at the end of the list.
    pub init: Option<String>,
    /// Segments replaced by `EXT-X-SKIP`.
    pub skipped: u64,
    /// Listed segments, oldest first.
    pub segments: Vec<Listed>,
    /// Listed parts, oldest first.
    pub parts: Vec<Listed>,
    /// Where the next part will stand: what a blocking reload asks for.
    pub next: Position,
    /// `EXT-X-ENDLIST`.
    pub ended: bool,
}

/// A Variant Stream of a Multivariant Playlist.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Variant {
    /// As written, not resolved.
    pub uri: String,
    /// `STABLE-VARIANT-ID`.
    pub id: Option<String>,
}

/// Why a playlist cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaylistError {
    /// Not UTF-8, or more than 200,000 lines.
    #[error("not a text of playlist size")]
    Text,
    /// The first line is not `#EXTM3U`.
    #[error("no #EXTM3U")]
    Header,
    /// A tag's value does not read.
    #[error("line {line}: {reason}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What the reader said.
        reason: String,
    },
    /// A tag that a playlist of this kind must have.
    #[error("no {0}")]
    Missing(&'static str),
}

impl MediaPlaylist {
    /// Reads a Media Playlist, whole or as a Playlist Delta Update.
    pub fn parse(text: &[u8]) -> Result<Self, PlaylistError> {
        let mut list = Self::default();
        let mut target_duration = None;
        let mut hold_back = None;
        let mut cursor = Cursor::default();
        for_each_line(text, |line| match line {
            HlsLine::KnownTag(KnownTag::Hls(tag)) => match tag {
                Tag::Targetduration(tag) => target_duration = Some(tag.target_duration()),
                Tag::MediaSequence(tag) => cursor.position.msn = tag.media_sequence(),
                Tag::PartInf(tag) => list.part_target = Some(tag.part_target()),
                Tag::ServerControl(tag) => {
                    list.can_block_reload = tag.can_block_reload();
                    list.can_skip = tag.can_skip_until().is_some();
                    list.part_hold_back = tag.part_hold_back();
                    hold_back = tag.hold_back();
                }
                Tag::Skip(tag) => {
                    list.skipped = tag.skipped_segments();
                    cursor.position.msn = cursor.position.msn.saturating_add(list.skipped);
                }
                Tag::Map(tag) => list.init = Some(tag.uri().to_owned()),
                Tag::ProgramDateTime(tag) => cursor.date(unix_seconds(tag.program_date_time())),
                Tag::Part(tag) => {
                    let part = cursor.part(tag.uri(), tag.duration(), tag.gap());
                    list.parts.push(part);
                }
                Tag::Inf(tag) => cursor.duration = tag.duration(),
                Tag::Gap(_) => cursor.gap = true,
                Tag::Endlist(_) => list.ended = true,
                _ => {}
            },
            HlsLine::Uri(uri) => list.segments.push(cursor.segment(&uri)),
            _ => {}
        })?;
        list.target_duration = target_duration.ok_or(PlaylistError::Missing("EXT-X-TARGETDURATION"))?;
        list.hold_back = hold_back.unwrap_or(3.0 * list.target_duration as f64);
        list.next = cursor.position;
        Ok(list)
    }

    /// How far behind the edge a player stands, seconds: `PART-HOLD-BACK`, or `HOLD-BACK` without parts.
    pub fn distance(&self) -> f64 {
        self.part_hold_back.filter(|_| !self.parts.is_empty()).unwrap_or(self.hold_back)
    }
}

/// Reads the Variant Streams of a Multivariant Playlist, in their order.
pub fn parse_multivariant(text: &[u8]) -> Result<Vec<Variant>, PlaylistError> {
    let mut variants = Vec::new();
    let mut open: Option<Option<String>> = None;
    for_each_line(text, |line| match line {
        HlsLine::KnownTag(KnownTag::Hls(Tag::StreamInf(tag))) => {
            open = Some(tag.stable_variant_id().map(str::to_owned));
        }
        HlsLine::Uri(uri) => {
            if let Some(id) = open.take() {
                variants.push(Variant { uri: uri.into_owned(), id });
            }
        }
        _ => {}
    })?;
    if variants.is_empty() { Err(PlaylistError::Missing("EXT-X-STREAM-INF")) } else { Ok(variants) }
}

impl Variant {
    /// Whether a person who says `name` means this one: the id, or the file's name without its ending.
    pub fn is_called(&self, name: &str) -> bool {
        let path = self.uri.split('?').next().unwrap_or(&self.uri);
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file.split('.').next().unwrap_or(file);
        self.id.as_deref() == Some(name) || stem == name
    }
}

/// Where the reading of a Media Playlist stands.
#[derive(Debug, Default)]
struct Cursor {
    position: Position,
    /// Wall clock at the start of the next segment.
    start: Option<f64>,
    /// Seconds of the parts seen in this segment.
    parts: f64,
    /// `EXTINF` of the next URI.
    duration: f64,
    gap: bool,
}

impl Cursor {
    fn date(&mut self, seconds: f64) {
        self.start = Some(seconds);
    }

    fn part(&mut self, uri: &str, duration: f64, gap: bool) -> Listed {
        self.parts += duration;
        let end = self.start.map(|start| start + self.parts);
        let part = Listed { position: self.position, uri: uri.to_owned(), duration, end, gap };
        self.position.part += 1;
        part
    }

    fn segment(&mut self, uri: &str) -> Listed {
        let position = Position { msn: self.position.msn, part: 0 };
        self.start = self.start.map(|start| start + self.duration);
        let segment =
            Listed { position, uri: uri.to_owned(), duration: self.duration, end: self.start, gap: self.gap };
        self.position = Position { msn: position.msn.saturating_add(1), part: 0 };
        (self.parts, self.duration, self.gap) = (0.0, 0.0, false);
        segment
    }
}

fn for_each_line<'a>(text: &'a [u8], mut take: impl FnMut(HlsLine<'a>)) -> Result<(), PlaylistError> {
    let text = str::from_utf8(text).map_err(|_| PlaylistError::Text)?;
    if text.lines().next() != Some("#EXTM3U") {
        return Err(PlaylistError::Header);
    }
    let options = ParsingOptionsBuilder::new().with_parsing_for_all_tags().build();
    let mut reader = Reader::from_str(text, options);
    for line in 1..=LINES_MAX {
        match reader.read_line() {
            Ok(Some(read)) => take(read),
            Ok(None) => return Ok(()),
            Err(error) => return Err(PlaylistError::Line { line, reason: error.to_string() }),
        }
    }
    Err(PlaylistError::Text)
}

/// Seconds since 1970-01-01T00:00:00Z (days by Howard Hinnant's `days_from_civil`).
fn unix_seconds(date: DateTime) -> f64 {
    let month = i64::from(date.date_month);
    let year = i64::from(date.date_fullyear) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(date.date_mday) - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let zone_hour = i64::from(date.timezone_offset.time_hour);
    let zone_minute = i64::from(date.timezone_offset.time_minute) * if zone_hour < 0 { -1 } else { 1 };
    let minutes = (days * 24 + i64::from(date.time_hour) - zone_hour) * 60 + i64::from(date.time_minute);
    ((minutes - zone_minute) * 60) as f64 + date.time_second
}

#[cfg(test)]
mod tests;
