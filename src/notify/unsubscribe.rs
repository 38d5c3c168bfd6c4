//! The address in a letter by which it is the last of its kind, without a sign-in (RFC 8058).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::kind::Kind;
use crate::auth::secrets::Secret;

/// The file of the secret, in the data directory.
pub const SECRET_FILE: &str = "unsubscribe.secret";

/// Bytes of a tag that are kept: as many as nobody guesses.
const TAG: usize = 16;

/// Makes and reads the tokens of such addresses. They are good for ever: a letter may be old.
pub struct Unsubscribe {
    key: Key,
}

impl Unsubscribe {
    /// Signs with `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self { key: Key::new(HMAC_SHA256, secret.expose().as_bytes()) }
    }

    /// A token by which a user gets no more letters of a kind.
    pub fn token(&self, user_id: &str, kind: Kind) -> String {
        let said = format!("{}.{user_id}", kind.name());
        let tag = sign(&self.key, said.as_bytes());
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(&tag.as_ref()[..TAG]))
    }

    /// Who and what a token is for; `None` where it is none of ours.
    pub fn read(&self, token: &str) -> Option<(String, Kind)> {
        let (said, tag) = token.rsplit_once('.')?;
        let (kind, user_id) = said.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok().filter(|tag| tag.len() == TAG)?;
        let whole = sign(&self.key, said.as_bytes());
        if !bool::from(whole.as_ref()[..TAG].ct_eq(&tag)) {
            return None;
        }
        Some((user_id.to_owned(), Kind::of(kind)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Redacted;

    #[test]
    fn a_token_is_for_one_person_and_one_kind() {
        let ours = Unsubscribe::new(&Redacted::new("a secret of this station, long enough".to_owned()));
        let token = ours.token("0199-bob", Kind::HostLive);
        assert_eq!(ours.read(&token), Some(("0199-bob".to_owned(), Kind::HostLive)));
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)), "{token}");
        let theirs = Unsubscribe::new(&Redacted::new("another secret, as long as the first".to_owned()));
        assert_eq!(theirs.read(&token), None);
        for wrong in [token.replace("bob", "eve"), token.replace("hostLive", "moved"), token[..9].to_owned()]
        {
            assert_eq!(ours.read(&wrong), None, "{wrong}");
        }
        assert_eq!(ours.read(&format!("{token}AAAA")), None);
    }
}
