//! Signed tokens (RFC 7519) with HMAC-SHA256, each kind for an audience of its own, so that a token of one
//! kind is never taken for another (RFC 8725, 3.12).

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::secrets::Secret;

/// Who issues tokens here.
const ISSUER: &str = "onair";

/// Longest token that is looked at; ours have about 500 bytes.
const TOKEN_MAX: usize = 4_096;

/// Signs and reads tokens of one kind.
pub struct Jwt {
    audience: &'static str,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadToken {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It is none of ours, or was changed.
    #[error("the token is not valid")]
    Invalid,
}

/// What every token says, beside its own claims.
#[derive(Serialize, serde::Deserialize)]
struct Claims<T> {
    iss: String,
    aud: String,
    /// Unix seconds.
    iat: u64,
    /// Unix seconds.
    exp: u64,
    #[serde(flatten)]
    own: T,
}

impl Jwt {
    /// Tokens for `audience`, signed with `secret`.
    pub fn new(secret: &Secret, audience: &'static str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let secret = secret.expose().as_bytes();
        Self {
            audience,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// A token that says `own`, issued at `now` and good for `life`, both in Unix seconds.
    pub fn sign<T: Serialize>(&self, own: T, now: u64, life: u64) -> String {
        let claims = Claims { iss: ISSUER.into(), aud: self.audience.into(), iat: now, exp: now + life, own };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .expect("claims of ours are JSON, and HMAC signs anything")
    }

    /// What a token says that we signed and that has not expired.
    pub fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<T, BadToken> {
        if token.len() > TOKEN_MAX {
            return Err(BadToken::Invalid);
        }
        match jsonwebtoken::decode::<Claims<T>>(token, &self.decoding, &self.validation) {
            Ok(token) => Ok(token.claims.own),
            Err(error) if *error.kind() == ErrorKind::ExpiredSignature => Err(BadToken::Expired),
            Err(_) => Err(BadToken::Invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::get_current_timestamp as now;
    use serde_json::{Value, json};

    use super::super::secrets::random;
    use super::*;

    #[test]
    fn a_token_says_what_was_signed() {
        let jwt = Jwt::new(&random(32).unwrap(), "a");
        let token = jwt.sign(json!({ "sub": "amy" }), now(), 60);
        assert_eq!(jwt.verify::<Value>(&token), Ok(json!({ "sub": "amy" })));
    }

    #[test]
    fn a_token_expires_on_the_second() {
        let jwt = Jwt::new(&random(32).unwrap(), "a");
        let token = jwt.sign(json!({}), now() - 61, 60);
        assert_eq!(jwt.verify::<Value>(&token), Err(BadToken::Expired));
    }

    #[test]
    fn a_token_for_another_use_or_with_another_secret_is_not_taken() {
        let secret = random(32).unwrap();
        let jwt = Jwt::new(&secret, "a");
        let token = jwt.sign(json!({}), now(), 60);
        assert_eq!(Jwt::new(&secret, "b").verify::<Value>(&token), Err(BadToken::Invalid));
        assert_eq!(Jwt::new(&random(32).unwrap(), "a").verify::<Value>(&token), Err(BadToken::Invalid));
    }

    #[test]
    fn a_token_that_was_changed_or_has_no_signature_is_not_taken() {
        let jwt = Jwt::new(&random(32).unwrap(), "a");
        let token = jwt.sign(json!({ "sub": "amy" }), now(), 60);
        let parts: Vec<&str> = token.split('.').collect();
        let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        claims["sub"] = json!("rory");
        let changed = URL_SAFE_NO_PAD.encode(claims.to_string());
        let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
        for forged in [
            format!("{}.{changed}.{}", parts[0], parts[2]),
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{token}{}", "x".repeat(TOKEN_MAX)),
            String::new(),
        ] {
            assert_eq!(jwt.verify::<Value>(&forged), Err(BadToken::Invalid), "{forged}");
        }
    }
}
