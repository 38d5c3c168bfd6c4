//! The address of a Redis server in parts, as other products' settings have it: `REDIS_HOST` and its kin.

use super::error::SettingsError;
use super::gathered_parts::GatheredParts;
use super::values::{Place, Value};
use crate::signal::bus::RedisUrl;

/// Its parts.
#[derive(Default)]
pub(super) struct RedisParts(GatheredParts);

impl RedisParts {
    /// Is this the name of a part?
    pub(super) fn has(name: &str) -> bool {
        NAMES.contains(&name)
    }

    /// Adds the parts of a layer; the address as it is now, where the layer had one and a host is known.
    pub(super) fn add(
        &mut self,
        pairs: Vec<(String, String)>,
        place: &Place,
    ) -> Result<Option<Value>, SettingsError> {
        if !self.0.gather(pairs) {
            return Ok(None);
        }
        let Some(host) = self.0.part(HOST) else { return Ok(None) };
        let port = self.0.port(PORT, 6379, place)?;
        match RedisUrl::of_parts(host, port, self.0.part(PASSWORD)) {
            Some(url) => {
                let text = url.expose().to_owned();
                Ok(Some(Value { text, name: HOST.to_owned(), place: place.clone() }))
            }
            None => Err(self.0.refuse(HOST, place, "a host name or an address such as redis.example.org")),
        }
    }
}

const HOST: &str = "REDIS_HOST";
const PORT: &str = "REDIS_PORT";
const PASSWORD: &str = "REDIS_PASSWORD";
const NAMES: [&str; 3] = [HOST, PORT, PASSWORD];
