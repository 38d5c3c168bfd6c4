//! Whether WebRTC's port can be had, and whether datagrams come through to it.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::machine::reachable;
use super::report::Report;

const CHECK: &str = "WebRTC port";

/// How long a datagram may take within this machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the datagram says that is sent to the port.
const PROBE: &[u8] = b"onair doctor";

/// Looks at the port; `is_running` tells whether a station runs on this machine already.
pub(super) fn examine(report: &mut Report, port: Option<SocketAddr>, public: &[IpAddr], is_running: bool) {
    let Some(address) = port else {
        return report.ok(CHECK, "WebRTC is switched off: everybody hears HLS");
    };
    let told = match public {
        [] => "clients are told the addresses of this machine".to_owned(),
        public => format!(
            "clients are told {}",
            public.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
        ),
    };
    if address.port() == 0 {
        return report.ok(CHECK, format!("{address}: a free port is found at each start; {told}"));
    }
    let socket = match UdpSocket::bind(address) {
        Ok(socket) => socket,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_running => {
            return report.ok(CHECK, format!("{address} is served by a running station; {told}"));
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let advice = format!(
                "stop what listens there (`ss -lunp 'sport = :{}'`) or set another port",
                address.port()
            );
            return report.fail(CHECK, format!("{address} is taken, and no station runs here"), advice);
        }
        Err(error) => {
            let advice = "set an address that this machine has, or 0.0.0.0 for all (`--rtc`)";
            return report.fail(CHECK, format!("{address}: {error}"), advice);
        }
    };
    match pass_through(&socket, address) {
        Ok(()) => report.ok(CHECK, format!("{address} is free for UDP; {told}")),
        Err(error) => report.fail(
            CHECK,
            format!("a datagram to {address} does not arrive, not even from this machine: {error}"),
            "let UDP to this port through the machine's own firewall (`nft list ruleset`)",
        ),
    }
}

/// Sends a datagram to the port from another one, and waits for it.
fn pass_through(socket: &UdpSocket, address: SocketAddr) -> io::Result<()> {
    let to = reachable(address);
    UdpSocket::bind(SocketAddr::new(to.ip(), 0))?.send_to(PROBE, to)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut arrived = [0; 64];
    loop {
        let (length, _) = socket.recv_from(&mut arrived)?;
        if &arrived[..length] == PROBE {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(port: Option<SocketAddr>, is_running: bool) -> String {
        let mut report = Report::default();
        examine(&mut report, port, &["203.0.113.7".parse().unwrap()], is_running);
        report.to_string()
    }

    #[test]
    fn a_port_is_free_or_a_stations_or_somebody_elses() {
        let held = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        assert!(told(Some(address), true).contains("served by a running station"));
        let somebody = told(Some(address), false);
        assert!(somebody.starts_with("FAIL") && somebody.contains("ss -lunp"), "{somebody}");
        drop(held);
        let free = told(Some(address), false);
        assert!(free.starts_with("ok") && free.contains("clients are told 203.0.113.7"), "{free}");
    }

    #[test]
    fn a_port_that_is_off_or_any_is_well() {
        assert!(told(None, false).contains("switched off"));
        assert!(told(Some(([127, 0, 0, 1], 0).into()), false).contains("found at each start"));
        let elsewhere = told(Some("192.0.2.250:8189".parse().unwrap()), false);
        assert!(elsewhere.starts_with("FAIL"), "{elsewhere}");
    }
}
