//! A reader of HLS playlists, as a listener's player reads them (draft-pantos-hls-rfc8216bis).
//!
//! Lenient where a rule will judge: what is missing or does not parse is `None`, not an error.

use std::collections::BTreeMap;

/// Lines of a playlist we read; beyond is passed over. An hour of 3.84 s segments is 2,000.
const LINES: usize = 20_000;

/// Attributes of one tag, quotes removed.
pub type Attributes = BTreeMap<String, String>;

/// A Multivariant Playlist.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Multivariant {
    /// Whether it declares `EXT-X-INDEPENDENT-SEGMENTS`.
    pub independent: bool,
    /// Its Variant Streams: attributes and address.
    pub variants: Vec<(Attributes, String)>,
    /// Its renditions.
    pub renditions: Vec<Attributes>,
}

/// A Partial Segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Its address.
    pub uri: String,
    /// Seconds.
    pub duration: f64,
    /// `INDEPENDENT=YES`.
    pub independent: bool,
    /// `GAP=YES`.
    pub gap: bool,
}

/// A Media Segment, or the parts of the one that is not whole yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segment {
    /// Its address; none while it is not whole.
    pub uri: Option<String>,
    /// Seconds.
    pub duration: f64,
    /// Has `EXT-X-GAP`.
    pub gap: bool,
    /// Its `EXT-X-PROGRAM-DATE-TIME`.
    pub date_time: Option<String>,
    /// Its parts, where listed.
    pub parts: Vec<Part>,
}

/// A Media Playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Media {
    /// Whether `#EXTM3U` is its first line.
    pub headed: bool,
    /// `EXT-X-VERSION`.
    pub version: Option<u32>,
    /// `EXT-X-TARGETDURATION`, seconds.
    pub target: Option<u32>,
    /// `EXT-X-PART-INF`'s `PART-TARGET`, seconds.
    pub part_target: Option<f64>,
    /// `EXT-X-SERVER-CONTROL`.
    pub control: Attributes,
    /// `EXT-X-MEDIA-SEQUENCE`, 0 when missing.
    pub sequence: u64,
    /// `EXT-X-PLAYLIST-TYPE`.
    pub kind: Option<String>,
    /// `EXT-X-SKIP`'s `SKIPPED-SEGMENTS`.
    pub skipped: Option<u64>,
    /// Addresses of `EXT-X-MAP`.
    pub maps: Vec<String>,
    /// Whole segments, then the one that is not, if it has parts.
    pub segments: Vec<Segment>,
    /// `EXT-X-PRELOAD-HINT`s of type `PART`.
    pub hints: Vec<String>,
    /// `EXT-X-RENDITION-REPORT`s.
    pub reports: Vec<Attributes>,
    /// Has `EXT-X-ENDLIST`.
    pub ended: bool,
}

/// The position of a part: Media Sequence Number of its parent, and its index in it.
pub type Position = (u64, u64);

impl Media {
    /// Reads text that begins with `#EXTM3U`.
    pub fn read(text: &str) -> Self {
        let mut media = Self { headed: text.lines().next() == Some("#EXTM3U"), ..Self::default() };
        let mut open = Segment::default();
        for line in text.lines().take(LINES).map(str::trim).filter(|line| !line.is_empty()) {
            if !line.starts_with('#') {
                open.uri = Some(line.to_owned());
                media.segments.push(std::mem::take(&mut open));
                continue;
            }
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-VERSION" => media.version = value.parse().ok(),
                "#EXT-X-TARGETDURATION" => media.target = value.parse().ok(),
                "#EXT-X-PART-INF" => media.part_target = number(&attributes(value), "PART-TARGET"),
                "#EXT-X-SERVER-CONTROL" => media.control = attributes(value),
                "#EXT-X-MEDIA-SEQUENCE" => media.sequence = value.parse().unwrap_or(0),
                "#EXT-X-PLAYLIST-TYPE" => media.kind = Some(value.to_owned()),
                "#EXT-X-SKIP" => {
                    media.skipped =
                        attributes(value).get("SKIPPED-SEGMENTS").and_then(|count| count.parse().ok());
                }
                "#EXT-X-MAP" => media.maps.extend(attributes(value).remove("URI")),
                "#EXT-X-PRELOAD-HINT" => {
                    let mut hint = attributes(value);
                    if hint.get("TYPE").is_some_and(|kind| kind == "PART") {
                        media.hints.extend(hint.remove("URI"));
                    }
                }
                "#EXT-X-RENDITION-REPORT" => media.reports.push(attributes(value)),
                "#EXT-X-ENDLIST" => media.ended = true,
                "#EXT-X-GAP" => open.gap = true,
                "#EXT-X-PROGRAM-DATE-TIME" => open.date_time = Some(value.to_owned()),
                "#EXTINF" => {
                    open.duration = value.split(',').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
                }
                "#EXT-X-PART" => open.parts.push(part(&attributes(value))),
                _ => {}
            }
        }
        if !open.parts.is_empty() {
            media.segments.push(open);
        }
        media
    }

    /// Media Sequence Number of the first segment in [`Self::segments`].
    pub fn first(&self) -> u64 {
        self.sequence.saturating_add(self.skipped.unwrap_or(0))
    }

    /// Where the next part belongs. A segment that ended is followed by the next one's part 0.
    pub fn next(&self) -> Position {
        let whole = self.segments.iter().filter(|segment| segment.uri.is_some()).count() as u64;
        let open = self.segments.last().filter(|segment| segment.uri.is_none());
        (self.first().saturating_add(whole), open.map_or(0, |segment| segment.parts.len() as u64))
    }

    /// The part at `position`, if it is listed.
    pub fn part(&self, (msn, index): Position) -> Option<&Part> {
        let segment = usize::try_from(msn.checked_sub(self.first())?).ok()?;
        self.segments.get(segment)?.parts.get(usize::try_from(index).ok()?)
    }

    /// Seconds of all that is listed, skipped segments apart.
    pub fn duration(&self) -> f64 {
        self.segments.iter().filter(|segment| segment.uri.is_some()).map(|segment| segment.duration).sum()
    }
}

impl Multivariant {
    /// Reads a Multivariant Playlist; none where the text names no Variant Stream.
    pub fn read(text: &str) -> Option<Self> {
        let mut multivariant = Self::default();
        let mut variant = None;
        for line in text.lines().take(LINES).map(str::trim).filter(|line| !line.is_empty()) {
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-INDEPENDENT-SEGMENTS" => multivariant.independent = true,
                "#EXT-X-STREAM-INF" => variant = Some(attributes(value)),
                "#EXT-X-MEDIA" => multivariant.renditions.push(attributes(value)),
                _ if line.starts_with('#') => {}
                _ => multivariant.variants.extend(variant.take().map(|variant| (variant, line.to_owned()))),
            }
        }
        (!multivariant.variants.is_empty()).then_some(multivariant)
    }

    /// Addresses of all its Media Playlists, once each.
    pub fn addresses(&self) -> Vec<&str> {
        let mut addresses: Vec<&str> = Vec::new();
        let renditions = self.renditions.iter().filter_map(|rendition| rendition.get("URI"));
        for uri in self.variants.iter().map(|(_, uri)| uri).chain(renditions) {
            if !addresses.contains(&uri.as_str()) {
                addresses.push(uri);
            }
        }
        addresses
    }
}

/// A number among attributes.
pub fn number(attributes: &Attributes, name: &str) -> Option<f64> {
    attributes.get(name)?.parse().ok().filter(|number: &f64| number.is_finite())
}

fn part(attributes: &Attributes) -> Part {
    let yes = |name: &str| attributes.get(name).is_some_and(|value| value == "YES");
    Part {
        uri: attributes.get("URI").cloned().unwrap_or_default(),
        duration: number(attributes, "DURATION").unwrap_or(0.0),
        independent: yes("INDEPENDENT"),
        gap: yes("GAP"),
    }
}

/// An attribute list (4.2): commas within quotes belong to the value.
fn attributes(mut text: &str) -> Attributes {
    let mut found = Attributes::new();
    while let Some((name, rest)) = text.split_once('=') {
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (value, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
                (value, rest.strip_prefix(',').unwrap_or(rest))
            }
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        found.insert(name.trim().to_owned(), value.trim().to_owned());
        text = rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_keep_commas_within_quotes() {
        let found = attributes("BANDWIDTH=96000,CODECS=\"mp4a.40.2,Opus\",NAME=\"a=b\"");
        assert_eq!(found["CODECS"], "mp4a.40.2,Opus");
        assert_eq!((found["BANDWIDTH"].as_str(), found["NAME"].as_str()), ("96000", "a=b"));
        assert!(attributes("nothing").is_empty());
        assert_eq!(attributes("A=\"open").get("A").unwrap(), "open");
    }

    #[test]
    fn the_next_part_follows_the_last_or_opens_a_segment() {
        let text =
            "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-PART:DURATION=0.64,URI=\"a\"\n#EXTINF:0.64,\ns7\n";
        assert_eq!(Media::read(text).next(), (8, 0));
        let text = format!("{text}#EXT-X-PART:DURATION=0.64,INDEPENDENT=YES,URI=\"b\"\n");
        let media = Media::read(&text);
        assert_eq!(media.next(), (8, 1));
        assert_eq!(
            (media.part((7, 0)).unwrap().uri.as_str(), media.part((8, 0)).unwrap().uri.as_str()),
            ("a", "b")
        );
        assert!(media.part((8, 1)).is_none() && media.part((6, 0)).is_none());
    }

    #[test]
    fn a_delta_counts_what_it_skips() {
        let media = Media::read(
            "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-SKIP:SKIPPED-SEGMENTS=10\n#EXTINF:4,\ns15\n",
        );
        assert_eq!((media.first(), media.next()), (15, (16, 0)));
    }

    #[test]
    fn a_media_playlist_is_no_multivariant() {
        assert_eq!(Multivariant::read("#EXTM3U\n#EXTINF:4,\ns\n"), None);
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\na.m3u8\n";
        assert_eq!(Multivariant::read(text).unwrap().addresses(), ["a.m3u8"]);
    }
}
