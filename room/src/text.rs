//! What people write: cleaned once, at the door, and shown as it stands from there on.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::char::is_combining_mark;

/// Something that somebody wrote: 1 to 200 characters, nothing in it that turns or breaks what stands around it.
///
/// It is data: `<b>` is four characters, and who shows it escapes it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Text(Arc<str>);

/// Why something is no text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BadText {
    /// Nothing is left of it.
    #[error("must have a character that can be seen")]
    Empty,
    /// Too many characters.
    #[error("must have at most {most} characters; it has {got}")]
    TooLong {
        /// As many may be.
        most: usize,
        /// So many are.
        got: usize,
    },
}

impl Text {
    /// Most characters (Unicode scalar values).
    pub const MAX: usize = 200;

    /// Takes what can be shown of `raw`: control characters and what turns the direction of other people's text are
    /// left out, white space is one space, and marks that pile up are cut.
    pub fn parse(raw: &str) -> Result<Self, BadText> {
        clean(raw, Self::MAX).map(|text| Self(text.into()))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads anywhere else: an address with a scheme, `www.`, or a name like `example.org`.
    pub fn has_link(&self) -> bool {
        self.0.split_whitespace().any(is_link)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Marks on one letter: languages that are written need two or three, and who sends forty writes over the lines
/// above.
const MARKS: usize = 4;

/// What is left of `raw` that may be shown; at most `most` characters.
pub(crate) fn clean(raw: &str, most: usize) -> Result<String, BadText> {
    let mut text = String::with_capacity(raw.len().min(4 * most));
    let (mut count, mut marks, mut space) = (0, 0, false);
    for letter in raw.chars() {
        if letter.is_whitespace() {
            space = !text.is_empty();
            continue;
        }
        if letter.is_control() || is_unseen(letter) {
            continue;
        }
        marks = if is_combining_mark(letter) { marks + 1 } else { 0 };
        if marks > MARKS {
            continue;
        }
        if std::mem::take(&mut space) {
            text.push(' ');
            count += 1;
        }
        text.push(letter);
        count += 1;
    }
    match count {
        _ if !text.chars().any(is_seen) => Err(BadText::Empty),
        count if count > most => Err(BadText::TooLong { most, got: count }),
        _ => Ok(text),
    }
}

/// What changes how others' text is shown, or hides in it: direction overrides and isolates (their ends are lost
/// where text is cut), the byte order mark, line separators' kin and the tag letters. Joiners and single direction
/// marks stay: Persian, Arabic and emoji are written with them.
const fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a letter by itself is something on the screen.
fn is_seen(letter: char) -> bool {
    !letter.is_whitespace()
        && !is_combining_mark(letter)
        && !matches!(letter, '\u{200c}'..='\u{200f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{2800}' | '\u{fe00}'..='\u{fe0f}')
}

fn is_link(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.contains("://") || lower.starts_with("www.") || lower.contains("mailto:") {
        return true;
    }
    let host = lower.trim_matches(|letter: char| !letter.is_alphanumeric());
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let mut labels = host.rsplit('.');
    let top = labels.next().unwrap_or_default();
    let rest: Vec<&str> = labels.collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.chars().all(|letter| letter.is_alphanumeric() || "-@_+".contains(letter))
    };
    // `e.g.` and `3.5` are no names; the shortest ending is a country's.
    !rest.is_empty()
        && rest.iter().all(is_label)
        && top.chars().count() >= 2
        && top.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Result<String, BadText> {
        Text::parse(raw).map(|text| text.to_string())
    }

    #[test]
    fn words_stay_as_they_were_written() {
        for raw in
            ["salaam", "<b>hi</b> & \"you\"", "مرحبا بكم", "می\u{200c}خواهم", "👨\u{200d}👩\u{200d}👧 é"]
        {
            assert_eq!(text(raw).as_deref(), Ok(raw));
        }
        assert_eq!(text("  one\r\n\ttwo  ").as_deref(), Ok("one two"));
    }

    #[test]
    fn what_turns_other_peoples_text_is_left_out() {
        assert_eq!(text("a\u{202e}b\u{2066}c\u{0}\u{7f}\u{9f}\u{feff}d").as_deref(), Ok("abcd"));
        assert_eq!(text(&format!("a{}", "\u{301}".repeat(50))).unwrap().chars().count(), 5);
    }

    #[test]
    fn a_text_has_1_to_200_characters() {
        assert_eq!(text(&"é".repeat(200)).unwrap().chars().count(), 200);
        assert_eq!(text(&"é".repeat(201)), Err(BadText::TooLong { most: 200, got: 201 }));
        for nothing in ["", "  \n ", "\u{202e}", "\u{200d}\u{200d}", "\u{3164}", "\u{301}"] {
            assert_eq!(text(nothing), Err(BadText::Empty), "{nothing:?}");
        }
    }

    #[test]
    fn a_link_is_found_and_a_sentence_is_none() {
        for link in
            ["see https://a.example/x", "WWW.example.org", "(example.org)", "a@example.org!", "t.me/abc"]
        {
            assert!(Text::parse(link).unwrap().has_link(), "{link}");
        }
        for none in ["e.g. this", "at 3.5 or 10.30", "wait... what", "yes.", "a/b", "a:b", "v1.2.3"] {
            assert!(!Text::parse(none).unwrap().has_link(), "{none}");
        }
    }
}
