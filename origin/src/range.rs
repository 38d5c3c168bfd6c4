//! Byte ranges (RFC 9110 14).

use std::ops::Range;

/// What a `Range` header asks of a resource.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Asked {
    /// Everything: no header, or one that we may ignore (another unit, several ranges).
    All,
    /// These bytes.
    Part(Range<usize>),
    /// Nothing that exists.
    Unsatisfiable,
}

/// Reads a `Range` header against a resource of `length` bytes.
pub fn parse(header: Option<&str>, length: usize) -> Asked {
    let Some(spec) = header.and_then(|value| value.strip_prefix("bytes=")) else { return Asked::All };
    let Some((first, last)) = spec.split_once('-') else { return Asked::All };
    let (first, last) = (first.trim(), last.trim());
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(last)) if first.is_empty() => length.saturating_sub(last)..length,
        _ => return Asked::All,
    };
    if range.start >= range.end { Asked::Unsatisfiable } else { Asked::Part(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_exists() {
        assert_eq!(parse(Some("bytes=0-9"), 100), Asked::Part(0..10));
        assert_eq!(parse(Some("bytes=90-"), 100), Asked::Part(90..100));
        assert_eq!(parse(Some("bytes=-5"), 100), Asked::Part(95..100));
        assert_eq!(parse(Some("bytes=90-18446744073709551615"), 100), Asked::Part(90..100));
        assert_eq!(parse(Some("bytes=100-"), 100), Asked::Unsatisfiable);
        assert_eq!(parse(Some("bytes=-0"), 100), Asked::Unsatisfiable);
    }

    #[test]
    fn what_is_no_single_byte_range_is_ignored() {
        for header in ["items=0-1", "bytes=0-1,3-4", "bytes=a-b", "bytes=5-2", "bytes=", "bytes=-"] {
            assert_eq!(parse(Some(header), 100), Asked::All, "{header}");
        }
        assert_eq!(parse(None, 100), Asked::All);
    }
}
