//! The address of a mail relay in parts, as other products' settings have it: `SMTP_HOST` and its kin.

use std::collections::BTreeMap;

use notices::email::{BadRelay, Relay};
use url::Url;

use super::error::SettingsError;
use super::values::{Place, Value};
use crate::logs::REDACTED;

/// Parts gathered from the layers, weakest first: the host may stand in `.env` and the password in the environment.
#[derive(Default)]
pub(super) struct SmtpParts(BTreeMap<String, String>);

impl SmtpParts {
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
        if self.part(HOST).is_none() {
            return Ok(None);
        }
        let Ok(port) = self.part(PORT).unwrap_or("587").parse() else {
            return Err(self.refuse(PORT, place, "a port such as 587"));
        };
        match self.address(port).filter(|text| Relay::parse(text) != Err(BadRelay::Address)) {
            Some(text) => Ok(Some(Value { text, name: HOST.to_owned(), place: place.clone() })),
            None => Err(self.refuse(HOST, place, "a host name or an address such as mail.example.org")),
        }
    }

    /// Port 465 has TLS from the first byte (RFC 8314); any other begins it by STARTTLS.
    fn address(&self, port: u16) -> Option<String> {
        let scheme = if port == 465 { "smtps" } else { "smtp" };
        let mut url = Url::parse(&format!("{scheme}://{}", self.part(HOST)?)).ok()?;
        url.set_port(Some(port)).ok()?;
        if let (Some(user), Some(password)) = (self.part(USER), self.part(PASSWORD)) {
            url.set_username(user).ok()?;
            url.set_password(Some(password)).ok()?;
        }
        Some(url.into())
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

const HOST: &str = "SMTP_HOST";
const PORT: &str = "SMTP_PORT";
const USER: &str = "SMTP_USER";
const PASSWORD: &str = "SMTP_PASSWORD";
const NAMES: [&str; 4] = [HOST, PORT, USER, PASSWORD];
