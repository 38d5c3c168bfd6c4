//! Where Redis is.

use std::str::FromStr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, RedisResult};
use url::Url;

use crate::logs::Redacted;

/// How long a connection may take, and an answer beyond what the question itself waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// The address of a Redis server: `redis://` or, with TLS, `rediss://`. It may hold a password, so it does not print.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RedisUrl(Redacted<String>);

/// Not the address of a Redis server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no address of a Redis server")]
pub struct NotRedis;

impl RedisUrl {
    /// A server by its parts. `None` where `host` is none.
    pub fn of_parts(host: &str, port: u16, password: Option<&str>) -> Option<Self> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let mut url = Url::parse(&format!("redis://{host}:{port}")).ok()?;
        if url.port() != Some(port) || url.path().len() > 1 || !url.username().is_empty() {
            return None;
        }
        url.set_password(password).ok()?;
        url.as_str().parse().ok()
    }

    /// The address with its password.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The address without user, password and query (where a socket's address has its password), to be shown.
    pub fn shown(&self) -> String {
        let Ok(mut url) = Url::parse(self.expose()) else { return String::new() };
        // An address without a host has neither.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        url.set_query(None);
        url.into()
    }

    /// A connection on which a question may take `longest` by its own.
    pub async fn connect(&self, longest: Duration) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(longest + PATIENCE));
        Client::open(self.expose())?.get_multiplexed_async_connection_with_config(&config).await
    }
}

impl FromStr for RedisUrl {
    type Err = NotRedis;

    fn from_str(text: &str) -> Result<Self, NotRedis> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("redis" | "rediss" | "unix")) || text.into_connection_info().is_err() {
            return Err(NotRedis);
        }
        Ok(Self(Redacted::new(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_put_together_from_parts() {
        let url =
            |host, password| RedisUrl::of_parts(host, 6379, password).map(|url| url.expose().to_owned());
        assert_eq!(url("redis.example", None).as_deref(), Some("redis://redis.example:6379"));
        assert_eq!(url("::1", Some("a b/c")).as_deref(), Some("redis://:a%20b%2Fc@[::1]:6379"));
        for wrong in ["", "a b", "a/b", "a@b"] {
            assert_eq!(url(wrong, None), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url: RedisUrl = "rediss://me:secret@redis.example/2".parse().unwrap();
        assert_eq!(url.shown(), "rediss://redis.example/2");
        assert!(!format!("{url:?}").contains("secret"));
        let socket: RedisUrl = "unix:///run/redis.sock?db=2&pass=secret".parse().unwrap();
        assert_eq!(socket.shown(), "unix:///run/redis.sock");
        for wrong in ["", "redis://", "http://a", "redis.example:6379", "redis+sentinel://a"] {
            assert_eq!(wrong.parse::<RedisUrl>(), Err(NotRedis), "{wrong:?}");
        }
    }
}
