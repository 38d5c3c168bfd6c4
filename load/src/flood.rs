//! One address, asked for again and again on many connections: how much a server can answer.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde::Serialize;

use crate::connection::Event;
use crate::fault::Fault;
use crate::pool::Pool;
use crate::report::{Delays, Figures};
use crate::response::Keep;
use crate::target::Target;
use crate::watched::{Usage, Watched};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Flood {
    /// Answers of status 200 and the right length.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Everything else.
    pub errors: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// From request to last byte.
    pub latency: Figures,
    /// What the watched server used.
    pub server: Option<Usage>,
}

/// Keeps one request under way on each of `connections` for `duration`.
///
/// The process `watch` of this machine is reported as the server. The first answer tells the length that all others must have.
pub fn run(url: &str, connections: usize, duration: Duration, watch: Option<u32>) -> anyhow::Result<Flood> {
    if !(1..=20_000).contains(&connections) {
        bail!("{connections} connections: between 1 and 20000 can be kept busy");
    }
    let target = Target::parse(url)?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: onair-load\r\n\r\n",
        target.path, target.authority
    );
    let mut pool: Pool<Instant> = Pool::new(connections, target.address)?;
    let server = watch.map(Watched::new).transpose()?;
    let start = Instant::now();
    let end = start + duration;
    let (mut requests, mut bytes, mut errors, mut length) = (0, 0, 0, None);
    let mut latency = Delays::default();
    let ask = |pool: &mut Pool<Instant>, index: usize, now: Instant| {
        pool.ask(index, (now, request.as_bytes(), Keep::Length), now).map_err(|(_, fault)| fault)
    };
    for index in 0..connections {
        if let Err(fault) = ask(&mut pool, index, start) {
            bail!("connection {index} of {connections}: {fault}");
        }
    }
    loop {
        let now = Instant::now();
        if now >= end {
            break;
        }
        pool.wait(end - now)?;
        while let Some((index, event)) = pool.next() {
            let now = Instant::now();
            match event {
                Event::Nothing => continue,
                Event::Answer(asked, response) => {
                    let right = *length.get_or_insert(response.length) == response.length;
                    if response.status == 200 && right {
                        (requests, bytes) = (requests + 1, bytes + response.length);
                        latency.record(now - asked);
                    } else {
                        errors += 1;
                    }
                }
                // A server that is not there would be asked in a tight loop.
                Event::Failed(_, Fault::Connect) => bail!("{url}: no connection"),
                Event::Failed(..) | Event::Broken(_) => errors += 1,
            }
            if ask(&mut pool, index, now).is_err() {
                bail!("{url}: no connection");
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let server = server.map(|server| server.usage()).transpose()?;
    Ok(Flood { requests, bytes, errors, seconds, latency: latency.figures(), server })
}
