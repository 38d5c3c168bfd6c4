//! STUN and TURN servers that clients are told of, with passwords that expire.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde::Serialize;
use utoipa::ToSchema;

use crate::settings::{RtcSettings, TurnSettings};

/// How long a password lets its holder open relays: a long evening. A relay that is open stays so.
pub const PASSWORD_LIFE: u64 = 6 * 60 * 60;

/// The servers of this station.
#[derive(Clone, Debug)]
pub struct IceServers {
    stun: Vec<String>,
    turn: Option<TurnSettings>,
}

/// A server as a browser takes it in `RTCConfiguration.iceServers`.
#[derive(Clone, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceServer {
    /// Its addresses.
    #[schema(example = json!(["turn:turn.example.org:3478?transport=udp"]))]
    pub urls: Vec<String>,
    /// By whom it is used, where it asks: the second since 1970 in which the password expires, and a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1800000000:evening", nullable = false)]
    pub username: Option<String>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub credential: Option<String>,
}

impl IceServers {
    /// Those of the settings.
    pub fn of(settings: &RtcSettings) -> Self {
        Self { stun: settings.stun_urls.clone(), turn: settings.turn.clone() }
    }

    /// What a client of the broadcast `label` is told at `now`, in seconds since 1970. The password is made of
    /// the secret that the TURN server has too (draft-uberti-behave-turn-rest, coturn's `use-auth-secret`).
    pub fn at(&self, label: &str, now: u64) -> Vec<IceServer> {
        let mut servers = Vec::new();
        if !self.stun.is_empty() {
            servers.push(IceServer { urls: self.stun.clone(), username: None, credential: None });
        }
        if let Some(turn) = &self.turn {
            let username = format!("{}:{label}", now + PASSWORD_LIFE);
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, turn.secret.expose().as_bytes());
            let credential = STANDARD.encode(hmac::sign(&key, username.as_bytes()));
            let (username, credential) = (Some(username), Some(credential));
            servers.push(IceServer { urls: turn.urls.clone(), username, credential });
        }
        servers
    }
}

impl IceServer {
    /// The same as values of `Link` (RFC 9725, 4.6), one for each address.
    pub fn links(&self) -> impl Iterator<Item = HeaderValue> {
        self.urls.iter().filter_map(|url| {
            let key = match (&self.username, &self.credential) {
                (Some(username), Some(credential)) => format!(
                    "; username=\"{username}\"; credential=\"{credential}\"; credential-type=\"password\""
                ),
                _ => String::new(),
            };
            let link = format!("<{url}>; rel=\"ice-server\"{key}");
            // Settings let nothing in that a header cannot hold, and a label is a broadcast's id.
            HeaderValue::try_from(link).ok()
        })
    }
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Redacted;

    fn servers() -> IceServers {
        let urls = vec!["turn:t.example:3478?transport=udp".to_owned(), "turns:t.example:5349".to_owned()];
        let secret = Redacted::new("north-of-the-river".to_owned());
        IceServers { stun: vec!["stun:s.example".to_owned()], turn: Some(TurnSettings { urls, secret }) }
    }

    #[test]
    fn a_password_is_what_coturn_makes_of_the_name_and_the_secret() {
        let told = servers().at("evening", 1_800_000_000);
        assert_eq!(told[1].username.as_deref(), Some("1800021600:evening"));
        // printf 1800021600:evening | openssl dgst -sha1 -hmac north-of-the-river -binary | base64
        assert_eq!(told[1].credential.as_deref(), Some("ToSbRZrPfferDFNaIBezsZwyZ0s="));
        assert_eq!(
            told[0],
            IceServer { urls: vec!["stun:s.example".into()], username: None, credential: None }
        );
        assert!(!format!("{told:?}").contains("ToSbRZrPfferDFNaIBezsZwyZ0s="));
    }

    #[test]
    fn each_address_is_a_link_of_its_own() {
        let links: Vec<_> =
            servers().at("evening", 1_800_000_000).iter().flat_map(IceServer::links).collect();
        assert_eq!(links.len(), 3);
        assert_eq!(links[0], "<stun:s.example>; rel=\"ice-server\"");
        assert_eq!(
            links[1],
            "<turn:t.example:3478?transport=udp>; rel=\"ice-server\"; username=\"1800021600:evening\"; \
             credential=\"ToSbRZrPfferDFNaIBezsZwyZ0s=\"; credential-type=\"password\""
        );
    }

    #[test]
    fn a_station_without_servers_tells_of_none() {
        assert_eq!(IceServers { stun: Vec::new(), turn: None }.at("evening", 0), []);
    }
}
