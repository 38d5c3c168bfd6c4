//! Times as they are written in messages.

use jiff::Timestamp;

/// RFC 3339 in UTC with milliseconds, of microseconds since 1970. What lies beyond the year 9999 is its end.
pub fn rfc3339(micros: u64) -> String {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    let time = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_milliseconds() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_795_205_105_250_999), "2026-11-20T20:05:05.250Z");
        assert!(rfc3339(u64::MAX).starts_with("9999-"));
    }
}
