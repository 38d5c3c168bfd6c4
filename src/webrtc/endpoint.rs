//! The URL that an offer is posted to, as far as all doors are alike.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CONTENT_TYPE, ETAG, LINK, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use rtc::{Joined, Offer, OfferError};

use super::WebRtc;
use super::door::Door;
use super::hold::Hold;
use super::ice_servers::IceServer;
use super::ice_session::IceSession;
use super::negotiation::{
    ACCEPT_PATCH, ACCEPT_POST, FRAGMENT, SDP, preflight, require_accepted, require_type, text,
};
use super::sessions::Session;
use super::watch::watch;
use crate::api::error::Problem;
use crate::playback::gate::now;

/// What a client offers, where request and offer can be answered.
pub(super) fn offer(headers: &HeaderMap, body: &Result<Bytes, BytesRejection>) -> Result<Offer, Problem> {
    require_type(headers, SDP)?;
    require_accepted(headers, SDP)?;
    Ok(Offer::parse(text(body)?)?)
}

/// The answer to `OPTIONS`.
pub(super) async fn options() -> Response {
    preflight("POST, OPTIONS", (ACCEPT_POST, SDP))
}

/// Notes a session that has begun, and tells the client of it: 201.
pub(super) fn created(
    station: &Arc<WebRtc>,
    door: Door,
    broadcast: &str,
    theirs: &str,
    joined: Joined,
    hold: Hold,
) -> Response {
    let ice = IceSession::new(theirs, &joined.ufrag, &joined.answer);
    let location = format!("{}/{}", door.path(broadcast), joined.session);
    let headers = [
        (LOCATION, HeaderValue::try_from(location).expect("ids are letters, digits, - and _")),
        (ETAG, ice.tag()),
        (ACCEPT_PATCH, HeaderValue::from_static(FRAGMENT)),
        (CONTENT_TYPE, HeaderValue::from_static(SDP)),
    ];
    let session = Session {
        door,
        broadcast: broadcast.to_owned(),
        ice: Arc::new(tokio::sync::Mutex::new(ice)),
        speaker: None,
        listener: hold.listener(),
    };
    let id = joined.session;
    station.sessions.insert(id, session);
    if door == Door::Whep {
        station.presence.enter(broadcast, &id.to_string(), Instant::now());
    }
    station.tasks.spawn(watch(
        station.clone(),
        id,
        door,
        broadcast.to_owned(),
        hold,
        (joined.connected, joined.over),
    ));
    let servers = station.ice.at(broadcast, now());
    let links: Vec<_> = servers.iter().flat_map(IceServer::links).map(|link| (LINK, link)).collect();
    (StatusCode::CREATED, headers, AppendHeaders(links), joined.answer).into_response()
}

impl From<OfferError> for Problem {
    fn from(error: OfferError) -> Self {
        let status = match error {
            OfferError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            OfferError::NotSdp(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}
