//! Responses with the headers that players and caches need.

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, RANGE, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::range::Asked;
use crate::{Body, range};

/// How urgent a response is among others of its connection (RFC 9218; RFC 8216bis B.1 asks for 1 for
/// playlists and less for media).
const PRIORITY: HeaderName = HeaderName::from_static("priority");

/// What a request makes its answer depend on. Owned, so that a held request keeps nothing of its head.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    range: Option<String>,
    if_none_match: Option<String>,
}

impl Conditions {
    /// Reads `Range` and `If-None-Match`; what is not text is no condition.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { range: text(RANGE), if_none_match: text(IF_NONE_MATCH) }
    }
}

/// How long a playlist may be kept. Target duration T = 4 s.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// A reply to a blocking reload never changes: 6 T.
    Blocking,
    /// The newest playlist: T / 2.
    Newest,
    /// What is over, and may be cut or withdrawn by its host: a minute.
    Recording,
    /// A reply that was let go early.
    Never,
}

impl Keep {
    const fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Blocking => "public, max-age=24",
            Self::Newest => "public, max-age=2",
            Self::Recording => "public, max-age=60",
            Self::Never => "no-store",
        })
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Age, Date, ETag, Content-Length, Content-Range, Retry-After"),
    );
    response
}

fn with_body(response: &mut Response<Body>, bytes: Bytes) {
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    *response.body_mut() = bytes.into();
}

/// A playlist, already coded as the client accepts it.
pub fn playlist(bytes: Bytes, gzip: bool, keep: Keep) -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.apple.mpegurl"));
    headers.insert(CACHE_CONTROL, keep.cache_control());
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(PRIORITY, HeaderValue::from_static("u=1"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    with_body(&mut response, bytes);
    response
}

/// Media under a name that never changes its bytes: `tag` is the name's own, ranges are served.
pub fn media(bytes: &Bytes, tag: &str, conditions: &Conditions) -> Response<Body> {
    let etag = format!("\"{tag}\"");
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(PRIORITY, HeaderValue::from_static("u=2"));
    let unchanged = conditions.if_none_match.as_deref().is_some_and(|tags| {
        tags.split(',').any(|given| given.trim() == "*" || given.trim().trim_start_matches("W/") == etag)
    });
    if let Ok(value) = HeaderValue::try_from(etag) {
        headers.insert(ETAG, value);
    }
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("audio/mp4"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    match range::parse(conditions.range.as_deref(), bytes.len()) {
        Asked::All => with_body(&mut response, bytes.clone()),
        Asked::Part(range) => {
            let spec = format!("bytes {}-{}/{}", range.start, range.end - 1, bytes.len());
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            if let Ok(value) = HeaderValue::try_from(spec) {
                response.headers_mut().insert(CONTENT_RANGE, value);
            }
            with_body(&mut response, bytes.slice(range));
        }
        Asked::Unsatisfiable => {
            let mut refused = problem(StatusCode::RANGE_NOT_SATISFIABLE, "the range lies outside the file");
            if let Ok(value) = HeaderValue::try_from(format!("bytes */{}", bytes.len())) {
                refused.headers_mut().insert(CONTENT_RANGE, value);
            }
            return refused;
        }
    }
    response
}

/// An endless stream of `content_type`.
pub fn stream(body: Body, content_type: &'static str) -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *response.body_mut() = body;
    response
}

/// An error that says what is wrong (RFC 9457). Never cached: a stored 404 or 503 would silence everybody
/// behind the cache.
pub fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
    });
    let mut response = empty(status);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    with_body(&mut response, body.to_string().into());
    response
}

/// An error that is worth another try after `seconds`.
pub fn retry_later(status: StatusCode, detail: &str, seconds: u32) -> Response<Body> {
    let mut response = problem(status, detail);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The answer to a CORS preflight.
pub fn preflight() -> Response<Body> {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*, Authorization, Range"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// Media is read, never written.
pub fn method_not_allowed() -> Response<Body> {
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "media is read with GET or HEAD");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}
