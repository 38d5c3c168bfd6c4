//! Who listens, and how it is heard.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BroadcastId;
use super::access::{find, find_to};
use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::live::presence::HeartbeatError;
use crate::live::status::Source;

/// How many listen.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Viewers {
    broadcast_id: String,
    /// In all.
    listeners: usize,
    /// Of these, by WebRTC.
    webrtc: usize,
    /// Of these, by HLS or by an endless stream.
    hls: usize,
    /// About how many an edge served in the last minute, by its log: an estimate, within some percent, that has
    /// nothing to do with the other figures. Those who send heartbeats are in both. Null where no log is followed.
    #[schema(required)]
    edge_estimate: Option<u64>,
}

/// Tells how many listen.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/viewers",
    operation_id = "getViewers",
    tag = "broadcasts",
    params(BroadcastId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "How many listen", body = Viewers)),
)]
pub(super) async fn viewers(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Viewers>, Problem> {
    let broadcast_id = find(&context, &caller, &id).await?.hosted.broadcast.id;
    let listeners = context.presence.listeners(&broadcast_id, Instant::now());
    let (webrtc, hls) = (listeners.webrtc, listeners.hls);
    let edge_estimate = context.edge.of(&broadcast_id);
    Ok(Json(Viewers { broadcast_id, listeners: listeners.total(), webrtc, hls, edge_estimate }))
}

/// A player that still listens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Heartbeat {
    /// What the player calls itself, the same as long as it plays.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    session: String,
}

/// How often a player says that it still listens.
const BEAT: Duration = Duration::from_secs(20);

/// Says that a player still listens.
///
/// Every 20 seconds, by players of HLS. Nobody needs to sign in; what is not on air has no listeners.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/heartbeat",
    operation_id = "sendHeartbeat",
    tag = "broadcasts",
    params(("id" = String, Path, description = "The broadcast's id", max_length = 64)),
    request_body = Heartbeat,
    responses((status = 204, description = "It is counted")),
)]
pub(super) async fn heartbeat(
    State(context): State<Context>,
    client: Client,
    Path(id): Path<String>,
    Body(heartbeat): Body<Heartbeat>,
) -> Result<StatusCode, Problem> {
    // Asked of the hall alone: players beat on while the database is away.
    if context.hall.live(&id).is_none() {
        return Err(Problem::not_found(format!("no broadcast with the id {id:?} is on air")));
    }
    match context.presence.beat(&id, &heartbeat.session, client.address, Instant::now()) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error @ HeartbeatError::BadSession) => Err(Problem::invalid("session", error.to_string())),
        Err(error) => Err(Problem::too_many(BEAT).because(error.to_string())),
    }
}

/// How a broadcast is doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastStats)]
pub(super) struct Stats {
    broadcast_id: String,
    /// On air, or in preview?
    heard: bool,
    /// The run's name; null where there is none.
    #[schema(required)]
    run: Option<String>,
    /// How many listen, in all.
    listeners: usize,
    /// Of these, by WebRTC.
    webrtc_listeners: usize,
    /// Of these, by HLS or by an endless stream.
    hls_listeners: usize,
    /// Who publishes.
    publishers: Vec<Publisher>,
    /// What each of the programme's sources sounds like to the station.
    sources: Vec<Source>,
    /// Ticks of 20 ms that came late, in this run.
    late_ticks: u64,
    /// Parts that could not be written, in this run.
    disk_failures: u64,
    /// Integrated loudness (EBU R128); null where nothing was heard.
    #[schema(required)]
    integrated_lufs: Option<f64>,
    /// Short-term loudness; null where nothing is heard.
    #[schema(required)]
    short_term_lufs: Option<f64>,
}

/// Somebody who publishes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Publisher {
    /// Names this stay.
    session: String,
    /// `rtmp`, `rtmps` or `whip`.
    #[schema(example = "rtmp")]
    protocol: &'static str,
    #[schema(format = DateTime)]
    since: String,
    /// Bytes of sound that came.
    bytes: u64,
    /// On average since it came.
    bits_per_second: u64,
}

/// Tells its host and moderators how a broadcast is doing.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/stats",
    operation_id = "getStats",
    tag = "broadcasts",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "How it is doing", body = Stats)),
)]
pub(super) async fn stats(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Stats>, Problem> {
    let found = find_to(&context, &caller, &id, Action::ViewStats).await?;
    let id = found.hosted.broadcast.id;
    let held = context.hall.broadcast(&id);
    let sound = held.as_ref().map(|held| held.status.sound()).unwrap_or_default();
    let now = crate::live::clock::wall_clock();
    let publishers = held.iter().flat_map(|held| &held.publishers).map(|publisher| {
        let bytes = publisher.publication.activity().bytes();
        let seconds = now.since(publisher.since).as_secs().max(1);
        Publisher {
            session: publisher.session.clone(),
            protocol: publisher.protocol,
            since: publisher.since.to_string(),
            bytes,
            bits_per_second: 8 * bytes / seconds,
        }
    });
    let count = |counter: fn(&crate::live::status::Status) -> &std::sync::atomic::AtomicU64| {
        held.as_ref().map_or(0, |held| counter(&held.status).load(std::sync::atomic::Ordering::Relaxed))
    };
    let listeners = context.presence.listeners(&id, Instant::now());
    Ok(Json(Stats {
        heard: held.is_some(),
        run: held.as_ref().map(|held| held.run.to_string()),
        listeners: listeners.total(),
        webrtc_listeners: listeners.webrtc,
        hls_listeners: listeners.hls,
        publishers: publishers.collect(),
        sources: sound.sources,
        late_ticks: count(|status| &status.late_ticks),
        disk_failures: count(|status| &status.disk_failures),
        integrated_lufs: sound.loudness.integrated,
        short_term_lufs: sound.loudness.short_term,
        broadcast_id: id,
    }))
}
