//! The HTTP API and health, one file per noun. Media is not here: it goes straight to the origin.
//!
//! Each noun has `routes()`: its handlers, annotated with `#[utoipa::path]`, so that what is served and what
//! the document tells are the same thing.

mod admin;
mod api_keys;
mod auth;
pub mod body;
pub mod broadcasts;
mod calendars;
pub mod config;
mod devices;
pub mod error;
mod follows;
pub mod gate;
pub mod health;
mod invitations;
pub mod limits;
mod me;
pub(crate) mod notifications;
mod oembed;
pub mod openapi;
pub mod params;
mod podcasts;
mod recordings;
mod reminders;
mod series;
mod sign_ins;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
mod users;
mod validators;
mod webhooks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use origin::Origin;
use store::{AuditEntry, Entry, Journal, Store, Subject, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::error;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use self::limits::Limiter;
use crate::auth::{Auth, Caller, Client};
use crate::covers::Covers;
use crate::edge_log::EdgeListeners;
use crate::http::reach::Reach;
use crate::live::key_file::KeyFile;
use crate::live::{HallHandle, Presence};
use crate::metrics::Metrics;
use crate::notify::{Bell, Channels, Unsubscribe};
use crate::playback::{Delivery, Gate};
use crate::recordings::{Archive, Downloads, Waveforms};
use crate::settings::Settings;
use crate::signal::{self, Rooms};
use crate::webrtc::{self, WebRtc};

/// What every endpoint may need. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// What is on air.
    pub hall: HallHandle,
    /// What is served.
    pub origin: Arc<Origin>,
    /// Who listens.
    pub presence: Arc<Presence>,
    /// Whom an edge serves, by its log.
    pub edge: EdgeListeners,
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
    /// WebRTC, where it is on.
    pub webrtc: Option<Arc<WebRtc>>,
    /// The rooms that people are in.
    pub rooms: Arc<Rooms>,
    /// Whose HLS needs a signature, and who is barred.
    pub gate: Arc<Gate>,
    /// Which machines webhooks reach that people make.
    pub reach: Reach,
    /// By what people are told who are not here.
    pub channels: Channels,
    /// Rings where people are who are told something.
    pub bell: Bell,
    /// Reads the addresses by which letters end.
    pub unsubscribe: Arc<Unsubscribe>,
    /// Cover pictures.
    pub covers: Covers,
    /// What is kept of runs.
    pub archive: Archive,
    /// Recordings as files.
    pub downloads: Arc<Downloads>,
    /// Recordings, drawn.
    pub waveforms: Waveforms,
    /// Where listeners are sent for HLS.
    pub delivery: Delivery,
    /// Where the stream key of `studio` is told.
    pub key_file: KeyFile,
    /// How often one account makes and starts broadcasts.
    pub cooldown: Arc<Limiter<String>>,
    /// Who makes a request.
    pub auth: Arc<Auth>,
    /// Where everything is bound.
    pub addresses: Arc<Addresses>,
    /// Cancelled once the process stops.
    pub shutdown: CancellationToken,
}

/// Broadcasts that an account may make or start at once, and how long until it may another.
const COOLDOWN: (u32, Duration) = (20, Duration::from_secs(5));

/// A rate for [`Context::cooldown`].
pub fn cooldown() -> Arc<Limiter<String>> {
    Arc::new(Limiter::new(COOLDOWN.0, COOLDOWN.1))
}

impl Context {
    /// Has written into the audit log what `caller` did to a broadcast. `detail` holds no secret.
    fn audit(
        &self,
        caller: &Caller,
        client: Client,
        action: &str,
        broadcast: &str,
        detail: serde_json::Value,
    ) {
        self.note_done(caller, client, action, "broadcast", broadcast, detail);
    }

    /// The same of a recording.
    fn audit_recording(
        &self,
        caller: &Caller,
        client: Client,
        action: &str,
        recording: &str,
        detail: serde_json::Value,
    ) {
        self.note_done(caller, client, action, "recording", recording, detail);
    }

    fn note_done(
        &self,
        caller: &Caller,
        client: Client,
        action: &str,
        kind: &str,
        id: &str,
        detail: serde_json::Value,
    ) {
        let entry = AuditEntry {
            id: store::id(),
            at: Timestamp::now(),
            actor: caller.actor(),
            action: action.to_owned(),
            subject: Some(Subject { kind: kind.to_owned(), id: id.to_owned() }),
            address: Some(client.address.to_string()),
            detail,
        };
        if let Err(full) = self.journal.append(Entry::Audit(entry)) {
            error!("{action} of the {kind} {id} is not in the audit log: {full}");
        }
    }
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
    /// Where WebRTC's datagrams come to.
    pub webrtc: Vec<SocketAddr>,
}

/// The routes of every noun, with what the document tells of them.
fn nouns() -> Vec<OpenApiRouter<Context>> {
    vec![
        broadcasts::routes(),
        recordings::routes(),
        podcasts::routes(),
        oembed::routes(),
        calendars::routes(),
        notifications::routes(),
        devices::routes(),
        admin::routes(),
        webhooks::routes(),
        auth::routes(),
        me::routes(),
        sign_ins::routes(),
        follows::routes(),
        users::routes(),
        reminders::routes(),
        series::routes(),
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
    let doors =
        webrtc::routes().method_not_allowed_fallback(error::method_not_allowed).with_state(context.clone());
    let routes = routes
        .merge(signal::routes())
        .route("/api/openapi.json", get(openapi::show))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(context);
    gate::gate(routes, doors, &settings.api, &settings.http.trusted_proxies)
}
