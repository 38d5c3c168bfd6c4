//! What the station tells Prometheus, at `/metrics`.
//!
//! [`table::TABLE`] is the list of all metrics; `docs/METRICS.md` is the same list for readers, held to it
//! by a test. [`Metrics`] has one typed handle per row: code that sees an event adds to a handle at once,
//! and what is counted elsewhere (another crate's atomics, the sockets of a server) is copied in when
//! somebody asks, by an [`Observe`].
//!
//! ```
//! use onair::metrics::{Metrics, labels::{Listener, JoinFailure}};
//!
//! let metrics = Metrics::new();
//! metrics.join_failures.add(JoinFailure::BadKey, 1);
//! let text = metrics.render(&[&|metrics: &Metrics| metrics.listeners.set(Listener::Hls, 12)]);
//! assert!(text.contains("onair_listeners{transport=\"hls\"} 12\n"));
//! ```

pub mod bus;
pub mod jobs;
pub mod labels;
pub mod notices;
pub mod process;
pub mod series;
pub mod table;
pub mod uploads;
pub mod webrtc;

use prometheus_client::{
    encoding::text::encode,
    metrics::histogram::Histogram,
    registry::{Metric, Registry, Unit},
};

use self::{
    bus::BusCounts,
    jobs::JobCounts,
    labels::{
        AnnotationDropped, BroadcastState, Dropped, JoinFailure, Listener, NoLabel, PathClass, Publisher,
        StatusClass,
    },
    notices::NoticeCounts,
    process::Process,
    series::{Counters, Gauges, Seconds},
    table::{Kind, TABLE},
    uploads::UploadCounts,
    webrtc::WebRtc,
};

/// The type of the text that [`Metrics::render`] returns, for the response's `Content-Type`.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds of [`Metrics::part_release_delay`] in seconds: a tick is 0.02, a part of the shortest mode 0.128.
const DELAY_BOUNDS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0];

/// Copies what is counted elsewhere into the handles, when somebody asks for the metrics.
pub trait Observe {
    /// Sets the handles it answers for; must not wait.
    fn observe(&self, metrics: &Metrics);
}

impl<F: Fn(&Metrics)> Observe for F {
    fn observe(&self, metrics: &Metrics) {
        self(metrics);
    }
}

/// A handle per row of [`TABLE`]. Cheap to clone; clones share the values.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Broadcasts by state.
    pub broadcasts: Gauges<BroadcastState>,
    /// Listeners now, by transport.
    pub listeners: Gauges<Listener>,
    /// Publishers now, by protocol.
    pub publishers: Gauges<Publisher>,
    /// People who could not publish or listen, by why.
    pub join_failures: Counters<JoinFailure>,
    /// Bytes of responses, by what they are part of.
    pub egress_bytes: Counters<PathClass>,
    /// Seconds from the instant a grid step was due on its grid to its release.
    pub part_release_delay: Histogram,
    /// Requests that wait for a part or a playlist now.
    pub held_requests: Gauges<NoLabel>,
    /// Listeners by the edge's log.
    pub edge_listeners: Gauges<NoLabel>,
    /// Answered requests, by the class of their status.
    pub http_requests: Counters<StatusClass>,
    /// Open HTTP connections.
    pub http_connections: Gauges<NoLabel>,
    /// Open connections to rooms.
    pub room_connections: Gauges<NoLabel>,
    /// Messages that rooms made, each once for all who got it.
    pub room_messages: Counters<NoLabel>,
    /// Times a client was so far behind that it was shown its room anew.
    pub room_resyncs: Counters<NoLabel>,
    /// Open RTMP connections, publishing or not yet.
    pub rtmp_connections: Gauges<NoLabel>,
    /// Connections that the station closed, by protocol and why.
    pub connections_dropped: Counters<Dropped>,
    /// Times a source had no sound ready when the programme needed it.
    pub source_underruns: Counters<NoLabel>,
    /// Times a backlog was cut to its target.
    pub source_cuts: Counters<NoLabel>,
    /// Frames (20 ms) made up for a source that had none.
    pub source_concealed_frames: Counters<NoLabel>,
    /// Ticks of the programme that began more than one tick late.
    pub late_ticks: Counters<NoLabel>,
    /// Units of speakers that their tracks lack, since the disk was behind.
    pub track_units_dropped: Counters<NoLabel>,
    /// What was to be said beside the sound and was left out, by why.
    pub annotations_dropped: Counters<AnnotationDropped>,
    /// The bus between stations.
    pub bus: BusCounts,
    /// Jobs, by their kind.
    pub jobs: JobCounts,
    /// What people are told.
    pub notices: NoticeCounts,
    /// The way into the object store.
    pub uploads: UploadCounts,
    webrtc: WebRtc,
    process_cpu: Seconds,
    process_memory: Gauges<NoLabel>,
    process_fds: Gauges<NoLabel>,
    process_threads: Gauges<NoLabel>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        Self {
            broadcasts: Gauges::new(),
            listeners: Gauges::new(),
            publishers: Gauges::new(),
            join_failures: Counters::new(),
            egress_bytes: Counters::new(),
            part_release_delay: Histogram::new(DELAY_BOUNDS),
            held_requests: Gauges::new(),
            edge_listeners: Gauges::new(),
            http_requests: Counters::new(),
            http_connections: Gauges::new(),
            room_connections: Gauges::new(),
            room_messages: Counters::new(),
            room_resyncs: Counters::new(),
            rtmp_connections: Gauges::new(),
            connections_dropped: Counters::new(),
            source_underruns: Counters::new(),
            source_cuts: Counters::new(),
            source_concealed_frames: Counters::new(),
            late_ticks: Counters::new(),
            track_units_dropped: Counters::new(),
            annotations_dropped: Counters::new(),
            bus: BusCounts::new(),
            jobs: JobCounts::new(),
            notices: NoticeCounts::new(),
            uploads: UploadCounts::new(),
            webrtc: WebRtc::new(),
            process_cpu: Seconds::default(),
            process_memory: Gauges::new(),
            process_fds: Gauges::new(),
            process_threads: Gauges::new(),
        }
    }

    /// Asks every observer and the kernel, and writes all metrics as OpenMetrics text.
    pub fn render(&self, observers: &[&dyn Observe]) -> String {
        for observer in observers {
            observer.observe(self);
        }
        if let Some(process) = Process::read() {
            self.process_cpu.set(process.cpu.as_secs_f64());
            self.process_memory.set(NoLabel::One, process.resident_bytes);
            self.process_fds.set(NoLabel::One, process.open_fds);
            self.process_threads.set(NoLabel::One, process.threads);
        }
        let mut text = String::with_capacity(16 * 1024);
        encode(&mut text, &self.registry()).expect("a String takes all that is written to it");
        text
    }

    /// The handles under the names of [`TABLE`], in its order. It is made at each scrape: the handles are
    /// reference counts, and a list that is kept would be a second owner of the same values.
    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("onair");
        for row in TABLE {
            let mut add = |metric: Box<dyn Named>| metric.register(&mut registry, row);
            add(self.handle(row.name));
        }
        registry
    }

    fn handle(&self, name: &str) -> Box<dyn Named> {
        match name {
            "onair_broadcasts" => Box::new(self.broadcasts.clone()),
            "onair_listeners" => Box::new(self.listeners.clone()),
            "onair_publishers" => Box::new(self.publishers.clone()),
            "onair_join_failures_total" => Box::new(self.join_failures.clone()),
            "onair_egress_bytes_total" => Box::new(self.egress_bytes.clone()),
            "onair_part_release_delay_seconds" => Box::new(self.part_release_delay.clone()),
            "onair_held_requests" => Box::new(self.held_requests.clone()),
            "onair_edge_listeners_estimated" => Box::new(self.edge_listeners.clone()),
            "onair_http_requests_total" => Box::new(self.http_requests.clone()),
            "onair_room_connections" => Box::new(self.room_connections.clone()),
            "onair_room_messages_total" => Box::new(self.room_messages.clone()),
            "onair_room_resyncs_total" => Box::new(self.room_resyncs.clone()),
            "onair_http_connections" => Box::new(self.http_connections.clone()),
            "onair_rtmp_connections" => Box::new(self.rtmp_connections.clone()),
            "onair_connections_dropped_total" => Box::new(self.connections_dropped.clone()),
            "onair_source_underruns_total" => Box::new(self.source_underruns.clone()),
            "onair_source_cuts_total" => Box::new(self.source_cuts.clone()),
            "onair_source_concealed_frames_total" => Box::new(self.source_concealed_frames.clone()),
            "onair_late_ticks_total" => Box::new(self.late_ticks.clone()),
            "onair_track_units_dropped_total" => Box::new(self.track_units_dropped.clone()),
            "onair_annotations_dropped_total" => Box::new(self.annotations_dropped.clone()),
            "onair_webrtc_transports" => Box::new(self.webrtc.transports.clone()),
            "onair_webrtc_join_seconds" => Box::new(self.webrtc.join.clone()),
            "onair_webrtc_sessions_ended_total" => Box::new(self.webrtc.ends.clone()),
            "onair_webrtc_round_trip_seconds" => Box::new(self.webrtc.round_trip.clone()),
            "onair_webrtc_jitter_seconds" => Box::new(self.webrtc.jitter.clone()),
            "onair_webrtc_loss_ratio" => Box::new(self.webrtc.loss.clone()),
            "onair_webrtc_datagrams_total" => Box::new(self.webrtc.datagrams.clone()),
            "onair_webrtc_datagrams_dropped_total" => Box::new(self.webrtc.dropped.clone()),
            "onair_webrtc_strays_total" => Box::new(self.webrtc.strays.clone()),
            "onair_bus_connected" => Box::new(self.bus.connected.clone()),
            "onair_bus_messages_total" => Box::new(self.bus.messages.clone()),
            "onair_bus_messages_dropped_total" => Box::new(self.bus.dropped.clone()),
            "onair_bus_gaps_total" => Box::new(self.bus.gaps.clone()),
            "onair_upload_waiting" => Box::new(self.uploads.waiting.clone()),
            "onair_upload_spool_bytes" => Box::new(self.uploads.spool.clone()),
            "onair_upload_oldest_seconds" => Box::new(self.uploads.oldest.clone()),
            "onair_upload_puts_total" => Box::new(self.uploads.puts.clone()),
            "onair_upload_bytes_total" => Box::new(self.uploads.bytes.clone()),
            "onair_upload_failures_total" => Box::new(self.uploads.failures.clone()),
            "onair_upload_segments_lost_total" => Box::new(self.uploads.lost.clone()),
            "onair_jobs_due" => Box::new(self.jobs.due.clone()),
            "onair_jobs_oldest_seconds" => Box::new(self.jobs.oldest.clone()),
            "onair_jobs_failed" => Box::new(self.jobs.failed.clone()),
            "onair_jobs_done_total" => Box::new(self.jobs.done.clone()),
            "onair_job_failures_total" => Box::new(self.jobs.failures.clone()),
            "onair_notifications_total" => Box::new(self.notices.told.clone()),
            "onair_notification_sends_total" => Box::new(self.notices.sent.clone()),
            "onair_notification_sends_due" => Box::new(self.notices.due.clone()),
            "onair_notification_sends_oldest_seconds" => Box::new(self.notices.oldest.clone()),
            "onair_process_cpu_seconds_total" => Box::new(self.process_cpu.clone()),
            "onair_process_resident_memory_bytes" => Box::new(self.process_memory.clone()),
            "onair_process_open_fds" => Box::new(self.process_fds.clone()),
            "onair_process_threads" => Box::new(self.process_threads.clone()),
            _ => unreachable!("every row of the table has a handle; a test renders them all"),
        }
    }
}

/// A metric that can be entered under a row's name.
trait Named {
    fn register(self: Box<Self>, registry: &mut Registry, row: &table::Row);
}

impl<M: Metric> Named for M {
    fn register(self: Box<Self>, registry: &mut Registry, row: &table::Row) {
        // The encoder puts prefix, unit and `_total` back where they were.
        let bare = row.name.strip_prefix("onair_").unwrap_or(row.name);
        let bare = if row.kind == Kind::Counter { bare.strip_suffix("_total").unwrap_or(bare) } else { bare };
        match row.unit {
            Some(unit) => {
                let bare = bare.strip_suffix(unit).and_then(|bare| bare.strip_suffix('_')).unwrap_or(bare);
                registry.register_with_unit(bare, row.help, Unit::Other(unit.to_owned()), *self);
            }
            None => registry.register(bare, row.help, *self),
        }
    }
}

impl Observe for Vec<std::sync::Arc<crate::http::server::Counters>> {
    fn observe(&self, metrics: &Metrics) {
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        type Pick = fn(&crate::http::server::Counters) -> &AtomicU64;
        let sum = |pick: Pick| self.iter().map(|server| pick(server).load(Relaxed)).sum();
        metrics.http_connections.set(NoLabel::One, sum(|server| &server.open));
        let dropped: [(Dropped, Pick); 5] = [
            (Dropped::HttpOverLimit, |server| &server.refused),
            (Dropped::HttpHandshake, |server| &server.handshakes_failed),
            (Dropped::HttpSilent, |server| &server.silent),
            (Dropped::HttpIdle, |server| &server.idle),
            (Dropped::HttpCut, |server| &server.cut),
        ];
        for (label, pick) in dropped {
            metrics.connections_dropped.set(label, sum(pick));
        }
    }
}

/// What the RTMP ports count, copied by `/metrics`.
impl Observe for Vec<std::sync::Arc<ingest::rtmp::Counters>> {
    fn observe(&self, metrics: &Metrics) {
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        type Pick = fn(&ingest::rtmp::Counters) -> &AtomicU64;
        let sum = |pick: Pick| self.iter().map(|door| pick(door).load(Relaxed)).sum();
        metrics.rtmp_connections.set(NoLabel::One, sum(|door| &door.open));
        let dropped: [(Dropped, Pick); 5] = [
            (Dropped::RtmpOverLimit, |door| &door.over_limit),
            (Dropped::RtmpHandshake, |door| &door.handshake),
            (Dropped::RtmpIdle, |door| &door.idle),
            (Dropped::RtmpProtocol, |door| &door.protocol),
            (Dropped::RtmpTakenOver, |door| &door.taken_over),
        ];
        for (label, pick) in dropped {
            metrics.connections_dropped.set(label, sum(pick));
        }
    }
}
