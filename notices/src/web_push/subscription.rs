//! Where a browser is reached, as its `PushSubscription` tells.

use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, UnparsedPublicKey};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use url::Url;

/// With padding or without: browsers leave it out, and some libraries do not.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes of an endpoint; those of the large push services have a few hundred.
pub const ENDPOINT_MAX: usize = 2048;

/// Bytes of an uncompressed point of P-256.
pub(super) const POINT: usize = 65;
/// Bytes of an authentication secret (RFC 8291, 3.2).
const AUTH: usize = 16;

/// A browser's address and its keys.
#[derive(Clone, Debug)]
pub struct Subscription {
    endpoint: Url,
    /// The browser's public key.
    pub(super) public: [u8; POINT],
    /// What only the browser and we know.
    pub(super) auth: [u8; AUTH],
}

/// Why something is no subscription.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadSubscription {
    /// The endpoint.
    #[error("the endpoint must be an https address of at most {ENDPOINT_MAX} bytes, without a user")]
    Endpoint,
    /// `keys.p256dh`.
    #[error("keys.p256dh must be an uncompressed point of P-256 in base64url")]
    Key,
    /// `keys.auth`.
    #[error("keys.auth must be {AUTH} bytes in base64url")]
    Auth,
}

impl Subscription {
    /// From what `PushSubscription.toJSON()` gives: `endpoint`, `keys.p256dh` and `keys.auth`.
    pub fn parse(endpoint: &str, p256dh: &str, auth: &str) -> Result<Self, BadSubscription> {
        let endpoint = (endpoint.len() <= ENDPOINT_MAX).then(|| Url::parse(endpoint).ok()).flatten();
        let fits = |url: &Url| {
            url.scheme() == "https"
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.as_str().len() <= ENDPOINT_MAX
        };
        let endpoint = endpoint.filter(fits).ok_or(BadSubscription::Endpoint)?;
        let public = bytes(p256dh).ok_or(BadSubscription::Key)?;
        // A point beside the curve would tell of our key.
        let point = ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, public));
        if public[0] != 4 || point.is_err() {
            return Err(BadSubscription::Key);
        }
        let auth = bytes(auth).ok_or(BadSubscription::Auth)?;
        Ok(Self { endpoint, public, auth })
    }

    /// Where to post to.
    pub fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// The push service, for which a VAPID token is made.
    pub(super) fn origin(&self) -> String {
        self.endpoint.origin().ascii_serialization()
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Longer than any that would fit, with padding.
    if text.len() > 2 * N {
        return None;
    }
    BASE64URL.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const SECRET: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn what_a_browser_tells_is_taken_and_nothing_else() {
        let parse = |endpoint: &str, key: &str, auth: &str| Subscription::parse(endpoint, key, auth).err();
        assert_eq!(parse("https://push.example/a?b=c", KEY, SECRET), None);
        assert_eq!(parse("https://push.example/", &format!("{KEY}="), &format!("{SECRET}==")), None);
        for endpoint in ["http://push.example/", "https://me@push.example/", "push", "data:,"] {
            assert_eq!(parse(endpoint, KEY, SECRET), Some(BadSubscription::Endpoint), "{endpoint}");
        }
        let long = format!("https://push.example/{}", "a".repeat(ENDPOINT_MAX));
        assert_eq!(parse(&long, KEY, SECRET), Some(BadSubscription::Endpoint));
        // The same point with another last bit is beside the curve.
        let beside = KEY.replace("iw4", "iw8");
        for key in ["", "AAAA", beside.as_str(), &KEY[..80]] {
            assert_eq!(parse("https://push.example/", key, SECRET), Some(BadSubscription::Key), "{key}");
        }
        for auth in ["", "AAAA", "not base64 at all"] {
            assert_eq!(parse("https://push.example/", KEY, auth), Some(BadSubscription::Auth), "{auth}");
        }
    }
}
