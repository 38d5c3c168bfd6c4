//! Broadcasts: what is on air, and who listens.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::body::Body;
use super::error::Problem;
use super::params::{Params, Path};
use crate::http::server::Peer;
use crate::live::Card;
use crate::live::presence::HeartbeatError;

/// Broadcasts on one page of a list at the most.
const PAGE_MAX: usize = 100;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(viewers))
        .routes(routes!(heartbeat))
}

/// A broadcast as everybody sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Broadcast {
    id: String,
    title: String,
    status: Status,
    /// When it went live; null until then.
    #[schema(format = DateTime, required)]
    started_at: Option<String>,
    /// When it ended; null until then.
    #[schema(format = DateTime, required)]
    ended_at: Option<String>,
    /// How many listen.
    listener_count: usize,
    /// How far listeners stay behind the host: `ultra`, `low` or `standard`.
    #[schema(example = "low")]
    latency_mode: &'static str,
    /// The sound it is made for: `voice`, `standard` or `music`.
    #[schema(example = "standard")]
    audio_profile: &'static str,
    playback: Playback,
}

/// Where it can be heard, below the station's address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Playback {
    /// Low-Latency HLS.
    #[schema(example = "/live/studio/index.m3u8")]
    hls_url: String,
    /// HLS without partial segments.
    #[schema(example = "/live/studio/standard.m3u8")]
    standard_hls_url: String,
}

impl Broadcast {
    fn of(card: &Card, context: &Context) -> Self {
        let id = card.id.clone();
        let (live, ending) = (context.hall.live(&id), context.hall.ending(&id));
        let started = live.map(|live| live.started).or(ending.as_ref().map(|ending| ending.started));
        Self {
            listener_count: context.presence.listeners(&id, Instant::now()),
            playback: Playback {
                hls_url: format!("/live/{id}/index.m3u8"),
                standard_hls_url: format!("/live/{id}/standard.m3u8"),
            },
            id,
            title: card.title.clone(),
            status: Status::of(card, context),
            started_at: started.map(|at| at.to_string()),
            ended_at: ending.map(|ending| ending.ended.to_string()),
            latency_mode: card.mode.name(),
            audio_profile: card.profile.name(),
        }
    }
}

/// Where a broadcast is in its life.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BroadcastStatus)]
enum Status {
    /// Nobody has published yet.
    Scheduled,
    /// On air.
    Live,
    /// It was on air.
    Ended,
    /// It was called off before anybody heard it.
    Cancelled,
}

impl Status {
    fn of(card: &Card, context: &Context) -> Self {
        if context.hall.live(&card.id).is_some() {
            return Self::Live;
        }
        if context.hall.ending(&card.id).is_some() { Self::Ended } else { Self::Scheduled }
    }
}

/// What a list may be narrowed by.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those that are there in their lives.
    status: Option<Status>,
    /// Only those whose title has this.
    q: Option<String>,
    /// How many on a page; 20 unless told.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// The page that `nextCursor` of another named.
    cursor: Option<String>,
}

/// A page of broadcasts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastPage)]
struct Page {
    items: Vec<Broadcast>,
    /// What to ask for the next page with; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// On all pages.
    total: usize,
}

/// Broadcasts, by id.
#[utoipa::path(
    get,
    path = "/api/broadcasts",
    operation_id = "listBroadcasts",
    tag = "broadcasts",
    params(Filter),
    responses((status = 200, description = "A page", body = Page)),
)]
async fn list(State(context): State<Context>, Params(filter): Params<Filter>) -> Result<Json<Page>, Problem> {
    let limit = filter.limit.unwrap_or(20);
    if limit == 0 || limit > PAGE_MAX {
        return Err(Problem::invalid("limit", format!("must be 1 to {PAGE_MAX}")));
    }
    let wanted = filter.q.unwrap_or_default().to_lowercase();
    let mut found: Vec<&Card> = context
        .cards
        .iter()
        .filter(|card| filter.status.is_none_or(|wanted| wanted == Status::of(card, &context)))
        .filter(|card| card.title.to_lowercase().contains(&wanted))
        .collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    let total = found.len();
    let after =
        |card: &&&Card| filter.cursor.as_ref().is_none_or(|cursor| card.id.as_str() > cursor.as_str());
    let mut rest = found.iter().filter(after);
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let next_cursor = rest.next().and_then(|_| page.last().map(|card| card.id.clone()));
    let items = page.iter().map(|card| Broadcast::of(card, &context)).collect();
    Ok(Json(Page { items, next_cursor, total }))
}

/// One broadcast.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}",
    operation_id = "getBroadcast",
    tag = "broadcasts",
    params(("id" = String, Path, description = "The broadcast's id")),
    responses((status = 200, description = "The broadcast", body = Broadcast)),
)]
async fn show(State(context): State<Context>, Path(id): Path<String>) -> Result<Json<Broadcast>, Problem> {
    Ok(Json(Broadcast::of(card(&context, &id)?, &context)))
}

fn card<'a>(context: &'a Context, id: &str) -> Result<&'a Card, Problem> {
    context.cards.iter().find(|card| card.id == id).ok_or_else(|| Problem::no_broadcast(id))
}

/// How many listen.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Viewers {
    broadcast_id: String,
    /// In all.
    listeners: usize,
    /// Of these, by WebRTC.
    webrtc: usize,
    /// Of these, by HLS.
    hls: usize,
}

/// How many listen.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/viewers",
    operation_id = "getViewers",
    tag = "broadcasts",
    params(("id" = String, Path, description = "The broadcast's id")),
    responses((status = 200, description = "How many listen", body = Viewers)),
)]
async fn viewers(State(context): State<Context>, Path(id): Path<String>) -> Result<Json<Viewers>, Problem> {
    card(&context, &id)?;
    let hls = context.presence.listeners(&id, Instant::now());
    Ok(Json(Viewers { broadcast_id: id, listeners: hls, webrtc: 0, hls }))
}

/// A player that still listens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Heartbeat {
    /// What the player calls itself, the same as long as it plays.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    session: String,
}

/// How often a player says that it still listens.
const BEAT: Duration = Duration::from_secs(20);

/// Says that a player still listens.
///
/// Every 20 seconds, by players of HLS. Nobody needs to sign in.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/heartbeat",
    operation_id = "sendHeartbeat",
    tag = "broadcasts",
    params(("id" = String, Path, description = "The broadcast's id")),
    request_body = Heartbeat,
    responses((status = 204, description = "It is counted")),
)]
async fn heartbeat(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<String>,
    Body(heartbeat): Body<Heartbeat>,
) -> Result<StatusCode, Problem> {
    card(&context, &id)?;
    match context.presence.beat(&id, &heartbeat.session, peer.address.ip(), Instant::now()) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error @ HeartbeatError::BadSession) => Err(Problem::invalid("session", error.to_string())),
        Err(error) => Err(Problem::too_many(BEAT).because(error.to_string())),
    }
}
