//! The secret that lets a publisher in.

use std::fmt;

use subtle::ConstantTimeEq;

/// The longest key. Ours have 32 characters; a signed token of a few claims fits as well.
const MAX_KEY: usize = 512;

/// A stream key as a publisher showed it: 1 to 512 letters, digits and `-._~+=:`.
///
/// Prints nothing, compares in time that depends on the lengths only.
#[derive(Clone)]
pub struct StreamKey(String);

/// A text that can't be a stream key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a stream key has 1 to {MAX_KEY} letters, digits and -._~+=:")]
pub struct InvalidKey;

impl StreamKey {
    /// Takes `text` as a key.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+=:".contains(&byte);
        if text.is_empty() || text.len() > MAX_KEY || !text.bytes().all(allowed) {
            return Err(InvalidKey);
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself, for whoever must hash or store it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for StreamKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for StreamKey {}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_equals_itself_alone_and_prints_nothing() {
        let key = StreamKey::parse("s3cret").unwrap();
        assert_eq!(key, StreamKey::parse("s3cret").unwrap());
        assert!(key != StreamKey::parse("s3creT").unwrap());
        assert!(key != StreamKey::parse("s3cre").unwrap());
        assert_eq!(format!("{key:?}"), "StreamKey(..)");
    }

    #[test]
    fn what_cannot_be_a_key_is_refused() {
        for text in ["", "a b", "a/b", "a?b", "a&b", "a\0", "schlüssel", &"k".repeat(MAX_KEY + 1)] {
            assert!(StreamKey::parse(text).is_err(), "{text:?}");
        }
    }
}
