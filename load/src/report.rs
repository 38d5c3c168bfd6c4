//! What the listeners saw, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::fault::Fault;
use crate::watched::Usage;

/// Delays beyond this are counted as this.
const LONGEST: Duration = Duration::from_mins(2);

/// Delays of one kind, with three digits of precision from 1 µs to two minutes.
#[derive(Clone, Debug)]
pub struct Delays(Histogram<u64>);

impl Default for Delays {
    fn default() -> Self {
        let bounds = Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, 3);
        Self(bounds.expect("1 µs to 120 s in three digits is a valid histogram"))
    }
}

/// A [`Delays`] in figures, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// How many were measured.
    pub count: u64,
    /// Half are below.
    pub p50_ms: f64,
    /// 95 % are below.
    pub p95_ms: f64,
    /// 99 % are below.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Delays {
    /// Notes one.
    pub fn record(&mut self, delay: Duration) {
        self.0.saturating_record(delay.as_micros() as u64);
    }

    /// The figures so far.
    pub fn figures(&self) -> Figures {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        Figures {
            count: self.0.len(),
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: if self.0.is_empty() { 0.0 } else { self.0.max() as f64 / 1000.0 },
        }
    }
}

/// Delays of the last byte of something, after its release.
#[derive(Clone, Debug, Default)]
pub struct LastByte {
    /// After the first listener had the playlist that names it.
    pub since_first: Delays,
    /// After the instant that `EXT-X-PROGRAM-DATE-TIME` and the release delay give.
    pub since_grid: Delays,
}

/// A [`LastByte`] in figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastByteFigures {
    /// See [`LastByte::since_first`].
    pub since_first: Figures,
    /// See [`LastByte::since_grid`].
    pub since_grid: Figures,
}

impl LastByte {
    fn figures(&self) -> LastByteFigures {
        LastByteFigures { since_first: self.since_first.figures(), since_grid: self.since_grid.figures() }
    }
}

/// A run in figures.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Listeners that were started.
    pub listeners: usize,
    /// Connections each of them may use.
    pub connections_each: usize,
    /// Seconds measured, after everybody had joined.
    pub seconds: f64,
    /// Listeners that heard the end of the broadcast.
    pub ended: usize,
    /// Answers of any status.
    pub requests: u64,
    /// Bytes of all bodies as they came.
    pub bytes: u64,
    /// Blocking reloads.
    pub playlists: LastByte,
    /// Parts (or segments) that were waited for.
    pub media: LastByte,
    /// First listener's playlist after the earliest release on the grid: how evenly steps are released.
    pub steps: Delays,
    /// Seconds from the last sample of a part to its release: the least that was seen.
    pub release_delay: Option<f64>,
    /// Parts that came after a player at the hold-back needed them.
    pub stalls: u64,
    /// Connections opened anew.
    pub reconnects: u64,
    /// CPU seconds of the generator itself while measuring.
    pub generator_cpu: f64,
    /// What the watched server used.
    pub server: Option<Usage>,
    faults: BTreeMap<Fault, u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    listeners: usize,
    connections_each: usize,
    seconds: f64,
    ended: usize,
    requests: u64,
    bytes: u64,
    playlists: LastByteFigures,
    media: LastByteFigures,
    steps: Figures,
    release_delay_ms: Option<f64>,
    stalls: u64,
    reconnects: u64,
    generator_cpu_seconds: f64,
    server: Option<Usage>,
    errors: BTreeMap<String, u64>,
    passed: bool,
    note: &'a str,
}

impl Report {
    /// An empty report of listeners that have `connections_each`.
    pub fn of(connections_each: usize) -> Self {
        Self { connections_each, ..Self::default() }
    }

    /// Counts something that went wrong.
    pub fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// How often `fault` happened.
    pub fn count(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or_default()
    }

    /// Faults of all kinds.
    pub fn errors(&self) -> u64 {
        self.faults.values().sum()
    }

    /// No fault, no stall, and something was heard.
    pub fn passed(&self) -> bool {
        let heard = self.media.since_first.figures().count + self.playlists.since_first.figures().count;
        self.errors() == 0 && self.stalls == 0 && heard > 0
    }

    /// One JSON object, delays in milliseconds.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&Json {
            listeners: self.listeners,
            connections_each: self.connections_each,
            seconds: self.seconds,
            ended: self.ended,
            requests: self.requests,
            bytes: self.bytes,
            playlists: self.playlists.figures(),
            media: self.media.figures(),
            steps: self.steps.figures(),
            release_delay_ms: self.release_delay.map(|seconds| seconds * 1000.0),
            stalls: self.stalls,
            reconnects: self.reconnects,
            generator_cpu_seconds: self.generator_cpu,
            server: self.server,
            errors: self.faults.iter().map(|(fault, count)| (fault.to_string(), *count)).collect(),
            passed: self.passed(),
            note: "delays run to the last byte of the body in the generator, its own queue included",
        })
    }

    /// A table for a terminal.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{} listeners, {} connection(s) each, {:.1} s: {} answers, {:.1} MB\n",
            self.listeners,
            self.connections_each,
            self.seconds,
            self.requests,
            self.bytes as f64 / 1e6
        );
        let mut row = |name: &str, figures: Figures| {
            let Figures { count, p50_ms, p95_ms, p99_ms, max_ms } = figures;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{name:<38} {count:>9} {p50_ms:>9.2} {p95_ms:>9.2} {p99_ms:>9.2} {max_ms:>9.2}"
            );
        };
        row("playlist, ms after the first listener", self.playlists.since_first.figures());
        row("media, ms after the first listener", self.media.since_first.figures());
        if let Some(delay) = self.release_delay {
            row("playlist, ms after the grid instant", self.playlists.since_grid.figures());
            row("media, ms after the grid instant", self.media.since_grid.figures());
            row("first listener, ms after the grid", self.steps.figures());
            let _ = writeln!(text, "grid instant = end of the part + {:.1} ms", delay * 1000.0);
        }
        let _ = writeln!(
            text,
            "stalls {}, reconnects {}, heard the end {}, generator CPU {:.1} %",
            self.stalls,
            self.reconnects,
            self.ended,
            100.0 * self.generator_cpu / self.seconds.max(1e-9)
        );
        if let Some(server) = self.server {
            let grown = server.rss_after.saturating_sub(server.rss_before) as f64;
            let _ = writeln!(
                text,
                "server CPU {:.2} s ({:.1} %), memory {:.1} MB + {:.1} KB a listener",
                server.cpu_seconds,
                100.0 * server.cpu_seconds / self.seconds.max(1e-9),
                server.rss_before as f64 / 1e6,
                grown / 1e3 / self.listeners.max(1) as f64
            );
        }
        for (fault, count) in &self.faults {
            let _ = writeln!(text, "error: {fault}: {count}");
        }
        let header =
            format!("{:<38} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "", "count", "p50", "p95", "p99", "max");
        let first_line = text.find('\n').map_or(0, |at| at + 1);
        text.insert_str(first_line, &header);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_delays() {
        let mut delays = Delays::default();
        for ms in 1..=100 {
            delays.record(Duration::from_millis(ms));
        }
        let figures = delays.figures();
        for (got, expected) in
            [(figures.p50_ms, 50.0), (figures.p95_ms, 95.0), (figures.p99_ms, 99.0), (figures.max_ms, 100.0)]
        {
            assert!((got - expected).abs() / expected < 0.002, "{got} is not {expected}");
        }
    }

    #[test]
    fn a_run_passes_only_when_something_was_heard_and_nothing_went_wrong() {
        let mut report = Report::default();
        assert!(!report.passed(), "silence is no success");
        report.media.since_first.record(Duration::from_millis(3));
        assert!(report.passed());
        report.fault(Fault::Status(503));
        assert!(!report.passed());
        assert!(report.table().contains("error: status 503: 1"));
        let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
        assert_eq!(json["errors"]["status 503"], 1);
        assert_eq!(json["media"]["sinceFirst"]["count"], 1);
        assert_eq!(json["passed"], false);
    }

    #[test]
    fn a_stall_fails_the_run() {
        let mut report = Report::default();
        report.media.since_first.record(Duration::from_millis(3));
        report.stalls = 1;
        assert!(!report.passed());
    }
}
