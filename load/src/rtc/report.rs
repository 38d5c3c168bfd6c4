//! What WebRTC listeners heard, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;

use super::gates::Gates;
use super::reception::Counts;
use crate::report::Figures;
use crate::watched::Usage;

/// Why a listener heard nothing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum JoinFault {
    /// No connection to the endpoint, or no whole answer.
    Unreachable,
    /// Any status but 201.
    Refused(u16),
    /// The answer is no SDP that the offer could be met with.
    Answer,
    /// No path was found by ICE.
    Ice,
    /// No keys were agreed upon by DTLS.
    Dtls,
    /// Connected, and no packet came.
    Silent,
}

impl fmt::Display for JoinFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => write!(f, "unreachable"),
            Self::Refused(status) => write!(f, "refused {status}"),
            Self::Answer => write!(f, "answer unusable"),
            Self::Ice => write!(f, "no path (ICE)"),
            Self::Dtls => write!(f, "no keys (DTLS)"),
            Self::Silent => write!(f, "silent"),
        }
    }
}

/// How a figure spreads over the listeners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// Half of them are below.
    pub p50: f64,
    /// 95 % are below.
    pub p95: f64,
    /// 99 % are below.
    pub p99: f64,
    /// The worst of them.
    pub max: f64,
}

impl Spread {
    /// Of these figures; zero where there are none.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * figures.len() as f64).ceil() as usize;
            figures.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1.0) }
    }
}

/// One step of a run in figures.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Listeners that were to hear at the end of the step, those of earlier steps included.
    pub wanted: usize,
    /// Listeners that heard something, ever.
    pub joined: usize,
    /// Listeners that lost their connection after they had heard something.
    pub dropped: usize,
    /// Listeners that the server sent away, as at the end of a broadcast.
    pub ended: usize,
    /// From the request until the first packet, of those who joined in this step.
    pub join: Figures,
    /// Seconds measured after all had joined.
    pub seconds: f64,
    /// All packets, from the first join of the step on.
    pub packets: Counts,
    /// Of these, the ones that were counted after all had joined.
    pub held: Counts,
    /// How much later than the quickest one each packet came.
    pub delay: Figures,
    /// Interarrival jitter (RFC 3550) of each listener at the end, ms.
    pub jitter_ms: Spread,
    /// Packets lost of a hundred, of each listener.
    pub loss_percent_each: Spread,
    /// Round trips of ICE's checks.
    pub round_trip: Figures,
    /// Windows of 100 ms with the tone, and windows listened to.
    pub tone: Option<(u64, u64)>,
    /// Listeners that heard nothing, by reason; those of earlier steps included.
    pub faults: BTreeMap<JoinFault, u64>,
    /// What the server said to the first listener that it refused.
    pub refusal: Option<String>,
    /// CPU seconds of the generator itself while measuring.
    pub generator_cpu: f64,
    /// What the watched server used.
    pub server: Option<Usage>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    listeners: usize,
    joined: usize,
    join_percent: f64,
    dropped: usize,
    ended: usize,
    seconds: f64,
    join: Figures,
    packets: u64,
    lost: u64,
    lost_while_joining: u64,
    packets_measured: u64,
    bytes_measured: u64,
    loss_percent: f64,
    loss_percent_each: Spread,
    recovered: u64,
    reordered: u64,
    duplicates: u64,
    late: u64,
    restarts: u64,
    kbps_each: f64,
    delay: Figures,
    jitter_ms: Spread,
    round_trip: Figures,
    tone_percent: Option<f64>,
    errors: BTreeMap<String, u64>,
    refusal: Option<&'a str>,
    generator_cpu_seconds: f64,
    server: Option<Usage>,
    failed: Vec<String>,
    passed: bool,
}

/// One listener's figures, as `probe` tells them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProbeJson<'a> {
    joined: bool,
    join_ms: Option<f64>,
    seconds: f64,
    packets: u64,
    lost: u64,
    loss_percent: f64,
    recovered: u64,
    late: u64,
    jitter_ms: f64,
    delay_p99_ms: f64,
    rtt_ms: Option<f64>,
    kbps: f64,
    tone_percent: Option<f64>,
    error: Option<String>,
    refusal: Option<&'a str>,
    failed: Vec<String>,
    passed: bool,
}

impl Report {
    /// Listeners of a hundred that heard something.
    pub fn join_percent(&self) -> f64 {
        100.0 * self.joined as f64 / self.wanted.max(1) as f64
    }

    /// Packets of a hundred that nobody heard.
    pub fn loss_percent(&self) -> f64 {
        100.0 * self.packets.lost as f64 / self.packets.expected().max(1) as f64
    }

    /// Windows of a hundred with the tone, where one was listened for. Without a window there is none.
    pub fn tone_percent(&self) -> Option<f64> {
        self.tone.map(|(heard, windows)| 100.0 * heard as f64 / windows.max(1) as f64)
    }

    /// Payload that each listener got.
    fn kbps_each(&self) -> f64 {
        self.held.bytes as f64 * 8.0 / 1000.0 / self.seconds.max(1e-9) / self.joined.max(1) as f64
    }

    /// One JSON object with `gates` judged.
    pub fn json(&self, gates: &Gates) -> serde_json::Result<String> {
        serde_json::to_string(&self.value(gates))
    }

    /// One JSON array with an object for each step.
    pub fn json_of_steps(reports: &[Self], gates: &Gates) -> serde_json::Result<String> {
        serde_json::to_string(&reports.iter().map(|report| report.value(gates)).collect::<Vec<_>>())
    }

    fn value(&self, gates: &Gates) -> Json<'_> {
        let failed = gates.failed(self);
        Json {
            listeners: self.wanted,
            joined: self.joined,
            join_percent: self.join_percent(),
            dropped: self.dropped,
            ended: self.ended,
            seconds: self.seconds,
            join: self.join,
            packets: self.packets.received,
            lost: self.packets.lost,
            lost_while_joining: self.packets.lost - self.held.lost,
            packets_measured: self.held.received,
            bytes_measured: self.held.bytes,
            loss_percent: self.loss_percent(),
            loss_percent_each: self.loss_percent_each,
            recovered: self.packets.recovered,
            reordered: self.packets.reordered,
            duplicates: self.packets.duplicates,
            late: self.packets.late,
            restarts: self.packets.restarts,
            kbps_each: self.kbps_each(),
            delay: self.delay,
            jitter_ms: self.jitter_ms,
            round_trip: self.round_trip,
            tone_percent: self.tone_percent(),
            errors: self.faults.iter().map(|(fault, count)| (fault.to_string(), *count)).collect(),
            refusal: self.refusal.as_deref(),
            generator_cpu_seconds: self.generator_cpu,
            server: self.server,
            passed: failed.is_empty(),
            failed,
        }
    }

    /// One JSON object for a run with one listener.
    pub fn probe_json(&self, gates: &Gates) -> serde_json::Result<String> {
        let failed = gates.failed(self);
        serde_json::to_string(&ProbeJson {
            joined: self.joined > 0,
            join_ms: (self.join.count > 0).then_some(self.join.max_ms),
            seconds: self.seconds,
            packets: self.packets.received,
            lost: self.packets.lost,
            loss_percent: self.loss_percent(),
            recovered: self.packets.recovered,
            late: self.packets.late,
            jitter_ms: self.jitter_ms.max,
            delay_p99_ms: self.delay.p99_ms,
            rtt_ms: (self.round_trip.count > 0).then_some(self.round_trip.p50_ms),
            kbps: self.kbps_each(),
            tone_percent: self.tone_percent(),
            error: self.faults.keys().next().map(ToString::to_string),
            refusal: self.refusal.as_deref(),
            passed: failed.is_empty(),
            failed,
        })
    }

    /// A table for a terminal, with `gates` judged.
    pub fn table(&self, gates: &Gates) -> String {
        let mut text = String::new();
        self.write_table(gates, &mut text).expect("writing to a String cannot fail");
        text
    }

    fn write_table(&self, gates: &Gates, text: &mut String) -> fmt::Result {
        writeln!(
            text,
            "{} of {} listeners joined, {:.1} s: {} packets, {:.1} kb/s each",
            self.joined,
            self.wanted,
            self.seconds,
            self.packets.received,
            self.kbps_each()
        )?;
        writeln!(text, "{:<34} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "count", "p50", "p95", "p99", "max")?;
        for (name, figures) in [
            ("join, ms until the first packet", self.join),
            ("packet, ms after the quickest", self.delay),
            ("round trip, ms", self.round_trip),
        ] {
            let Figures { count, p50_ms, p95_ms, p99_ms, max_ms } = figures;
            writeln!(text, "{name:<34} {count:>9} {p50_ms:>9.2} {p95_ms:>9.2} {p99_ms:>9.2} {max_ms:>9.2}")?;
        }
        for (name, spread) in
            [("jitter of each, ms", self.jitter_ms), ("loss of each, %", self.loss_percent_each)]
        {
            let (Spread { p50, p95, p99, max }, joined) = (spread, self.joined);
            writeln!(text, "{name:<34} {joined:>9} {p50:>9.3} {p95:>9.3} {p99:>9.3} {max:>9.3}")?;
        }
        let Counts { lost, recovered, reordered, duplicates, late, restarts, .. } = self.packets;
        writeln!(
            text,
            "lost {lost} ({:.4} %, {} while joining), recovered {recovered}, late {late}, reordered {reordered}, \
             duplicates {duplicates}, restarts {restarts}",
            self.loss_percent(),
            self.packets.lost - self.held.lost
        )?;
        if let Some(tone) = self.tone_percent() {
            writeln!(text, "the tone is in {tone:.1} % of what was heard")?;
        }
        let share = |seconds: f64| 100.0 * seconds / self.seconds.max(1e-9);
        writeln!(
            text,
            "dropped {}, heard the end {}, generator CPU {:.1} %",
            self.dropped,
            self.ended,
            share(self.generator_cpu)
        )?;
        if let Some(server) = self.server {
            let grown = server.rss_after.saturating_sub(server.rss_before) as f64;
            writeln!(
                text,
                "server CPU {:.2} s ({:.1} %), memory {:.1} MB + {:.1} KB a listener",
                server.cpu_seconds,
                share(server.cpu_seconds),
                server.rss_before as f64 / 1e6,
                grown / 1e3 / self.wanted.max(1) as f64
            )?;
        }
        for (fault, count) in &self.faults {
            writeln!(text, "error: {fault}: {count}")?;
        }
        if let Some(refusal) = &self.refusal {
            writeln!(text, "the server said: {refusal}")?;
        }
        for gate in gates.failed(self) {
            writeln!(text, "FAILED: {gate}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_the_figures() {
        let spread = Spread::of((1..=200).rev().map(f64::from).collect());
        assert_eq!(spread, Spread { p50: 100.0, p95: 190.0, p99: 198.0, max: 200.0 });
        assert_eq!(Spread::of(vec![7.0]), Spread { p50: 7.0, p95: 7.0, p99: 7.0, max: 7.0 });
        assert_eq!(Spread::of(vec![]), Spread::default());
    }

    #[test]
    fn table_and_json_tell_what_failed() {
        let mut report = Report { wanted: 4, joined: 2, ..Report::default() };
        report.packets = Counts { received: 90, lost: 10, ..Counts::default() };
        report.faults.insert(JoinFault::Refused(503), 2);
        let table = report.table(&Gates::default());
        assert!(table.contains("error: refused 503: 2"), "{table}");
        assert!(table.contains("FAILED: 10.000 % of the packets lost"), "{table}");
        let json: serde_json::Value = serde_json::from_str(&report.json(&Gates::default()).unwrap()).unwrap();
        assert_eq!(json["errors"]["refused 503"], 2);
        assert_eq!(json["lossPercent"], 10.0);
        assert_eq!(json["joinPercent"], 50.0);
        assert_eq!((&json["passed"], json["failed"].as_array().unwrap().len()), (&false.into(), 2));
    }

    #[test]
    fn a_probe_that_never_joined_has_no_join_time_and_fails() {
        let mut report = Report { wanted: 1, ..Report::default() };
        report.faults.insert(JoinFault::Ice, 1);
        let json: serde_json::Value =
            serde_json::from_str(&report.probe_json(&Gates::default()).unwrap()).unwrap();
        assert_eq!(json["joinMs"], serde_json::Value::Null);
        assert_eq!((&json["error"], &json["passed"]), (&"no path (ICE)".into(), &false.into()));
    }
}
