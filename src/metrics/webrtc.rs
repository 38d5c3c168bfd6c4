//! What the WebRTC port counts, added to the metrics as it happens.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;
use rtc::{Farewell, Observer, Reception};

use super::Metrics;
use super::labels::{NoLabel, PathClass, SessionEnd};
use super::series::{Counters, Gauges};

/// Bounds of a join in seconds: from the answer to the end of the handshake.
const JOIN_BOUNDS: [f64; 10] = [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0];

/// Bounds of a round trip in seconds.
const ROUND_TRIP_BOUNDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

/// Bounds of inter-arrival jitter in seconds.
const JITTER_BOUNDS: [f64; 8] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

/// Bounds of the share of packets that a listener lost since its last report.
const LOSS_BOUNDS: [f64; 8] = [0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// Handles of the WebRTC port. Cheap to clone; clones share the values.
#[derive(Clone, Debug)]
pub struct WebRtc {
    /// Sessions whose handshake is over.
    pub(super) transports: Gauges<NoLabel>,
    pub(super) join: Histogram,
    pub(super) ends: Counters<SessionEnd>,
    pub(super) round_trip: Histogram,
    pub(super) jitter: Histogram,
    pub(super) loss: Histogram,
    pub(super) datagrams: Counters<NoLabel>,
    pub(super) dropped: Counters<NoLabel>,
    pub(super) strays: Counters<NoLabel>,
}

impl WebRtc {
    pub(super) fn new() -> Self {
        Self {
            transports: Gauges::new(),
            join: Histogram::new(JOIN_BOUNDS),
            ends: Counters::new(),
            round_trip: Histogram::new(ROUND_TRIP_BOUNDS),
            jitter: Histogram::new(JITTER_BOUNDS),
            loss: Histogram::new(LOSS_BOUNDS),
            datagrams: Counters::new(),
            dropped: Counters::new(),
            strays: Counters::new(),
        }
    }
}

/// The observer of a port.
pub fn observer(metrics: &Metrics) -> Arc<dyn Observer> {
    Arc::new(Counting(metrics.clone()))
}

struct Counting(Metrics);

impl Observer for Counting {
    fn connected(&self, after: Duration) {
        self.0.webrtc.transports.raise(NoLabel::One);
        self.0.webrtc.join.observe(after.as_secs_f64());
    }

    fn over(&self, why: Farewell, was_connected: bool) {
        if was_connected {
            self.0.webrtc.transports.lower(NoLabel::One);
        }
        self.0.webrtc.ends.add(why.into(), 1);
    }

    fn heard(&self, reception: Reception, round_trip: Option<Duration>) {
        self.0.webrtc.jitter.observe(f64::from(reception.jitter) / 48_000.0);
        self.0.webrtc.loss.observe(f64::from(reception.fraction_lost) / 256.0);
        if let Some(round_trip) = round_trip {
            self.0.webrtc.round_trip.observe(round_trip.as_secs_f64());
        }
    }

    fn sent(&self, datagrams: u64, bytes: u64, dropped: u64) {
        self.0.webrtc.datagrams.add(NoLabel::One, datagrams);
        self.0.egress_bytes.add(PathClass::Webrtc, bytes);
        self.0.webrtc.dropped.add(NoLabel::One, dropped);
    }

    fn stray(&self) {
        self.0.webrtc.strays.add(NoLabel::One, 1);
    }
}

impl From<Farewell> for SessionEnd {
    fn from(why: Farewell) -> Self {
        match why {
            Farewell::Left => Self::Left,
            Farewell::Lost => Self::Lost,
            Farewell::NoIce => Self::NoIce,
            Farewell::NoDtls => Self::NoDtls,
            Farewell::Dismissed => Self::Dismissed,
            Farewell::Over => Self::Over,
            Farewell::Stopped => Self::Stopped,
            _ => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_on_the_port_is_scraped() {
        let metrics = Metrics::new();
        let port = observer(&metrics);
        port.connected(Duration::from_millis(70));
        port.connected(Duration::from_millis(70));
        port.over(Farewell::Left, true);
        port.over(Farewell::NoIce, false);
        port.sent(50, 5_000, 1);
        let reception = Reception { fraction_lost: 64, lost: 3, jitter: 480, last_report: 0, delay: 0 };
        port.heard(reception, Some(Duration::from_millis(30)));
        let text = metrics.render(&[]);
        for line in [
            "onair_webrtc_transports 1",
            "onair_webrtc_join_seconds_bucket{le=\"0.1\"} 2",
            "onair_webrtc_sessions_ended_total{reason=\"left\"} 1",
            "onair_webrtc_sessions_ended_total{reason=\"no_ice\"} 1",
            "onair_egress_bytes_total{path=\"webrtc\"} 5000",
            "onair_webrtc_datagrams_dropped_total 1",
            "onair_webrtc_loss_ratio_bucket{le=\"0.5\"} 1",
            "onair_webrtc_loss_ratio_bucket{le=\"0.2\"} 0",
            "onair_webrtc_round_trip_seconds_count 1",
            "onair_webrtc_jitter_seconds_sum 0.01",
        ] {
            assert!(text.lines().any(|said| said == line), "{line} is missing in\n{text}");
        }
    }
}
