//! WHIP: a broadcast's host publishes (RFC 9725).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ingest::{Answer, Protocol, PublishRequest, Publisher, Refusal, Sink, StreamKey};
use room::Action;
use tokio::time::timeout;

use super::WebRtc;
use super::door::Door;
use super::endpoint::{created, offer};
use super::hold::Hold;
use crate::api::Context;
use crate::api::broadcasts::find;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::{Caller, Client, bearer};

/// Longest that the hall is waited for; it asks a database and perhaps a hook.
const PATIENCE: Duration = Duration::from_secs(10);

/// When a station that is full or stops is worth another try.
const AGAIN: Duration = Duration::from_secs(5);

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
    if !offer.audios().iter().any(|audio| audio.direction.sends()) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the offer sends nothing: an audio section must be sendonly or sendrecv; to listen, POST to /whep",
        ));
    }
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
    let sink = let_in(station, publisher).await.map_err(|refusal| refused(&refusal, &id))?;
    let theirs = offer.credentials().ufrag().to_owned();
    let closing = sink.closing();
    let joined = station.rtc.publish(offer, Box::new(ingest::whip::Door::new(sink))).await?;
    Ok(created(station, Door::Whip, &id, &theirs, joined, Hold::Publication(closing)))
}

/// Has the hall let a publisher in.
async fn let_in(station: &WebRtc, publisher: Publisher) -> Result<Sink, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=64).contains(&publisher.broadcast.len()) || !publisher.broadcast.bytes().all(plain) {
        return Err(Refusal::UnknownBroadcast);
    }
    let (request, answered) = PublishRequest::new(Instant::now(), publisher);
    station.requests.try_send(request).map_err(|_| Refusal::Unavailable)?;
    match timeout(PATIENCE, answered).await {
        Ok(Ok(Answer::Accepted(sink))) => Ok(sink),
        Ok(Ok(Answer::Rejected(refusal))) => Err(refusal),
        Ok(Err(_)) | Err(_) => Err(Refusal::Unavailable),
    }
}

/// Why a publisher is not let in, as HTTP.
fn refused(refusal: &Refusal, id: &str) -> Problem {
    match refusal {
        Refusal::UnknownBroadcast => Problem::no_broadcast(id),
        Refusal::BadKey => Problem::unauthorized(
            "this is neither the broadcast's stream key nor an access token that is good now",
        ),
        Refusal::AlreadyPublishing | Refusal::Full | Refusal::NotLive => {
            Problem::conflict(refusal.to_string())
        }
        Refusal::NotAdmitted => Problem::forbidden(refusal.to_string()),
        Refusal::UnsupportedCodec { .. } => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string())
        }
        _ => Problem::unavailable(AGAIN).because(refusal.to_string()),
    }
}

/// What the client calls itself, as far as it can stand in a log: 64 printable characters.
fn software(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(USER_AGENT)?.to_str().ok()?.trim();
    let name: String = name.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(64).collect();
    (!name.is_empty()).then_some(name)
}
