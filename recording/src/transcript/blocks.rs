//! What WebVTT and SubRip have in common: lines, blocks of them with an empty one between, and times.

use media::MediaDuration;

use super::TranscriptError;

/// Frames of a millisecond.
const MILLI: u64 = 48;

/// Hours of a time, at the most: more than a thousand years, and far from where numbers end.
const HOURS_MAX: u64 = 10_000_000;

/// A block with a time.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// The line of its time, from 1.
    pub(super) line: usize,
    pub(super) start: MediaDuration,
    pub(super) end: MediaDuration,
    /// What follows the time.
    pub(super) text: Vec<&'a str>,
    /// The next time follows without an empty line between.
    pub(super) crowded: bool,
}

/// The lines of `text`, however they end.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.find(['\n', '\r']);
        rest = end.map(|at| text[at..].strip_prefix("\r\n").unwrap_or_else(|| &text[at + 1..]));
        Some(end.map_or(text, |at| &text[..at]))
    })
}

/// The blocks of these numbered lines. What stands before a time in its block is its name; a block without a time is
/// refused unless `skipped` says by its first line that it is another thing.
pub(super) fn blocks<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    skipped: impl Fn(&str) -> bool,
) -> Result<Vec<Block<'a>>, TranscriptError> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let (mut open, mut skipping) = (false, false);
    // Where a block began whose time has not come yet.
    let mut waits = None;
    for (line, text) in lines {
        if text.trim().is_empty() {
            if let Some(line) = waits.take() {
                return Err(TranscriptError::Untimed(line));
            }
            (open, skipping) = (false, false);
        } else if skipping {
            // Up to the next empty line.
        } else if let Some((start, end)) = text.split_once("-->") {
            let time = |text: &str| time(text).ok_or(TranscriptError::Time(line));
            // Settings may follow the second time.
            let end = end.trim_start().split([' ', '\t']).next().unwrap_or_default();
            if open && let Some(last) = blocks.last_mut() {
                last.crowded = true;
            }
            let (start, end) = (time(start)?, time(end)?);
            blocks.push(Block { line, start, end, text: Vec::new(), crowded: false });
            (open, waits) = (true, None);
        } else if let Some(block) = blocks.last_mut().filter(|_| open) {
            block.text.push(text);
        } else if waits.is_none() && skipped(text) {
            skipping = true;
        } else {
            waits = waits.or(Some(line));
        }
    }
    waits.map_or(Ok(blocks), |line| Err(TranscriptError::Untimed(line)))
}

/// `[hours:]minutes:seconds.millis`, with a point or a comma.
fn time(text: &str) -> Option<MediaDuration> {
    let (clock, millis) = text.trim().split_once(['.', ','])?;
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<u64>().ok()).flatten()
    };
    let mut parts = clock.rsplit(':');
    let seconds = number(parts.next()?, 2..=2).filter(|seconds| *seconds < 60)?;
    let minutes = number(parts.next()?, 2..=2).filter(|minutes| *minutes < 60)?;
    let hours = parts.next().map_or(Some(0), |hours| number(hours, 1..=8))?;
    if parts.next().is_some() || hours > HOURS_MAX {
        return None;
    }
    let millis = number(millis, 3..=3)?;
    let seconds = (hours * 60 + minutes) * 60 + seconds;
    Some(MediaDuration::from_ticks((seconds * 1_000 + millis) * MILLI))
}

/// A time to the nearest millisecond, `separator` before those.
pub(super) fn clock(at: MediaDuration, separator: char) -> String {
    let millis = (at.ticks() + MILLI / 2) / MILLI;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{:02}:{:02}:{seconds:02}{separator}{millis:03}", minutes / 60, minutes % 60)
}

/// `text` without what stands between `open` and the next `close`; `tag` hears that. What is not closed is text.
pub(super) fn without_tags(
    text: &str,
    open: char,
    close: char,
    mut tag: impl FnMut(&mut String, &str),
) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(open) {
        let Some((inside, after)) = after.split_once(close) else { break };
        out.push_str(before);
        // What opens again before it is closed was text.
        let inside = inside.rsplit_once(open).map_or(inside, |(text, inside)| {
            out.push(open);
            out.push_str(text);
            inside
        });
        tag(&mut out, inside);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_three_ways() {
        let all: Vec<_> = lines("a\nb\r\nc\rd\n").collect();
        assert_eq!(all, ["a", "b", "c", "d", ""]);
    }

    #[test]
    fn times_are_read_as_both_write_them() {
        let millis = |text: &str| time(text).map(|at| at.ticks() / MILLI);
        assert_eq!(millis("00:01.000"), Some(1_000));
        assert_eq!(millis(" 01:02:03,456 "), Some(3_723_456));
        assert_eq!(millis("100:00:00.001"), Some(360_000_001));
        for bad in
            ["", "1", "1.000", "0:01.000", "00:60.000", "60:00.000", "00:01.00", "00:01", "-1:00:01.000"]
        {
            assert_eq!(millis(bad), None, "{bad:?}");
        }
        for bad in ["1:00:00:00.000", "123456789:00:00.000", "99999999:00:00.000", "00:0१.000", "00:+1.000"]
        {
            assert_eq!(millis(bad), None, "{bad:?}");
        }
        let at = MediaDuration::from_ticks(3_723_456 * MILLI + MILLI / 2);
        assert_eq!(clock(at, '.'), "01:02:03.457", "to the nearest");
    }
}
