//! One request, as an edge logged it.

use std::borrow::Cow;

use super::cmcd::{Cmcd, unescaped};

/// Longest id of a broadcast that is one.
const ID_MAX: usize = 64;

/// What was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// A playlist.
    Playlist,
    /// A Partial Segment.
    Part,
    /// A Media Segment.
    Segment,
    /// A Media Initialization Section.
    Init,
    /// Anything else below `/live/`: endless streams, and what does not exist.
    Other,
}

impl Class {
    /// Every class, in the order of a report.
    pub const ALL: [Self; 5] = [Self::Playlist, Self::Part, Self::Segment, Self::Init, Self::Other];

    /// Its name in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Playlist => "playlist",
            Self::Part => "part",
            Self::Segment => "segment",
            Self::Init => "init",
            Self::Other => "other",
        }
    }

    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let Some((stem, extension)) = name.rsplit_once('.') else { return Self::Other };
        match extension {
            "m3u8" => return Self::Playlist,
            "mp4" if stem == "init" => return Self::Init,
            "m4s" => {}
            _ => return Self::Other,
        }
        let numbers: Vec<_> = stem.split('.').collect();
        if numbers.iter().any(|number| number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Self::Other;
        }
        match numbers.len() {
            1 => Self::Segment,
            2 => Self::Part,
            _ => Self::Other,
        }
    }
}

/// Where the answer came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// The edge had it, or waited for somebody who had asked already.
    Cache,
    /// The edge asked on.
    Origin,
    /// The edge made it itself: a refusal, a redirect.
    Edge,
}

impl Source {
    /// From the word of CloudFront (`x-edge-result-type`), nginx (`$upstream_cache_status`) or Varnish
    /// (`Varnish:handling`).
    fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "hit" | "refreshhit" | "originshieldhit" | "stale" | "updating" | "revalidated" => Self::Cache,
            "miss" | "pass" | "expired" | "bypass" | "pipe" | "error" => Self::Origin,
            _ => Self::Edge,
        }
    }
}

/// One request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Seconds since 1970.
    pub time: u64,
    /// Which broadcast.
    pub broadcast: String,
    /// What of it.
    pub class: Class,
    /// Status of the answer; 0 where the listener went away before it.
    pub status: u16,
    /// Bytes that were sent.
    pub bytes: u64,
    /// Where they came from.
    pub source: Source,
    /// Who listens: the player's session, else address and program.
    pub listener: String,
    /// What the player says of itself.
    pub cmcd: Cmcd,
}

/// The columns of CloudFront's standard log, as its `#Fields` line names them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Columns {
    at: Vec<String>,
}

impl Columns {
    /// Reads a `#Fields:` line; `None` for any other.
    pub fn parse(line: &str) -> Option<Self> {
        let names = line.strip_prefix("#Fields:")?;
        Some(Self { at: names.split_whitespace().map(str::to_owned).collect() })
    }

    fn field<'a>(&self, fields: &[&'a str], name: &str) -> Option<&'a str> {
        let at = self.at.iter().position(|column| column == name)?;
        fields.get(at).copied()
    }
}

/// What a line is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// A request for media.
    Media(Entry),
    /// A request for something else.
    Elsewhere,
    /// Nothing that is understood.
    Unreadable,
}

impl Line {
    /// Reads a line with tabs between its fields: under `columns` CloudFront's, without them that of `deploy/`.
    pub fn parse(line: &str, columns: Option<&Columns>) -> Self {
        let fields: Vec<&str> = line.split('\t').collect();
        let read = match columns {
            Some(columns) => cloudfront(&fields, columns),
            None => ours(&fields),
        };
        read.map_or(Self::Unreadable, |raw| raw.entry().map_or(Self::Elsewhere, Self::Media))
    }
}

/// A line's fields, whoever wrote it.
struct Raw<'a> {
    time: u64,
    path: &'a str,
    query: &'a str,
    status: u16,
    bytes: u64,
    source: Source,
    address: &'a str,
    agent: &'a str,
}

/// Time, address, method, target, status, bytes, word of the cache, program.
fn ours<'a>(fields: &[&'a str]) -> Option<Raw<'a>> {
    let [time, address, _method, target, status, bytes, source, agent] = *fields else { return None };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Raw {
        time: time.split('.').next()?.parse().ok()?,
        path,
        query,
        status: status.parse().ok()?,
        bytes: if bytes == "-" { 0 } else { bytes.parse().ok()? },
        source: Source::of(source),
        address,
        agent,
    })
}

fn cloudfront<'a>(fields: &[&'a str], columns: &Columns) -> Option<Raw<'a>> {
    let field = |name| columns.field(fields, name);
    Some(Raw {
        time: seconds(field("date")?, field("time")?)?,
        path: field("cs-uri-stem")?,
        query: field("cs-uri-query").filter(|query| *query != "-").unwrap_or_default(),
        status: field("sc-status")?.parse().ok()?,
        bytes: field("sc-bytes")?.parse().ok()?,
        source: Source::of(field("x-edge-result-type")?),
        address: field("c-ip")?,
        agent: field("cs(User-Agent)").unwrap_or_default(),
    })
}

/// `2026-11-21` and `20:15:00` (UTC) as seconds since 1970.
fn seconds(date: &str, time: &str) -> Option<u64> {
    let mut numbers = date.split('-').map(|number| number.parse::<u64>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let mut numbers = time.split(':').map(|number| number.parse::<u64>().ok());
    let (hour, minute, second) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years begin in March, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some((days.checked_sub(719_468)?) * 86_400 + hour * 3_600 + minute * 60 + second)
}

impl Raw<'_> {
    /// `None` for what is not media.
    fn entry(&self) -> Option<Entry> {
        let path = match self.path.strip_prefix("/s/") {
            Some(signed) => signed.split_once('/')?.1.strip_prefix("live/")?,
            None => self.path.strip_prefix("/live/")?,
        };
        let (broadcast, rest) = path.split_once('/')?;
        if broadcast.is_empty() || broadcast.len() > ID_MAX {
            return None;
        }
        // CloudFront writes what stands in a field escaped, and the query's own escapes once more.
        let query: Cow<'_, str> =
            if self.query.contains("%25") { unescaped(self.query) } else { self.query.into() };
        let cmcd = Cmcd::of_query(&query);
        let listener = match &cmcd.session {
            Some(session) => session.clone(),
            None => format!("{}\t{}", self.address, self.agent),
        };
        Some(Entry {
            time: self.time,
            broadcast: broadcast.to_owned(),
            class: Class::of(rest),
            status: self.status,
            bytes: self.bytes,
            source: self.source,
            listener,
            cmcd,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(line: &str, columns: Option<&Columns>) -> Entry {
        match Line::parse(line, columns) {
            Line::Media(entry) => entry,
            other => panic!("{other:?}: {line}"),
        }
    }

    #[test]
    fn a_line_of_ours_is_read() {
        let line = "1795248930.123\t192.0.2.7\tGET\t/s/-/live/evening/r1/main.m3u8?_HLS_msn=9&CMCD=bs%2Csid%3D%22a%22\t200\t812\tHIT\tMozilla";
        let entry = media(line, None);
        assert_eq!((entry.time, entry.broadcast.as_str()), (1_795_248_930, "evening"));
        assert_eq!((entry.class, entry.status, entry.bytes), (Class::Playlist, 200, 812));
        assert_eq!((entry.source, entry.listener.as_str(), entry.cmcd.starved), (Source::Cache, "a", true));
        let other = media("1\t192.0.2.7\tGET\t/live/evening/r1/main/8.m4s\t404\t-\tmiss\tcurl/8", None);
        assert_eq!(
            (other.source, other.bytes, other.listener.as_str()),
            (Source::Origin, 0, "192.0.2.7\tcurl/8")
        );
    }

    #[test]
    fn a_line_of_cloudfront_is_read_by_its_columns() {
        let columns = Columns::parse(
            "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status \
             cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type",
        );
        let line = "2026-11-21\t20:15:30\tFRA56-P1\t1290\t192.0.2.9\tGET\td1.cloudfront.net\t\
                    /live/evening/r1/main/8.2.m4s\t200\t-\tMozilla/5.0%20(X11)\t\
                    CMCD=bl%253D1900%252Csid%253D%2522b%2522\t-\tHit";
        let entry = media(line, columns.as_ref());
        assert_eq!((entry.time, entry.bytes, entry.class), (1_795_292_130, 1_290, Class::Part));
        assert_eq!((entry.source, entry.listener.as_str()), (Source::Cache, "b"));
        let plain = line.replace("%25", "%");
        assert_eq!(media(&plain, columns.as_ref()).listener, "b", "escaped once");
    }

    #[test]
    fn what_is_not_media_is_told_apart_from_what_is_not_read() {
        let elsewhere = "1\ta\tGET\t/api/config\t200\t5\tMISS\tx";
        assert_eq!(Line::parse(elsewhere, None), Line::Elsewhere);
        for unreadable in
            ["", "one field", "x\ta\tGET\t/live/a/b\t200\t5\tHIT\tx", &elsewhere.replace("200", "ok")]
        {
            assert_eq!(Line::parse(unreadable, None), Line::Unreadable, "{unreadable}");
        }
        assert_eq!(Line::parse(elsewhere, Some(&Columns::default())), Line::Unreadable);
    }

    #[test]
    fn names_tell_what_they_are() {
        for (name, class) in [
            ("index.m3u8", Class::Playlist),
            ("r1/main.standard.m3u8", Class::Playlist),
            ("r1/main/8.m4s", Class::Segment),
            ("r1/main/8.11.m4s", Class::Part),
            ("r1/main/init.mp4", Class::Init),
            ("stream.aac", Class::Other),
            ("r1/main/a.m4s", Class::Other),
            ("r1/main/.m4s", Class::Other),
        ] {
            assert_eq!(Class::of(name), class, "{name}");
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(seconds("1970-01-01", "00:00:00"), Some(0));
        assert_eq!(seconds("2000-02-29", "00:00:00"), Some(951_782_400));
        assert_eq!(seconds("2026-11-21", "20:15:30"), Some(1_795_292_130));
        for (date, time) in
            [("2026-13-01", "0:0:0"), ("2026-11", "0:0:0"), ("2026-11-21", "24:00:00"), ("x", "y")]
        {
            assert_eq!(seconds(date, time), None, "{date} {time}");
        }
    }
}
