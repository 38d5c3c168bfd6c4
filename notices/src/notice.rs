//! What somebody is told, in words.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;
use uuid::Uuid;

/// Something that one person is told, rendered for them.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Names it for ever: the same at every attempt, so that what is sent twice can be seen to be one.
    pub id: Uuid,
    /// What happened, in a few words.
    pub title: String,
    /// A sentence or two about it; may be empty.
    pub body: String,
    /// Where it leads.
    pub link: Url,
    /// Notices of one topic replace each other on a device; letters, digits, `-` and `_`, at most 32 (RFC 8030, 5.4).
    pub topic: Option<String>,
    /// For how long it is worth being told.
    pub life: Duration,
    /// Whether a sleeping device is woken.
    pub urgency: Urgency,
    /// When it happened.
    pub at: Timestamp,
}

/// How soon a device should show something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Urgency {
    /// At once.
    High,
    /// When it is awake anyway.
    Normal,
}

/// The link does not fit into what push services take.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a link of {0} bytes is too long to be sent")]
pub struct TooLong(pub usize);

/// Bytes of a title, of what follows it and of a link. Push services take 4096 bytes of everything; JSON may double the
/// characters of a text, and what is around them needs the rest.
const TITLE_MAX: usize = 200;
const BODY_MAX: usize = 800;
const LINK_MAX: usize = 800;

/// A day: what happened yesterday is found in the list of notices.
const LIFE: Duration = Duration::from_hours(24);

impl Notice {
    /// A notice that happens now. What is too long of `title` and `body` is cut, and control characters are left out.
    ///
    /// # Errors
    /// Where `link` is longer than any that the station makes.
    pub fn new(id: Uuid, title: &str, body: &str, link: Url) -> Result<Self, TooLong> {
        if link.as_str().len() > LINK_MAX {
            return Err(TooLong(link.as_str().len()));
        }
        Ok(Self {
            id,
            title: cut(title, TITLE_MAX),
            body: cut(body, BODY_MAX),
            link,
            topic: None,
            life: LIFE,
            urgency: Urgency::Normal,
            at: Timestamp::now(),
        })
    }
}

/// As much of `text` as has `max` bytes, on one line.
fn cut(text: &str, max: usize) -> String {
    let plain: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain: String = plain.chars().filter(|c| !c.is_control()).collect();
    if plain.len() <= max {
        return plain;
    }
    let end = plain.floor_char_boundary(max - '…'.len_utf8());
    format!("{}…", plain[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_on_one_line() {
        assert_eq!(cut("Ada\r\n is\ton\u{7} air", 200), "Ada is on air");
        assert_eq!(cut("aé".repeat(4).as_str(), 12), "aé".repeat(4));
        assert_eq!(cut("aé".repeat(5).as_str(), 12), "aéaéaé…");
    }

    #[test]
    fn a_link_that_does_not_fit_is_refused() {
        let link = |length| format!("https://radio.example/{}", "a".repeat(length)).parse().unwrap();
        let notice = |length| Notice::new(Uuid::nil(), "", "", link(length));
        assert!(notice(700).is_ok());
        assert_eq!(notice(800).unwrap_err(), TooLong(822));
    }
}
