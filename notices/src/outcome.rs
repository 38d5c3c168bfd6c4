//! What became of an attempt to tell somebody something.

use std::time::Duration;

use ::http::HeaderMap;
use ::http::header::RETRY_AFTER;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// How an attempt went. The words are for logs; they name no secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The service has it.
    Sent,
    /// Not this time.
    Later {
        /// When the service wants to be asked again; without it the caller chooses.
        after: Option<Duration>,
        /// What happened.
        why: String,
    },
    /// Nobody is at this address or token any more: forget it.
    Gone {
        /// What happened.
        why: String,
    },
    /// This is never taken, however often it is tried; the address may be good for something else.
    Refused {
        /// What happened.
        why: String,
    },
}

impl Outcome {
    pub(crate) fn later(why: impl Into<String>) -> Self {
        Self::Later { after: None, why: why.into() }
    }

    pub(crate) fn gone(why: impl Into<String>) -> Self {
        Self::Gone { why: why.into() }
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }
}

/// A service that asks for more than this is asked again all the same.
const WAIT_MAX: Duration = Duration::from_hours(24);

/// What `Retry-After` says (RFC 9110, 10.2.3): seconds or a date; at least a second and at most a day.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if let Ok(seconds) = text.parse() {
        seconds
    } else {
        let at = DateTimeParser::new().parse_timestamp(text).ok()?;
        u64::try_from(at.as_second() - now.as_second()).unwrap_or(0)
    };
    Some(Duration::from_secs(seconds.max(1)).min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_says_when_in_seconds_or_by_date() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let said = |text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(said("120"), Some(120));
        assert_eq!(said("0"), Some(1));
        assert_eq!(said("Sun, 22 Nov 2026 10:00:30 GMT"), Some(30));
        assert_eq!(said("Sun, 22 Nov 2026 09:00:30 GMT"), Some(1));
        assert_eq!(said("99999999"), Some(86_400));
        assert_eq!(said("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
