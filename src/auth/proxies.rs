//! Proxies that are believed: what they say about who is behind them.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;

use crate::http::server::Scheme;

/// Addresses and networks whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-User-ID` are believed.
/// Nobody's are, by default.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrustedProxies(Vec<Network>);

/// An IP network; one address is a network too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Network {
    /// IPv4 as IPv4-mapped IPv6, so that one comparison serves both.
    address: u128,
    mask: u128,
}

impl TrustedProxies {
    /// Networks in a list at the most.
    const MAX: usize = 64;

    /// Reads `10.0.0.0/8, 192.0.2.1, 2001:db8::/32`; `None` where that is not what it is.
    pub fn parse(text: &str) -> Option<Self> {
        let networks: Option<Vec<_>> = text.split(',').map(|one| one.trim().parse().ok()).collect();
        networks.filter(|networks| networks.len() <= Self::MAX).map(Self)
    }

    /// Is what comes from this address believed?
    pub fn trusts(&self, address: IpAddr) -> bool {
        let bits = bits(address);
        self.0.iter().any(|network| bits & network.mask == network.address)
    }

    /// The address of whoever asks: `peer` itself, or whom a trusted proxy names. Of a chain the last that is
    /// no trusted proxy counts; what stands before it anybody may have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        if !self.trusts(peer) {
            return client;
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for hop in hops.map(str::trim) {
            let Some(address) = address(hop) else { break };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    /// How the request came to the outermost trusted proxy, or to us.
    pub fn scheme(&self, peer: IpAddr, scheme: Scheme, headers: &HeaderMap) -> Scheme {
        if !self.trusts(peer) {
            return scheme;
        }
        match headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok()) {
            Some(told) if told.trim().eq_ignore_ascii_case("https") => Scheme::Https,
            Some(_) => Scheme::Http,
            None => scheme,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let bits_of_family = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse::<u32>().map_err(|_| ())?
            }
            Some(_) => return Err(()),
            None => bits_of_family,
        };
        if length > bits_of_family {
            return Err(());
        }
        let mask = u128::MAX.checked_shl(bits_of_family - length).unwrap_or(0);
        let address = bits(address);
        // 10.1.2.3/8 is a mistake that would trust more than was meant.
        if address & mask == address { Ok(Self { address, mask }) } else { Err(()) }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// One hop as proxies write it: `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`, `2001:db8::1`.
fn address(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().ok().or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()));
    address.or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn networks_are_read_strictly() {
        let proxies = TrustedProxies::parse("10.0.0.0/8, 192.0.2.1 ,2001:db8::/32").unwrap();
        for inside in ["10.255.0.1", "192.0.2.1", "2001:db8:1::1", "::ffff:10.0.0.1"] {
            assert!(proxies.trusts(ip(inside)), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.2", "2001:db9::1", "::1"] {
            assert!(!proxies.trusts(ip(outside)), "{outside}");
        }
        assert!(TrustedProxies::parse("0.0.0.0/0").unwrap().trusts(ip("1.2.3.4")));
        assert!(!TrustedProxies::parse("0.0.0.0/0").unwrap().trusts(ip("::1")));
        assert!(TrustedProxies::parse("::/0").unwrap().trusts(ip("1.2.3.4")));
        for wrong in ["", "10.0.0.0/33", "10.1.2.3/8", "host", "10.0.0.0/+8", "10.0.0.1,", "::/129"] {
            assert_eq!(TrustedProxies::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client() {
        let proxies = TrustedProxies::parse("10.0.0.0/8").unwrap();
        let client = |peer, chain| proxies.client(ip(peer), &headers(&[("x-forwarded-for", chain)]));
        assert_eq!(client("192.0.2.9", "203.0.113.1"), ip("192.0.2.9"));
        assert_eq!(client("10.0.0.1", "203.0.113.1"), ip("203.0.113.1"));
        assert_eq!(client("10.0.0.1", "6.6.6.6, 203.0.113.1, 10.0.0.2"), ip("203.0.113.1"));
        assert_eq!(client("10.0.0.1", "10.0.0.3, 10.0.0.2"), ip("10.0.0.3"));
        assert_eq!(client("10.0.0.1", "203.0.113.1, unknown, 10.0.0.2"), ip("10.0.0.2"));
        assert_eq!(client("10.0.0.1", "[2001:db8::1]:4711"), ip("2001:db8::1"));
        assert_eq!(client("10.0.0.1", "203.0.113.1:80"), ip("203.0.113.1"));
        let lines = headers(&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.1")]);
        assert_eq!(proxies.client(ip("10.0.0.1"), &lines), ip("203.0.113.1"));
        assert_eq!(TrustedProxies::default().client(ip("10.0.0.1"), &lines), ip("10.0.0.1"));
    }

    #[test]
    fn only_a_trusted_proxy_tells_the_scheme() {
        let proxies = TrustedProxies::parse("10.0.0.1").unwrap();
        let scheme =
            |peer, told| proxies.scheme(ip(peer), Scheme::Http, &headers(&[("x-forwarded-proto", told)]));
        assert_eq!(scheme("10.0.0.1", "https"), Scheme::Https);
        assert_eq!(scheme("10.0.0.1", "http"), Scheme::Http);
        assert_eq!(scheme("10.0.0.2", "https"), Scheme::Http);
    }
}
