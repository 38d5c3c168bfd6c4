//! What a client has to know of the station before anybody signs in.

use axum::Json;
use axum::extract::State;
use media::AudioProfile;
use packager::LatencyMode;
use serde::Serialize;
use store::Channel;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use crate::broadcasts::draft;
use crate::covers::UPLOAD_MAX;
use crate::live::GoLive;
use crate::settings::{Registration, Settings};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(show))
}

/// What the settings let clients do.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    go_live: GoLive,
    registration: Registration,
    hls: bool,
}

impl Features {
    /// As the settings have it.
    pub const fn of(settings: &Settings) -> Self {
        Self {
            go_live: settings.go_live,
            registration: settings.auth.registration,
            hls: settings.hls.enabled,
        }
    }
}

/// What a client has to know.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Config {
    /// The program's.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Do broadcasts go on air?
    go_live: bool,
    /// Who may make an account: `open`, `invitation` or `closed`.
    #[schema(example = "open")]
    registration: &'static str,
    /// Is HLS served?
    hls: bool,
    /// Is WebRTC served?
    webrtc: bool,
    /// Is e-mail sent?
    email: bool,
    /// What browsers subscribe with to be told what they want to be told (`applicationServerKey`, RFC 8292).
    vapid_public_key: String,
    latency_modes: Vec<&'static str>,
    audio_profiles: Vec<&'static str>,
    limits: Limits,
}

/// What a broadcast may be: lengths in characters, unless told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfigLimits)]
struct Limits {
    title: usize,
    description: usize,
    tags: usize,
    tag: usize,
    publisher_grace_seconds: u32,
    reminder_offsets: usize,
    max_speakers: u32,
    cover_bytes: usize,
    cover_url_bytes: usize,
}

/// Tells what the station lets clients do.
#[utoipa::path(
    get,
    path = "/api/config",
    operation_id = "getConfig",
    tag = "station",
    responses((status = 200, description = "What a client has to know", body = Config)),
)]
async fn show(State(context): State<Context>) -> Json<Config> {
    let features = context.features;
    Json(Config {
        version: env!("CARGO_PKG_VERSION"),
        go_live: features.go_live == GoLive::Allowed,
        registration: features.registration.name(),
        hls: features.hls,
        webrtc: context.webrtc.is_some(),
        email: context.channels.has(Channel::Email),
        vapid_public_key: context.channels.public_key().to_owned(),
        latency_modes: [LatencyMode::Ultra, LatencyMode::Low, LatencyMode::Standard]
            .map(LatencyMode::name)
            .into(),
        audio_profiles: AudioProfile::ALL.map(AudioProfile::name).into(),
        limits: Limits {
            title: draft::TITLE_MAX,
            description: draft::DESCRIPTION_MAX,
            tags: draft::TAGS_MAX,
            tag: draft::TAG_MAX,
            publisher_grace_seconds: draft::GRACE_MAX,
            reminder_offsets: draft::REMINDERS_MAX,
            max_speakers: draft::SPEAKERS_MAX,
            cover_bytes: UPLOAD_MAX,
            cover_url_bytes: draft::COVER_URL_MAX,
        },
    })
}
