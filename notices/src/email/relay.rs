//! The server that takes the station's mail.

use std::fmt;

use url::Url;

/// Where mail is handed over, and how.
#[derive(Clone, Eq, PartialEq)]
pub struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    user: Option<String>,
    password: Option<String>,
}

/// How what is said to a relay is kept from others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encryption {
    /// Not at all: for a relay on the same machine.
    None,
    /// The connection becomes TLS before anything is said, and ends where it cannot (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
}

/// Why an address names no relay.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadRelay {
    /// It is something else.
    #[error("use smtps://user:password@host or smtp://user:password@host, perhaps with a port")]
    Address,
    /// A password would go over the network in the clear.
    #[error("a password is not sent in the clear; take ?tls=none away")]
    InTheClear,
}

impl Relay {
    /// `smtps://` is TLS from the start, port 465; `smtp://` is STARTTLS, port 587; `smtp://…?tls=none` has no TLS,
    /// port 25, and takes no password.
    pub fn parse(text: &str) -> Result<Self, BadRelay> {
        let url = Url::parse(text).map_err(|_| BadRelay::Address)?;
        let (encryption, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Encryption::Implicit, 465),
            ("smtp", None) => (Encryption::StartTls, 587),
            ("smtp", Some("tls=none")) => (Encryption::None, 25),
            _ => return Err(BadRelay::Address),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BadRelay::Address)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(BadRelay::Address);
        }
        let user = (!url.username().is_empty()).then(|| plain(url.username())).transpose()?;
        let password = url.password().map(plain).transpose()?;
        if user.is_none() != password.is_none() {
            return Err(BadRelay::Address);
        }
        if user.is_some() && encryption == Encryption::None {
            return Err(BadRelay::InTheClear);
        }
        let port = url.port().unwrap_or(port);
        Ok(Self { host: host.to_owned(), port, encryption, user, password })
    }

    /// A user and a password, where the relay asks for them.
    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        self.user.as_deref().zip(self.password.as_deref())
    }
}

/// Without the escapes of a URL.
fn plain(text: &str) -> Result<String, BadRelay> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        if byte == b'%' {
            let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            let value = digits.and_then(|two| u8::from_str_radix(two, 16).ok()).ok_or(BadRelay::Address)?;
            bytes.push(value);
            rest = &behind[2..];
        } else {
            bytes.push(byte);
            rest = behind;
        }
    }
    String::from_utf8(bytes).map_err(|_| BadRelay::Address)
}

/// Host and port, for people.
impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_host_port_encryption_and_who_we_are() {
        let relay = Relay::parse("smtps://me%40radio.example:p%3Ass%20word@mail.example").unwrap();
        assert_eq!(
            (relay.host.as_str(), relay.port, relay.encryption),
            ("mail.example", 465, Encryption::Implicit)
        );
        assert_eq!(relay.credentials(), Some(("me@radio.example", "p:ss word")));
        assert!(!format!("{relay:?}").contains("word"));
        let relay = Relay::parse("smtp://mail.example:2525").unwrap();
        assert_eq!((relay.port, relay.encryption, relay.credentials()), (2525, Encryption::StartTls, None));
        let relay = Relay::parse("smtp://[::1]?tls=none").unwrap();
        assert_eq!((relay.host.as_str(), relay.port, relay.encryption), ("::1", 25, Encryption::None));
    }

    #[test]
    fn a_password_does_not_go_in_the_clear() {
        assert_eq!(Relay::parse("smtp://me:secret@mail.example?tls=none"), Err(BadRelay::InTheClear));
        for wrong in [
            "mail.example:25",
            "http://mail.example",
            "smtp://",
            "smtp://me@mail.example",
            "smtp://mail.example?tls=opportunistic",
            "smtps://mail.example?tls=none",
            "smtps://mail.example/folder",
        ] {
            assert_eq!(Relay::parse(wrong), Err(BadRelay::Address), "{wrong}");
        }
    }
}
