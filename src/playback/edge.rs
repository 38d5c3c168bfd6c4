//! The edge in front of a station: a CDN or a cache that checks playback tokens itself.
//!
//! Such an edge takes the token out of `/s/{token}/live/…` before it looks into its cache, so that one copy serves
//! everybody who has a token. What it then asks the station for shows no token, but that the edge is who it says.

use http::{HeaderMap, HeaderName};
use subtle::ConstantTimeEq;

use crate::auth::secrets::Secret;

/// The header that shows the edge's secret.
const EDGE: HeaderName = HeaderName::from_static("x-onair-edge");

/// The header that tells that the edge has checked a token for this request. It is part of the edge's cache key: the
/// copies for those who have a token are none for those who have none.
const SIGNED: HeaderName = HeaderName::from_static("x-onair-signed");

/// What an edge shows to be believed.
#[derive(Clone, Debug)]
pub struct EdgeSecret(Secret);

impl EdgeSecret {
    /// The edge that shows `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self(secret.clone())
    }

    /// Whether a request comes from the edge, and for somebody whose token it has checked.
    pub(super) fn vouches(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(EDGE).map_or(&b""[..], |value| value.as_bytes());
        let ours = self.0.expose().as_bytes();
        headers.get(SIGNED).is_some_and(|value| value == "1") && bool::from(shown.ct_eq(ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Redacted;

    const SECRET: &str = "the edge's own secret";

    fn vouches(headers: &[(HeaderName, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        EdgeSecret::new(&Redacted::new(SECRET.to_owned())).vouches(&headers)
    }

    #[test]
    fn an_edge_is_believed_when_it_shows_its_secret_and_says_what_it_checked() {
        assert!(vouches(&[(EDGE, SECRET), (SIGNED, "1")]));
        assert!(!vouches(&[(EDGE, SECRET)]), "for somebody without a token");
        assert!(!vouches(&[(EDGE, SECRET), (SIGNED, "0")]));
        assert!(!vouches(&[(SIGNED, "1")]), "by a listener");
        assert!(!vouches(&[(EDGE, ""), (SIGNED, "1")]));
        assert!(!vouches(&[(EDGE, "the edge's own secreT"), (SIGNED, "1")]));
    }
}
