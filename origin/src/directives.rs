//! Delivery directives: what a client asks of a playlist (RFC 8216bis 6.2.5).

use packager::Msn;
use packager::playlist::Skip;

/// Longest query that is looked at, in bytes; a directive is never further in than this.
const QUERY_MAX: usize = 1_024;

/// The directives of one playlist request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Directives {
    /// `_HLS_msn`: hold until this segment is listed.
    pub msn: Option<Msn>,
    /// `_HLS_part`: or until this part of it is.
    pub part: Option<u64>,
    /// `_HLS_skip`: a Playlist Delta Update will do.
    pub skip: Skip,
}

/// Why a query is refused with 400.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectiveError {
    /// Not a decimal number as RFC 8216bis 4.2 writes them, without sign or leading zeros: every other
    /// spelling would be another cache entry for the same playlist.
    #[error("{0} takes a decimal number without sign or leading zeros")]
    NotANumber(&'static str),
    /// One directive twice.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// `_HLS_part` needs `_HLS_msn`.
    #[error("_HLS_part is given without _HLS_msn")]
    PartAlone,
    /// Longer than any player's.
    #[error("the query is longer than {QUERY_MAX} bytes")]
    TooLong,
}

impl Directives {
    /// Reads a query string. Directives that are not known, and all other keys, are passed over.
    pub fn parse(query: &str) -> Result<Self, DirectiveError> {
        if query.len() > QUERY_MAX {
            return Err(DirectiveError::TooLong);
        }
        let (mut msn, mut part, mut skip) = (None, None, None);
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "_HLS_msn" => set(&mut msn, "_HLS_msn", number("_HLS_msn", value)?)?,
                "_HLS_part" => set(&mut part, "_HLS_part", number("_HLS_part", value)?)?,
                "_HLS_skip" => set(&mut skip, "_HLS_skip", skipped(value))?,
                _ => {}
            }
        }
        if part.is_some() && msn.is_none() {
            return Err(DirectiveError::PartAlone);
        }
        Ok(Self { msn: msn.map(Msn), part, skip: skip.unwrap_or(Skip::No) })
    }

    /// Whether the reply may be held (RFC 8216bis 6.2.5.2).
    pub const fn blocking(&self) -> bool {
        self.msn.is_some()
    }
}

fn skipped(value: &str) -> Skip {
    match value {
        "YES" => Skip::Yes,
        "v2" => Skip::Ranges,
        _ => Skip::No,
    }
}

fn set<T>(slot: &mut Option<T>, key: &'static str, value: T) -> Result<(), DirectiveError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(DirectiveError::Twice(key)),
    }
}

/// A number too large for 64 bits is a number all the same, and farther than any live edge.
fn number(key: &'static str, value: &str) -> Result<u64, DirectiveError> {
    let canonical = !value.is_empty()
        && value.bytes().all(|b| b.is_ascii_digit())
        && (value == "0" || !value.starts_with('0'));
    if canonical { Ok(value.parse().unwrap_or(u64::MAX)) } else { Err(DirectiveError::NotANumber(key)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_asks_for_a_part() {
        assert_eq!(
            Directives::parse("_HLS_msn=12&_HLS_part=3&_HLS_skip=YES"),
            Ok(Directives { msn: Some(Msn(12)), part: Some(3), skip: Skip::Yes })
        );
    }

    #[test]
    fn d05_a_part_without_its_segment_is_refused() {
        assert_eq!(Directives::parse("_HLS_part=3"), Err(DirectiveError::PartAlone));
    }

    #[test]
    fn d09_v2_is_a_delta_update() {
        assert_eq!(Directives::parse("_HLS_skip=v2").unwrap().skip, Skip::Ranges);
        assert_eq!(Directives::parse("_HLS_skip=NO").unwrap().skip, Skip::No);
    }

    #[test]
    fn d15_other_keys_are_passed_over() {
        let plain = Directives { msn: None, part: None, skip: Skip::No };
        for query in ["", "&&", "session=x", "_HLS_push=1", "_HLS_MSN=4", "a=b&c"] {
            assert_eq!(Directives::parse(query), Ok(plain), "{query}");
        }
    }

    #[test]
    fn c03_one_number_has_one_spelling() {
        for bad in ["007", "+1", "-1", "abc", "", "1.0", "0x1", " 1", "%31", "١"] {
            assert!(Directives::parse(&format!("_HLS_msn={bad}")).is_err(), "{bad:?}");
        }
        assert!(Directives::parse("_HLS_msn=1&_HLS_msn=1").is_err());
        assert_eq!(Directives::parse("_HLS_msn=0").unwrap().msn, Some(Msn(0)));
        let huge = Directives::parse("_HLS_msn=18446744073709551616").unwrap();
        assert_eq!(huge.msn, Some(Msn(u64::MAX)));
    }
}
