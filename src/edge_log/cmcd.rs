//! What a player says of itself in a query (CTA-5004, Common Media Client Data).

use std::borrow::Cow;

/// What is read of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Cmcd {
    /// `sid`: which playback session it is.
    pub session: Option<String>,
    /// `bs`: the buffer ran empty since the last request.
    pub starved: bool,
}

/// A session's name is a UUID; the text allows 64 characters.
const SESSION_MAX: usize = 64;

impl Cmcd {
    /// Reads the parameter `CMCD` of `query`, as a URL has it; nothing where it is missing. What is not understood is
    /// passed over.
    pub fn of_query(query: &str) -> Self {
        let value = query.split('&').find_map(|pair| pair.strip_prefix("CMCD="));
        value.map_or_else(Self::default, |value| Self::parse(&unescaped(value)))
    }

    /// Reads `key=value` pairs with commas between them.
    fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for pair in pairs(text) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sid", value) => {
                    let name = value.trim_matches('"');
                    found.session =
                        Some(name.to_owned()).filter(|name| !name.is_empty() && name.len() <= SESSION_MAX);
                }
                // A bare key is true; false is written, if at all.
                ("bs", value) => found.starved = value != "false",
                _ => {}
            }
        }
        found
    }
}

/// Splits at commas outside quotes.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// Percent-decoded; bytes that are no UTF-8 are replaced.
pub fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|two| str::from_utf8(two).ok());
        let escaped = digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| bytes[at] == b'%');
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_and_a_buffer_that_ran_empty_are_read() {
        let query = "_HLS_msn=4&CMCD=bl%3D1900%2Cbs%2Ccid%3D%22a%2Cb%22%2Csid%3D%226e2f%22";
        assert_eq!(Cmcd::of_query(query), Cmcd { session: Some("6e2f".to_owned()), starved: true });
        assert_eq!(
            Cmcd::of_query("CMCD=bs=false,sid=\"x\""),
            Cmcd { session: Some("x".into()), starved: false }
        );
    }

    #[test]
    fn what_is_not_cmcd_says_nothing() {
        for query in ["", "CMCD=", "cmcd=bs", "x=CMCD=bs", "CMCD=cid%3D%22bs%2Csid%3D1%22", "CMCD=%zz%2"] {
            assert_eq!(Cmcd::of_query(query), Cmcd::default(), "{query}");
        }
        let long = format!("CMCD=sid=\"{}\"", "a".repeat(65));
        assert_eq!(Cmcd::of_query(&long).session, None);
    }
}
