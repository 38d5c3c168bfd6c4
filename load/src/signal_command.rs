//! `signal`: people in a room.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use load::signal::{ApiKey, CONNECTIONS_MAX, Gates, Options, Passes, run};

use super::{seconds, write_json, write_out};

/// A room, who enters it, and what they say.
#[derive(Debug, Args)]
pub(crate) struct Signal {
    /// The server: http://HOST:PORT
    #[arg(long)]
    url: String,
    /// The id of the broadcast.
    #[arg(long)]
    broadcast: String,
    /// How many enter.
    #[arg(long, default_value_t = 10_000, value_parser = connections)]
    connections: usize,
    /// How many of them a second.
    #[arg(long, default_value_t = 500.0, value_parser = rate)]
    joins_per_second: f64,
    /// Messages a second, of all senders together.
    #[arg(long, default_value_t = 1.0, value_parser = rate)]
    messages_per_second: f64,
    /// How many send, in turn [default: one for each two messages a second]
    #[arg(long, value_parser = connections)]
    senders: Option<usize>,
    /// Seconds to send, after all are in.
    #[arg(long, default_value_t = 30.0, value_parser = seconds)]
    duration: f64,
    /// Seconds that somebody may take to get in.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    join_timeout: f64,
    /// Seconds without anything new after which missing messages are lost.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    patience: f64,
    /// Tickets or room tokens, one a line, those of the senders first; - is standard input. Without them and a key
    /// everybody is a guest.
    #[arg(long, value_name = "FILE", conflicts_with = "api_key")]
    tickets: Option<PathBuf>,
    /// An API key that mints a listener's token for everybody.
    #[arg(long, value_name = "KEY", requires = "api_secret")]
    api_key: Option<String>,
    /// Its secret.
    #[arg(long, value_name = "SECRET", requires = "api_key")]
    api_secret: Option<String>,
    /// Report CPU and memory of this process as the server's.
    #[arg(long, value_name = "PID", alias = "watch")]
    pid: Option<u32>,
    /// Milliseconds within which 99 of 100 messages have to reach whoever they reach.
    #[arg(long, value_name = "MS", default_value_t = 250.0, value_parser = milliseconds)]
    p99_ms: f64,
    /// Write the figures there as JSON; - is standard output.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Signal {
    /// True: no gate failed.
    pub(crate) fn run(self) -> anyhow::Result<bool> {
        let gates = Gates { p99: Duration::from_secs_f64(self.p99_ms / 1000.0) };
        let senders = (self.messages_per_second / 2.0).ceil().max(1.0) as usize;
        let report = run(&Options {
            passes: passes(self.tickets.as_deref(), self.api_key.as_deref().zip(self.api_secret.as_deref()))?,
            url: self.url,
            broadcast: self.broadcast,
            connections: self.connections,
            joins_per_second: self.joins_per_second,
            senders: self.senders.unwrap_or(senders).min(self.connections),
            messages_per_second: self.messages_per_second,
            duration: Duration::from_secs_f64(self.duration),
            join_timeout: Duration::from_secs_f64(self.join_timeout),
            patience: Duration::from_secs_f64(self.patience),
            watch: self.pid,
        })?;
        match self.json {
            Some(path) => write_json(&path, &report.json(&gates)?, &report.table(&gates))?,
            None => write_out(&report.table(&gates))?,
        }
        Ok(gates.failed(&report).is_empty())
    }
}

fn passes(tickets: Option<&Path>, key: Option<(&str, &str)>) -> anyhow::Result<Passes> {
    if let Some((key, secret)) = key {
        let Some(key) = ApiKey::parse(key, secret) else {
            bail!("an API key is visible ASCII without spaces")
        };
        return Ok(Passes::ApiKey(key));
    }
    let Some(path) = tickets else { return Ok(Passes::Guests) };
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(Passes::Given(
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
    ))
}

fn connections(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| format!("{text} is no number"))?;
    if (1..=CONNECTIONS_MAX).contains(&number) {
        Ok(number)
    } else {
        Err(format!("from 1 to {CONNECTIONS_MAX}"))
    }
}

fn rate(text: &str) -> Result<f64, String> {
    between(text, 0.01, 100_000.0)
}

fn milliseconds(text: &str) -> Result<f64, String> {
    between(text, 0.0, 600_000.0)
}

fn between(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(format!("between {least} and {most}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_read_line_by_line() {
        let path = std::env::temp_dir().join(format!("onair-load-tickets-{}", std::process::id()));
        std::fs::write(&path, "one\n\n  two \n").unwrap();
        let given = passes(Some(&path), None).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(given, Passes::Given(passes) if passes == ["one", "two"]));
        assert!(passes(Some(&path), None).is_err());
        assert!(passes(None, Some(("key", "a\nb"))).is_err());
    }

    #[test]
    fn numbers_stay_within_what_makes_sense() {
        assert_eq!(
            (connections("50000"), rate("200"), milliseconds("250")),
            (Ok(50_000), Ok(200.0), Ok(250.0))
        );
        for wrong in
            [connections("0").is_err(), rate("0").is_err(), rate("nan").is_err(), rate("-1").is_err()]
        {
            assert!(wrong);
        }
    }
}
