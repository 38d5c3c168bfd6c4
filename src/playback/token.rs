//! Playback tokens: who may hear which broadcast, and until when.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// How long a token is good for. A player asks for the next one well before; a ban that a cache in front of
/// the station cannot know of holds after this time at the latest.
pub const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// Length of a token in letters, digits, `-` and `_`.
pub const LENGTH: usize = 60;

/// The layout below. Another layout gets another number.
const VERSION: u8 = 1;

/// Version, expiry (seconds since 1970, big-endian), nonce, subject: what is signed, with the broadcast's id
/// after it.
const CLAIMS: usize = 1 + 4 + NONCE + SUBJECT;
const NONCE: usize = 8;
const SUBJECT: usize = 16;

/// HMAC-SHA256 cut to 128 bits (RFC 2104, section 5).
const MAC: usize = 16;

/// What the key that signs tokens is derived by.
const TOKENS: &[u8] = b"onair playback token 1";

fn derive(secret: &[u8], label: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), label)
}

/// Who listens, as a token tells it: the same for every token of one person, and meaningless without the
/// station's secret, so that no log of a proxy names an account.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Subject([u8; SUBJECT]);

impl Subject {
    /// A guest of whom nothing is known.
    pub const fn guest(random: [u8; SUBJECT]) -> Self {
        Self(random)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(..)")
    }
}

/// What a good token says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Claims {
    /// Who shows it.
    pub subject: Subject,
    /// The second since 1970 from which on it is worth nothing.
    pub expires: u64,
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// Not made by this station for this broadcast.
    #[error("the playback token was not made for this broadcast")]
    Wrong,
    /// It has run out.
    #[error("the playback token has run out")]
    Expired,
}

/// Makes and checks tokens with the station's secret.
pub struct Signer {
    tokens: hmac::Key,
    subjects: hmac::Key,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}

impl Signer {
    /// A signer whose keys are derived from `secret`; stations that share it take each other's tokens.
    pub fn new(secret: &[u8]) -> Self {
        let derived = |label| hmac::Key::new(hmac::HMAC_SHA256, derive(secret, label).as_ref());
        Self { tokens: derived(TOKENS), subjects: derived(b"onair playback subject 1") }
    }

    /// The key with which an edge checks tokens, as base64url without padding: 43 characters. Whoever has it can
    /// make tokens as well; it tells neither `secret` nor whose a subject is.
    pub fn edge_key(secret: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(derive(secret, TOKENS))
    }

    /// The subject of an account.
    pub fn subject(&self, user: &str) -> Subject {
        let tag = hmac::sign(&self.subjects, user.as_bytes());
        let mut subject = [0; SUBJECT];
        subject.copy_from_slice(&tag.as_ref()[..SUBJECT]);
        Subject(subject)
    }

    /// A token with which `subject` hears `broadcast` until `expires`. `nonce` makes it differ from the
    /// others of that second.
    pub fn sign(&self, broadcast: &str, claims: Claims, nonce: [u8; NONCE]) -> String {
        let mut bytes = [0; CLAIMS + MAC];
        bytes[0] = VERSION;
        bytes[1..5].copy_from_slice(&u32::try_from(claims.expires).unwrap_or(u32::MAX).to_be_bytes());
        bytes[5..5 + NONCE].copy_from_slice(&nonce);
        bytes[5 + NONCE..CLAIMS].copy_from_slice(&claims.subject.0);
        let mac = self.mac(&bytes[..CLAIMS], broadcast);
        bytes[CLAIMS..].copy_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What `token` says to whom it is shown for `broadcast` at `now`, in seconds since 1970. Allocates
    /// nothing.
    pub fn verify(&self, broadcast: &str, token: &str, now: u64) -> Result<Claims, TokenError> {
        let mut bytes = [0; CLAIMS + MAC];
        let length = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).map_err(|_| TokenError::Wrong)?;
        if length != bytes.len() || bytes[0] != VERSION {
            return Err(TokenError::Wrong);
        }
        let mac = self.mac(&bytes[..CLAIMS], broadcast);
        if !bool::from(mac.ct_eq(&bytes[CLAIMS..])) {
            return Err(TokenError::Wrong);
        }
        let expires = u64::from(u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]));
        if expires <= now {
            return Err(TokenError::Expired);
        }
        let mut subject = [0; SUBJECT];
        subject.copy_from_slice(&bytes[5 + NONCE..CLAIMS]);
        Ok(Claims { subject: Subject(subject), expires })
    }

    fn mac(&self, claims: &[u8], broadcast: &str) -> [u8; MAC] {
        let mut context = hmac::Context::with_key(&self.tokens);
        context.update(claims);
        context.update(broadcast.as_bytes());
        let mut mac = [0; MAC];
        mac.copy_from_slice(&context.sign().as_ref()[..MAC]);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn made(signer: &Signer) -> String {
        signer.sign("evening", claims(signer), [7; 8])
    }

    fn claims(signer: &Signer) -> Claims {
        Claims { subject: signer.subject("somebody"), expires: NOW + 60 }
    }

    #[test]
    fn a_token_is_good_for_its_broadcast_until_it_runs_out() {
        let signer = Signer::new(b"secret");
        let token = made(&signer);
        assert_eq!(token.len(), LENGTH);
        assert_eq!(signer.verify("evening", &token, NOW), Ok(claims(&signer)));
        assert_eq!(signer.verify("evening", &token, NOW + 59), Ok(claims(&signer)));
        assert_eq!(signer.verify("evening", &token, NOW + 60), Err(TokenError::Expired));
        assert_eq!(signer.verify("morning", &token, NOW), Err(TokenError::Wrong));
    }

    #[test]
    fn a_token_that_was_touched_anywhere_is_wrong() {
        let signer = Signer::new(b"secret");
        let token = made(&signer);
        for place in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[place] = if touched[place] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(touched).unwrap();
            assert_eq!(signer.verify("evening", &touched, NOW), Err(TokenError::Wrong), "{place}");
        }
        for wrong in ["", "A", &token[1..], &format!("{token}A"), &format!("{token}="), &"A".repeat(4000)] {
            assert_eq!(signer.verify("evening", wrong, NOW), Err(TokenError::Wrong), "{wrong:?}");
        }
    }

    #[test]
    fn another_stations_token_is_wrong() {
        let token = made(&Signer::new(b"theirs"));
        assert_eq!(Signer::new(b"ours").verify("evening", &token, NOW), Err(TokenError::Wrong));
    }

    #[test]
    fn a_subject_is_the_same_every_time_and_tells_nothing() {
        let signer = Signer::new(b"secret");
        assert_eq!(signer.subject("somebody"), signer.subject("somebody"));
        assert_ne!(signer.subject("somebody"), signer.subject("somebody else"));
        assert_ne!(signer.subject("somebody"), Signer::new(b"theirs").subject("somebody"));
        assert_eq!(format!("{:?}", signer.subject("somebody")), "Subject(..)");
        assert!(!made(&signer).contains("somebody"));
    }
}
