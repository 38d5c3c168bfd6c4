//! The settings of WebRTC.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::error::SettingsError;
use super::sections::{alone, env};
use super::table::Key;
use super::values::{self, Values};
use crate::logs::Redacted;

/// WebRTC: where it listens, whom it serves and what clients are told of.
#[derive(Clone, Debug, PartialEq)]
pub struct RtcSettings {
    /// The UDP port; port 0 means a free one. Without it there is no WebRTC.
    pub listen: Option<SocketAddr>,
    /// Where clients reach the station; its own addresses where there are none.
    pub public_ips: Vec<IpAddr>,
    /// Listeners of one broadcast.
    pub listeners_max: usize,
    /// Threads that send, each on a port of its own; at least 1.
    pub shards: usize,
    /// Whether packets repeat the ones before.
    pub red: Red,
    /// How much sound a packet to a listener carries, in milliseconds: 20 or 40.
    pub packet_ms: u8,
    /// STUN servers, as URIs.
    pub stun_urls: Vec<String>,
    /// TURN servers.
    pub turn: Option<TurnSettings>,
}

/// TURN servers that take passwords made with a shared secret.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnSettings {
    /// Where they are, as URIs; at least one.
    pub urls: Vec<String>,
    /// What passwords are made with.
    pub secret: Redacted<String>,
}

/// Whose packets repeat the ones before (RED, RFC 2198).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Red {
    /// Of those who lose packets.
    Auto,
    /// Of all who can read it.
    Always,
    /// Nobody's.
    Off,
}

/// A word that is none of these.
#[derive(Debug, thiserror::Error)]
#[error("use auto, always or off")]
pub struct UnknownRed;

impl FromStr for Red {
    type Err = UnknownRed;

    fn from_str(text: &str) -> Result<Self, UnknownRed> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "off" => Ok(Self::Off),
            _ => Err(UnknownRed),
        }
    }
}

impl RtcSettings {
    pub(super) fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let secret = values.optional(Key::TurnSecret, values::shared_secret)?.map(Redacted::new);
        let urls = values.optional(Key::TurnUrls, |text| servers(text, ["turn:", "turns:"]))?;
        let turn = match (urls, secret) {
            (Some(urls), Some(secret)) => Some(TurnSettings { urls, secret }),
            (Some(_), None) => return Err(alone(Key::TurnUrls, env(Key::TurnSecret))),
            // A secret alone does no harm: other products' files have one whether or not there is a server.
            (None, _) => None,
        };
        Ok(Self {
            listen: values.unless_off(Key::RtcListen, listen)?,
            public_ips: values.optional(Key::RtcPublicIp, addresses)?.unwrap_or_default(),
            listeners_max: values.count(Key::WebrtcListenersMax)?,
            shards: values.count(Key::RtcShards)?,
            red: values.parsed(Key::RtcRed)?,
            packet_ms: values.parsed(Key::RtcPacketMs)?,
            stun_urls: values
                .optional(Key::StunUrls, |text| servers(text, ["stun:", "stuns:"]))?
                .unwrap_or_default(),
            turn,
        })
    }
}

/// As elsewhere, or an address alone: `MEDIASOUP_LISTEN_IP` has no port.
fn listen(text: &str) -> Option<SocketAddr> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some((address, PORT).into()),
        Err(_) => values::listen(text),
    }
}

fn addresses(text: &str) -> Option<Vec<IpAddr>> {
    let addresses: Option<Vec<IpAddr>> = text.split(',').map(|one| one.trim().parse().ok()).collect();
    let reachable = |address: &IpAddr| !address.is_unspecified() && !address.is_multicast();
    addresses.filter(|all| all.len() <= ADDRESSES_MAX && all.iter().all(reachable))
}

/// URIs of servers, each with one of these schemes. Their host is the operator's word; that there is one, and
/// nothing that could end a header, is checked.
fn servers(text: &str, schemes: [&str; 2]) -> Option<Vec<String>> {
    let server = |uri: &str| {
        let uri = uri.trim();
        let rest = schemes.iter().find_map(|scheme| uri.strip_prefix(scheme))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]?=_".contains(&byte);
        (rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.bytes().all(plain))
        .then(|| uri.to_owned())
    };
    let servers: Option<Vec<String>> = text.split(',').map(server).collect();
    servers.filter(|servers| servers.len() <= SERVERS_MAX)
}

/// The port of WebRTC, where an address alone is given.
const PORT: u16 = 8189;

/// Each address is a candidate in every answer.
const ADDRESSES_MAX: usize = 8;

/// Each server makes every client's gathering longer; browsers warn at five.
const SERVERS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_alone_takes_the_usual_port() {
        assert_eq!(listen("10.0.0.5"), "10.0.0.5:8189".parse().ok());
        assert_eq!(listen("::"), "[::]:8189".parse().ok());
        assert_eq!(listen(":9000"), "0.0.0.0:9000".parse().ok());
        assert_eq!(listen("127.0.0.1:0"), "127.0.0.1:0".parse().ok());
        for wrong in ["", "host", "10.0.0.5:", "10.0.0"] {
            assert_eq!(listen(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn clients_are_told_addresses_that_can_be_reached() {
        assert_eq!(addresses("203.0.113.7, 2001:db8::7").unwrap().len(), 2);
        for wrong in ["", "0.0.0.0", "224.0.0.1", "radio.example", "203.0.113.7,", &["::1"; 9].join(",")] {
            assert_eq!(addresses(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn servers_have_their_scheme_and_a_host() {
        let turn = |text| servers(text, ["turn:", "turns:"]);
        let two = "turn:turn.example.org:3478?transport=udp, turns:turn.example.org:5349?transport=tcp";
        assert_eq!(turn(two).unwrap().len(), 2);
        assert!(turn("turn:[2001:db8::1]:3478").is_some());
        for wrong in [
            "",
            "turn:",
            "stun:a.example",
            "turn://a.example",
            "turn:a.example>; rel=x",
            "turn:a,",
            "turn:?x",
        ] {
            assert_eq!(turn(wrong), None, "{wrong:?}");
        }
    }
}
