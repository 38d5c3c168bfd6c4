//! What somebody signs in on.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

/// Longest name that is kept, in characters.
const LONGEST: usize = 200;

/// What somebody signs in on, as their browser or app names itself (RFC 9110, section 10.1.5): at most 200 characters,
/// for them to read and a proof of nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Device(pub Option<String>);

impl Device {
    fn of(headers: &HeaderMap) -> Self {
        let name = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let name: String = name.trim().chars().take(LONGEST).collect();
        Self((!name.is_empty()).then_some(name))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_readable() {
        let named = |name: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, name.try_into().unwrap());
            Device::of(&headers).0
        };
        assert_eq!(named(b" Radio/1.0 ").as_deref(), Some("Radio/1.0"));
        assert_eq!(named(&[b'a'; 900]).map(|name| name.len()), Some(LONGEST));
        assert_eq!(named(b"\xff\xfe"), None);
        assert_eq!(named(b"  "), None);
        assert_eq!(Device::of(&HeaderMap::new()).0, None);
    }
}
