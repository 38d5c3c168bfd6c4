//! `onair-load`: makes listeners, and says what they heard.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use load::catalog::Diet;
use load::{flood, hls, probe};

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
    /// One strict listener: fails on any gap, overlap, changed tag or late part.
    Probe {
        /// The multivariant playlist: http://HOST:PORT/live/ID/index.m3u8
        url: String,
        /// Seconds.
        #[arg(long, default_value_t = 60.0, value_parser = seconds)]
        duration: f64,
        /// The rung to hear; the first one listed otherwise.
        #[arg(long)]
        rung: Option<String>,
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
            match json.as_deref() {
                Some(path) if path == Path::new("-") => write_out(&(report.json()? + "\n"))?,
                Some(path) => {
                    std::fs::write(path, report.json()? + "\n")
                        .with_context(|| format!("{} cannot be written", path.display()))?;
                    write_out(&report.table())?;
                }
                None => write_out(&report.table())?,
            }
            Ok(report.passed())
        }
        Command::Probe { url, duration, rung } => {
            let heard = probe::run(&url, rung.as_deref(), Duration::from_secs_f64(duration))?;
            for finding in &heard.findings {
                write_out(&format!("{finding}\n"))?;
            }
            let (parts, segments, findings) = (heard.parts, heard.segments, heard.findings.len());
            write_out(&format!("{parts} parts, {segments} whole segments, {findings} findings\n"))?;
            Ok(parts > 0 && findings == 0)
        }
        Command::Flood { url, connections, duration, watch } => {
            let flood = flood::run(&url, connections, Duration::from_secs_f64(duration), watch)?;
            write_out(&(serde_json::to_string(&flood)? + "\n"))?;
            Ok(flood.errors == 0 && flood.requests > 0)
        }
    }
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
