//! Names of objects.

use std::borrow::Borrow;
use std::fmt;

/// The name of an object: the path of its URL without the first slash, such as `live/studio/0abc/main/8.m4s`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Longest name in bytes. S3 takes 1,024; ours end at half of it.
    pub const MAX: usize = 512;

    /// `None` unless `name` is words of `A-Z a-z 0-9 . _ -` with single slashes between them, none of them `.` or
    /// `..`: such a name needs no escaping in a URL and leads out of no folder.
    pub fn parse(name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let word = |word: &str| !matches!(word, "" | "." | "..") && word.bytes().all(plain);
        (name.len() <= Self::MAX && name.split('/').all(word)).then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Looked up by its name: keys are in the order of their names.
impl Borrow<str> for ObjectKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_out_of_no_folder() {
        for good in ["live/studio/0abc/main/8.m4s", "covers/00ff.jpg", "a"] {
            assert_eq!(ObjectKey::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a b", "a%2f", "é", &"a".repeat(513)] {
            assert!(ObjectKey::parse(bad).is_none(), "{bad:?}");
        }
    }
}
