//! Values that nobody reads by accident.

use std::fmt;

/// A password hash, a stream key, a token's hash: printing it gives `[redacted]`.
///
/// It has no equality on purpose; whoever compares secrets does so in constant time.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Hides `value` from logs and messages.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one who needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Some(Secret::new("open sesame"))), "Some([redacted])");
    }
}
