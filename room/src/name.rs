//! What people are called.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::text::{BadText, clean};

/// What somebody is called in a room: 1 to 80 characters, cleaned like a [`Text`](crate::Text).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Name(Arc<str>);

/// A name as the eye takes it: two that look alike are equal.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Likeness(String);

impl Name {
    /// Most characters.
    pub const MAX: usize = 80;

    /// Takes what can be shown of `raw`.
    pub fn parse(raw: &str) -> Result<Self, BadText> {
        clean(raw, Self::MAX).map(|name| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it looks like (Unicode Technical Standard 39, section 4, without case, spaces and signs).
    pub fn likeness(&self) -> Likeness {
        let plain: String = self.0.nfkc().collect();
        // Capitals look like other letters than small ones do.
        let small: String = skeleton(&plain).flat_map(char::to_lowercase).collect();
        let bones = skeleton(&small).flat_map(char::to_lowercase);
        // In capitals an i is a stroke like an l; without, it is not.
        let strokes = bones.map(|letter| if matches!(letter, 'i' | 'ı' | '1' | '|') { 'l' } else { letter });
        Likeness(strokes.filter(|letter| letter.is_alphanumeric()).collect())
    }

    /// The same with a number, for the second who is called so.
    pub(crate) fn numbered(&self, number: usize) -> Self {
        let tail = format!(" {number}");
        let kept: String = self.0.chars().take(Self::MAX - tail.len()).collect();
        Self(format!("{kept}{tail}").into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(name: &str) -> Likeness {
        Name::parse(name).unwrap().likeness()
    }

    #[test]
    fn names_that_look_alike_are_alike() {
        for (one, other) in [
            ("Paula", "Раula"),
            ("Amy Lee", "amy.lee"),
            ("Amy", "ＡＭＹ"),
            ("Bill", "BiII"),
            ("Zoë", "zoe\u{308}"),
        ] {
            assert_eq!(likeness(one), likeness(other), "{one} {other}");
        }
        assert_ne!(likeness("Amy"), likeness("Amina"));
        assert_ne!(likeness("عمر"), likeness("علي"));
    }

    #[test]
    fn a_numbered_name_is_no_longer_than_a_name() {
        let name = Name::parse(&"x".repeat(Name::MAX)).unwrap().numbered(12);
        assert_eq!(name.as_str().chars().count(), Name::MAX);
        assert!(name.as_str().ends_with(" 12"));
    }
}
