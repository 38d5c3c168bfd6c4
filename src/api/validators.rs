//! Documents that programs ask for again and again: a feed, a calendar. What a caller has already is not sent again.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::Timestamp;

use crate::recordings::feed::date;

/// Who may keep a document, and for how long: caches in between, for a minute.
const KEPT: &str = "public, max-age=60";

/// `document`, which everybody may have, to whoever asks with `headers`; 304 where they have it.
pub(super) fn answer(
    headers: &HeaderMap,
    media_type: &'static str,
    changed: Timestamp,
    document: impl Into<Vec<u8>>,
) -> Response {
    answer_kept(headers, media_type, changed, document.into(), KEPT)
}

/// The same of a document that is for the caller alone.
pub(super) fn answer_privately(
    headers: &HeaderMap,
    media_type: &'static str,
    changed: Timestamp,
    document: impl Into<Vec<u8>>,
) -> Response {
    answer_kept(headers, media_type, changed, document.into(), "private, no-cache")
}

fn answer_kept(
    headers: &HeaderMap,
    media_type: &'static str,
    changed: Timestamp,
    document: Vec<u8>,
    kept: &'static str,
) -> Response {
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest(&SHA256, &document).as_ref()[..16]));
    let modified = date(changed);
    let known = is_known(headers, &tag, &modified);
    let validators = [(ETAG, tag), (LAST_MODIFIED, modified), (CACHE_CONTROL, kept.to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    (validators, [(CONTENT_TYPE, media_type)], document).into_response()
}

/// Has the caller this document already (RFC 9110, 13.1)? What is taken back makes a feed older, so that a date has to
/// be the same and not only as late.
fn is_known(headers: &HeaderMap, tag: &str, modified: &str) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (header(IF_NONE_MATCH), header(IF_MODIFIED_SINCE)) {
        (Some(tags), _) => {
            tags.split(',').map(str::trim).any(|it| it == "*" || it.trim_start_matches("W/") == tag)
        }
        (None, since) => since == Some(modified),
    }
}
