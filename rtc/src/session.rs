//! Names of sessions.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Names a session on the port. Whoever knows it may end the session: nobody guesses it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A fresh name that tells the shard.
    pub(crate) fn fresh(shard: usize, shards: usize) -> Self {
        loop {
            let id = Self(Uuid::new_v4());
            if id.shard(shards) == shard {
                return id;
            }
        }
    }

    /// The shard that has the session, of so many.
    pub(crate) fn shard(self, shards: usize) -> usize {
        usize::from(self.0.as_bytes()[0]) % shards
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// A text that names no session.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a session is named by 32 hexadecimal digits")]
pub struct NoSessionId;

impl FromStr for SessionId {
    type Err = NoSessionId;

    fn from_str(text: &str) -> Result<Self, NoSessionId> {
        if text.len() != 32 {
            return Err(NoSessionId);
        }
        Uuid::try_parse(text).map(Self).map_err(|_| NoSessionId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_shard_and_reads_back() {
        for shard in 0..3 {
            let id = SessionId::fresh(shard, 3);
            assert_eq!(id.shard(3), shard);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for other in ["", "studio", "00000000-0000-4000-8000-000000000000"] {
            assert_eq!(other.parse::<SessionId>(), Err(NoSessionId));
        }
    }
}
