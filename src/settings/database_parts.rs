//! The address of a PostgreSQL server in parts, as other products' settings have it: `DB_HOST` and its kin.

use store::DatabaseUrl;

use super::error::SettingsError;
use super::gathered_parts::GatheredParts;
use super::values::{Place, Value};

/// Its parts.
#[derive(Default)]
pub(super) struct DatabaseParts(GatheredParts);

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
        if !self.0.gather(pairs) {
            return Ok(None);
        }
        let Some(host) = self.0.part(HOST) else { return Ok(None) };
        let port = self.0.port(PORT, 5432, place)?;
        let name = self.0.part(NAME).unwrap_or("onair");
        let user = self.0.part(USER).unwrap_or("onair");
        match DatabaseUrl::postgres(host, port, name, user, self.0.part(PASSWORD)) {
            Ok(url) => {
                let text = url.expose().to_owned();
                Ok(Some(Value { text, name: HOST.to_owned(), place: place.clone() }))
            }
            Err(_) => Err(self.0.refuse(HOST, place, "a host name or an address such as db.example.org")),
        }
    }
}

const HOST: &str = "DB_HOST";
const PORT: &str = "DB_PORT";
const NAME: &str = "DB_NAME";
const USER: &str = "DB_USER";
const PASSWORD: &str = "DB_PASSWORD";
const NAMES: [&str; 5] = [HOST, PORT, NAME, USER, PASSWORD];
