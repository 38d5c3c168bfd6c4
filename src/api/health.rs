//! Health: alive, ready, how the media is doing, and metrics.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::error::Problem;
use crate::live::Scene;
use crate::live::clock::wall_clock;
use crate::live::status::Source;
use crate::metrics::CONTENT_TYPE as OPENMETRICS;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(media))
        .routes(routes!(media_by_its_old_name))
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(metrics))
}

/// Who answers here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Health {
    /// `ok`, or `stopping`.
    status: &'static str,
    /// The program's.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The server's wall clock.
    #[schema(format = DateTime)]
    now: String,
    /// Where it listens.
    addresses: Addresses,
    /// How many broadcasts are on air.
    live: usize,
}

/// Where the station listens.
#[derive(Serialize, ToSchema)]
struct Addresses {
    /// Web addresses, the best first.
    web: Vec<String>,
    /// RTMP addresses, the best first.
    rtmp: Vec<String>,
    /// Addresses and UDP ports of WebRTC.
    #[schema(example = json!(["203.0.113.7:8189"]))]
    webrtc: Vec<String>,
}

/// Who answers here, and on which addresses.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "getHealth",
    tag = "station",
    responses((status = 200, description = "The station", body = Health)),
)]
async fn show(State(context): State<Context>) -> Json<Health> {
    let text = |urls: &[url::Url]| urls.iter().map(ToString::to_string).collect();
    let live = context.hall.broadcasts().iter().filter(|broadcast| broadcast.is_live()).count();
    Json(Health {
        status: if context.shutdown.is_cancelled() { "stopping" } else { "ok" },
        version: env!("CARGO_PKG_VERSION"),
        now: wall_clock().to_string(),
        addresses: Addresses {
            web: text(&context.addresses.web),
            rtmp: text(&context.addresses.rtmp),
            webrtc: context.addresses.webrtc.iter().map(ToString::to_string).collect(),
        },
        live,
    })
}

/// How everything sounds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MediaHealth {
    /// Every broadcast that is on air or in preview.
    broadcasts: Vec<BroadcastHealth>,
    /// Requests that wait for a part to come.
    held_requests: u64,
}

/// How one broadcast sounds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BroadcastHealth {
    id: String,
    /// `live`, or `preview` where its host alone hears it.
    status: &'static str,
    /// The newest run's name.
    run: String,
    #[schema(example = "low")]
    latency_mode: &'static str,
    #[schema(example = "standard")]
    audio_profile: &'static str,
    /// The live edge: sound listed so far, as its end's civil time.
    #[schema(format = DateTime, required)]
    edge: Option<String>,
    /// How many listen.
    listeners: usize,
    /// Ticks of 20 ms that came late, in this run.
    late_ticks: u64,
    /// Segments that could not be written, in this run.
    disk_failures: u64,
    loudness: Loudness,
    sources: Vec<Source>,
}

/// EBU R128; null where there is nothing to measure.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Loudness {
    #[schema(required)]
    momentary_lufs: Option<f64>,
    #[schema(required)]
    short_term_lufs: Option<f64>,
    #[schema(required)]
    integrated_lufs: Option<f64>,
    #[schema(required)]
    true_peak_dbtp: Option<f64>,
}

/// How every broadcast sounds.
#[utoipa::path(
    get,
    path = "/health/media",
    operation_id = "getMediaHealth",
    tag = "station",
    responses((status = 200, description = "Every broadcast", body = MediaHealth)),
)]
async fn media(State(context): State<Context>) -> Json<MediaHealth> {
    let all = context.hall.broadcasts();
    let broadcasts = all.iter().map(|snapshot| {
        let id = snapshot.card.id.clone();
        let shelf = &snapshot.shelf;
        let sound = snapshot.status.sound();
        BroadcastHealth {
            listeners: context.presence.listeners(&id, Instant::now()).total(),
            id,
            status: match snapshot.scene {
                Scene::Preview => "preview",
                Scene::Live => "live",
            },
            run: snapshot.run.to_string(),
            latency_mode: snapshot.card.mode.name(),
            audio_profile: snapshot.card.profile.name(),
            edge: shelf.view().window.edge().map(|edge| edge.to_string()),
            late_ticks: snapshot.status.late_ticks.load(Ordering::Relaxed),
            disk_failures: snapshot.status.disk_failures.load(Ordering::Relaxed),
            loudness: Loudness {
                momentary_lufs: sound.loudness.momentary,
                short_term_lufs: sound.loudness.short_term,
                integrated_lufs: sound.loudness.integrated,
                true_peak_dbtp: sound.loudness.true_peak,
            },
            sources: sound.sources,
        }
    });
    Json(MediaHealth { broadcasts: broadcasts.collect(), held_requests: context.origin.stats().held() })
}

/// The same as `/health/media`, for those who watched SRS there.
#[utoipa::path(
    get,
    path = "/health/srs",
    operation_id = "getMediaHealthLikeSrs",
    tag = "station",
    responses((status = 200, description = "Every broadcast", body = MediaHealth)),
)]
async fn media_by_its_old_name(context: State<Context>) -> Json<MediaHealth> {
    media(context).await
}

/// Whether the process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getAlive",
    tag = "station",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")),
)]
async fn alive() -> &'static str {
    "ok\n"
}

/// Whether it takes new listeners and publishers.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReady",
    tag = "station",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")),
)]
async fn ready(State(context): State<Context>) -> Result<&'static str, Problem> {
    if context.shutdown.is_cancelled() {
        return Err(Problem::unavailable(RESTART).because("this station is stopping"));
    }
    Ok("ready\n")
}

/// How long a station that stops is away, where it is started again.
const RESTART: Duration = Duration::from_secs(10);

/// Metrics, for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "station",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = OPENMETRICS)),
)]
async fn metrics(State(context): State<Context>) -> impl IntoResponse {
    let observe = &*context.observe;
    let text = context.metrics.render(&[&|metrics: &_| observe(metrics)]);
    ([(CONTENT_TYPE, OPENMETRICS)], text)
}
