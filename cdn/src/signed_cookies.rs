//! Cookies that open what CloudFront keeps shut.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

/// Why a private key is not taken. Nothing of the key is in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is not PEM.
    #[error(
        "the key is not in PEM: it begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----"
    )]
    NotPem,
    /// It is PEM and no key that CloudFront knows.
    #[error("the key is neither RSA of 2048 bits nor ECDSA over P-256")]
    Unknown,
}

/// One cookie.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedCookie {
    /// Its name.
    pub name: &'static str,
    /// Its value: letters, digits, `-`, `_` and `~`.
    pub value: String,
}

/// Signs for one key group of CloudFront. Cheap to clone; prints the id of its key and no more.
#[derive(Clone)]
pub struct CookieSigner {
    key_pair_id: String,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Rsa(Arc<RsaKeyPair>),
    Ecdsa(Arc<EcdsaKeyPair>),
}

impl fmt::Debug for CookieSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieSigner({})", self.key_pair_id)
    }
}

impl CookieSigner {
    /// With the private key `pem` (PKCS #8, PKCS #1 or SEC 1) whose public half CloudFront has as `key_pair_id`.
    pub fn new(key_pair_id: &str, pem: &str) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::NotPem)?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(rsa),
            PrivateKeyDer::Sec1(der) => {
                let key = EcdsaKeyPair::from_private_key_der(
                    &ECDSA_P256_SHA256_ASN1_SIGNING,
                    der.secret_sec1_der(),
                );
                key.ok().map(ecdsa)
            }
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                let curve = || EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der).ok().map(ecdsa);
                RsaKeyPair::from_pkcs8(der).ok().map(rsa).or_else(curve)
            }
            _ => None,
        };
        Ok(Self { key_pair_id: key_pair_id.to_owned(), key: key.ok_or(KeyError::Unknown)? })
    }

    /// The cookies that open what lies below `address` until `expires`, in seconds since 1970. `address` begins with
    /// `https://` and ends with a slash; what is in it is plain enough for JSON.
    ///
    /// A custom policy, since a canned one opens a single file. The hash is SHA-256 and named: where nothing names it
    /// CloudFront takes it for SHA-1.
    pub fn cookies(&self, address: &str, expires: u64) -> Result<[SignedCookie; 4], SignError> {
        let policy = policy(address, expires);
        let signature = match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), policy.as_bytes(), &mut signature)
                    .map_err(|_| SignError)?;
                signature
            }
            Key::Ecdsa(key) => {
                let signature = key.sign(&SystemRandom::new(), policy.as_bytes()).map_err(|_| SignError)?;
                signature.as_ref().to_vec()
            }
        };
        Ok([
            SignedCookie { name: "CloudFront-Policy", value: encode(policy.as_bytes()) },
            SignedCookie { name: "CloudFront-Signature", value: encode(&signature) },
            SignedCookie { name: "CloudFront-Key-Pair-Id", value: self.key_pair_id.clone() },
            SignedCookie { name: "CloudFront-Hash-Algorithm", value: "SHA256".to_owned() },
        ])
    }
}

/// The key did not sign: there is no randomness, or no memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the cookies could not be signed")]
pub struct SignError;

fn rsa(key: RsaKeyPair) -> Key {
    Key::Rsa(Arc::new(key))
}

fn ecdsa(key: EcdsaKeyPair) -> Key {
    Key::Ecdsa(Arc::new(key))
}

/// Without a space, as CloudFront asks.
fn policy(address: &str, expires: u64) -> String {
    format!(
        r#"{{"Statement":[{{"Resource":"{address}*","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}"#
    )
}

/// Base64 with the three characters changed that a cookie or a query cannot have.
fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    };

    use super::*;

    const ADDRESS: &str = "https://cdn.example.org/live/studio/";

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    fn decode(value: &str) -> Vec<u8> {
        STANDARD.decode(value.replace('-', "+").replace('_', "=").replace('~', "/")).unwrap()
    }

    #[test]
    fn cookies_open_a_broadcast_until_they_expire() {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der = key.as_der().unwrap();
        let signer = CookieSigner::new("K2JCJMDEHXQW5F", &pem("PRIVATE KEY", der.as_ref())).unwrap();
        let cookies = signer.cookies(ADDRESS, 1_795_000_000).unwrap();
        let names = cookies.each_ref().map(|cookie| cookie.name.strip_prefix("CloudFront-").unwrap());
        assert_eq!(names, ["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"]);
        let policy = decode(&cookies[0].value);
        assert_eq!(
            String::from_utf8(policy.clone()).unwrap(),
            r#"{"Statement":[{"Resource":"https://cdn.example.org/live/studio/*","Condition":{"DateLessThan":{"AWS:EpochTime":1795000000}}}]}"#
        );
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
        public.verify(&policy, &decode(&cookies[1].value)).unwrap();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
        assert!(cookies.iter().all(|cookie| cookie.value.bytes().all(plain)));
        assert_eq!(format!("{signer:?}"), "CookieSigner(K2JCJMDEHXQW5F)");
    }

    #[test]
    fn a_key_over_p256_signs_as_well() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let der = key.to_pkcs8v1().unwrap();
        let signer = CookieSigner::new("K1", &pem("PRIVATE KEY", der.as_ref())).unwrap();
        let cookies = signer.cookies(ADDRESS, 5).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref());
        public.verify(&decode(&cookies[0].value), &decode(&cookies[1].value)).unwrap();
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        assert_eq!(CookieSigner::new("K1", "secret").unwrap_err(), KeyError::NotPem);
        assert_eq!(CookieSigner::new("K1", &pem("PRIVATE KEY", b"secret")).unwrap_err(), KeyError::Unknown);
    }
}
