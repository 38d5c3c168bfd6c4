//! WebVTT, as the W3C has it (Candidate Recommendation of 2019), without what it says of looks.

use std::fmt::Write;

use super::blocks::{blocks, clock, lines, without_tags};
use super::{Cue, Transcript, TranscriptError, add, finish};

pub(super) fn parse(text: &str) -> Result<Transcript, TranscriptError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut lines = lines(text).zip(1..).map(|(text, line)| (line, text));
    let head = lines.next().map_or("", |(_, head)| head);
    let after = head.strip_prefix("WEBVTT").ok_or(TranscriptError::NoHeader)?;
    if !after.is_empty() && !after.starts_with([' ', '\t']) {
        return Err(TranscriptError::NoHeader);
    }
    // Metadata may follow, up to an empty line or the first time.
    let mut in_head = true;
    let lines = lines.filter(|(_, text)| {
        in_head = in_head && !text.trim().is_empty() && !text.contains("-->");
        !in_head
    });
    let mut cues = Vec::new();
    for block in blocks(lines, is_no_cue)? {
        for (speaker, text) in voices(&block.text.join("\n")) {
            add(&mut cues, Cue { start: block.start, end: block.end, speaker, text }, block.line)?;
        }
    }
    finish(cues)
}

/// Whether a block that begins so is something else: a comment, a style or a region.
fn is_no_cue(first: &str) -> bool {
    let first = first.trim_end();
    first == "STYLE"
        || first == "REGION"
        || first == "NOTE"
        || first.starts_with("NOTE ")
        || first.starts_with("NOTE\t")
}

/// Who says what. Every other tag is left out.
fn voices(payload: &str) -> Vec<(Option<String>, String)> {
    let mut said: Vec<(Option<String>, String)> = Vec::new();
    let mut speaker = None;
    let last = without_tags(payload, '<', '>', |text, tag| {
        let voice = tag.strip_prefix('v').filter(|rest| rest.starts_with(['.', ' ', '\t', '\n']));
        if let Some(voice) = voice {
            // One too many is refused, and more are not collected.
            if !text.trim().is_empty() && said.len() <= Transcript::CUES_MAX {
                said.push((speaker.take(), entities(text)));
            }
            text.clear();
            // Classes stand between the tag and the name.
            let name = voice.split_once([' ', '\t', '\n']).map(|(_, name)| entities(name));
            speaker = name;
        }
    });
    said.push((speaker, entities(&last)));
    said
}

/// The characters that are written by name in cues (WebVTT, 6.4), and `&amp;` last.
fn entities(text: &str) -> String {
    let named =
        [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\u{A0}"), ("&lrm;", "\u{200E}"), ("&rlm;", "\u{200F}")];
    let text = named.iter().fold(text.to_owned(), |text, (name, letter)| text.replace(name, letter));
    text.replace("&amp;", "&")
}

pub(super) fn write(cues: &[Cue]) -> String {
    let mut out = "WEBVTT\n".to_owned();
    for cue in cues {
        let voice = cue.speaker.as_ref().map(|name| format!("<v {}>", escaped(name))).unwrap_or_default();
        let (start, end, text) = (clock(cue.start, '.'), clock(cue.end, '.'), escaped(&cue.text));
        writeln!(out, "\n{start} --> {end}\n{voice}{text}").expect("memory takes whatever is written");
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::cue;
    use super::*;

    #[test]
    fn a_file_is_read_with_all_that_may_stand_in_it() {
        let text = "\u{FEFF}WEBVTT - a talk\nKind: captions\n\nNOTE\nnot --said\n\nSTYLE\n::cue { color: red }\n\n\
            intro\n00:01.000 --> 00:02.500 align:start position:10%\n<v.loud Ada Byron>Good <i>morning</i>,\r\n\
            all&nbsp;&amp;lt; of <00:00:02.000>you</v>\n\n\n00:02.500 --> 1:00:03.000\n<v Ada>Yes? <v Bob>No.\n";
        let expected = [
            cue(1_000, 2_500, "Ada Byron", "Good morning,\nall\u{A0}&lt; of you"),
            cue(2_500, 3_603_000, "Ada", "Yes?"),
            cue(2_500, 3_603_000, "Bob", "No."),
        ];
        assert_eq!(parse(text).unwrap().cues(), expected);
        // The first cue may follow the header at once, and a time opens a cue wherever it stands.
        let text = "WEBVTT\n00:01.000 --> 00:02.000\none\n00:03.000 --> 00:04.000\ntwo";
        assert_eq!(parse(text).unwrap().cues().len(), 2);
        assert_eq!(parse("WEBVTT\n\n00:01.000 --> 00:02.000\n1 < 2").unwrap().cues()[0].text, "1 < 2");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (text, error) in [
            ("", TranscriptError::NoHeader),
            ("WEBVTTS\n", TranscriptError::NoHeader),
            ("1\n00:00:01,000 --> 00:00:02,000\na", TranscriptError::NoHeader),
            ("WEBVTT\n", TranscriptError::Empty),
            ("WEBVTT\n\n00:01.000 -> 00:02.000\na", TranscriptError::Untimed(3)),
            ("WEBVTT\n\n00:01.000 --> soon\na", TranscriptError::Time(3)),
            ("WEBVTT\n\n00:01.000 -->\na", TranscriptError::Time(3)),
            ("WEBVTT\n\n00:02.000 --> 00:02.000\na", TranscriptError::Backwards(3)),
            ("WEBVTT\n\n00:01.000 --> 00:02.000\na\n\nand more\n", TranscriptError::Untimed(6)),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }
}
