//! How the hall lets somebody be heard who came by WebRTC.

use std::time::{Duration, Instant};

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use ingest::{Answer, PublishRequest, Publisher, Refusal, Sink};
use rtc::Offer;
use tokio::time::{sleep, timeout};

use super::WebRtc;
use crate::api::Context;
use crate::api::error::Problem;

/// Longest that the hall is waited for; it asks a database and perhaps a hook.
const PATIENCE: Duration = Duration::from_secs(10);

/// A publisher that has delivered nothing for this long may be a ghost; one with DTX says something every 400 ms.
const HUSHED: Duration = Duration::from_millis(600);

/// Longest that somebody waits for a ghost to be known as one, which it is after two seconds.
const GHOSTLY: Duration = Duration::from_secs(2);

/// How often they look.
const LOOK: Duration = Duration::from_millis(100);

/// When a station that is full or stops is worth another try.
const AGAIN: Duration = Duration::from_secs(5);

/// Refuses an offer that sends nothing.
pub(super) fn require_sound(offer: &Offer) -> Result<(), Problem> {
    if offer.audios().iter().any(|audio| audio.direction.sends()) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "the offer sends nothing: an audio section must be sendonly or sendrecv; to listen, POST to /whep",
    ))
}

/// Has the hall let a publisher in. One that comes back may find a ghost on its place, which the hall gives away a moment
/// later: it waits for that moment, and for nobody who is heard. The moment is short where the ghost is its own.
pub(super) async fn let_in_patiently(
    context: &Context,
    station: &WebRtc,
    publisher: Publisher,
) -> Result<Sink, Refusal> {
    let deadline = Instant::now() + GHOSTLY;
    let Publisher { protocol, peer, .. } = publisher;
    let mut heard = None;
    loop {
        let refusal = match let_in(station, publisher.clone()).await {
            Err(refusal @ (Refusal::AlreadyPublishing | Refusal::Full)) => refusal,
            answer => return answer,
        };
        let now = Instant::now();
        let Some(held) = context.hall.broadcast(&publisher.broadcast) else { return Err(refusal) };
        let (account, software) = (publisher.account.as_deref(), publisher.software.as_deref());
        let mut there = held.publishers.iter();
        let own = there.clone().find(|one| one.is_whip_of(protocol, peer.ip(), account, software));
        let is_hushed = if let Some(own) = own {
            // Nothing came of it since the last look: its last packets may just have been on their way.
            let units = own.publication.activity().units();
            heard.replace(units).is_none_or(|before| before == units)
        } else {
            there.any(|one| one.publication.activity().idle_for(now) >= HUSHED)
        };
        if !is_hushed || now >= deadline {
            return Err(refusal);
        }
        sleep(LOOK).await;
    }
}

/// Has the hall let a publisher in.
pub(super) async fn let_in(station: &WebRtc, publisher: Publisher) -> Result<Sink, Refusal> {
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
pub(super) fn refused(refusal: &Refusal, id: &str) -> Problem {
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
pub(super) fn software(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(USER_AGENT)?.to_str().ok()?.trim();
    let name: String = name.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(64).collect();
    (!name.is_empty()).then_some(name)
}
