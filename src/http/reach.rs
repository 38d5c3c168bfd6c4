//! Which machines a request may go to when a stranger chose its address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::{TcpStream, lookup_host};
use url::Host;

/// Which machines a client connects to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// All of them: somebody whom the station trusts chose the address.
    Anywhere,
    /// Those of the public internet. The name is resolved once and the connection goes to an address that
    /// was looked at, so a name that changes its mind between the two gains nothing.
    Public,
}

impl Reach {
    /// Connects to the first address of `host` that may be reached and answers.
    ///
    /// # Errors
    /// `PermissionDenied` where none of them may be reached; otherwise the last one's reason.
    pub(super) async fn connect(self, host: &str, port: u16) -> io::Result<TcpStream> {
        if self == Self::Anywhere {
            return TcpStream::connect((host, port)).await;
        }
        let mut outcome = Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the address is not of the public internet, and only such addresses may be reached",
        ));
        for address in lookup_host((host, port)).await?.filter(|address| is_public(address.ip())) {
            outcome = TcpStream::connect(address).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Whether a host may be reached as far as can be told without resolving it: a number, or a name that
    /// always means this machine (RFC 6761).
    pub fn may_allow(self, host: &Host<&str>) -> bool {
        self == Self::Anywhere
            || match *host {
                Host::Domain(name) => name != "localhost" && !name.ends_with(".localhost"),
                Host::Ipv4(address) => is_public(address.into()),
                Host::Ipv6(address) => is_public(address.into()),
            }
    }
}

/// Whether an address is one of the public internet by the registries of IANA for special-purpose addresses
/// (RFC 6890). An IPv6 address that stands for an IPv4 one is judged as that one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded_v4(address).map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || matches!(
            octets,
            // «This network» and what is kept for later, carriers' own, IETF assignments, benchmarks.
            [0 | 240..=255, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18 | 19, ..]
        );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Only 2000::/3 is given out; of it, Teredo and the other protocol assignments (2001::/23) and the
    // addresses of documents are no machines.
    let given_out = segments[0] & 0xe000 == 0x2000;
    let assignments = segments[0] == 0x2001 && segments[1] < 0x0200;
    let documents = matches!(segments, [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..]);
    given_out && !assignments && !documents
}

/// The IPv4 address inside a mapped (RFC 4291), translated (RFC 6052, RFC 8215) or 6to4 (RFC 3056) one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let at = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => at(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_internet_is_public() {
        for address in ["1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "198.20.0.1", "223.255.0.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in
            ["2606:4700::1111", "2001:4860::8888", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1", "2002:101:101::"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_is_near_is_not() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "64:ff9b:1::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_machine_that_may_not_be_reached_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1"] {
            let refused = Reach::Public.connect(host, port).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "{host}");
        }
        Reach::Anywhere.connect("127.0.0.1", port).await.unwrap();
        let (_, from) = listener.accept().await.unwrap();
        assert!(from.ip().is_loopback(), "one connection came, and it was the allowed one");
    }
}
