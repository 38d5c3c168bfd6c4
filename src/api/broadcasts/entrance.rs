//! Ways into a broadcast: how to hear it, and what opens its room.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse};
use packager::WallClock;
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BroadcastId;
use super::access::find;
use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::grant::Grant as RoomGrant;
use crate::auth::{Caller, Client, Pass};
use crate::broadcasts::card;
use crate::playback::gate::{Grant, now};
use crate::signal::GUEST;
use crate::webrtc::{Door, IceServer, Person, standing};

/// How to hear a broadcast.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlaybackAnswer)]
pub(super) struct Playback {
    /// `webrtc` or `hls`.
    #[schema(example = "hls")]
    transport: &'static str,
    /// Why this one.
    reason: &'static str,
    /// Low-Latency HLS.
    hls_url: String,
    /// HLS without partial segments.
    standard_hls_url: String,
    /// WebRTC; null where the station has none.
    #[schema(required)]
    whep_url: Option<String>,
    /// What the addresses are signed with; null where the broadcast is everybody's.
    #[schema(required)]
    token: Option<String>,
    /// Until when they are good: ask again before. Null where the broadcast is everybody's.
    #[schema(format = DateTime, required)]
    expires_at: Option<String>,
    /// STUN and TURN servers, for WebRTC.
    ice_servers: Vec<IceServer>,
}

/// Tells how to hear a broadcast.
///
/// Where it is not everybody's, the addresses are signed and good for less than a minute, and a cookie lets a page of
/// this station use the plain ones; players ask again in time.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/playback",
    operation_id = "getPlayback",
    tag = "broadcasts",
    params(BroadcastId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "How to hear it", body = Playback)),
)]
pub(super) async fn playback(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let found = find(&context, &caller, &id).await?;
    let (row, role) = (found.hosted.broadcast, found.role);
    let id = &row.id;
    let audience = card(&row).map_err(|_| Problem::internal())?.audience;
    let sign = || context.gate.grant(id, caller.account(), now()).map_err(|_| Problem::internal());
    let grant = context.gate.signs(audience).then(sign).transpose()?;
    let below = grant.as_ref().map_or_else(|| format!("/live/{id}/"), Grant::prefix);
    let mut cookies = Vec::new();
    if let Some(grant) = &grant {
        cookies.push((SET_COOKIE, grant.cookie(client.scheme)));
        let opening = context.delivery.cookies(grant).map_err(|_| Problem::internal())?;
        cookies.extend(opening.into_iter().map(|cookie| (SET_COOKIE, cookie)));
    }
    let route = route(&context, id, Person { account: caller.account(), address: client.address }, role);
    let webrtc = context.webrtc.as_ref();
    let playback = Playback {
        transport: route.0,
        reason: route.1,
        hls_url: context.delivery.address(&format!("{below}index.m3u8")),
        standard_hls_url: context.delivery.address(&format!("{below}standard.m3u8")),
        whep_url: webrtc.map(|_| Door::Whep.path(id)),
        expires_at: grant.as_ref().map(|grant| WallClock(grant.expires * 1_000_000).to_string()),
        token: grant.map(|grant| grant.token),
        ice_servers: webrtc.map(|station| station.ice_servers(id, now())).unwrap_or_default(),
    };
    Ok((AppendHeaders(cookies), Json(playback)))
}

/// By which transport a broadcast is heard, and why.
fn route(context: &Context, id: &str, person: Person<'_>, role: Role) -> (&'static str, &'static str) {
    let Some(station) = &context.webrtc else { return ("hls", "this station serves HLS alone") };
    if context.hall.live(id).is_none() {
        return ("hls", "the broadcast is not on air");
    }
    if station.reserve(id, person, standing(context, id, person.account, role)) {
        ("webrtc", "a place is kept for you for some seconds")
    } else {
        ("hls", "as many people hear this broadcast by WebRTC as may")
    }
}

/// What opens a room once.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    /// The first message in the room shows it, within a minute.
    ticket: String,
}

/// Gives a ticket for the room of a broadcast.
///
/// Good once and for a minute; guests get one too.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/ticket",
    operation_id = "createTicket",
    tag = "broadcasts",
    params(BroadcastId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The ticket", body = Ticket)),
)]
pub(super) async fn ticket(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<Json<Ticket>, Problem> {
    let found = find(&context, &caller, &id).await?;
    found.require(&caller, Action::Join)?;
    if caller.account().is_none() && context.rooms.bars_guest(&found.hosted.broadcast.id, client.address) {
        return Err(Problem::forbidden("you are banned from this broadcast"));
    }
    let subject = caller.account().map_or_else(|| format!("{GUEST}{}", store::id()), str::to_owned);
    let mut grant = RoomGrant::of(found.role, found.hosted.broadcast.id, subject);
    if let Caller::User(user) = &caller {
        grant.pass = Some(Pass::of(user, crate::auth::now()));
    }
    let ticket = context.auth.tickets.issue(grant, Instant::now());
    let ticket =
        ticket.map_err(|error| Problem::unavailable(super::air::RESTART).because(error.to_string()))?;
    Ok(Json(Ticket { ticket: ticket.expose().to_owned() }))
}

/// For whom a room token is; the caller where nobody is named.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct TokenRequest {
    /// Who enters: an id of the caller's own choice.
    #[schema(min_length = 1, max_length = 64)]
    subject: Option<String>,
    /// What others call them.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// What they are there: `host`, `moderator`, `speaker`, `listener` or `guest`.
    #[schema(example = "listener")]
    role: Option<String>,
}

/// A room token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the API calls it so")]
pub(super) struct Token {
    /// Good once, for five minutes.
    token: String,
    /// What it lets its holder be: `host`, `moderator`, …
    role: &'static str,
    can_publish: bool,
    can_subscribe: bool,
    can_publish_data: bool,
}

/// Longest subject and longest name, in characters.
const SUBJECT_MAX: usize = 64;
const NAME_MAX: usize = 80;

/// Mints a room token.
///
/// For oneself; for others by the broadcast's owner, by admins, and by servers with an API key.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/token",
    operation_id = "createRoomToken",
    tag = "broadcasts",
    params(BroadcastId),
    request_body = TokenRequest,
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The token", body = Token)),
)]
pub(super) async fn token(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(wanted): Body<TokenRequest>,
) -> Result<Json<Token>, Problem> {
    let own = caller.account().ok_or_else(|| Problem::unauthorized("sign in first"))?.to_owned();
    let found = find(&context, &caller, &id).await?;
    found.require(&caller, Action::Join)?;
    let fits = |text: &Option<String>, most| {
        text.as_ref().is_none_or(|text| (1..=most).contains(&text.chars().count()))
    };
    if !fits(&wanted.subject, SUBJECT_MAX) {
        return Err(Problem::invalid("subject", format!("must have 1 to {SUBJECT_MAX} characters")));
    }
    if !fits(&wanted.name, NAME_MAX) {
        return Err(Problem::invalid("name", format!("must have 1 to {NAME_MAX} characters")));
    }
    if wanted.subject.is_some() || wanted.role.is_some() {
        found.require(&caller, Action::MintTokens)?;
    }
    let role = match &wanted.role {
        Some(name) => Role::in_room(name).map_err(|error| Problem::invalid("role", error.to_string()))?,
        None if wanted.subject.is_some() => Role::Listener,
        None => found.role,
    };
    // Nobody makes somebody else an admin of the station.
    if role == Role::Admin && found.role != Role::Admin {
        return Err(Problem::forbidden("only an admin lets an admin in"));
    }
    let mut grant = RoomGrant::of(role, found.hosted.broadcast.id.clone(), wanted.subject.unwrap_or(own));
    grant.name = wanted.name;
    let answer = |token| Token {
        token,
        role: role.room_name(),
        can_publish: grant.can_publish,
        can_subscribe: grant.can_subscribe,
        can_publish_data: grant.can_publish_data,
    };
    let token =
        context.auth.room_tokens.mint(grant.clone(), crate::auth::now()).map_err(|_| Problem::internal())?;
    context.audit(
        &caller,
        client,
        "room.token_issued",
        &found.hosted.broadcast.id,
        serde_json::json!({"subject": grant.subject, "role": role.room_name()}),
    );
    Ok(Json(answer(token)))
}
