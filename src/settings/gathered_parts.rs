//! An address in parts, as other products' settings have it, while it is gathered.

use std::collections::BTreeMap;

use super::error::SettingsError;
use super::values::Place;
use crate::logs::REDACTED;

/// Parts from the layers, weakest first: the host may stand in `.env` and the password in the environment.
#[derive(Default)]
pub(super) struct GatheredParts(BTreeMap<String, String>);

impl GatheredParts {
    /// Adds the parts of a layer; whether it had one. An empty one is none.
    pub(super) fn gather(&mut self, pairs: Vec<(String, String)>) -> bool {
        let given: Vec<_> = pairs.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        let any = !given.is_empty();
        self.0.extend(given);
        any
    }

    /// The part with this name.
    pub(super) fn part(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The port in the part `name`; `usual` where there is none.
    pub(super) fn port(&self, name: &str, usual: u16, place: &Place) -> Result<u16, SettingsError> {
        let Some(text) = self.part(name) else { return Ok(usual) };
        text.parse().map_err(|_| self.refuse(name, place, &format!("a port such as {usual}")))
    }

    /// That the part `name` is none of those `allowed`.
    pub(super) fn refuse(&self, name: &str, place: &Place, allowed: &str) -> SettingsError {
        SettingsError::BadValue {
            name: name.to_owned(),
            value: self.part(name).map_or_else(|| REDACTED.to_owned(), |text| format!("{text:?}")),
            place: place.to_string(),
            allowed: allowed.to_owned(),
        }
    }
}
