//! What the kernel allows one process: open files, and ports towards one address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Files besides the connections: standard streams, epoll, the report.
const SPARE_FILES: u64 = 32;
/// Connections from one source address. Linux hands out 28,232 ports by default.
const PORTS: usize = 16_384;

/// Makes room for `connections` sockets, up to the hard limit and, where we may, beyond.
pub(crate) fn allow(connections: usize) -> anyhow::Result<()> {
    let needed = connections as u64 + SPARE_FILES;
    let limit = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if enough(limit.current) {
        return Ok(());
    }
    let maximum = if enough(limit.maximum) { limit.maximum } else { Some(needed) };
    if setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum }).is_err() {
        let hard = limit.maximum.unwrap_or(u64::MAX);
        bail!("{connections} connections need {needed} open files and the hard limit is {hard}");
    }
    Ok(())
}

/// The address to bind connection number `index` to. Only loopback has many; others take the default.
pub(crate) fn source(index: usize, towards: SocketAddr) -> Option<SocketAddr> {
    let block = index / PORTS;
    match towards.ip() {
        IpAddr::V4(ip) if ip.is_loopback() && block > 0 => {
            let host = u8::try_from(block + 1).ok()?;
            Some(SocketAddr::new(Ipv4Addr::new(127, 0, 0, host).into(), 0))
        }
        _ => None,
    }
}

/// CPU seconds this process has used.
pub(crate) fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Seconds since 1970 on this machine's clock.
pub(crate) fn wall_seconds() -> anyhow::Result<f64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Ok(since.context("the clock stands before 1970")?.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_source_address_comes_before_the_ports_run_out() {
        let loopback = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(source(PORTS - 1, loopback), None);
        assert_eq!(source(PORTS, loopback), Some("127.0.0.2:0".parse().unwrap()));
        assert_eq!(source(3 * PORTS, loopback), Some("127.0.0.4:0".parse().unwrap()));
        assert_eq!(source(PORTS, "192.0.2.1:80".parse().unwrap()), None);
    }
}
