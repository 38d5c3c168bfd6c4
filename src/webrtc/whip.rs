//! WHIP: a broadcast's host publishes (RFC 9725).

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ingest::{Protocol, Publisher, StreamKey};
use room::Action;

use super::door::Door;
use super::endpoint::{created, offer};
use super::hold::Hold;
use super::publishing::{let_in_patiently, refused, require_sound, software};
use crate::api::Context;
use crate::api::broadcasts::find;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::{Caller, Client, bearer};

/// What a client shows to publish.
pub(super) enum Shown {
    /// A stream key, or something that could be one.
    Key(StreamKey),
    /// Who it is.
    Caller(Caller),
}

impl FromRequestParts<Context> for Shown {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, context).await {
            Ok(Caller::Anonymous) => Err(Problem::unauthorized(
                "send Authorization: Bearer with the stream key, or an access token",
            )),
            Ok(caller) => Ok(Self::Caller(caller)),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
                let key = bearer(&parts.headers).and_then(|token| StreamKey::parse(token).ok());
                key.map(Self::Key).ok_or(problem)
            }
            Err(problem) => Err(problem),
        }
    }
}

/// `POST /whip/{id}`.
pub(super) async fn publish(
    State(context): State<Context>,
    client: Client,
    Path(id): Path<String>,
    shown: Shown,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let station = context.webrtc()?;
    let offer = offer(&headers, &body)?;
    require_sound(&offer)?;
    let (id, key, account) = match shown {
        Shown::Key(key) => (id, key, None),
        Shown::Caller(caller) => {
            let found = find(&context, &caller, &id).await?;
            found.require(&caller, Action::Publish)?;
            let row = found.hosted.broadcast;
            let key = StreamKey::parse(row.stream_key.expose()).map_err(|_| Problem::internal())?;
            (row.id, key, caller.account().map(str::to_owned))
        }
    };
    let publisher = Publisher {
        broadcast: id.clone(),
        key,
        protocol: Protocol::Whip,
        peer: SocketAddr::new(client.address, 0),
        software: software(&headers),
        account,
    };
    let sink =
        let_in_patiently(&context, station, publisher).await.map_err(|refusal| refused(&refusal, &id))?;
    let theirs = offer.credentials().ufrag().to_owned();
    let closing = sink.closing();
    let joined = station.rtc.publish(offer, Box::new(ingest::whip::Door::new(sink))).await?;
    Ok(created(station, Door::Whip, &id, &theirs, joined, Hold::Publication(closing)))
}
