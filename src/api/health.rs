//! Health: alive, ready, how the media is doing, and metrics.

use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Serialize;

use super::Context;
use super::broadcasts::status;
use super::error::Problem;
use crate::live::clock::wall_clock;
use crate::live::hall::State as Life;
use crate::live::status::Source;
use crate::metrics::CONTENT_TYPE as OPENMETRICS;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    status: &'static str,
    version: &'static str,
    now: String,
    addresses: Addresses,
    live: usize,
}

#[derive(Serialize)]
struct Addresses {
    web: Vec<String>,
    rtmp: Vec<String>,
}

/// `GET /health`: who answers here, and on which addresses.
pub async fn show(State(context): State<Context>) -> impl IntoResponse {
    let text = |urls: &[url::Url]| urls.iter().map(ToString::to_string).collect();
    let live = context.hall.broadcasts().iter().filter(|broadcast| broadcast.state == Life::Live).count();
    let health = Health {
        status: if context.shutdown.is_cancelled() { "stopping" } else { "ok" },
        version: env!("CARGO_PKG_VERSION"),
        now: wall_clock().to_string(),
        addresses: Addresses { web: text(&context.addresses.web), rtmp: text(&context.addresses.rtmp) },
        live,
    };
    ([(CACHE_CONTROL, "no-store")], Json(health))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Media {
    broadcasts: Vec<Broadcast>,
    held_requests: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broadcast {
    id: String,
    status: &'static str,
    run: Option<String>,
    latency_mode: &'static str,
    audio_profile: &'static str,
    /// The live edge: sound listed so far, as its end's civil time.
    edge: Option<String>,
    listeners: usize,
    late_ticks: u64,
    disk_failures: u64,
    loudness: Option<Loudness>,
    sources: Vec<Source>,
}

/// EBU R128; null where there is nothing to measure.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Loudness {
    momentary_lufs: Option<f64>,
    short_term_lufs: Option<f64>,
    integrated_lufs: Option<f64>,
    true_peak_dbtp: Option<f64>,
}

/// `GET /health/media`: how every broadcast sounds.
pub async fn media(State(context): State<Context>) -> impl IntoResponse {
    let all = context.hall.broadcasts();
    let broadcasts = all.iter().map(|snapshot| {
        let id = snapshot.broadcast.id.clone();
        let shelf = context.origin.channel(&id).and_then(|channel| channel.newest());
        let sound = snapshot.status.as_ref().map(|status| status.sound());
        let count = |counter: fn(&crate::live::status::Status) -> &std::sync::atomic::AtomicU64| {
            snapshot.status.as_ref().map_or(0, |status| counter(status).load(Ordering::Relaxed))
        };
        Broadcast {
            listeners: context.presence.listeners(&id, Instant::now()),
            id,
            status: status(snapshot.state),
            run: shelf.as_ref().map(|shelf| shelf.run().to_string()),
            latency_mode: snapshot.broadcast.mode.name(),
            audio_profile: snapshot.broadcast.profile.name(),
            edge: shelf.and_then(|shelf| shelf.view().window.edge()).map(|edge| edge.to_string()),
            late_ticks: count(|status| &status.late_ticks),
            disk_failures: count(|status| &status.disk_failures),
            loudness: sound.as_ref().map(|sound| Loudness {
                momentary_lufs: sound.loudness.momentary,
                short_term_lufs: sound.loudness.short_term,
                integrated_lufs: sound.loudness.integrated,
                true_peak_dbtp: sound.loudness.true_peak,
            }),
            sources: sound.map(|sound| sound.sources).unwrap_or_default(),
        }
    });
    let media = Media { broadcasts: broadcasts.collect(), held_requests: context.origin.stats().held() };
    ([(CACHE_CONTROL, "no-store")], Json(media))
}

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: this process takes new listeners and publishers.
pub async fn ready(State(context): State<Context>) -> Result<&'static str, Problem> {
    if context.shutdown.is_cancelled() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "this station is stopping"));
    }
    Ok("ready\n")
}

/// `GET /metrics`: for Prometheus.
pub async fn metrics(State(context): State<Context>) -> impl IntoResponse {
    let observe = &*context.observe;
    let text = context.metrics.render(&[&|metrics: &_| observe(metrics)]);
    ([(CONTENT_TYPE, OPENMETRICS), (CACHE_CONTROL, "no-store")], text)
}
