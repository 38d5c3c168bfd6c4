//! How close to the live edge a broadcast is heard.

use std::fmt;
use std::str::FromStr;

/// How close to the live edge listeners are; constant for a whole run.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum LatencyMode {
    /// Parts of 0.128 s (6 AAC frames). AAC only: an Opus frame does not divide such a part.
    Ultra,
    /// Parts of 0.64 s, AAC and Opus.
    #[default]
    Low,
    /// No parts listed: whole segments of 3.84 s, for the largest audiences and the oldest players.
    Standard,
}

impl LatencyMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Ultra, Self::Low, Self::Standard];

    /// `ultra`, `low` or `standard`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ultra => "ultra",
            Self::Low => "low",
            Self::Standard => "standard",
        }
    }
}

impl fmt::Display for LatencyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no latency mode.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no latency mode; use ultra, low or standard")]
pub struct UnknownMode(String);

impl FromStr for LatencyMode {
    type Err = UnknownMode;

    fn from_str(name: &str) -> Result<Self, UnknownMode> {
        Self::ALL.into_iter().find(|mode| mode.name() == name).ok_or_else(|| UnknownMode(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_parses_from_its_own_name() {
        for mode in LatencyMode::ALL {
            assert_eq!(mode.name().parse::<LatencyMode>().unwrap(), mode);
        }
        assert!("lowest".parse::<LatencyMode>().is_err());
    }
}
