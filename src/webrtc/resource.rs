//! The URL of a session: candidates, restarts and the end (RFC 9725, 4.2 and 4.3). The same behind every door.
//!
//! A session is named by 122 bits of chance, which whoever made it alone was told; that is what lets it be
//! changed.

use std::str::FromStr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, patch};
use rtc::{Fragment, FragmentError, SessionId};

use super::WebRtc;
use super::door::Door;
use super::ice_session::{IceSession, Patch, PatchError};
use super::negotiation::{ACCEPT_PATCH, FRAGMENT, preflight, require_type, text};
use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::Path;

/// What can be done with a session that came in by `door`.
pub(super) fn routes(door: Door) -> MethodRouter<Context> {
    patch(move |context, path, headers, body| change(door, context, path, headers, body))
        .delete(move |State(context), Path(path)| async move { end(door, &context, path) })
        .options(|| async { preflight("PATCH, DELETE, OPTIONS", (ACCEPT_PATCH, FRAGMENT)) })
}

async fn change(
    door: Door,
    State(context): State<Context>,
    Path((broadcast, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let station = context.webrtc()?;
    let (id, ice) = find(station, door, &broadcast, &name)?;
    require_type(&headers, FRAGMENT)?;
    let asked = Fragment::parse(text(&body)?)?;
    let mut ice = ice.lock().await;
    match ice.decide(headers.get_all(IF_MATCH), &asked)? {
        Patch::Trickle => Ok(StatusCode::NO_CONTENT.into_response()),
        Patch::Again(answered) => Ok(restarted(&ice, &answered)),
        Patch::Restart(theirs) => {
            let ours = station.rtc.restart(id, theirs.clone()).await.map_err(|_| gone())?;
            let answered = ice.restart(&theirs, ours);
            Ok(restarted(&ice, &answered))
        }
    }
}

fn restarted(ice: &IceSession, answered: &Fragment) -> Response {
    let headers = [(CONTENT_TYPE, FRAGMENT.parse().expect("a media type")), (ETAG, ice.tag())];
    (StatusCode::OK, headers, answered.encode()).into_response()
}

fn end(door: Door, context: &Context, (broadcast, name): (String, String)) -> Result<StatusCode, Problem> {
    let station = context.webrtc()?;
    let (id, _) = find(station, door, &broadcast, &name)?;
    station.rtc.close(id);
    station.sessions.remove(door, &broadcast, id);
    Ok(StatusCode::OK)
}

type Found = (SessionId, Arc<tokio::sync::Mutex<IceSession>>);

fn find(station: &WebRtc, door: Door, broadcast: &str, name: &str) -> Result<Found, Problem> {
    let id = SessionId::from_str(name).map_err(|_| gone())?;
    let ice = station.sessions.find(door, broadcast, id).ok_or_else(gone)?;
    Ok((id, ice))
}

fn gone() -> Problem {
    Problem::not_found("there is no such session, or it is over; POST a new offer")
}

impl From<FragmentError> for Problem {
    fn from(error: FragmentError) -> Self {
        let status = match error {
            FragmentError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

impl From<PatchError> for Problem {
    fn from(error: PatchError) -> Self {
        let status = match error {
            PatchError::Unmatched => StatusCode::PRECONDITION_REQUIRED,
            PatchError::Outdated => StatusCode::PRECONDITION_FAILED,
            PatchError::OtherCredentials => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}
