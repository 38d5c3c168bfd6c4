//! What the endpoints of WebRTC say and take in HTTP, alike for all of them (RFC 9725).

use axum::body::Bytes;
use axum::extract::Request;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CONTENT_TYPE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::error::Problem;

/// The media type of offers and answers.
pub const SDP: &str = "application/sdp";

/// The media type of fragments (RFC 8840).
pub const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// What may be posted to an endpoint (RFC 9725, 4.2).
pub const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// What may be patched onto a session (RFC 5789).
pub const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// What pages of other sites may send.
const ALLOWED: &str = "Authorization, Content-Type, If-Match, X-API-Key, X-API-Secret, X-Request-Id";

/// What they may read beside the usual.
const EXPOSED: &str = "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After, WWW-Authenticate, \
                       OnAir-Programme-Clock, X-Request-Id";

/// Seconds for which a browser may rely on what it was told about another site.
const PREFLIGHT_AGE: &str = "7200";

/// Opens every answer to pages of any site. No cookie is asked for, so none of them acts in somebody's name.
pub async fn open(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    response
}

/// The answer to `OPTIONS`: `methods` may be used, and `accepts` names what with.
pub fn preflight(methods: &'static str, accepts: (HeaderName, &'static str)) -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED),
        (ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE),
        accepts,
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// 415 unless the body is of this media type; its parameters may be any.
pub fn require_type(headers: &HeaderMap, media_type: &'static str) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(media_type) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send Content-Type: {media_type}")))
}

/// 406 unless the client takes an answer of this media type (RFC 9110, 12.5.1).
pub fn require_accepted(headers: &HeaderMap, media_type: &'static str) -> Result<(), Problem> {
    let mut values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if values.peek().is_none()
        || values.flat_map(|value| value.split(',')).any(|range| takes(range, media_type))
    {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        format!("the answer is {media_type}, which Accept leaves out"),
    ))
}

fn takes(range: &str, media_type: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let refused = parts.any(|parameter| {
        let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
        weight.is_some_and(|weight| weight.parse() == Ok(0.0))
    });
    let kind = media_type.split('/').next().unwrap_or_default();
    let fits = name == "*/*"
        || name.eq_ignore_ascii_case(media_type)
        || name.strip_suffix("/*").is_some_and(|own| own.eq_ignore_ascii_case(kind));
    fits && !refused
}

/// A body as text: 413 where it is longer than it may be, 400 where it is no text.
pub fn text(body: &Result<Bytes, BytesRejection>) -> Result<&str, Problem> {
    let bytes = match body {
        Ok(bytes) => bytes,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body may have {} bytes", rtc::OFFER_MAX),
            ));
        }
        Err(rejection) => return Err(Problem::new(rejection.status(), rejection.body_text())),
    };
    str::from_utf8(bytes).map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the body is no text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_body_has_its_media_type_with_or_without_parameters() {
        for fits in ["application/sdp", "Application/SDP", "application/sdp; charset=utf-8"] {
            assert!(require_type(&headers(&CONTENT_TYPE, &[fits]), SDP).is_ok(), "{fits}");
        }
        for wrong in ["", "text/plain", "application/json", "application/sdpx", FRAGMENT] {
            let refused = require_type(&headers(&CONTENT_TYPE, &[wrong]), SDP).unwrap_err();
            assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{wrong}");
        }
        assert!(require_type(&HeaderMap::new(), SDP).is_err());
    }

    #[test]
    fn who_says_nothing_takes_anything() {
        assert!(require_accepted(&HeaderMap::new(), SDP).is_ok());
        for fits in [
            &["*/*"][..],
            &["application/*"],
            &["text/html, application/sdp;q=0.9"],
            &["text/html", "*/*;q=0.1"],
        ] {
            assert!(require_accepted(&headers(&ACCEPT, fits), SDP).is_ok(), "{fits:?}");
        }
        for wrong in
            [&["text/html"][..], &["application/json"], &["application/sdp;q=0"], &["*/*;q=0.0"], &["text/*"]]
        {
            let refused = require_accepted(&headers(&ACCEPT, wrong), SDP).unwrap_err();
            assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE, "{wrong:?}");
        }
    }
}
