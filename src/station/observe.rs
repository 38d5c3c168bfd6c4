//! Copies what others count into the metrics, when Prometheus asks.

use std::sync::Arc;
use std::time::Instant;

use origin::Origin;
use origin::stats::{Egress, Miss};

use crate::edge_log::EdgeListeners;
use crate::http::server::Counters;
use crate::live::{HallHandle, Presence};
use crate::metrics::labels::{BroadcastState, JoinFailure, Listener, NoLabel, PathClass, Publisher};
use crate::metrics::{Metrics, Observe};
use crate::uploads::Uploads;

/// Everything that is counted elsewhere.
pub(super) struct Watched {
    /// Broadcasts and refusals.
    pub(super) hall: HallHandle,
    /// What left the house.
    pub(super) origin: Arc<Origin>,
    /// Whom the edge serves.
    pub(super) edge: EdgeListeners,
    /// Who listens.
    pub(super) presence: Arc<Presence>,
    /// Connections, a set a port.
    pub(super) http: Vec<Arc<Counters>>,
    /// Publishers' connections, a set a port.
    pub(super) rtmp: Vec<Arc<ingest::rtmp::Counters>>,
    /// What waits for the object store.
    pub(super) uploads: Option<Uploads>,
}

impl Watched {
    /// Copies it.
    pub(super) fn observe(&self, metrics: &Metrics) {
        self.broadcasts(metrics);
        self.refusals(metrics);
        self.origin(metrics);
        self.http.observe(metrics);
        self.rtmp.observe(metrics);
        if let Some(uploads) = &self.uploads {
            uploads.observe(metrics);
        }
    }

    fn broadcasts(&self, metrics: &Metrics) {
        let all = self.hall.broadcasts();
        let live = all.iter().filter(|broadcast| broadcast.is_live()).count();
        metrics.broadcasts.set(BroadcastState::Live, live as u64);
        metrics.broadcasts.set(BroadcastState::Preview, (all.len() - live) as u64);
        let protocols = || all.iter().flat_map(|broadcast| &broadcast.publishers).map(|one| one.protocol);
        let by = |name| protocols().filter(|protocol| *protocol == name).count();
        let (whip, stage) = (by("whip"), by("stage"));
        metrics.publishers.set(Publisher::Rtmp, (protocols().count() - whip - stage) as u64);
        metrics.publishers.set(Publisher::Whip, whip as u64);
        metrics.publishers.set(Publisher::Stage, stage as u64);
        let now = Instant::now();
        let listeners: Vec<_> = all.iter().map(|one| self.presence.listeners(&one.card.id, now)).collect();
        // Endless streams are told by what they carry.
        metrics
            .listeners
            .set(Listener::Hls, listeners.iter().map(|one| (one.hls - one.streams) as u64).sum());
        metrics.listeners.set(Listener::Webrtc, listeners.iter().map(|one| one.webrtc as u64).sum());
    }

    fn refusals(&self, metrics: &Metrics) {
        for (reason, count) in self.hall.refusals() {
            let label = match reason {
                "unknown_broadcast" => JoinFailure::UnknownBroadcast,
                "bad_key" => JoinFailure::BadKey,
                "already_publishing" => JoinFailure::AlreadyPublishing,
                "not_live" => JoinFailure::NotOpen,
                "unsupported_codec" => JoinFailure::UnsupportedCodec,
                _ => JoinFailure::PublishUnavailable,
            };
            metrics.join_failures.set(label, count);
        }
    }

    fn origin(&self, metrics: &Metrics) {
        let stats = self.origin.stats();
        let [aac, opus] = stats.endless();
        metrics.listeners.set(Listener::Aac, aac);
        metrics.listeners.set(Listener::Opus, opus);
        metrics.held_requests.set(NoLabel::One, stats.held());
        metrics.edge_listeners.set(NoLabel::One, self.edge.total());
        for (path, class) in [
            (PathClass::Playlist, Egress::Playlist),
            (PathClass::Part, Egress::Part),
            (PathClass::Segment, Egress::Segment),
            (PathClass::Init, Egress::Init),
            (PathClass::Stream, Egress::Stream),
        ] {
            metrics.egress_bytes.set(path, stats.egress(class));
        }
        let missed = |miss| stats.misses(miss);
        let failures = &metrics.join_failures;
        failures.set(JoinFailure::NotFound, missed(Miss::NotFound) + missed(Miss::NotLive));
        failures.set(JoinFailure::BadDirective, missed(Miss::BadDirectives));
        failures.set(JoinFailure::TooFar, missed(Miss::TooFar));
        failures.set(JoinFailure::HeldTooLong, missed(Miss::HeldTooLong));
        failures.set(JoinFailure::PlaybackUnavailable, missed(Miss::TooManyHeld));
    }
}
