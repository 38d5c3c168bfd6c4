//! The HTTP API and health, one file per noun. Media is not here: it goes straight to the origin.

pub mod broadcasts;
pub mod error;
pub mod health;
pub mod time;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use origin::Origin;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::live::{HallHandle, Presence};
use crate::metrics::Metrics;

/// Longest request body; a heartbeat has 100 bytes.
const BODY_MAX: usize = 16 * 1024;

/// What every endpoint may need. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// What is on air.
    pub hall: HallHandle,
    /// What is served.
    pub origin: Arc<Origin>,
    /// Who listens.
    pub presence: Arc<Presence>,
    /// What Prometheus is told.
    pub metrics: Metrics,
    /// Copies what is counted elsewhere into the metrics.
    pub observe: Arc<dyn Fn(&Metrics) + Send + Sync>,
    /// Where everything is bound.
    pub addresses: Arc<Addresses>,
    /// Cancelled once the process stops.
    pub shutdown: CancellationToken,
}

/// The addresses in force.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Web addresses.
    pub web: Vec<Url>,
    /// RTMP addresses.
    pub rtmp: Vec<Url>,
}

/// Every endpoint of the API.
pub fn router(context: Context) -> Router {
    Router::new()
        .route("/api/broadcasts", get(broadcasts::list))
        .route("/api/broadcasts/{id}", get(broadcasts::show))
        .route("/api/broadcasts/{id}/viewers", get(broadcasts::viewers))
        .route("/api/broadcasts/{id}/heartbeat", post(broadcasts::heartbeat))
        .route("/api/time", get(time::show))
        .route("/health", get(health::show))
        .route("/health/media", get(health::media))
        .route("/health/srs", get(health::media))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(context)
}
