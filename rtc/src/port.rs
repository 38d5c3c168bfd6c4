//! The port: the addresses that datagrams come to, one socket each, and the same number for connections.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use mio::net::{TcpListener, UdpSocket};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{setsockopt, sockopt};

/// Ports that are tried when any will do, and one address or other has it taken.
const TRIES: usize = 20;

/// What a socket may hold that the kernel has not sent or we have not read: a packet for each of 5,000
/// listeners. The kernel gives what it is allowed to.
const SOCKET_BUFFER: usize = 4 * 1_024 * 1_024;

/// The sockets of one shard.
pub(crate) struct Port {
    pub(crate) udp: Vec<(UdpSocket, SocketAddr)>,
    pub(crate) tcp: Vec<(TcpListener, SocketAddr)>,
}

/// An address could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("{address} (WebRTC): {cause}")]
pub struct BindError {
    /// Which.
    pub address: SocketAddr,
    /// Why not.
    pub cause: io::Error,
}

impl Port {
    /// Binds `listen`. An unspecified address means each address that this machine has (of IPv4, or of both
    /// for `[::]`): a socket bound to one of them answers from the address that was asked, and knows which
    /// that is. Port 0 means any.
    pub(crate) fn bind(listen: SocketAddr) -> Result<Self, BindError> {
        let addresses = addresses(listen.ip()).map_err(|cause| BindError { address: listen, cause })?;
        let mut tries = if listen.port() == 0 { TRIES } else { 1 };
        loop {
            tries -= 1;
            match Self::bind_all(&addresses, listen.port()) {
                Err(refused) if tries > 0 && refused.cause.kind() == io::ErrorKind::AddrInUse => {}
                bound => return bound,
            }
        }
    }

    fn bind_all(addresses: &[IpAddr], mut port: u16) -> Result<Self, BindError> {
        let mut bound = Self { udp: Vec::new(), tcp: Vec::new() };
        for address in addresses {
            let address = SocketAddr::new(*address, port);
            let refused = |cause| BindError { address, cause };
            let udp = UdpSocket::bind(address).map_err(refused)?;
            let address = udp.local_addr().map_err(refused)?;
            port = address.port();
            for size in [
                setsockopt(&udp, sockopt::SndBuf, &SOCKET_BUFFER),
                setsockopt(&udp, sockopt::RcvBuf, &SOCKET_BUFFER),
            ] {
                size.map_err(|cause| refused(cause.into()))?;
            }
            bound.tcp.push((TcpListener::bind(address).map_err(refused)?, address));
            bound.udp.push((udp, address));
        }
        Ok(bound)
    }
}

/// What to bind for `listen`: itself, or every address of the machine in its place. Those that others can reach
/// come first.
fn addresses(listen: IpAddr) -> io::Result<Vec<IpAddr>> {
    if !listen.is_unspecified() {
        return Ok(vec![listen]);
    }
    let mut found = Vec::new();
    for interface in getifaddrs().map_err(io::Error::from)? {
        let up = interface.flags.contains(InterfaceFlags::IFF_UP);
        let Some(address) = interface.address.filter(|_| up) else { continue };
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        let v6 = address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip()));
        let Some(address) = v4.or(v6.filter(|_| listen == IpAddr::V6(Ipv6Addr::UNSPECIFIED))) else {
            continue;
        };
        // One of a link alone cannot be said without its interface.
        let of_a_link = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        if !of_a_link && !found.contains(&address) {
            found.push(address);
        }
    }
    found.sort_by_key(IpAddr::is_loopback);
    if found.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::AddrNotAvailable,
            "this machine has no address that is up",
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_address_is_every_address_on_one_port() {
        let port = Port::bind(([0, 0, 0, 0], 0).into()).unwrap();
        let number = port.udp[0].1.port();
        assert_ne!(number, 0);
        assert!(port.udp.iter().chain([]).all(|(_, address)| address.port() == number && address.is_ipv4()));
        assert!(port.tcp.iter().all(|(_, address)| address.port() == number));
        assert!(port.udp.iter().any(|(_, address)| address.ip().is_loopback()));
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let held = Port::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let refused = Port::bind(held.udp[0].1).err().unwrap();
        assert_eq!(refused.address, held.udp[0].1);
        assert!(refused.to_string().contains(&held.udp[0].1.to_string()));
    }
}
