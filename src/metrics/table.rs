//! The list of all metrics, in one place.

use store::{Channel, JobKind};

use super::labels::{
    AnnotationDropped, BroadcastState, Direction, Dropped, JoinFailure, Labels, Listener, PathClass,
    Publisher, Queue, SessionEnd, StatusClass, UploadFailure,
};
use super::notices::Sent;
use crate::notify::Kind as Told;

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// As it is scraped.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its base unit, which its name ends with; none for plain counts.
    pub unit: Option<&'static str>,
    /// Its labels and the values of each.
    pub labels: &'static [Label],
    /// What it tells.
    pub help: &'static str,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

impl Kind {
    /// Its name in Prometheus.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A label and the closed set it takes its values from.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Its name.
    pub key: &'static str,
    /// Its values, once each, in the order of the set.
    pub values: fn() -> Vec<&'static str>,
}

/// Label number `N` of a set.
fn values<L: Labels, const N: usize>() -> Vec<&'static str> {
    let mut found = Vec::new();
    for value in L::ALL.iter().map(|label| label.values()[N]) {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

const fn label<L: Labels, const N: usize>() -> Label {
    Label { key: L::KEYS[N], values: values::<L, N> }
}

const fn row(
    name: &'static str,
    kind: Kind,
    unit: Option<&'static str>,
    labels: &'static [Label],
    help: &'static str,
) -> Row {
    Row { name, kind, unit, labels, help }
}

use Kind::{Counter, Gauge, Histogram};

/// Every metric of the station, in the order it is written.
pub const TABLE: &[Row] = &[
    row(
        "onair_broadcasts",
        Gauge,
        None,
        &[label::<BroadcastState, 0>()],
        "Broadcasts that are heard, by state",
    ),
    row("onair_listeners", Gauge, None, &[label::<Listener, 0>()], "Listeners now, by transport"),
    row("onair_publishers", Gauge, None, &[label::<Publisher, 0>()], "Publishers now, by protocol"),
    row(
        "onair_join_failures_total",
        Counter,
        None,
        &[label::<JoinFailure, 0>(), label::<JoinFailure, 1>()],
        "People who could not publish or listen, by why",
    ),
    row(
        "onair_egress_bytes_total",
        Counter,
        Some("bytes"),
        &[label::<PathClass, 0>()],
        "Bytes of response bodies, by what they are part of",
    ),
    row(
        "onair_part_release_delay_seconds",
        Histogram,
        Some("seconds"),
        &[],
        "Time from the instant a grid step was due to its release to listeners",
    ),
    row(
        "onair_edge_listeners_estimated",
        Gauge,
        None,
        &[],
        "About how many an edge served in the last minute, by the log that ONAIR_EDGE_LOG names",
    ),
    row("onair_held_requests", Gauge, None, &[], "Requests that wait for a part or a playlist now"),
    row(
        "onair_http_requests_total",
        Counter,
        None,
        &[label::<StatusClass, 0>()],
        "HTTP requests answered, by the class of their status",
    ),
    row("onair_http_connections", Gauge, None, &[], "Open HTTP connections"),
    row("onair_room_connections", Gauge, None, &[], "Open connections to rooms, and those of GET /ws/me"),
    row(
        "onair_room_messages_total",
        Counter,
        None,
        &[],
        "Messages that rooms made, each once for all who got it",
    ),
    row(
        "onair_room_resyncs_total",
        Counter,
        None,
        &[],
        "Times a client was so far behind that it was shown its room anew",
    ),
    row("onair_rtmp_connections", Gauge, None, &[], "Open RTMP connections, publishing or not yet"),
    row(
        "onair_connections_dropped_total",
        Counter,
        None,
        &[label::<Dropped, 0>(), label::<Dropped, 1>()],
        "Connections that the station closed, by why",
    ),
    row(
        "onair_source_underruns_total",
        Counter,
        None,
        &[],
        "Times a source had no sound ready when the programme needed it",
    ),
    row("onair_source_cuts_total", Counter, None, &[], "Times the backlog of a source was cut to its target"),
    row(
        "onair_source_concealed_frames_total",
        Counter,
        None,
        &[],
        "Frames of 20 ms made up for a source that had none",
    ),
    row("onair_late_ticks_total", Counter, None, &[], "Ticks of a programme that began more than 20 ms late"),
    row(
        "onair_track_units_dropped_total",
        Counter,
        None,
        &[],
        "Units that are missing in the tracks of speakers, since the disk was behind",
    ),
    row(
        "onair_annotations_dropped_total",
        Counter,
        None,
        &[label::<AnnotationDropped, 0>()],
        "What was to be said beside the sound of a broadcast and was left out",
    ),
    row(
        "onair_webrtc_transports",
        Gauge,
        None,
        &[],
        "WebRTC sessions whose handshake is over, of every kind",
    ),
    row(
        "onair_webrtc_join_seconds",
        Histogram,
        Some("seconds"),
        &[],
        "Time from the answer to an offer to the end of the DTLS handshake",
    ),
    row(
        "onair_webrtc_sessions_ended_total",
        Counter,
        None,
        &[label::<SessionEnd, 0>()],
        "WebRTC sessions that are over, or never came about, by why",
    ),
    row(
        "onair_webrtc_round_trip_seconds",
        Histogram,
        Some("seconds"),
        &[],
        "Round trips to WebRTC listeners, as their reports tell",
    ),
    row(
        "onair_webrtc_jitter_seconds",
        Histogram,
        Some("seconds"),
        &[],
        "Inter-arrival jitter of WebRTC listeners, as their reports tell",
    ),
    row(
        "onair_webrtc_loss_ratio",
        Histogram,
        Some("ratio"),
        &[],
        "Share of packets that a WebRTC listener lost since its last report",
    ),
    row("onair_webrtc_datagrams_total", Counter, None, &[], "Datagrams that left the WebRTC port"),
    row(
        "onair_webrtc_datagrams_dropped_total",
        Counter,
        None,
        &[],
        "Datagrams that the kernel did not take from the WebRTC port",
    ),
    row(
        "onair_webrtc_strays_total",
        Counter,
        None,
        &[],
        "Datagrams that came to the WebRTC port and belong to no session",
    ),
    row(
        "onair_bus_connected",
        Gauge,
        None,
        &[],
        "1 while Redis carries what rooms say to other stations; 0 also where none is set",
    ),
    row(
        "onair_bus_messages_total",
        Counter,
        None,
        &[label::<Direction, 0>()],
        "Messages of rooms that went to other stations, and that came from them",
    ),
    row(
        "onair_bus_messages_dropped_total",
        Counter,
        None,
        &[label::<Queue, 0>()],
        "Messages of rooms between stations that were dropped because too many waited",
    ),
    row(
        "onair_bus_gaps_total",
        Counter,
        None,
        &[],
        "Times that a room missed something said at another station",
    ),
    row(
        "onair_upload_waiting",
        Gauge,
        None,
        &[],
        "Segments, init sections, covers and deletions that wait for the object store",
    ),
    row(
        "onair_upload_spool_bytes",
        Gauge,
        Some("bytes"),
        &[],
        "Bytes on local disk that are not in the object store yet",
    ),
    row(
        "onair_upload_oldest_seconds",
        Gauge,
        Some("seconds"),
        &[],
        "Age of the oldest that waits for the object store; a healthy one keeps it below 10",
    ),
    row("onair_upload_puts_total", Counter, None, &[], "Objects stored"),
    row("onair_upload_bytes_total", Counter, Some("bytes"), &[], "Bytes of the objects that were stored"),
    row(
        "onair_upload_failures_total",
        Counter,
        None,
        &[label::<UploadFailure, 0>()],
        "Attempts to store something that failed, by why; each is tried again",
    ),
    row(
        "onair_upload_segments_lost_total",
        Counter,
        None,
        &[],
        "Segments that were given up, for want of room or of their files; gaps in what is stored",
    ),
    row(
        "onair_jobs_due",
        Gauge,
        None,
        &[label::<JobKind, 0>()],
        "Jobs that are due and not done, of all stations",
    ),
    row(
        "onair_jobs_oldest_seconds",
        Gauge,
        Some("seconds"),
        &[label::<JobKind, 0>()],
        "Time for which the oldest of them has been due; minutes of it call for a look",
    ),
    row(
        "onair_jobs_failed",
        Gauge,
        None,
        &[label::<JobKind, 0>()],
        "Jobs that were given up and are kept to be looked at",
    ),
    row("onair_jobs_done_total", Counter, None, &[label::<JobKind, 0>()], "Jobs that this station has done"),
    row(
        "onair_job_failures_total",
        Counter,
        None,
        &[label::<JobKind, 0>()],
        "Attempts at jobs that failed at this station",
    ),
    row(
        "onair_notifications_total",
        Counter,
        None,
        &[label::<Told, 0>()],
        "What this station told people; each of them is counted",
    ),
    row(
        "onair_notification_sends_total",
        Counter,
        None,
        &[label::<Sent, 0>(), label::<Sent, 1>()],
        "Attempts of this station to send that by e-mail or to a device, by what became of them",
    ),
    row(
        "onair_notification_sends_due",
        Gauge,
        None,
        &[label::<Channel, 0>()],
        "What is due by each way and did not go yet, of all stations",
    ),
    row(
        "onair_notification_sends_oldest_seconds",
        Gauge,
        Some("seconds"),
        &[label::<Channel, 0>()],
        "Time for which the oldest of it has been due; minutes of it call for a look at the relay or the push service",
    ),
    row(
        "onair_process_cpu_seconds_total",
        Counter,
        Some("seconds"),
        &[],
        "Processor time of the process, user and system",
    ),
    row(
        "onair_process_resident_memory_bytes",
        Gauge,
        Some("bytes"),
        &[],
        "Memory of the process that is resident",
    ),
    row("onair_process_open_fds", Gauge, None, &[], "File descriptors of the process"),
    row("onair_process_threads", Gauge, None, &[], "Threads of the process"),
];
