//! `onair-load`: makes listeners, and says what they heard.

mod rtc_commands;
mod signal_command;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use load::catalog::Diet;
use load::{flood, floor, hls, probe};
use rtc_commands::{Bounds, Source, Steps, Ways};
use signal_command::Signal;

/// Load generators and probes for OnAir. Exit status 1 when anything went wrong for a listener.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Listeners of an LL-HLS broadcast, each with blocking reloads and every part exactly once.
    Hls {
        /// The multivariant playlist: http://HOST:PORT/live/ID/index.m3u8
        url: String,
        /// How many listeners.
        #[arg(long, default_value_t = 100)]
        listeners: usize,
        /// Seconds to measure, after all have joined.
        #[arg(long, default_value_t = 30.0, value_parser = seconds)]
        duration: f64,
        /// Whole segments by polling; index.m3u8 in the address becomes standard.m3u8.
        #[arg(long)]
        plain: bool,
        /// Reload playlists and fetch no media.
        #[arg(long, conflicts_with = "plain")]
        playlists_only: bool,
        /// The rung to hear: main, low, opus or another name; the first one listed otherwise.
        #[arg(long)]
        rung: Option<String>,
        /// Seconds over which they join [default: one per 1,000 listeners]
        #[arg(long, value_parser = seconds)]
        ramp: Option<f64>,
        /// Connections of each listener: 2 as browsers have, 1 as a proxy may.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
        connections: u8,
        /// Report CPU and memory of this process as the server's.
        #[arg(long, value_name = "PID")]
        watch: Option<u32>,
        /// Write the figures there as JSON; - is standard output.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Listeners over WebRTC, by WHEP: joins, loss, jitter, round trips.
    Webrtc {
        #[command(flatten)]
        source: Source,
        /// How many listeners.
        #[arg(long, default_value_t = 50)]
        listeners: usize,
        /// Seconds to measure, after all have joined.
        #[arg(long, default_value_t = 30.0, value_parser = seconds)]
        duration: f64,
        #[command(flatten)]
        bounds: Bounds,
        /// Write the figures there as JSON; - is standard output.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// More and more WebRTC listeners, until a gate fails.
    Ramp {
        #[command(flatten)]
        source: Source,
        /// How many listeners at each step.
        #[arg(long, default_value = "100,1000,5000", value_parser = rtc_commands::steps)]
        steps: Steps,
        /// Seconds to measure each step, after all have joined.
        #[arg(long, default_value_t = 30.0, value_parser = seconds)]
        hold: f64,
        #[command(flatten)]
        bounds: Bounds,
        /// Write the figures of all steps there as JSON; - is standard output.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// People in a room by WebSocket: joins, and what of the chat reaches everybody, how soon.
    Signal(Box<Signal>),
    /// One listener: with a broadcast by WebRTC, as one JSON object; otherwise one strict HLS listener, who
    /// fails on any gap, overlap, changed tag or late part.
    Probe {
        /// The server, http://HOST:PORT, or the multivariant playlist, http://HOST:PORT/live/ID/index.m3u8
        url: String,
        /// The id of the broadcast to hear by WebRTC.
        broadcast: Option<String>,
        /// Seconds [default: 10 by WebRTC, 60 by HLS]
        #[arg(long, value_parser = seconds)]
        duration: Option<f64>,
        /// The rung to hear by HLS; the first one listed otherwise.
        #[arg(long, conflicts_with = "broadcast")]
        rung: Option<String>,
        #[command(flatten)]
        ways: Ways,
        #[command(flatten)]
        bounds: Bounds,
    },
    /// What AES-GCM and `sendto` of one packet to one listener cost on this machine, as JSON.
    Floor {
        /// How many listeners.
        #[arg(long, default_value_t = 500)]
        listeners: usize,
        /// Bytes of each packet's payload.
        #[arg(long, default_value_t = 160)]
        payload: usize,
        /// Seconds.
        #[arg(long, default_value_t = 10.0, value_parser = seconds)]
        duration: f64,
        /// The core that sends.
        #[arg(long, requires = "sink_core")]
        core: Option<usize>,
        /// The core that reads.
        #[arg(long, requires = "core")]
        sink_core: Option<usize>,
    },
    /// One address, asked for without pause.
    Flood {
        /// http://HOST:PORT/PATH
        url: String,
        /// Connections, one request under way on each.
        #[arg(long, default_value_t = 64)]
        connections: usize,
        /// Seconds.
        #[arg(long, default_value_t = 10.0, value_parser = seconds)]
        duration: f64,
        /// Report CPU and memory of this process as the server's.
        #[arg(long, value_name = "PID")]
        watch: Option<u32>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "onair-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True: nothing went wrong.
fn run(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Hls {
            url,
            listeners,
            duration,
            plain,
            playlists_only,
            rung,
            ramp,
            connections,
            watch,
            json,
        } => {
            let url = if plain { standard(&url) } else { url };
            let report = hls::run(&hls::Options {
                url,
                listeners,
                duration: Duration::from_secs_f64(duration),
                ramp: Duration::from_secs_f64(ramp.unwrap_or(listeners as f64 / 1000.0)),
                diet: match (plain, playlists_only) {
                    (true, _) => Diet::Segments,
                    (_, true) => Diet::Playlists,
                    _ => Diet::Parts,
                },
                rung,
                watch,
                two_connections: connections == 2,
            })?;
            match json {
                Some(path) => write_json(&path, &report.json()?, &report.table())?,
                None => write_out(&report.table())?,
            }
            Ok(report.passed())
        }
        Command::Webrtc { source, listeners, duration, bounds, json } => {
            rtc_commands::webrtc(source, &bounds, (listeners, duration), json)
        }
        Command::Ramp { source, steps, hold, bounds, json } => {
            rtc_commands::ramp(source, &bounds, (&steps, hold), json)
        }
        Command::Signal(signal) => signal.run(),
        Command::Probe { url, broadcast: Some(broadcast), duration, ways, bounds, .. } => {
            rtc_commands::probe(&ways.options(url, broadcast), &bounds, duration.unwrap_or(10.0))
        }
        Command::Probe { url, duration, rung, .. } => {
            let duration = Duration::from_secs_f64(duration.unwrap_or(60.0));
            let heard = probe::run(&url, rung.as_deref(), duration)?;
            for finding in &heard.findings {
                write_out(&format!("{finding}\n"))?;
            }
            let (parts, segments, findings) = (heard.parts, heard.segments, heard.findings.len());
            write_out(&format!("{parts} parts, {segments} whole segments, {findings} findings\n"))?;
            Ok(parts > 0 && findings == 0)
        }
        Command::Floor { listeners, payload, duration, core, sink_core } => {
            let duration = Duration::from_secs_f64(duration);
            let cores = core.zip(sink_core);
            let floor = floor::run(floor::Options { receivers: listeners, payload, duration, cores })?;
            write_out(&(serde_json::to_string(&floor)? + "\n"))?;
            Ok(floor.packets > 0)
        }
        Command::Flood { url, connections, duration, watch } => {
            let flood = flood::run(&url, connections, Duration::from_secs_f64(duration), watch)?;
            write_out(&(serde_json::to_string(&flood)? + "\n"))?;
            Ok(flood.errors == 0 && flood.requests > 0)
        }
    }
}

/// The JSON to a file and the table to standard output, or the JSON alone to «-».
fn write_json(path: &Path, json: &str, table: &str) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return write_out(&format!("{json}\n"));
    }
    std::fs::write(path, format!("{json}\n"))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    write_out(table)
}

fn write_out(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("standard output is closed")
}

/// The part-less playlists stand beside the others.
fn standard(url: &str) -> String {
    url.strip_suffix("/index.m3u8").map_or_else(|| url.to_owned(), |house| format!("{house}/standard.m3u8"))
}

/// Seconds from nothing to a week.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text} is no number of seconds"))?;
    if (0.0..=604_800.0).contains(&seconds) { Ok(seconds) } else { Err("between 0 and 604800".to_owned()) }
}
