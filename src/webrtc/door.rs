//! The three ways in.

use std::fmt;

/// A way in for WebRTC; all three have the same shape.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Door {
    /// Somebody publishes (RFC 9725).
    Whip,
    /// Somebody listens (draft-ietf-wish-whep).
    Whep,
    /// Somebody speaks on stage and hears the others.
    Stage,
}

impl Door {
    /// Its first segment in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whip => "whip",
            Self::Whep => "whep",
            Self::Stage => "stage",
        }
    }

    /// Where a broadcast has it.
    pub fn path(self, broadcast: &str) -> String {
        format!("/{self}/{broadcast}")
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
