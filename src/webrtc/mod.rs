//! The HTTP side of WebRTC: `POST /whip/{id}` publishes, `POST /whep/{id}` listens, `POST /stage/{id}` speaks
//! with others.
//!
//! All three take an SDP offer and answer with 201, an SDP answer and the URL of the session, on which candidates are
//! told, ICE is restarted, and which is deleted at the end (RFC 9725). Pages of any site may use them.

pub mod door;
mod echo_guard;
pub mod endpoint;
mod hold;
pub mod ice_servers;
pub mod ice_session;
mod listener;
pub mod negotiation;
pub mod places;
pub mod programme_clock;
mod publishing;
mod resource;
pub mod sessions;
mod stage;
#[cfg(test)]
mod tests;
mod watch;
mod whep;
mod whip;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use ingest::PublishRequest;
use room::{Action, Role};
use rtc::{JoinError, Rtc};
use sfu::Standing;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

pub use door::Door;
pub use ice_servers::{IceServer, IceServers};
pub use places::{Offer, Person};

use crate::api::Context;
use crate::api::error::Problem;
use crate::live::Presence;
use crate::settings::RtcSettings;
use places::Places;
use sessions::Sessions;

/// When a port that is full may have room again.
const AGAIN: Duration = Duration::from_secs(5);

/// What the endpoints stand on.
pub struct WebRtc {
    rtc: Rtc,
    ice: IceServers,
    sessions: Arc<Sessions>,
    presence: Arc<Presence>,
    places: Arc<Places>,
    requests: mpsc::Sender<PublishRequest>,
    tasks: TaskTracker,
}

impl WebRtc {
    /// Endpoints before the port `rtc`: who wants to publish is sent to `requests`, who listens is told to
    /// `presence`, and sessions are looked after on `tasks`. Whoever waited for a place and has one comes out of the
    /// other half.
    pub fn new(
        rtc: Rtc,
        settings: &RtcSettings,
        requests: mpsc::Sender<PublishRequest>,
        presence: Arc<Presence>,
        tasks: TaskTracker,
    ) -> (Self, mpsc::UnboundedReceiver<Offer>) {
        let (places, offers) = Places::new(settings.listeners_max);
        let station = Self {
            rtc,
            ice: IceServers::of(settings),
            sessions: Arc::default(),
            presence,
            places,
            requests,
            tasks,
        };
        (station, offers)
    }

    /// The places for listeners.
    pub fn places(&self) -> &Arc<Places> {
        &self.places
    }

    /// The servers that clients of a broadcast are told of at `now`, in seconds since 1970.
    pub fn ice_servers(&self, broadcast: &str, now: u64) -> Vec<IceServer> {
        self.ice.at(broadcast, now)
    }

    /// Lets nobody hear, or everybody hear again, what an account says on the stage of a broadcast.
    pub fn mute_speaker(&self, broadcast: &str, account: &str, muted: bool) {
        for session in self.sessions.of_speaker(broadcast, account) {
            self.rtc.mute(session, muted);
        }
    }

    /// Ends the sessions by which an account speaks on the stage of a broadcast.
    pub fn dismiss_speaker(&self, broadcast: &str, account: &str) {
        for session in self.sessions.of_speaker(broadcast, account) {
            self.rtc.close(session);
        }
    }

    /// Keeps a place for somebody to hear a broadcast by WebRTC; `false` where there is none.
    pub fn reserve(&self, broadcast: &str, person: Person<'_>, standing: Standing) -> bool {
        self.places.reserve(broadcast, person, standing)
    }
}

/// Who speaks, or may any moment, has to hear what is said now: the crew, who was let on the stage, and who raised a
/// hand.
pub fn standing(context: &Context, broadcast: &str, account: Option<&str>, role: Role) -> Standing {
    let wants_to = |account| context.rooms.wants_to_speak(broadcast, account);
    if role.may(Action::Speak) || account.is_some_and(wants_to) {
        Standing::Privileged
    } else {
        Standing::Ordinary
    }
}

/// The endpoints and the sessions behind them.
pub fn routes() -> Router<Context> {
    Router::new()
        .route("/whip/{id}", post(whip::publish).options(endpoint::options))
        .route("/whip/{id}/{session}", resource::routes(Door::Whip))
        .route("/whep/{id}", post(whep::listen).options(endpoint::options))
        .route("/whep/{id}/{session}", resource::routes(Door::Whep))
        .route("/stage/{id}", post(stage::speak).options(endpoint::options))
        .route("/stage/{id}/{session}", resource::routes(Door::Stage).get(stage::slots))
}

impl Context {
    /// Where a broadcast is published to by WHIP, as an encoder takes it; `None` where WebRTC is switched off.
    pub fn whip_url(&self, broadcast: &str) -> Option<String> {
        self.webrtc.as_ref()?;
        let url = self.addresses.web.first()?.join(&Door::Whip.path(broadcast)).ok()?;
        Some(url.into())
    }

    /// The endpoints' own; 404 where WebRTC is switched off.
    fn webrtc(&self) -> Result<&Arc<WebRtc>, Problem> {
        self.webrtc.as_ref().ok_or_else(|| Problem::not_found("WebRTC is switched off here"))
    }
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Offer(_) | JoinError::NoTrack(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            error => Self::unavailable(AGAIN).because(error.to_string()),
        }
    }
}
