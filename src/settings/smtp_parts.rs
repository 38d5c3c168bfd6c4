//! The address of a mail relay in parts, as other products' settings have it: `SMTP_HOST` and its kin.

use notices::email::{BadRelay, Relay};
use url::Url;

use super::error::SettingsError;
use super::gathered_parts::GatheredParts;
use super::values::{Place, Value};

/// Its parts.
#[derive(Default)]
pub(super) struct SmtpParts(GatheredParts);

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
        if !self.0.gather(pairs) {
            return Ok(None);
        }
        if self.0.part(HOST).is_none() {
            return Ok(None);
        }
        let port = self.0.port(PORT, 587, place)?;
        match self.address(port).filter(|text| Relay::parse(text) != Err(BadRelay::Address)) {
            Some(text) => Ok(Some(Value { text, name: HOST.to_owned(), place: place.clone() })),
            None => Err(self.0.refuse(HOST, place, "a host name or an address such as mail.example.org")),
        }
    }

    /// Port 465 has TLS from the first byte (RFC 8314); any other begins it by STARTTLS.
    fn address(&self, port: u16) -> Option<String> {
        let scheme = if port == 465 { "smtps" } else { "smtp" };
        let mut url = Url::parse(&format!("{scheme}://{}", self.0.part(HOST)?)).ok()?;
        url.set_port(Some(port)).ok()?;
        if let (Some(user), Some(password)) = (self.0.part(USER), self.0.part(PASSWORD)) {
            url.set_username(user).ok()?;
            url.set_password(Some(password)).ok()?;
        }
        Some(url.into())
    }
}

const HOST: &str = "SMTP_HOST";
const PORT: &str = "SMTP_PORT";
const USER: &str = "SMTP_USER";
const PASSWORD: &str = "SMTP_PASSWORD";
const NAMES: [&str; 4] = [HOST, PORT, USER, PASSWORD];
