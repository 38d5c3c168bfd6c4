//! What things are called between machines.

use std::fmt;
use std::sync::Arc;

/// A name that is none: empty, longer than 64 characters, or with something else in it than letters, digits, `-`,
/// `_`, `.` and `:`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to 64 letters, digits, -, _, . or :")]
pub struct BadId;

const LONGEST: usize = 64;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes it from outside.
            pub fn parse(raw: &str) -> Result<Self, BadId> {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
                let is_one = !raw.is_empty() && raw.len() <= LONGEST && raw.bytes().all(fits);
                if is_one { Ok(Self(raw.into())) } else { Err(BadId) }
            }

            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// Somebody: an account, or a guest under a name that was made up.
    PersonId;
    /// A message.
    MessageId;
    /// A poll.
    PollId;
    /// A question.
    QuestionId;
}

/// A connection to the room on this machine. Somebody may have several.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        assert_eq!(PersonId::parse("guest-0192:a_b.c").unwrap().as_str(), "guest-0192:a_b.c");
        for bad in ["", "a b", "ä", "a\"", &"x".repeat(65)] {
            assert_eq!(PersonId::parse(bad), Err(BadId), "{bad:?}");
        }
    }
}
