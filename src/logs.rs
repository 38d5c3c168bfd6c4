//! What the station says while it runs: events on standard error, as text or as JSON.

use std::fmt;
use std::io::{self, IsTerminal};

use crate::settings::{LogFormat, LogSettings};

/// Sends the events of this process to standard error. Call it once, before anything is logged; an error
/// says that something else did already.
pub fn init(settings: &LogSettings) -> Result<(), AlreadySet> {
    let events = tracing_subscriber::fmt()
        .with_env_filter(settings.filter.to_env_filter())
        .with_writer(io::stderr)
        .with_ansi(colour(settings.format));
    let outcome = match settings.format {
        LogFormat::Json => events.json().flatten_event(true).try_init(),
        LogFormat::Auto | LogFormat::Text => events.try_init(),
    };
    outcome.map_err(AlreadySet)
}

/// Somebody already receives the events of this process.
#[derive(Debug, thiserror::Error)]
#[error("logs are already set up: {0}")]
pub struct AlreadySet(Box<dyn std::error::Error + Send + Sync>);

/// <https://no-color.org> asks programs to keep to black and white where `NO_COLOR` is set.
fn colour(format: LogFormat) -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    format == LogFormat::Auto && io::stderr().is_terminal() && !unwanted
}

/// A secret or a person's address: printing it by `Debug` or `Display` gives `[redacted]`.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq, serde::Deserialize)]
#[serde(transparent)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Hides `value` from logs and messages.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one who needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The same, and the wrapping is gone.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Stands where a secret is not shown.
pub const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redacted_value_prints_nothing_of_itself() {
        let key = Redacted::new("open sesame".to_owned());
        assert_eq!(format!("{key} {key:?} {key:#?}"), "[redacted] [redacted] [redacted]");
        assert_eq!(key.expose(), "open sesame");
    }
}
