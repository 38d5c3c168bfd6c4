//! SubRip. Nobody has specified it; this is what programs write and read.

use std::fmt::Write;

use super::blocks::{blocks, clock, lines, without_tags};
use super::{Cue, Transcript, TranscriptError, add, finish, named};

pub(super) fn parse(text: &str) -> Result<Transcript, TranscriptError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let lines = lines(text).zip(1..).map(|(text, line)| (line, text));
    let mut cues = Vec::new();
    for mut block in blocks(lines, |_| false)? {
        // Without an empty line between, the number of the next cue ends this one.
        if block.crowded && block.text.last().is_some_and(|last| is_number(last)) {
            block.text.pop();
        }
        let text = without_tags(&block.text.join("\n"), '{', '}', |text, tag| {
            // Only what looks like a command, `{\an8}`: people write braces, too.
            if !tag.starts_with('\\') {
                text.extend(["{", tag, "}"]);
            }
        });
        let text = without_tags(&text, '<', '>', |text, tag| {
            if !is_style(tag) {
                text.extend(["<", tag, ">"]);
            }
        });
        add(&mut cues, Cue { start: block.start, end: block.end, speaker: None, text }, block.line)?;
    }
    finish(cues)
}

fn is_number(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a tag is one of the few that players know.
fn is_style(tag: &str) -> bool {
    let name = tag.trim_start_matches('/').split([' ', '\t', '\n']).next().unwrap_or_default();
    ["b", "i", "u", "s", "font"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

pub(super) fn write(cues: &[Cue]) -> String {
    let mut out = String::new();
    for (number, (cue, text)) in (1..).zip(named(cues)) {
        let gap = if number > 1 { "\n" } else { "" };
        let (start, end) = (clock(cue.start, ','), clock(cue.end, ','));
        // An arrow in the text would be read as a time.
        let text = text.replace("-->", "->");
        writeln!(out, "{gap}{number}\n{start} --> {end}\n{text}").expect("memory takes whatever is written");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::cue;
    use super::*;

    #[test]
    fn a_file_is_read_as_programs_write_it() {
        let text = "1\r\n00:00:01,000 --> 00:00:02,500 X1:0 X2:9\r\n{\\an8}<i>Good</i> {morning}\r\n\r\n\r\n\
                    2\r\n00:00:02.500 --> 00:00:03,000\r\n<font color=\"red\">1 < 2</font> and <me>\r\n";
        let expected = [cue(1_000, 2_500, "", "Good {morning}"), cue(2_500, 3_000, "", "1 < 2 and <me>")];
        assert_eq!(parse(text).unwrap().cues(), expected);
        let crowded = "1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,000 --> 00:00:03,000\n42\n";
        let expected = [cue(1_000, 2_000, "", "one"), cue(2_000, 3_000, "", "42")];
        assert_eq!(parse(crowded).unwrap().cues(), expected, "a number that is said stays");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        assert_eq!(parse("1\n00:00:01 --> 00:00:02\na"), Err(TranscriptError::Time(2)));
        assert_eq!(parse("only words\n\n"), Err(TranscriptError::Untimed(1)));
        assert_eq!(parse(""), Err(TranscriptError::Empty));
    }
}
