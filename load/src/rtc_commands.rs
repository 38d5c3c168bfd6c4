//! The commands that listen by WHEP: `webrtc`, `ramp` and, with a broadcast, `probe`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use load::rtc::tone::TONES;
use load::rtc::{Crowd, Gates, LISTENERS_MAX, Options, Report, Step, Token};

use super::{seconds, write_json, write_out};

/// Who listens to what, over WebRTC.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The server: http://HOST:PORT
    url: String,
    /// The id of the broadcast.
    broadcast: String,
    #[command(flatten)]
    ways: Ways,
}

/// How listeners join and what they listen for.
#[derive(Debug, Args)]
pub(crate) struct Ways {
    /// A playback token, for a broadcast that is not public.
    #[arg(long, value_parser = Token::parse)]
    token: Option<Token>,
    /// Offer redundancy (RED, RFC 2198).
    #[arg(long)]
    red: bool,
    /// Joins a second.
    #[arg(long, default_value_t = 20.0, value_parser = rate)]
    join_rate: f64,
    /// Seconds from the request to the first packet after which a listener has failed.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    join_timeout: f64,
    /// Decode, and look for a tone of that many Hz.
    #[arg(long, value_name = "HZ", value_parser = tone)]
    listen_for: Option<f64>,
    /// Publish a tone by WHIP with this stream key.
    #[arg(long, value_name = "KEY", value_parser = Token::parse)]
    publish: Option<Token>,
    /// The tone that is published, Hz.
    #[arg(long, value_name = "HZ", default_value_t = 440.0, value_parser = tone)]
    tone: f64,
    /// Report CPU and memory of this process as the server's.
    #[arg(long, value_name = "PID")]
    watch: Option<u32>,
}

/// What a run has to reach; exit status 1 where it does not.
#[derive(Debug, Args)]
pub(crate) struct Bounds {
    /// Packets of a hundred that may be lost.
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0, value_parser = percent)]
    max_loss: f64,
    /// Listeners of a hundred that have to hear something.
    #[arg(long, value_name = "PERCENT", default_value_t = 99.0, value_parser = percent)]
    min_join: f64,
    /// Seconds until 95 % of them hear something.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    max_join_p95: f64,
    /// Windows of a hundred that have to have the tone, with --listen-for.
    #[arg(long, value_name = "PERCENT", default_value_t = 90.0, value_parser = percent)]
    min_tone: f64,
}

impl Ways {
    pub(crate) fn options(self, url: String, broadcast: String) -> Options {
        Options {
            url,
            broadcast,
            token: self.token,
            red: self.red,
            join_rate: self.join_rate,
            patience: Duration::from_secs_f64(self.join_timeout),
            listen_for: self.listen_for,
            publish: self.publish,
            tone: self.tone,
            watch: self.watch,
        }
    }
}

impl Bounds {
    fn gates(&self) -> Gates {
        Gates {
            max_loss: self.max_loss,
            min_join: self.min_join,
            max_join_p95: Duration::from_secs_f64(self.max_join_p95),
            min_tone: self.min_tone,
        }
    }
}

/// `webrtc`: so many listeners for so long. True: no gate failed.
pub(crate) fn webrtc(
    source: Source,
    bounds: &Bounds,
    (listeners, duration): (usize, f64),
    json: Option<PathBuf>,
) -> anyhow::Result<bool> {
    let gates = bounds.gates();
    let options = source.ways.options(source.url, source.broadcast);
    let report = one_step(&options, Step { listeners, hold: Duration::from_secs_f64(duration) })?;
    match json {
        Some(path) => write_json(&path, &report.json(&gates)?, &report.table(&gates))?,
        None => write_out(&report.table(&gates))?,
    }
    Ok(gates.failed(&report).is_empty())
}

/// `ramp`: more and more listeners, until a gate fails. True: none did.
pub(crate) fn ramp(
    source: Source,
    bounds: &Bounds,
    (steps, hold): (&[usize], f64),
    json: Option<PathBuf>,
) -> anyhow::Result<bool> {
    let gates = bounds.gates();
    let options = source.ways.options(source.url, source.broadcast);
    let mut crowd = Crowd::open(&options)?;
    let (mut reports, mut table) = (Vec::new(), String::new());
    for listeners in steps.iter().copied() {
        let report = crowd.step(Step { listeners, hold: Duration::from_secs_f64(hold) })?;
        let text = format!("step {}: {}\n", reports.len() + 1, report.table(&gates));
        if json.is_none() {
            write_out(&text)?;
        }
        table += &text;
        let passed = gates.failed(&report).is_empty();
        reports.push(report);
        if !passed {
            break;
        }
    }
    farewell(crowd)?;
    if let Some(path) = json {
        write_json(&path, &Report::json_of_steps(&reports, &gates)?, &table)?;
    }
    Ok(reports.len() == steps.len() && reports.iter().all(|report| gates.failed(report).is_empty()))
}

/// `probe` of a broadcast: one listener, one JSON object. True: no gate failed.
pub(crate) fn probe(options: &Options, bounds: &Bounds, duration: f64) -> anyhow::Result<bool> {
    let gates = bounds.gates();
    let report = one_step(options, Step { listeners: 1, hold: Duration::from_secs_f64(duration) })?;
    write_out(&(report.probe_json(&gates)? + "\n"))?;
    Ok(gates.failed(&report).is_empty())
}

fn one_step(options: &Options, step: Step) -> anyhow::Result<Report> {
    let mut crowd = Crowd::open(options)?;
    let report = crowd.step(step)?;
    farewell(crowd)?;
    Ok(report)
}

fn farewell(crowd: Crowd<'_>) -> anyhow::Result<()> {
    match crowd.close() {
        0 => Ok(()),
        held => {
            anyhow::bail!("{held} sessions could not be left: the server holds them until consent runs out")
        }
    }
}

/// Listeners of each step.
pub(crate) type Steps = Vec<usize>;

/// Steps that grow.
pub(crate) fn steps(text: &str) -> Result<Steps, String> {
    let steps: Option<Steps> = text.split(',').map(|step| step.trim().parse().ok()).collect();
    let steps = steps.ok_or_else(|| format!("{text} is no list of numbers, as 100,1000,5000"))?;
    let grow = steps.windows(2).all(|pair| pair[0] < pair[1]);
    let fit = steps.iter().all(|step| (1..=LISTENERS_MAX).contains(step));
    if grow && fit { Ok(steps) } else { Err(format!("steps grow, from 1 to {LISTENERS_MAX}")) }
}

fn number(text: &str, range: std::ops::RangeInclusive<f64>, what: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text} is no {what}"))?;
    if range.contains(&number) {
        Ok(number)
    } else {
        Err(format!("between {} and {}", range.start(), range.end()))
    }
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, 0.01..=10_000.0, "number of joins a second")
}

fn percent(text: &str) -> Result<f64, String> {
    number(text, 0.0..=100.0, "percentage")
}

fn tone(text: &str) -> Result<f64, String> {
    number(text, TONES, "frequency in Hz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbers_that_grow() {
        assert_eq!(steps("100,1000, 5000").unwrap(), [100, 1000, 5000]);
        for wrong in ["", "5,5", "10,5", "0,5", "5,20001", "many"] {
            assert!(steps(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn numbers_stay_within_what_makes_sense() {
        assert_eq!((rate("20"), percent("99.9"), tone("440")), (Ok(20.0), Ok(99.9), Ok(440.0)));
        for wrong in [rate("0"), rate("nan"), percent("101"), percent("-1"), tone("20"), tone("9000")] {
            assert!(wrong.is_err());
        }
    }
}
