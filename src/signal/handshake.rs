//! How a request becomes a WebSocket (RFC 6455, section 4.2).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::api::error::Problem;

/// What the key is hashed with (RFC 6455, section 1.3).
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The one version there is.
const VERSION: &str = "13";

/// What `Sec-WebSocket-Accept` says to a request that is a good handshake.
pub(super) fn accept(version: Version, headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let has = |name: HeaderName, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|token| token.trim().eq_ignore_ascii_case(word)))
    };
    if version != Version::HTTP_11 || !has(UPGRADE, "websocket") || !has(CONNECTION, "upgrade") {
        let why = "this is a WebSocket: ask for it with Upgrade: websocket over HTTP/1.1";
        return Err(Problem::new(StatusCode::UPGRADE_REQUIRED, why));
    }
    if !has(SEC_WEBSOCKET_VERSION, VERSION) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "Sec-WebSocket-Version must be 13"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |nonce| nonce.len()) != 16 {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64"));
    }
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, MAGIC].concat());
    HeaderValue::try_from(STANDARD.encode(hash)).map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shake(headers: &[(HeaderName, &str)]) -> Result<HeaderValue, u16> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        accept(Version::HTTP_11, &headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn the_key_of_the_rfc_is_answered_as_the_rfc_says() {
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let good = [
            (UPGRADE, "WebSocket"),
            (CONNECTION, "keep-alive, Upgrade"),
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_KEY, key),
        ];
        assert_eq!(shake(&good).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(shake(&good[1..]), Err(426));
        let old = [good[0].clone(), good[1].clone(), (SEC_WEBSOCKET_VERSION, "8"), good[3].clone()];
        assert_eq!(shake(&old), Err(400));
        let short = [good[0].clone(), good[1].clone(), good[2].clone(), (SEC_WEBSOCKET_KEY, "c2hvcnQ=")];
        assert_eq!(shake(&short), Err(400));
    }
}
