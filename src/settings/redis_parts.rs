//! The address of a Redis server in parts, as other products' settings have it: `REDIS_HOST` and its kin.

use std::collections::BTreeMap;

use super::error::SettingsError;
use super::values::{Place, Value};
use crate::logs::REDACTED;
use crate::signal::bus::RedisUrl;

/// Parts gathered from the layers, weakest first: the host may stand in `.env` and the password in the environment.
#[derive(Default)]
pub(super) struct RedisParts(BTreeMap<String, String>);

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
        let given: Vec<_> = pairs.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        if given.is_empty() {
            return Ok(None);
        }
        self.0.extend(given);
        let Some(host) = self.part(HOST) else { return Ok(None) };
        let Ok(port) = self.part(PORT).unwrap_or("6379").parse() else {
            return Err(self.refuse(PORT, place, "a port such as 6379"));
        };
        match RedisUrl::of_parts(host, port, self.part(PASSWORD)) {
            Some(url) => {
                let text = url.expose().to_owned();
                Ok(Some(Value { text, name: HOST.to_owned(), place: place.clone() }))
            }
            None => Err(self.refuse(HOST, place, "a host name or an address such as redis.example.org")),
        }
    }

    fn part(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn refuse(&self, name: &str, place: &Place, allowed: &str) -> SettingsError {
        SettingsError::BadValue {
            name: name.to_owned(),
            value: self.part(name).map_or_else(|| REDACTED.to_owned(), |text| format!("{text:?}")),
            place: place.to_string(),
            allowed: allowed.to_owned(),
        }
    }
}

const HOST: &str = "REDIS_HOST";
const PORT: &str = "REDIS_PORT";
const PASSWORD: &str = "REDIS_PASSWORD";
const NAMES: [&str; 3] = [HOST, PORT, PASSWORD];
