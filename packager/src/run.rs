//! A run: one stretch of a broadcast from going live to its end.

use std::fmt;

/// Names one run of a broadcast for ever; part of every media URL, so that a cache can never serve
/// yesterday's segment 5 as today's.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RunId(String);

impl RunId {
    /// Longest name in bytes.
    pub const MAX: usize = 32;

    /// `None` unless `name` is 1 to 32 of `a-z` and `0-9`.
    pub fn parse(name: &str) -> Option<Self> {
        let fits = (1..=Self::MAX).contains(&name.len());
        (fits && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
            .then(|| Self(name.to_owned()))
    }

    /// A name that sorts by time: ten digits of base 36 from `unix_millis` and `salt`, which keeps two
    /// runs of one millisecond apart.
    pub fn from_parts(unix_millis: u64, salt: u16) -> Self {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut value = (u128::from(unix_millis) << 16) | u128::from(salt);
        let mut name = [b'0'; 13];
        for digit in name.iter_mut().rev() {
            *digit = DIGITS[(value % 36) as usize];
            value /= 36;
        }
        Self(name.iter().map(|&b| b as char).collect())
    }

    /// The name as it stands in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which holder of a run's lease made something; rises with every holder. A shelf refuses steps of a
/// holder that has been superseded.
pub type Fence = u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_name_is_safe_in_a_path() {
        for bad in ["", "..", "a/b", "A", "é", &"a".repeat(33)] {
            assert!(RunId::parse(bad).is_none(), "{bad:?}");
        }
        let made = RunId::from_parts(1_795_000_000_000, 7);
        assert_eq!(RunId::parse(made.as_str()), Some(made));
    }

    #[test]
    fn later_runs_sort_after_earlier_ones() {
        assert!(RunId::from_parts(1_000, 60_000) < RunId::from_parts(1_001, 0));
        assert_ne!(RunId::from_parts(1_000, 1), RunId::from_parts(1_000, 2));
    }
}
