//! How a run went, for people and as JSON, and what it has to reach.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::report::{Delays, Figures};
use crate::watched::Usage;

/// A run in figures.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Connections that were to be made.
    pub wanted: usize,
    /// Those that the room let in.
    pub joined: usize,
    /// From the first packet of a connection to the room's answer.
    pub join: Delays,
    /// Why others did not get in, and how often.
    pub failures: BTreeMap<String, u64>,
    /// Messages sent.
    pub sent: u64,
    /// Messages that came to somebody for the first time.
    pub heard: u64,
    /// From a message's sending to each receiver, its own sender among them.
    pub delay: Delays,
    /// Messages that did not come to somebody who was there to the end.
    pub missing: u64,
    /// Messages that came to somebody again.
    pub doubled: u64,
    /// Messages that came to somebody after a later one of the same sender.
    pub reordered: u64,
    /// Connections that ended before the run did, by why.
    pub dropped: BTreeMap<String, u64>,
    /// What the room refused, as it said it, and how often.
    pub errors: BTreeMap<String, u64>,
    /// Text frames of all kinds while measuring.
    pub frames: u64,
    /// Seconds measured: from the first message to the last that came.
    pub seconds: f64,
    /// CPU seconds of the generator itself while measuring.
    pub generator_cpu: f64,
    /// What the watched server used.
    pub server: Option<Usage>,
}

/// What a run has to reach. That everybody gets in and stays, and that every message comes to everybody once and in
/// order, is not a matter of choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gates {
    /// 99 % of all messages have to arrive within this.
    pub p99: Duration,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    connections: usize,
    joined: usize,
    join: Figures,
    join_failures: &'a BTreeMap<String, u64>,
    sent: u64,
    heard: u64,
    delay: Figures,
    missing: u64,
    doubled: u64,
    reordered: u64,
    dropped: u64,
    drops: &'a BTreeMap<String, u64>,
    errors: &'a BTreeMap<String, u64>,
    frames: u64,
    frames_per_second: f64,
    seconds: f64,
    generator_cpu_seconds: f64,
    server: Option<Usage>,
    server_bytes_per_connection: Option<u64>,
    failed: Vec<String>,
    passed: bool,
}

impl Report {
    /// Connections that ended before the run did.
    pub fn drops(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// By how much the watched server grew for each connection that got in, in bytes.
    pub fn bytes_per_connection(&self) -> Option<u64> {
        let server = self.server.filter(|_| self.joined > 0)?;
        Some(server.rss_after.saturating_sub(server.rss_before) / self.joined as u64)
    }

    fn frames_per_second(&self) -> f64 {
        self.frames as f64 / self.seconds.max(1e-9)
    }

    /// One JSON object, delays in milliseconds.
    pub fn json(&self, gates: &Gates) -> serde_json::Result<String> {
        let failed = gates.failed(self);
        serde_json::to_string_pretty(&Json {
            connections: self.wanted,
            joined: self.joined,
            join: self.join.figures(),
            join_failures: &self.failures,
            sent: self.sent,
            heard: self.heard,
            delay: self.delay.figures(),
            missing: self.missing,
            doubled: self.doubled,
            reordered: self.reordered,
            dropped: self.drops(),
            drops: &self.dropped,
            errors: &self.errors,
            frames: self.frames,
            frames_per_second: self.frames_per_second(),
            seconds: self.seconds,
            generator_cpu_seconds: self.generator_cpu,
            server: self.server,
            server_bytes_per_connection: self.bytes_per_connection(),
            passed: failed.is_empty(),
            failed,
        })
    }

    /// Lines for a terminal.
    pub fn table(&self, gates: &Gates) -> String {
        let mut text = format!("{} of {} connections in the room\n", self.joined, self.wanted);
        let mut row = |name: &str, figures: Figures| {
            let Figures { count, p50_ms, p95_ms, p99_ms, max_ms } = figures;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{name}: {count}; p50 {p50_ms:.1}, p95 {p95_ms:.1}, p99 {p99_ms:.1}, max {max_ms:.1} ms"
            );
        };
        row("join", self.join.figures());
        row("messages, to each receiver", self.delay.figures());
        let _ = writeln!(
            text,
            "sent {}, heard {}; missing {}, doubled {}, reordered {}; dropped connections {}",
            self.sent,
            self.heard,
            self.missing,
            self.doubled,
            self.reordered,
            self.drops()
        );
        let _ = writeln!(
            text,
            "{:.1} s, {:.0} frames a second; generator CPU {:.1} %",
            self.seconds,
            self.frames_per_second(),
            100.0 * self.generator_cpu / self.seconds.max(1e-9)
        );
        if let Some(server) = self.server {
            let _ = writeln!(
                text,
                "server CPU {:.2} s ({:.1} %), memory {:.1} MB + {:.1} KB a connection",
                server.cpu_seconds,
                100.0 * server.cpu_seconds / self.seconds.max(1e-9),
                server.rss_before as f64 / 1e6,
                self.bytes_per_connection().unwrap_or_default() as f64 / 1e3
            );
        }
        for (what, reasons) in
            [("not in", &self.failures), ("dropped", &self.dropped), ("refused", &self.errors)]
        {
            for (reason, count) in reasons {
                let _ = writeln!(text, "{what}: {count} times: {reason}");
            }
        }
        for failed in gates.failed(self) {
            let _ = writeln!(text, "FAILED: {failed}");
        }
        text
    }
}

impl Gates {
    /// The gates that `report` fails, each as a line with its figure.
    pub fn failed(&self, report: &Report) -> Vec<String> {
        let mut failed = Vec::new();
        if report.joined < report.wanted {
            failed.push(format!("{} of {} got in", report.joined, report.wanted));
        }
        if report.heard == 0 {
            failed.push("nothing was heard".to_owned());
        }
        for (count, what) in [
            (report.missing, "messages are missing"),
            (report.doubled, "messages came again"),
            (report.reordered, "messages came out of order"),
            (report.drops(), "connections were dropped"),
        ] {
            if count > 0 {
                failed.push(format!("{count} {what}"));
            }
        }
        let (p99, bound) = (report.delay.figures().p99_ms, self.p99.as_secs_f64() * 1000.0);
        if p99 > bound {
            failed.push(format!("messages take {p99:.0} ms (p99), at most {bound:.0} ms allowed"));
        }
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watched::Usage;

    const GATES: Gates = Gates { p99: Duration::from_millis(250) };

    fn well() -> Report {
        let mut report = Report { wanted: 10, joined: 10, sent: 5, heard: 50, ..Report::default() };
        report.delay.record(Duration::from_millis(249));
        report
    }

    #[test]
    fn each_gate_fails_the_run_by_itself() {
        assert_eq!(GATES.failed(&well()), Vec::<String>::new());
        let mut slow = well();
        slow.delay.record(Duration::from_millis(252));
        let cut = BTreeMap::from([("cut".to_owned(), 2)]);
        for (report, reason) in [
            (Report { joined: 9, ..well() }, "9 of 10 got in"),
            (Report { heard: 0, ..well() }, "nothing was heard"),
            (Report { missing: 1, ..well() }, "1 messages are missing"),
            (Report { doubled: 1, ..well() }, "1 messages came again"),
            (Report { reordered: 1, ..well() }, "1 messages came out of order"),
            (Report { dropped: cut, ..well() }, "2 connections were dropped"),
            (slow, "messages take 252 ms (p99)"),
        ] {
            let failed = GATES.failed(&report);
            assert!(failed.len() == 1 && failed[0].starts_with(reason), "{failed:?} for {reason}");
            assert!(report.table(&GATES).contains(&failed[0]));
        }
    }

    #[test]
    fn the_json_has_what_a_connection_weighs() {
        let server = Usage { cpu_seconds: 1.0, rss_before: 1_000, rss_after: 51_000 };
        let json = Report { server: Some(server), ..well() }.json(&GATES).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["serverBytesPerConnection"], &json["passed"]), (&5_000.into(), &true.into()));
    }
}
