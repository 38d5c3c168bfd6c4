//! The address of a PostgreSQL server in parts, as other products' settings have it: `DB_HOST` and its kin.

use std::collections::BTreeMap;

use store::DatabaseUrl;

use super::error::SettingsError;
use super::values::{Place, Value};
use crate::logs::REDACTED;

/// Parts gathered from the layers, weakest first: the host may stand in `.env` and the password in the environment.
#[derive(Default)]
pub(super) struct DatabaseParts(BTreeMap<String, String>);

impl DatabaseParts {
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
        let Ok(port) = self.part(PORT).unwrap_or("5432").parse() else {
            return Err(self.refuse(PORT, place, "a port such as 5432"));
        };
        let name = self.part(NAME).unwrap_or("onair");
        let user = self.part(USER).unwrap_or("onair");
        match DatabaseUrl::postgres(host, port, name, user, self.part(PASSWORD)) {
            Ok(url) => {
                let text = url.expose().to_owned();
                Ok(Some(Value { text, name: HOST.to_owned(), place: place.clone() }))
            }
            Err(_) => Err(self.refuse(HOST, place, "a host name or an address such as db.example.org")),
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

const HOST: &str = "DB_HOST";
const PORT: &str = "DB_PORT";
const NAME: &str = "DB_NAME";
const USER: &str = "DB_USER";
const PASSWORD: &str = "DB_PASSWORD";
const NAMES: [&str; 5] = [HOST, PORT, NAME, USER, PASSWORD];
