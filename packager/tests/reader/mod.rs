//! A strict reader of media playlists: what it does not know, or finds in the wrong place, is an error.
//! It shares nothing with the writer, so a mistake made there does not pass here.

#![allow(dead_code, reason = "each test that reads playlists looks at some of this")]
#![allow(unreachable_pub, reason = "shared by tests of two crates")]
#![allow(clippy::unwrap_used, reason = "a helper of tests: what cannot be read fails the test")]

use std::collections::BTreeMap;

/// One listed part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    pub uri: String,
    /// In units of 10 µs.
    pub duration: u64,
}

/// One listed segment, or the parts of one that is being filled (`uri` is empty then).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Segment {
    pub msn: u64,
    pub discontinuity: bool,
    /// Milliseconds since the epoch.
    pub date: u64,
    pub parts: Vec<Part>,
    pub gap: bool,
    /// In units of 10 µs; of an open segment, what its parts hold.
    pub duration: u64,
    pub uri: Option<String>,
}

/// One date range, put together from all of its tags.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Range {
    /// Every attribute with its value, quoted strings without their quotes.
    pub attributes: BTreeMap<String, String>,
    /// Milliseconds since the epoch.
    pub start: u64,
    pub end: Option<u64>,
}

/// A media playlist, full or delta.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Playlist {
    /// `EXT-X-VERSION`, `EXT-X-TARGETDURATION`, `EXT-X-SERVER-CONTROL`, `EXT-X-PART-INF` as written.
    pub constant: Vec<String>,
    pub media_sequence: u64,
    pub discontinuity_sequence: u64,
    pub map: Option<String>,
    pub skipped: Option<u64>,
    /// `RECENTLY-REMOVED-DATERANGES`.
    pub removed: Option<Vec<String>>,
    /// By `ID`.
    pub ranges: BTreeMap<String, Range>,
    /// Those that are written; with `skipped` the first has the number `media_sequence + skipped`.
    pub segments: Vec<Segment>,
    pub hint: Option<String>,
    /// URI, `LAST-MSN`, `LAST-PART`.
    pub reports: Vec<(String, u64, Option<u64>)>,
    pub ended: bool,
}

impl Playlist {
    /// Reads `text`, or says which line is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader::default();
        if !text.ends_with('\n') || text.contains('\r') {
            return Err("lines end with one line feed".into());
        }
        for (number, line) in text.lines().enumerate() {
            reader.line(number, line).map_err(|error| format!("line {}: {line:?}: {error}", number + 1))?;
        }
        reader.finish()
    }

    /// The value of a tag that never changes.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.constant.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    }

    /// One attribute of a tag that never changes.
    pub fn attribute(&self, tag: &str, name: &str) -> Option<&str> {
        self.tag(tag)?.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// The newest part: its segment's number and its index.
    pub fn last_part(&self) -> Option<(u64, u64)> {
        let segment = self.segments.iter().rev().find(|segment| !segment.parts.is_empty())?;
        Some((segment.msn, segment.parts.len() as u64 - 1))
    }

    /// The newest whole segment.
    pub fn last_msn(&self) -> Option<u64> {
        self.segments.iter().rev().find(|segment| segment.uri.is_some()).map(|segment| segment.msn)
    }

    /// All that can be fetched: parts, segments that are no GAP, the map.
    pub fn uris(&self) -> Vec<String> {
        let parts = self.segments.iter().flat_map(|segment| &segment.parts).map(|part| part.uri.clone());
        let whole = self.segments.iter().filter(|segment| !segment.gap).filter_map(|s| s.uri.clone());
        parts.chain(whole).chain(self.map.clone()).collect()
    }

    /// The sum of what is listed, in units of 10 µs.
    pub fn length(&self) -> u64 {
        self.segments.iter().map(|segment| segment.duration).sum()
    }

    /// The full playlist that this delta update makes of `before` (RFC 8216bis 6.2.5.1).
    pub fn applied_to(&self, before: &Self) -> Self {
        let skipped = self.skipped.unwrap_or(0);
        let from = self.media_sequence..self.media_sequence + skipped;
        let kept = before.segments.iter().filter(|segment| from.contains(&segment.msn));
        // A segment that is skipped has left its parts behind.
        let kept = kept.map(|segment| Segment { parts: Vec::new(), ..segment.clone() });
        Self {
            segments: kept.chain(self.segments.iter().cloned()).collect(),
            ranges: self.ranges_after(before),
            skipped: None,
            removed: None,
            map: before.map.clone(),
            ..self.clone()
        }
    }

    /// The date ranges that follow from those of `before`: where this update skips some, those stay that it does
    /// not say are removed.
    fn ranges_after(&self, before: &Self) -> BTreeMap<String, Range> {
        let Some(removed) = &self.removed else { return self.ranges.clone() };
        let mut ranges = before.ranges.clone();
        ranges.retain(|id, _| !removed.contains(id));
        for (id, range) in &self.ranges {
            let known = ranges.entry(id.clone()).or_default();
            known.attributes.extend(range.attributes.clone());
            known.start = range.start;
            known.end = known.end.or(range.end);
        }
        ranges
    }

    /// What may not have changed since `before` (RFC 8216bis 6.2.1), both full. The error says what did.
    pub fn follows(&self, before: &Self) -> Result<(), String> {
        let ensure = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        ensure(self.constant == before.constant, "T02, T03, T05: a constant tag changed")?;
        ensure(self.map == before.map, "T12: the map changed")?;
        if before.ended {
            return ensure(self == before, "T21: an ended playlist changed");
        }
        ensure(self.media_sequence >= before.media_sequence, "T10: the media sequence fell")?;
        let begins = self.segments.first().map_or(u64::MAX, |segment| segment.date);
        for (id, old) in &before.ranges {
            if let Some(new) = self.ranges.get(id) {
                let same = old.attributes.iter().all(|(name, value)| new.attributes.get(name) == Some(value));
                ensure(same, &format!("T26: {id} lost or changed an attribute"))?;
            } else {
                let over = old.end.is_some_and(|end| end < begins);
                ensure(over, &format!("T26: {id} was removed and is not over"))?;
            }
        }
        let newest = |list: &Self| list.segments.last().map_or(0, |segment| segment.msn);
        ensure(newest(self) >= newest(before), "T10: the newest segment was taken back")?;
        for old in before.segments.iter().filter(|old| old.msn >= self.media_sequence) {
            let new = self.segments.iter().find(|new| new.msn == old.msn);
            let Some(new) = new else { return Err(format!("T19: segment {} vanished", old.msn)) };
            old.allows(new)?;
        }
        let removed = before.segments.iter().filter(|old| old.msn < self.media_sequence);
        let counted = removed.filter(|old| old.discontinuity).count() as u64;
        // What was being filled and the first slot without sound may leave in the step that closes one and
        // brings the other, so that a playlist of whole segments never lists them.
        let unseen = self.media_sequence.saturating_sub(newest(before) + 1).min(2);
        let rise = self.discontinuity_sequence.checked_sub(before.discontinuity_sequence);
        ensure(
            rise.is_some_and(|rise| (counted..=counted + unseen).contains(&rise)),
            "T11: a discontinuity that left was not counted once",
        )
    }

    /// What must hold in any full playlist by itself. `target`: `EXT-X-TARGETDURATION` in seconds.
    pub fn holds_together(&self) -> Result<(), String> {
        let ensure = |holds: bool, what: String| if holds { Ok(()) } else { Err(what) };
        let target: u64 = self.tag("#EXT-X-TARGETDURATION").unwrap().parse().unwrap();
        for (place, segment) in self.segments.iter().enumerate() {
            let msn = segment.msn;
            ensure(msn == self.media_sequence + place as u64, format!("T10: {msn} is out of place"))?;
            let rounded = (segment.duration + 50_000) / 100_000;
            ensure(rounded <= target, format!("T02: {msn} is too long"))?;
            ensure(!segment.gap || segment.parts.is_empty(), format!("T20: GAP {msn} has parts"))?;
            if let Some(next) = self.segments.get(place + 1) {
                ensure(segment.uri.is_some(), format!("{msn} is open and not the last"))?;
                let end = segment.date + segment.duration / 100;
                let runs_on = end == next.date;
                ensure(runs_on || next.discontinuity, format!("T08: the date leaps after {msn}"))?;
                ensure(end <= next.date, format!("T08: dates overlap after {msn}"))?;
                if segment.uri.is_some() && !segment.parts.is_empty() {
                    let parts: u64 = segment.parts.iter().map(|part| part.duration).sum();
                    ensure(parts == segment.duration, format!("T04: {msn} is not its parts"))?;
                }
            }
        }
        for (id, range) in &self.ranges {
            ensure(
                range.end.is_none_or(|end| end >= range.start),
                format!("T26: {id} ends before it begins"),
            )?;
        }
        ensure(self.length() >= 3 * target * 100_000, "T16: less than three target durations".into())?;
        ensure(!self.ended || self.hint.is_none(), "T13: a hint after the end".into())
    }
}

impl Segment {
    /// Whether `new` may have become of this segment.
    fn allows(&self, new: &Self) -> Result<(), String> {
        let msn = self.msn;
        let ensure = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what} of {msn}")) };
        ensure(self.date == new.date, "T08: the date")?;
        ensure(self.discontinuity == new.discontinuity, "T11: the discontinuity")?;
        if self.uri.is_some() {
            ensure(self.uri == new.uri, "T19: the address")?;
            ensure(self.duration == new.duration && self.gap == new.gap, "T19: the length")?;
            ensure(new.parts.is_empty() || new.parts == self.parts, "T19: a part")
        } else {
            let dropped = new.parts.is_empty() && new.uri.is_some();
            ensure(dropped || new.parts.starts_with(&self.parts), "T19: a part")?;
            ensure(new.duration >= self.duration && !new.gap, "T20: an open segment lost sound")
        }
    }
}

#[derive(Default)]
struct Reader {
    list: Playlist,
    /// The one that is being read.
    open: Option<Segment>,
    header_over: bool,
    tail: bool,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if number == 0 {
            return if line == "#EXTM3U" { Ok(()) } else { Err("T01: not EXTM3U".into()) };
        }
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        match tag {
            "#EXT-X-VERSION" | "#EXT-X-TARGETDURATION" | "#EXT-X-SERVER-CONTROL" | "#EXT-X-PART-INF" => {
                self.header()?;
                if self.list.tag(tag).is_some() {
                    return Err("twice".into());
                }
                self.list.constant.push(line.to_owned());
            }
            "#EXT-X-MEDIA-SEQUENCE" => {
                self.header()?;
                self.list.media_sequence = number_in(value)?;
            }
            "#EXT-X-DISCONTINUITY-SEQUENCE" => {
                self.header()?;
                self.list.discontinuity_sequence = number_in(value)?;
            }
            "#EXT-X-MAP" => {
                self.header()?;
                set(&mut self.list.map, quoted(value, "URI")?)?;
            }
            "#EXT-X-SKIP" => {
                self.header()?;
                let skipped = value.strip_prefix("SKIPPED-SEGMENTS=").ok_or("unknown attribute")?;
                let (skipped, removed) = match skipped.split_once(',') {
                    Some((skipped, removed)) => (skipped, Some(removed)),
                    None => (skipped, None),
                };
                set(&mut self.list.skipped, number_in(skipped)?)?;
                if let Some(removed) = removed {
                    let ids = removed.strip_prefix("RECENTLY-REMOVED-DATERANGES=\"");
                    let ids = ids.and_then(|ids| ids.strip_suffix('"')).ok_or("D09: unknown attribute")?;
                    let ids = ids.split('\t').filter(|id| !id.is_empty()).map(str::to_owned).collect();
                    self.list.removed = Some(ids);
                }
            }
            "#EXT-X-DATERANGE" => {
                self.header()?;
                self.range(value)?;
            }
            "#EXT-X-DISCONTINUITY" => self.begin(|segment| segment.discontinuity = true)?,
            "#EXT-X-PROGRAM-DATE-TIME" => {
                let date = millis(value)?;
                self.begin(|segment| segment.date = date)?;
            }
            "#EXT-X-PART" => {
                let [duration, uri, independent] = attributes(value)?;
                if independent != "INDEPENDENT=YES" {
                    return Err("T04: not independent".into());
                }
                let duration = decimal(duration.strip_prefix("DURATION=").ok_or("no duration")?)?;
                let part = Part { uri: quoted(uri, "URI")?, duration };
                let segment = self.within()?;
                segment.duration += part.duration;
                segment.parts.push(part);
            }
            "#EXT-X-GAP" => self.within()?.gap = true,
            "#EXTINF" => {
                let duration = decimal(value.strip_suffix(',').ok_or("no comma")?)?;
                self.within()?.duration = duration;
            }
            "#EXT-X-PRELOAD-HINT" => {
                self.over()?;
                let uri = value.strip_prefix("TYPE=PART,").ok_or("unknown type")?;
                set(&mut self.list.hint, quoted(uri, "URI")?)?;
            }
            "#EXT-X-RENDITION-REPORT" => {
                self.over()?;
                let mut pieces = value.split(',');
                let uri = quoted(pieces.next().unwrap_or(""), "URI")?;
                let msn = pieces.next().and_then(|p| p.strip_prefix("LAST-MSN=")).ok_or("no LAST-MSN")?;
                let part = pieces.next().map(|p| p.strip_prefix("LAST-PART=").ok_or("unknown attribute"));
                let part = part.transpose()?.map(number_in).transpose()?;
                self.list.reports.push((uri, number_in(msn)?, part));
            }
            "#EXT-X-ENDLIST" => {
                self.over()?;
                self.list.ended = true;
            }
            _ if tag.starts_with('#') || line.is_empty() => return Err("unknown".into()),
            _ => {
                let mut segment = self.open.take().filter(|s| s.date > 0).ok_or("T09: no date before it")?;
                segment.uri = Some(line.to_owned());
                self.push(segment);
            }
        }
        Ok(())
    }

    /// One tag of a date range, joined with those before it (RFC 8216bis 4.4.5.1).
    fn range(&mut self, value: &str) -> Result<(), String> {
        let found = attribute_list(value)?;
        let need = |name: &str| found.get(name).cloned().ok_or(format!("T26: no {name}"));
        let (id, start) = (need("ID")?, millis(&need("START-DATE")?)?);
        let end = found.get("END-DATE").map(|end| millis(end)).transpose()?;
        let class = need("CLASS")?;
        if !["org.onair.speaker", "org.onair.pin", "org.onair.chapter"].contains(&class.as_str()) {
            return Err("T26: an unknown CLASS".into());
        }
        let range = self.list.ranges.entry(id).or_default();
        for (name, value) in found {
            let ours = ["ID", "CLASS", "START-DATE", "END-DATE"].contains(&name.as_str());
            if !ours && !name.starts_with("X-ORG-ONAIR-") {
                return Err(format!("T26: an unknown attribute {name}"));
            }
            if range.attributes.get(&name).is_some_and(|known| *known != value) {
                return Err(format!("T26: {name} contradicts an earlier tag"));
            }
            range.attributes.insert(name, value);
        }
        range.start = start;
        range.end = range.end.or(end);
        Ok(())
    }

    fn finish(mut self) -> Result<Playlist, String> {
        self.over()?;
        for tag in ["#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-SERVER-CONTROL"] {
            self.list.tag(tag).ok_or(format!("{tag} is missing"))?;
        }
        if self.list.map.is_none() == self.list.skipped.is_none() {
            return Err("T12: a full playlist has a map, a delta update none".into());
        }
        Ok(self.list)
    }

    fn header(&self) -> Result<(), String> {
        if self.header_over { Err("a header tag among segments".into()) } else { Ok(()) }
    }

    /// A tag that stands before a segment's parts and address.
    fn begin(&mut self, set: impl FnOnce(&mut Segment)) -> Result<(), String> {
        self.header_over = true;
        let segment = self.open.get_or_insert_default();
        if self.tail || !segment.parts.is_empty() {
            return Err("T12: after the first part of its segment".into());
        }
        set(segment);
        Ok(())
    }

    fn within(&mut self) -> Result<&mut Segment, String> {
        self.header_over = true;
        if self.tail {
            return Err("after the tail began".into());
        }
        self.open.as_mut().filter(|segment| segment.date > 0).ok_or("T09: no date before it".into())
    }

    /// The segments are over; one that is open was being filled.
    fn over(&mut self) -> Result<(), String> {
        self.tail = true;
        match self.open.take() {
            Some(segment) if segment.parts.is_empty() => Err("tags of a segment that is not there".into()),
            Some(segment) => {
                self.push(segment);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn push(&mut self, mut segment: Segment) {
        let before = self.list.skipped.unwrap_or(0) + self.list.segments.len() as u64;
        segment.msn = self.list.media_sequence + before;
        self.list.segments.push(segment);
    }
}

fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), String> {
    slot.replace(value).map_or(Ok(()), |_| Err("twice".into()))
}

fn number_in(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "not a number".into())
}

/// Seconds with exactly five decimals, in units of 10 µs.
fn decimal(text: &str) -> Result<u64, String> {
    let (whole, fraction) = text.split_once('.').ok_or("no decimals")?;
    if fraction.len() != 5 {
        return Err("P07: not five decimals".into());
    }
    Ok(number_in(whole)? * 100_000 + number_in(fraction)?)
}

fn quoted(text: &str, name: &str) -> Result<String, String> {
    let value = text.strip_prefix(name).and_then(|rest| rest.strip_prefix("=\""));
    let value = value.and_then(|rest| rest.strip_suffix('"')).ok_or(format!("no {name}"))?;
    if value.contains('"') || value.is_empty() { Err("bad quotes".into()) } else { Ok(value.to_owned()) }
}

/// An attribute list of quoted strings (RFC 8216bis 4.2), each name once, without a variable (4.3).
fn attribute_list(mut text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    loop {
        let (name, rest) = text.split_once("=\"").ok_or("no quoted string")?;
        let (value, rest) = rest.split_once('"').ok_or("a string that does not end")?;
        let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(legal) {
            return Err(format!("{name:?} is no attribute name"));
        }
        if value.contains("{$") || value.chars().any(char::is_control) {
            return Err(format!("{name} has a value that no player takes"));
        }
        if found.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!("{name} is given twice"));
        }
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None if rest.is_empty() => return Ok(found),
            None => return Err("no comma between attributes".into()),
        }
    }
}

fn attributes(text: &str) -> Result<[&str; 3], String> {
    text.split(',').collect::<Vec<_>>().try_into().map_err(|_| "not three attributes".into())
}

/// `2026-11-21T08:15:30.120Z` in milliseconds since the epoch.
pub fn millis(text: &str) -> Result<u64, String> {
    let fits = text.len() == 24 && text.ends_with('Z');
    let field = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<i64>().ok());
    let fields = [0..4, 5..7, 8..10, 11..13, 14..16, 17..19, 20..23].map(field);
    let [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second), Some(milli)] = fields
    else {
        return Err("T08: not RFC 3339 with milliseconds and a zone".into());
    };
    if !fits {
        return Err("T08: not RFC 3339 with milliseconds and a zone".into());
    }
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    u64::try_from((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + milli)
        .map_err(|_| "before the epoch".into())
}
