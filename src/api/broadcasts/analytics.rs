//! How a broadcast was heard.

use axum::Json;
use axum::extract::State;
use room::Action;
use serde::Serialize;
use store::Timestamp;
use utoipa::ToSchema;

use super::BroadcastId;
use super::access::find_to;
use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::api::time::rfc3339;
use crate::auth::Caller;

/// Minutes that are told: a week.
const MINUTES: u32 = 7 * 24 * 60;

/// How a broadcast was heard, as far as it is written down.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Analytics {
    broadcast_id: String,
    /// The most that listened at once.
    peak_listeners: u32,
    /// On average over the minutes in which it was on air.
    average_listeners: f64,
    /// The most of each minute, in order; minutes in which it was not on air are left out.
    minutes: Vec<Minute>,
    /// The share of those who wanted to listen by WebRTC that did, 0 to 1; null where nobody wanted to.
    #[schema(required, minimum = 0, maximum = 1)]
    join_success: Option<f64>,
    /// Times that somebody came to listen or to speak.
    sessions: i64,
    /// How long they stayed on average; null where nobody has left yet.
    #[schema(required)]
    average_session_seconds: Option<f64>,
}

/// One minute.
#[derive(Serialize, ToSchema)]
#[schema(as = AnalyticsMinute)]
struct Minute {
    /// When it begins.
    #[schema(format = DateTime)]
    at: String,
    /// Who listened by WebRTC.
    webrtc: u32,
    /// Who listened by HLS.
    hls: u32,
    /// Who were in the room.
    people: u32,
    /// Who wanted to listen by WebRTC, and did.
    joins: u32,
    /// Who wanted to, and whose network or patience did not bear it; they hear HLS, mostly.
    joins_failed: u32,
}

/// Tells its host and moderators how a broadcast was heard.
///
/// A minute is here when it is over; what happens now is told by `…/stats`.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/analytics",
    operation_id = "getAnalytics",
    tag = "broadcasts",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "How it was heard", body = Analytics)),
)]
pub(super) async fn analytics(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Analytics>, Problem> {
    let found = find_to(&context, &caller, &id, Action::ViewStats).await?;
    let row = found.hosted.broadcast;
    let minutes = context.store.listener_minutes().list(&row.id, Timestamp::from_millis(0), MINUTES).await?;
    let stays = context.store.sessions().summary(&row.id).await?;
    let heard: u64 = minutes.iter().map(|minute| u64::from(minute.webrtc) + u64::from(minute.hls)).sum();
    let joins: u64 = minutes.iter().map(|minute| u64::from(minute.joins)).sum();
    let tried = joins + minutes.iter().map(|minute| u64::from(minute.joins_failed)).sum::<u64>();
    Ok(Json(Analytics {
        broadcast_id: row.id,
        peak_listeners: row.peak_listeners,
        average_listeners: heard as f64 / minutes.len().max(1) as f64,
        minutes: minutes
            .into_iter()
            .map(|minute| Minute {
                at: rfc3339(minute.minute),
                webrtc: minute.webrtc,
                hls: minute.hls,
                people: minute.people,
                joins: minute.joins,
                joins_failed: minute.joins_failed,
            })
            .collect(),
        join_success: (tried > 0).then(|| joins as f64 / tried as f64),
        sessions: stays.sessions,
        average_session_seconds: stays.average_ms.map(|millis| millis as f64 / 1e3),
    }))
}
