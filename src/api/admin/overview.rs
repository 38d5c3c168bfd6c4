//! What is on air at this moment, and the switch that ends it. Both work with the database away.

use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::Action;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::live::clock::wall_clock;
use crate::live::{EndReason, Scene, Snapshot};

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// Everything that is heard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    /// How many broadcasts are on air; previews are not.
    live: usize,
    /// How many listen, to all of them.
    listeners: usize,
    /// How many publish, previews included.
    publishers: usize,
    /// By id.
    broadcasts: Vec<OnAir>,
}

/// A broadcast that is heard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OverviewBroadcast)]
struct OnAir {
    id: String,
    title: String,
    /// The account whose it is.
    host_id: String,
    /// On air; false for a preview, which its host alone hears.
    live: bool,
    run: String,
    #[schema(format = DateTime)]
    started_at: String,
    /// How many listen, in all.
    listeners: usize,
    /// Of these, by WebRTC.
    webrtc_listeners: usize,
    publishers: Vec<Publishing>,
    loudness: Loudness,
    /// Ticks of 20 ms that came late, in this run.
    late_ticks: u64,
    /// Parts that could not be written, in this run.
    disk_failures: u64,
}

/// Somebody who publishes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OverviewPublisher)]
struct Publishing {
    /// Names this stay.
    session: String,
    /// `rtmp`, `rtmps` or `whip`.
    #[schema(example = "rtmp")]
    protocol: &'static str,
    #[schema(format = DateTime)]
    since: String,
    /// On average since it came.
    bits_per_second: u64,
}

/// How loud a broadcast is (EBU R128); null where nothing was heard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OverviewLoudness)]
struct Loudness {
    /// Over the last 400 ms.
    #[schema(required)]
    momentary_lufs: Option<f64>,
    /// Over the last 3 s.
    #[schema(required)]
    short_term_lufs: Option<f64>,
    /// Since the run began.
    #[schema(required)]
    integrated_lufs: Option<f64>,
    /// The highest since the run began.
    #[schema(required)]
    true_peak_dbtp: Option<f64>,
}

impl OnAir {
    fn of(held: &Snapshot, context: &Context) -> Self {
        let now = wall_clock();
        let loudness = held.status.sound().loudness;
        let listeners = context.presence.listeners(&held.card.id, Instant::now());
        Self {
            id: held.card.id.clone(),
            title: held.card.title.clone(),
            host_id: held.card.host.clone(),
            live: held.scene == Scene::Live,
            run: held.run.to_string(),
            started_at: held.started.to_string(),
            listeners: listeners.total(),
            webrtc_listeners: listeners.webrtc,
            publishers: held
                .publishers
                .iter()
                .map(|publisher| Publishing {
                    session: publisher.session.clone(),
                    protocol: publisher.protocol,
                    since: publisher.since.to_string(),
                    bits_per_second: 8 * publisher.publication.activity().bytes()
                        / now.since(publisher.since).as_secs().max(1),
                })
                .collect(),
            loudness: Loudness {
                momentary_lufs: loudness.momentary,
                short_term_lufs: loudness.short_term,
                integrated_lufs: loudness.integrated,
                true_peak_dbtp: loudness.true_peak,
            },
            late_ticks: held.status.late_ticks.load(Ordering::Relaxed),
            disk_failures: held.status.disk_failures.load(Ordering::Relaxed),
        }
    }
}

/// Tells everything that is heard: listeners, publishers, bitrate, loudness.
#[utoipa::path(
    get,
    path = "/api/admin/overview",
    operation_id = "getOverview",
    tag = "administration",
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "What is heard", body = Overview)),
)]
pub(super) async fn show(State(context): State<Context>, caller: Caller) -> Result<Json<Overview>, Problem> {
    caller.require(Action::ViewOverview)?;
    let held = context.hall.broadcasts();
    let broadcasts: Vec<OnAir> = held.iter().map(|held| OnAir::of(held, &context)).collect();
    Ok(Json(Overview {
        live: broadcasts.iter().filter(|broadcast| broadcast.live).count(),
        listeners: broadcasts.iter().map(|broadcast| broadcast.listeners).sum(),
        publishers: broadcasts.iter().map(|broadcast| broadcast.publishers.len()).sum(),
        broadcasts,
    }))
}

/// Why a broadcast is ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndRequest)]
pub(super) struct Ending {
    /// For the audit log.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Ends any broadcast at once, and sends its publishers away.
///
/// Only its owner's or an admin's start opens another run.
#[utoipa::path(
    post,
    path = "/api/admin/broadcasts/{id}/end",
    operation_id = "endAnyBroadcast",
    tag = "administration",
    params(("id" = String, Path, description = "The broadcast's id", max_length = 64)),
    request_body = Ending,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 204, description = "It is over"),
        (status = 409, description = "It is not on air", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn end(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(ending): Body<Ending>,
) -> Result<StatusCode, Problem> {
    // Outside of a broadcast only an admin may; an owner is one within their own.
    caller.require(Action::EndBroadcast)?;
    let reason = ending.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON_MAX) {
        return Err(Problem::invalid("reason", format!("must have at most {REASON_MAX} characters")));
    }
    let held = context.hall.broadcast(&id);
    context.hall.end(&id, EndReason::ByAdmin).await?;
    if held.is_none() {
        let known = context.store.broadcasts().load(&id).await?;
        known.ok_or_else(|| Problem::no_broadcast(&id))?;
        return Err(Problem::conflict("the broadcast is not on air"));
    }
    context.audit(&caller, client, "broadcast.killed", &id, json!({"reason": reason}));
    Ok(StatusCode::NO_CONTENT)
}
