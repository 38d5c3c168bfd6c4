//! Broadcasts: what is on air, and who listens.

use std::time::Instant;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Context;
use super::error::Problem;
use crate::http::server::Peer;
use crate::live::hall::{Snapshot, State as Life};
use crate::live::presence::HeartbeatError;

/// Broadcasts on one page of a list at the most.
const PAGE_MAX: usize = 100;

/// A broadcast as everybody sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broadcast {
    id: String,
    title: String,
    status: &'static str,
    started_at: Option<String>,
    ended_at: Option<String>,
    listener_count: usize,
    latency_mode: &'static str,
    audio_profile: &'static str,
    playback: Playback,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Playback {
    hls_url: String,
    standard_hls_url: String,
}

impl Broadcast {
    fn of(snapshot: &Snapshot, context: &Context) -> Self {
        let broadcast = &snapshot.broadcast;
        let id = broadcast.id.clone();
        Self {
            listener_count: context.presence.listeners(&id, Instant::now()),
            playback: Playback {
                hls_url: format!("/live/{id}/index.m3u8"),
                standard_hls_url: format!("/live/{id}/standard.m3u8"),
            },
            id,
            title: broadcast.title.clone(),
            status: status(snapshot.state),
            started_at: snapshot.started.map(|at| at.to_string()),
            ended_at: snapshot.ended.map(|at| at.to_string()),
            latency_mode: broadcast.mode.name(),
            audio_profile: broadcast.profile.name(),
        }
    }
}

/// A state's name in the API.
pub const fn status(state: Life) -> &'static str {
    match state {
        Life::Scheduled => "scheduled",
        Life::Live => "live",
        Life::Ended => "ended",
    }
}

/// What a list may be narrowed by.
#[derive(Deserialize)]
pub struct Filter {
    status: Option<Status>,
    q: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Scheduled,
    Live,
    Ended,
}

impl Status {
    const fn is(self, state: Life) -> bool {
        matches!(
            (self, state),
            (Self::Scheduled, Life::Scheduled) | (Self::Live, Life::Live) | (Self::Ended, Life::Ended)
        )
    }
}

/// A page of broadcasts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    items: Vec<Broadcast>,
    next_cursor: Option<String>,
    total: usize,
}

/// `GET /api/broadcasts?status=&q=&limit=&cursor=`, by id.
pub async fn list(
    State(context): State<Context>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let Query(filter) = filter.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    let limit = filter.limit.unwrap_or(20);
    if limit == 0 || limit > PAGE_MAX {
        return Err(Problem::new(StatusCode::BAD_REQUEST, format!("limit must be 1 to {PAGE_MAX}")));
    }
    let wanted = filter.q.unwrap_or_default().to_lowercase();
    let all = context.hall.broadcasts();
    let found: Vec<&Snapshot> = all
        .iter()
        .filter(|snapshot| filter.status.is_none_or(|status| status.is(snapshot.state)))
        .filter(|snapshot| snapshot.broadcast.title.to_lowercase().contains(&wanted))
        .collect();
    let total = found.len();
    let after = |snapshot: &&&Snapshot| {
        filter.cursor.as_ref().is_none_or(|cursor| snapshot.broadcast.id.as_str() > cursor.as_str())
    };
    let mut rest = found.iter().filter(after);
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let next_cursor = rest.next().and_then(|_| page.last().map(|snapshot| snapshot.broadcast.id.clone()));
    let items = page.iter().map(|snapshot| Broadcast::of(snapshot, &context)).collect();
    Ok(Json(Page { items, next_cursor, total }))
}

/// `GET /api/broadcasts/{id}`
pub async fn show(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<Json<Broadcast>, Problem> {
    let snapshot = context.hall.broadcast(&id).ok_or_else(|| Problem::no_broadcast(&id))?;
    Ok(Json(Broadcast::of(&snapshot, &context)))
}

/// How many listen.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Viewers {
    broadcast_id: String,
    listeners: usize,
    webrtc: usize,
    hls: usize,
}

/// `GET /api/broadcasts/{id}/viewers`
pub async fn viewers(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<Json<Viewers>, Problem> {
    context.hall.broadcast(&id).ok_or_else(|| Problem::no_broadcast(&id))?;
    let hls = context.presence.listeners(&id, Instant::now());
    Ok(Json(Viewers { broadcast_id: id, listeners: hls, webrtc: 0, hls }))
}

/// A player that is still listening.
#[derive(Deserialize)]
pub struct Heartbeat {
    session: String,
}

/// `POST /api/broadcasts/{id}/heartbeat {session}`
pub async fn heartbeat(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<String>,
    heartbeat: Result<Json<Heartbeat>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(heartbeat) =
        heartbeat.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    context.hall.broadcast(&id).ok_or_else(|| Problem::no_broadcast(&id))?;
    match context.presence.beat(&id, &heartbeat.session, peer.address.ip(), Instant::now()) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error @ HeartbeatError::BadSession) => {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
        }
        Err(error) => Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string())),
    }
}
