//! One strict listener: it hears everything and forgives nothing.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::catalog::plain_text;
use crate::fragment::{Span, Track};
use crate::limits;
use crate::playlist::{Listed, MediaPlaylist, Position, parse_multivariant};
use crate::response::{Keep, Response, ResponseReader};
use crate::target::{Target, resolve};

/// Tags that must never change while a playlist lives (RFC 8216bis, 6.2.1).
const CONSTANT: [&str; 4] =
    ["#EXT-X-VERSION:", "#EXT-X-TARGETDURATION:", "#EXT-X-PART-INF:", "#EXT-X-SERVER-CONTROL:"];
/// Seconds by which a listed duration may differ from that of the samples: five decimals, rounded.
const ROUNDING: f64 = 0.000_02;
/// Seconds by which dates may differ from the sum of durations: milliseconds, rounded twice.
const DATE_ROUNDING: f64 = 0.001_1;
/// A silent server is given up after this.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was heard, and everything that was wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Parts fetched.
    pub parts: u64,
    /// Whole segments compared with their parts, byte by byte.
    pub segments: u64,
    /// One line each, in the order they were found.
    pub findings: Vec<String>,
}

/// Listens for `duration` to the variant called `rung`, or to the first, or until ENDLIST.
///
/// # Errors
/// When there is nothing to judge: no connection, no playlist. What is wrong with what was heard is in
/// [`Heard::findings`].
pub fn run(url: &str, rung: Option<&str>, duration: Duration) -> anyhow::Result<Heard> {
    let target = Target::parse(url)?;
    let mut line = Line::open(&target)?;
    let variants = parse_multivariant(&line.get(&target.path)?)?;
    let chosen = variants.iter().find(|variant| rung.is_none_or(|name| variant.is_called(name)));
    let base = resolve(&target.path, &chosen.context("no variant has that name")?.uri);
    let end = Instant::now() + duration;
    let text = line.get(&base)?;
    let mut list = MediaPlaylist::parse(&text)?;
    let init = list.init.as_deref().context("no EXT-X-MAP")?;
    let track = Track::parse(&line.get(&resolve(&base, init))?)?;
    let mut judge = Judge::new(track, &text, &list);
    while Instant::now() < end && !list.ended {
        if !list.can_block_reload {
            bail!("the playlist cannot be reloaded blockingly");
        }
        let Position { msn, part } = list.next;
        // Every other update is asked for as a delta, so that both kinds are judged against each other.
        let skip = if list.can_skip && part % 2 == 1 { "&_HLS_skip=YES" } else { "" };
        let text = line.get(&format!("{base}?_HLS_msn={msn}&_HLS_part={part}{skip}"))?;
        let (told, wall) = (Instant::now(), limits::wall_seconds()?);
        let newer = MediaPlaylist::parse(&text)?;
        let new = judge.update(&text, &newer, list.next);
        for part in new {
            let bytes = line.get(&resolve(&base, &part.uri))?;
            judge.part(&part, &bytes, told.elapsed(), wall, &newer);
        }
        for segment in judge.closed(&newer) {
            let bytes = line.get(&resolve(&base, &segment.uri))?;
            judge.segment(&segment, &bytes);
        }
        list = newer;
    }
    Ok(judge.heard)
}

/// What has been seen so far, against which all that comes is held.
#[derive(Debug)]
struct Judge {
    track: Track,
    constant: Vec<String>,
    first_msn: u64,
    init: Option<String>,
    /// Everything listed, by position; a segment stands at part `u64::MAX`.
    listed: BTreeMap<Position, Listed>,
    /// The end of the part heard last.
    end: Option<u64>,
    /// Bytes of the parts of the segment under way, if all of them were heard.
    segment: Option<(u64, Vec<u8>)>,
    /// Least delay from the end of a part to its being listed, seconds.
    release_delay: Option<f64>,
    heard: Heard,
}

impl Judge {
    fn new(track: Track, text: &[u8], list: &MediaPlaylist) -> Self {
        let mut judge = Self {
            track,
            constant: constant_tags(text),
            first_msn: first_msn(list),
            init: list.init.clone(),
            listed: BTreeMap::new(),
            end: None,
            segment: None,
            release_delay: None,
            heard: Heard::default(),
        };
        judge.remember(list);
        judge
    }

    fn find(&mut self, finding: String) {
        // A broken stream breaks the same rule every step: the first thousand tell the story.
        if self.heard.findings.len() < 1000 {
            self.heard.findings.push(finding);
        }
    }

    /// Holds a newer playlist against the older ones; gives the parts that are new.
    fn update(&mut self, text: &[u8], list: &MediaPlaylist, asked: Position) -> Vec<Listed> {
        let constant = constant_tags(text);
        if constant != self.constant {
            self.find(format!("constant tags changed from {:?} to {constant:?}", self.constant));
            self.constant = constant;
        }
        let first = first_msn(list);
        if first < self.first_msn {
            self.find(format!("EXT-X-MEDIA-SEQUENCE went back from {} to {first}", self.first_msn));
        }
        self.first_msn = first;
        if list.init.is_some() && list.init != self.init {
            self.find(format!("EXT-X-MAP changed from {:?} to {:?}", self.init, list.init));
            self.init.clone_from(&list.init);
        }
        if list.next <= asked && !list.ended {
            self.find(format!("the reload for {asked} came back with {} next", list.next));
        }
        let new: Vec<Listed> = list.parts.iter().filter(|part| part.position >= asked).cloned().collect();
        match new.first() {
            Some(part) if part.position != asked => {
                self.find(format!("{asked} was due and {} is listed", part.position));
            }
            None if list.next > asked => self.find(format!("{asked} was never listed")),
            _ => {}
        }
        if let Some(target) = list.part_target {
            for part in new.iter().filter(|part| part.duration > target + ROUNDING) {
                let (position, duration) = (part.position, part.duration);
                self.find(format!("part {position} of {duration} s is longer than PART-TARGET {target}"));
            }
        }
        self.remember(list);
        new
    }

    fn remember(&mut self, list: &MediaPlaylist) {
        let mut dates: Vec<(Position, f64, f64)> = Vec::new();
        let segments =
            list.segments.iter().map(|segment| (Position { part: u64::MAX, ..segment.position }, segment));
        let parts = list.parts.iter().map(|part| (part.position, part));
        let mut changed = Vec::new();
        for (position, item) in segments.chain(parts) {
            if position.part == u64::MAX
                && let Some(end) = item.end
            {
                dates.push((position, end - item.duration, end));
            }
            match self.listed.get(&position) {
                Some(before) if same(before, item) => {}
                Some(before) => changed.push(format!("{before:?} was changed to {item:?}")),
                None => {
                    self.listed.insert(position, item.clone());
                }
            }
        }
        for pair in dates.windows(2) {
            let ((before, _, end), (after, start, _)) = (pair[0], pair[1]);
            if before.msn + 1 == after.msn && (end - start).abs() > DATE_ROUNDING {
                changed.push(format!(
                    "segment {} ends at {end} and {} begins at {start}",
                    before.msn, after.msn
                ));
            }
        }
        // What left the list may not come back: a new list that begins later forgets it.
        while self.listed.len() > 20_000 {
            self.listed.pop_first();
        }
        for finding in changed {
            self.find(finding);
        }
    }

    /// A part that was new in a playlist told at `wall`, fetched `after` that.
    fn part(&mut self, part: &Listed, bytes: &[u8], after: Duration, wall: f64, list: &MediaPlaylist) {
        let position = part.position;
        if part.gap {
            (self.end, self.segment) = (None, None);
            return;
        }
        self.heard.parts += 1;
        let Span { start, end } = match self.track.span(bytes) {
            Ok(span) => span,
            Err(error) => return self.find(format!("part {position}: {error}")),
        };
        if let Some(before) = self.end.filter(|before| *before != start) {
            let what = if start > before { "a gap" } else { "an overlap" };
            let ticks = start.abs_diff(before);
            self.find(format!("{what} of {ticks} ticks before part {position}"));
        }
        self.end = Some(end);
        let seconds = (end - start) as f64 / f64::from(self.track.timescale);
        if (seconds - part.duration).abs() > ROUNDING {
            let listed = part.duration;
            self.find(format!("part {position} is listed with {listed} s and lasts {seconds} s"));
        }
        match &mut self.segment {
            _ if position.part == 0 => self.segment = Some((position.msn, bytes.to_vec())),
            Some((msn, whole)) if *msn == position.msn => whole.extend_from_slice(bytes),
            _ => self.segment = None,
        }
        let Some(delay) = part.end.map(|end| wall - end) else {
            return self.find(format!("part {position} has no EXT-X-PROGRAM-DATE-TIME"));
        };
        let least = self.release_delay.map_or(delay, |least| least.min(delay));
        self.release_delay = Some(least);
        let late = delay - least + after.as_secs_f64();
        if late > list.distance() - part.duration {
            self.find(format!("part {position} came {late:.3} s after its release: a player stalls"));
        }
    }

    /// Segments that have just closed and whose parts were all heard.
    fn closed(&self, list: &MediaPlaylist) -> Vec<Listed> {
        let ready = |segment: &&Listed| {
            !segment.gap && self.segment.as_ref().is_some_and(|(msn, _)| *msn == segment.position.msn)
        };
        list.segments.iter().filter(ready).cloned().collect()
    }

    fn segment(&mut self, segment: &Listed, bytes: &[u8]) {
        let Some((msn, whole)) = self.segment.take() else { return };
        self.heard.segments += 1;
        if whole != bytes {
            self.find(format!("segment {msn} is not its parts: {} and {} bytes", bytes.len(), whole.len()));
        }
        match self.track.span(bytes) {
            Ok(Span { start, end }) => {
                let seconds = (end - start) as f64 / f64::from(self.track.timescale);
                if (seconds - segment.duration).abs() > ROUNDING {
                    let listed = segment.duration;
                    self.find(format!("segment {msn} is listed with {listed} s and lasts {seconds} s"));
                }
            }
            Err(error) => self.find(format!("segment {msn}: {error}")),
        }
    }
}

fn constant_tags(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let constant = text.lines().filter(|line| CONSTANT.iter().any(|tag| line.starts_with(tag)));
    constant.map(str::to_owned).collect()
}

/// `EXT-X-MEDIA-SEQUENCE`: what stands before anything skipped.
fn first_msn(list: &MediaPlaylist) -> u64 {
    let first = list.segments.first().map_or(list.next.msn, |segment| segment.position.msn);
    first.saturating_sub(list.skipped)
}

/// The same name, duration and gap; the date may be rounded differently, as it is added up from another line.
fn same(before: &Listed, now: &Listed) -> bool {
    let dates = match (before.end, now.end) {
        (Some(before), Some(now)) => (before - now).abs() <= DATE_ROUNDING,
        (before, now) => before.is_none() == now.is_none(),
    };
    dates && before.uri == now.uri && before.duration == now.duration && before.gap == now.gap
}

/// One connection that asks and waits.
struct Line {
    stream: TcpStream,
    authority: String,
    reader: ResponseReader,
}

impl Line {
    fn open(target: &Target) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&target.address, PATIENCE)
            .with_context(|| format!("no connection to {}", target.authority))?;
        stream.set_read_timeout(Some(PATIENCE)).context("no read timeout")?;
        stream.set_nodelay(true).context("no TCP_NODELAY")?;
        Ok(Self { stream, authority: target.authority.clone(), reader: ResponseReader::new() })
    }

    /// The body at `path`, unpacked.
    fn get(&mut self, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: onair-load\r\nAccept-Encoding: gzip\r\n\r\n",
            self.authority
        );
        self.stream.write_all(request.as_bytes()).with_context(|| format!("{path}: not sent"))?;
        let response = self.answer().with_context(|| path.to_owned())?;
        if response.status != 200 {
            bail!("{path}: status {}", response.status);
        }
        let text = plain_text(&response).with_context(|| format!("{path}: no gzip"))?;
        Ok(text.unwrap_or(response.body))
    }

    fn answer(&mut self) -> anyhow::Result<Response> {
        self.reader.expect(Keep::Body);
        let mut buffer = [0; 16 << 10];
        loop {
            let count = self.stream.read(&mut buffer).context("no answer")?;
            if count == 0 {
                return self.reader.end()?.context("the connection closed without an answer");
            }
            match self.reader.read(&buffer[..count])? {
                (used, Some(response)) if used == count => return Ok(response),
                (_, Some(_)) => bail!("more came than was asked for"),
                (_, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
