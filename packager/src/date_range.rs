//! What lasts, or marks a stretch of a broadcast: `EXT-X-DATERANGE` (RFC 8216bis 4.4.5.1).

use std::fmt::Write;

use media::MediaTime;

use crate::WallClock;

/// What a range stands for; its `CLASS`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RangeClass {
    /// Somebody is on stage.
    Speaker,
    /// A message is pinned.
    Pin,
    /// A chapter of the broadcast.
    Chapter,
}

impl RangeClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Speaker, Self::Pin, Self::Chapter];

    /// `speaker`, `pin` or `chapter`; the `CLASS` is `org.onair.` and this.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Speaker => "speaker",
            Self::Pin => "pin",
            Self::Chapter => "chapter",
        }
    }
}

/// What is told of a range; an `X-ORG-ONAIR-…` attribute.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Detail {
    /// Whose range it is: a user's id.
    User,
    /// The name of that person, as it is shown.
    Name,
    /// In what role that person is there.
    Role,
    /// The id of a message.
    Message,
    /// What a message says.
    Text,
    /// What a chapter is called.
    Title,
}

impl Detail {
    /// Every detail.
    pub const ALL: [Self; 6] = [Self::User, Self::Name, Self::Role, Self::Message, Self::Text, Self::Title];

    /// The attribute without `X-ORG-ONAIR-`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Name => "NAME",
            Self::Role => "ROLE",
            Self::Message => "MESSAGE",
            Self::Text => "TEXT",
            Self::Title => "TITLE",
        }
    }
}

/// One range as it stands. Its times are on the run's timeline; what it says never changes, but that it ends.
///
/// All texts are fit for a quoted string: [`DateRange::open`] sees to it, whoever wrote them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DateRange {
    class: RangeClass,
    key: String,
    start: MediaTime,
    end: Option<MediaTime>,
    details: Vec<(Detail, String)>,
}

impl DateRange {
    /// Longest key in bytes.
    pub const KEY_MAX: usize = 64;

    /// Most bytes of all details of one range: a pinned message of 200 characters of four bytes, and who said
    /// it. What is longer is cut.
    pub const DETAILS_MAX: usize = 1_024;

    /// A range that begins at `start` and has no end yet. `key` tells it from others of its class that are
    /// open at the same time. Of a detail that is given twice the first is kept; one that is empty is none.
    pub fn open(class: RangeClass, key: &str, start: MediaTime, details: &[(Detail, String)]) -> Self {
        let mut room = Self::DETAILS_MAX;
        let mut kept: Vec<(Detail, String)> = Vec::new();
        for (detail, text) in details {
            let text = fit(text, room);
            if !text.is_empty() && kept.iter().all(|(known, _)| known != detail) {
                room -= text.len();
                kept.push((*detail, text));
            }
        }
        Self { class, key: fit(key, Self::KEY_MAX), start, end: None, details: kept }
    }

    /// The same range, over at `end`, or where it begins if that is later.
    #[must_use]
    pub fn closed(self, end: MediaTime) -> Self {
        Self { end: Some(end.max(self.start)), ..self }
    }

    /// The same range, begun a tick later: two of one key that begin in one tick are still two.
    #[must_use]
    pub(crate) fn later(self) -> Self {
        Self { start: MediaTime::from_ticks(self.start.ticks() + 1), ..self }
    }

    /// What it stands for.
    pub const fn class(&self) -> RangeClass {
        self.class
    }

    /// What tells it from others that are open.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// When it begins.
    pub const fn start(&self) -> MediaTime {
        self.start
    }

    /// When it is over; `None` while it lasts.
    pub const fn end(&self) -> Option<MediaTime> {
        self.end
    }

    /// What is told of it.
    pub fn details(&self) -> &[(Detail, String)] {
        &self.details
    }

    /// Whether it is the range that `class` and `key` name, as long as that is open.
    pub fn is_called(&self, class: RangeClass, key: &str) -> bool {
        self.class == class && self.key == fit(key, Self::KEY_MAX)
    }

    /// Whether it is the same range, open or over.
    pub fn is(&self, other: &Self) -> bool {
        self.class == other.class && self.start == other.start && self.key == other.key
    }

    /// Its `ID`: a key may come again, an instant of it never does.
    pub fn id(&self) -> String {
        format!("{}.{}.{}", self.class.name(), self.start.ticks(), self.key)
    }

    /// The tag that says that it has begun; `anchor` is the run's.
    pub(crate) fn opening_tag(&self, anchor: WallClock) -> String {
        let mut tag = self.head(anchor);
        for (detail, text) in &self.details {
            write!(tag, ",X-ORG-ONAIR-{}=\"{text}\"", detail.name()).expect("a String always takes more");
        }
        tag.push('\n');
        tag
    }

    /// The tag that says when it was over, once it is. It says again what a player may require of each tag.
    pub(crate) fn closing_tag(&self, anchor: WallClock) -> Option<String> {
        let end = anchor.at(self.end?);
        Some(format!("{},END-DATE=\"{end}\"\n", self.head(anchor)))
    }

    fn head(&self, anchor: WallClock) -> String {
        format!(
            "#EXT-X-DATERANGE:ID=\"{}\",CLASS=\"org.onair.{}\",START-DATE=\"{}\"",
            self.id(),
            self.class.name(),
            anchor.at(self.start)
        )
    }
}

/// `text` as it may stand in a quoted string (RFC 8216bis 4.2, 4.3): without quotes, line breaks and other
/// control characters, and without `{$`, which a player would take for a variable and give up over. At most
/// `room` bytes, cut between characters.
fn fit(text: &str, room: usize) -> String {
    let mut fitted = String::with_capacity(text.len().min(room));
    for mut character in text.chars() {
        if character == '"' {
            character = '\'';
        } else if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            character = ' ';
        } else if character == '$' && fitted.ends_with('{') {
            fitted.pop();
            fitted.push('(');
        }
        if fitted.len() + character.len_utf8() > room {
            break;
        }
        fitted.push(character);
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANCHOR: WallClock = WallClock(1_795_248_930_120_000);

    fn at(seconds: u64) -> MediaTime {
        MediaTime::from_ticks(48_000 * seconds)
    }

    fn ann() -> DateRange {
        let details = [(Detail::Name, "Ann".to_owned()), (Detail::Role, "host".to_owned())];
        DateRange::open(RangeClass::Speaker, "u1", at(60), &details)
    }

    #[test]
    fn a_range_is_a_tag_and_its_end_another_that_agrees() {
        assert_eq!(
            ann().opening_tag(ANCHOR),
            "#EXT-X-DATERANGE:ID=\"speaker.2880000.u1\",CLASS=\"org.onair.speaker\",\
             START-DATE=\"2026-11-21T08:16:30.120Z\",X-ORG-ONAIR-NAME=\"Ann\",X-ORG-ONAIR-ROLE=\"host\"\n"
        );
        assert_eq!(ann().closing_tag(ANCHOR), None);
        assert_eq!(
            ann().closed(at(62)).closing_tag(ANCHOR).unwrap(),
            "#EXT-X-DATERANGE:ID=\"speaker.2880000.u1\",CLASS=\"org.onair.speaker\",\
             START-DATE=\"2026-11-21T08:16:30.120Z\",END-DATE=\"2026-11-21T08:16:32.120Z\"\n"
        );
    }

    #[test]
    fn a_range_never_ends_before_it_begins() {
        assert_eq!(ann().closed(at(3)).end(), Some(at(60)));
    }

    #[test]
    fn no_text_breaks_out_of_its_attribute() {
        let name = "a\",X-EVIL=\"1\n#EXTINF:4,\r\u{85}\u{2028}\t{$x} {{$y}";
        let range = DateRange::open(RangeClass::Pin, name, at(0), &[(Detail::Text, name.to_owned())]);
        let plain = "a',X-EVIL='1 #EXTINF:4,    ($x} {($y}";
        assert_eq!(range.details(), [(Detail::Text, plain.to_owned())]);
        assert_eq!(range.key(), plain);
        assert!(range.is_called(RangeClass::Pin, name));
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_all_texts_share_a_bound() {
        let details = [
            (Detail::Text, "é".repeat(511)),
            (Detail::Name, "éé".to_owned()),
            (Detail::Title, "x".to_owned()),
            (Detail::Text, "again".to_owned()),
        ];
        let range = DateRange::open(RangeClass::Pin, &"ü".repeat(40), at(0), &details);
        assert_eq!(range.details(), [(Detail::Text, "é".repeat(511)), (Detail::Name, "é".to_owned())]);
        assert_eq!(range.key(), "ü".repeat(32));
    }
}
