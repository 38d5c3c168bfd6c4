//! What one side of an ICE session is known by.

use std::fmt;

use crate::description::Section;

/// A user name fragment and its password (RFC 8445, 5.3), as the other side will show them in its checks.
///
/// Prints the fragment and never the password.
#[derive(Clone, Eq, PartialEq)]
pub struct Credentials {
    ufrag: String,
    password: String,
}

/// Why these are no credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCredentials {
    /// There are none.
    #[error("a=ice-ufrag and a=ice-pwd are missing")]
    Missing,
    /// The fragment is not 4 to 256 ICE characters (RFC 8839, 5.4).
    #[error("a=ice-ufrag must have 4 to 256 letters, digits, + and /")]
    Ufrag,
    /// The password is not 22 to 256 ICE characters.
    #[error("a=ice-pwd must have 22 to 256 letters, digits, + and /")]
    Password,
}

impl Credentials {
    /// Takes these as credentials.
    pub fn new(ufrag: &str, password: &str) -> Result<Self, BadCredentials> {
        // Firefox and libdatachannel take their characters from base64; some clients write - and _ of its
        // other alphabet, and STUN does not mind.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
        let fits = |text: &str, least: usize| (least..=256).contains(&text.len()) && text.bytes().all(plain);
        if !fits(ufrag, 4) {
            return Err(BadCredentials::Ufrag);
        }
        if !fits(password, 22) {
            return Err(BadCredentials::Password);
        }
        Ok(Self { ufrag: ufrag.to_owned(), password: password.to_owned() })
    }

    /// Those of the first of `sections` that has any.
    pub(crate) fn of_sections<'a>(
        sections: impl IntoIterator<Item = &'a Section<'a>>,
    ) -> Result<Self, BadCredentials> {
        let pairs =
            sections.into_iter().map(|section| (section.value("ice-ufrag"), section.value("ice-pwd")));
        let found = pairs.into_iter().find(|(ufrag, password)| ufrag.is_some() || password.is_some());
        match found {
            None | Some((None, None)) => Err(BadCredentials::Missing),
            Some((None, Some(_))) => Err(BadCredentials::Ufrag),
            Some((Some(_), None)) => Err(BadCredentials::Password),
            Some((Some(ufrag), Some(password))) => Self::new(ufrag, password),
        }
    }

    /// The user name fragment.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The password, for whoever checks or answers.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "P2uYro0UCOQ4zxjKXaWCBui1";

    #[test]
    fn credentials_have_the_lengths_of_the_rfc() {
        assert!(Credentials::new("EsAw", PASSWORD).is_ok());
        for ufrag in ["", "abc", "a b c", &"u".repeat(257), "äöüß"] {
            assert_eq!(Credentials::new(ufrag, PASSWORD), Err(BadCredentials::Ufrag), "{ufrag:?}");
        }
        for password in ["", "only-twenty-one-chars", &"p".repeat(257)] {
            assert_eq!(Credentials::new("EsAw", password), Err(BadCredentials::Password), "{password:?}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        assert!(!format!("{:?}", Credentials::new("EsAw", PASSWORD).unwrap()).contains(PASSWORD));
    }
}
