//! Signed tokens in the compact form of RFC 7515, as push services want them.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

/// A private key that is none, or not of the kind that is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it is no private key of {0} in PKCS#8")]
pub struct BadKey(pub(crate) &'static str);

/// What signs tokens.
pub(crate) enum Signer {
    /// ECDSA on P-256 with SHA-256.
    Es256(EcdsaKeyPair),
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256(rsa::KeyPair),
}

impl Signer {
    /// A key on P-256 from PKCS#8.
    pub(crate) fn es256(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
        pair.map(Self::Es256).map_err(|_| BadKey("ES256"))
    }

    /// A key on P-256 from PEM, as Apple hands it out.
    pub(crate) fn es256_pem(pem: &str) -> Result<Self, BadKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| BadKey("ES256"))?;
        Self::es256(der.secret_pkcs8_der())
    }

    /// An RSA key from PEM, as Google hands it out.
    pub(crate) fn rs256_pem(pem: &str) -> Result<Self, BadKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| BadKey("RS256"))?;
        rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).map(Self::Rs256).map_err(|_| BadKey("RS256"))
    }

    /// The public half, on P-256 an uncompressed point.
    pub(crate) fn public(&self) -> &[u8] {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref(),
            Self::Rs256(pair) => pair.public_key().as_ref(),
        }
    }

    /// A token with these claims; `id` names the key where the service knows several.
    ///
    /// `None` where the system gives no randomness.
    pub(crate) fn token(&self, id: Option<&str>, claims: &Value) -> Option<String> {
        let algorithm = match self {
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
        };
        let mut header = json!({"typ": "JWT", "alg": algorithm});
        if let Some(id) = id {
            header["kid"] = id.into();
        }
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Es256(pair) => pair.sign(&random, signed.as_bytes()).ok()?.as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).ok()?;
                signature
            }
        };
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}
