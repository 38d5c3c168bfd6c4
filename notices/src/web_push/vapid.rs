//! By what push services know us (RFC 8292).

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;

use crate::jws::{BadKey, Signer};

/// How long a token is good: a day is the most (RFC 8292, 2), and clocks differ.
const LIFE: Duration = Duration::from_hours(12);

/// A key pair that browsers subscribe with. Whoever loses it loses every subscription.
#[derive(Debug)]
pub struct VapidKeys {
    signer: Signer,
    pkcs8: Vec<u8>,
    public: String,
}

/// The system gives no randomness.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the system gives no randomness")]
pub struct NoRandomness;

impl VapidKeys {
    /// A new pair.
    pub fn generate() -> Result<Self, NoRandomness> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| NoRandomness)?;
        Ok(Self::of(made.as_ref()).expect("a key that was just made is one"))
    }

    /// The pair that [`VapidKeys::encode`] wrote down.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let pkcs8 = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| BadKey("VAPID"))?;
        Self::of(&pkcs8).map_err(|_| BadKey("VAPID"))
    }

    /// The pair as one line of text. It is a secret.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.pkcs8)
    }

    fn of(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let signer = Signer::es256(pkcs8)?;
        let public = URL_SAFE_NO_PAD.encode(signer.public());
        Ok(Self { signer, pkcs8: pkcs8.to_vec(), public })
    }

    /// The public half as an uncompressed point in base64url, as `applicationServerKey` takes it.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The value of `Authorization` for a push service; `None` without randomness.
    pub(super) fn authorization(&self, service: &str, subject: &str, now: Timestamp) -> Option<String> {
        let until = now.as_second() + LIFE.as_secs() as i64;
        let token = self.signer.token(None, &json!({"aud": service, "exp": until, "sub": subject}))?;
        Some(format!("vapid t={token}, k={}", self.public))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_read_back_from_its_line_and_prints_nothing_of_it() {
        let keys = VapidKeys::generate().unwrap();
        let line = keys.encode();
        let again = VapidKeys::parse(&format!("{line}\n")).unwrap();
        assert_eq!(again.public(), keys.public());
        assert_eq!(URL_SAFE_NO_PAD.decode(keys.public()).unwrap().len(), 65);
        assert!(VapidKeys::parse("AAAA").is_err() && VapidKeys::parse("").is_err());
        assert_ne!(VapidKeys::generate().unwrap().public(), keys.public());
    }
}
