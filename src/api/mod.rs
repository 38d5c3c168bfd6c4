//! The HTTP API and health, one file per noun. Media is not here: it goes straight to the origin.
//!
//! Each noun has `routes()`: its handlers, annotated with `#[utoipa::path]`, so that what is served and what
//! the document tells are the same thing.

mod api_keys;
mod auth;
pub mod body;
pub mod broadcasts;
pub mod config;
pub mod error;
mod follows;
pub mod gate;
pub mod health;
mod invitations;
pub mod limits;
mod me;
pub mod openapi;
pub mod params;
#[cfg(test)]
mod testing;
pub mod time;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use origin::Origin;
use store::{Journal, Store};
use tokio_util::sync::CancellationToken;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Auth;
use crate::live::{Card, HallHandle, Presence};
use crate::metrics::Metrics;
use crate::settings::Settings;

/// What every endpoint may need. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// What is on air.
    pub hall: HallHandle,
    /// Every broadcast there is.
    pub cards: Arc<Vec<Card>>,
    /// What is served.
    pub origin: Arc<Origin>,
    /// Who listens.
    pub presence: Arc<Presence>,
    /// What Prometheus is told.
    pub metrics: Metrics,
    /// Copies what is counted elsewhere into the metrics.
    pub observe: Arc<dyn Fn(&Metrics) + Send + Sync>,
    /// What is remembered.
    pub store: Store,
    /// What is to be remembered, whether the database is there or not.
    pub journal: Journal,
    /// What the settings let clients do.
    pub features: config::Features,
    /// Who makes a request.
    pub auth: Arc<Auth>,
    /// Where everything is bound.
    pub addresses: Arc<Addresses>,
    /// Cancelled once the process stops.
    pub shutdown: CancellationToken,
}

impl FromRef<Context> for Arc<Auth> {
    fn from_ref(context: &Context) -> Self {
        context.auth.clone()
    }
}

/// The addresses in force.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Web addresses.
    pub web: Vec<Url>,
    /// RTMP addresses.
    pub rtmp: Vec<Url>,
}

/// The routes of every noun, with what the document tells of them.
fn nouns() -> Vec<OpenApiRouter<Context>> {
    vec![
        broadcasts::routes(),
        auth::routes(),
        me::routes(),
        follows::routes(),
        api_keys::routes(),
        invitations::routes(),
        config::routes(),
        time::routes(),
        health::routes(),
    ]
}

fn routes() -> OpenApiRouter<Context> {
    nouns().into_iter().fold(OpenApiRouter::with_openapi(openapi::base()), OpenApiRouter::merge)
}

/// Every endpoint of the API, behind its gate.
pub fn router(context: Context, settings: &Settings) -> Router {
    let (routes, _) = routes().split_for_parts();
    let routes = routes
        .route("/api/openapi.json", get(openapi::show))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(context);
    gate::gate(routes, &settings.api, &settings.http.trusted_proxies)
}
