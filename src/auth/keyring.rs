//! API keys: what servers show. All of them are in memory, so that they open the door with the database away.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use room::Role;
use subtle::ConstantTimeEq;

use super::secrets::{Secret, fingerprint};
use crate::logs::Redacted;

/// Keys at the most; admins make them by hand.
pub const KEYS_MAX: usize = 10_000;

/// Every key that opens the door.
#[derive(Debug, Default)]
pub struct Keyring(RwLock<HashMap<String, Entry>>);

/// A key without its secret.
#[derive(Debug)]
struct Entry {
    holder: KeyHolder,
    /// Of the secret.
    fingerprint: Redacted<String>,
    /// Whoever made it may not do any more what it does.
    withheld: bool,
    /// It has opened the door since [`Keyring::take_used`] was asked last.
    used: AtomicBool,
}

/// The server that holds a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyHolder {
    /// The key.
    pub key: String,
    /// What it may do: an admin's or a host's.
    pub role: Role,
    /// The account that made it; broadcasts made with it are theirs. None where that account is gone.
    pub owner: Option<String>,
}

impl Keyring {
    /// Adds a key; `fingerprint` is that of its secret.
    pub fn add(&self, holder: KeyHolder, fingerprint: String) {
        let entry = Entry {
            fingerprint: Redacted::new(fingerprint),
            withheld: false,
            used: AtomicBool::new(false),
            holder,
        };
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(entry.holder.key.clone(), entry);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// From now on this key opens nothing.
    pub fn remove(&self, key: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Of the keys that `owner` made, those of other roles than these open nothing until this is told again.
    pub fn allow(&self, owner: &str, roles: &[Role]) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for entry in keys.values_mut().filter(|entry| entry.holder.owner.as_deref() == Some(owner)) {
            entry.withheld = !roles.contains(&entry.holder.role);
        }
    }

    /// Who holds this key and its secret; compared in constant time.
    pub fn open(&self, shown: &Shown) -> Option<KeyHolder> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = keys.get(&shown.key)?;
        let fingerprint = fingerprint(shown.secret.expose());
        let right = bool::from(fingerprint.as_bytes().ct_eq(entry.fingerprint.expose().as_bytes()));
        (right && !entry.withheld).then(|| {
            entry.used.store(true, Relaxed);
            entry.holder.clone()
        })
    }

    /// The keys that opened the door since this was asked last.
    pub fn take_used(&self) -> Vec<String> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let used = keys.values().filter(|entry| entry.used.swap(false, Relaxed));
        used.map(|entry| entry.holder.key.clone()).collect()
    }
}

/// A key and a secret as a request shows them.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The key.
    pub key: String,
    /// What shows that it is theirs.
    pub secret: Secret,
}

impl Shown {
    /// From `Authorization: Basic` (RFC 7617) or from `X-API-Key` and `X-API-Secret`. `None` where the request
    /// shows no key; `Some(Err(()))` where it shows something that is none.
    pub fn of(headers: &HeaderMap) -> Option<Result<Self, ()>> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        if let Some(key) = text("x-api-key") {
            let secret = text("x-api-secret").unwrap_or_default();
            return Some(Ok(Self { key: key.to_owned(), secret: Redacted::new(secret.to_owned()) }));
        }
        let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then(|| Self::basic(credentials.trim()).ok_or(()))
    }

    fn basic(credentials: &str) -> Option<Self> {
        let decoded = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        let (key, secret) = decoded.split_once(':')?;
        Some(Self { key: key.to_owned(), secret: Redacted::new(secret.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn holder(key: &str) -> KeyHolder {
        KeyHolder { key: key.to_owned(), role: Role::Host, owner: Some("amy".to_owned()) }
    }

    fn shown(key: &str, secret: &str) -> Shown {
        Shown { key: key.to_owned(), secret: Redacted::new(secret.to_owned()) }
    }

    #[test]
    fn a_key_opens_with_its_own_secret_until_it_is_taken_away() {
        let keyring = Keyring::default();
        keyring.add(holder("one"), fingerprint("sesame"));
        assert_eq!(keyring.open(&shown("one", "sesame")), Some(holder("one")));
        assert_eq!(keyring.open(&shown("one", "Sesame")), None);
        assert_eq!(keyring.open(&shown("one", "")), None);
        assert_eq!(keyring.open(&shown("two", "sesame")), None);
        keyring.remove("one");
        assert_eq!(keyring.open(&shown("one", "sesame")), None);
    }

    #[test]
    fn a_key_that_was_used_is_told_once() {
        let keyring = Keyring::default();
        keyring.add(holder("one"), fingerprint("sesame"));
        keyring.add(holder("two"), fingerprint("sesame"));
        assert!(keyring.open(&shown("one", "sesame")).is_some());
        assert!(keyring.open(&shown("two", "guess")).is_none());
        assert_eq!(keyring.take_used(), ["one"]);
        assert!(keyring.take_used().is_empty());
    }

    #[test]
    fn a_key_does_nothing_that_whoever_made_it_may_not() {
        let keyring = Keyring::default();
        keyring.add(holder("one"), fingerprint("sesame"));
        let role = holder("one").role;
        keyring.allow("rory", &[]);
        assert!(keyring.open(&shown("one", "sesame")).is_some());
        keyring.allow("amy", &[]);
        assert!(keyring.open(&shown("one", "sesame")).is_none());
        keyring.allow("amy", &[Role::Listener]);
        assert!(keyring.open(&shown("one", "sesame")).is_none());
        keyring.allow("amy", &[Role::Listener, role]);
        assert!(keyring.open(&shown("one", "sesame")).is_some());
    }

    #[test]
    fn a_key_is_shown_in_either_way() {
        let headers = |lines: &[(&'static str, &'static str)]| -> HeaderMap {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            lines.iter().map(pair).collect()
        };
        let basic = Shown::of(&headers(&[("authorization", "basic b25lOnNlOnNhbWU=")])).unwrap().unwrap();
        assert_eq!((basic.key.as_str(), basic.secret.expose().as_str()), ("one", "se:same"));
        let pair = Shown::of(&headers(&[("x-api-key", "one"), ("x-api-secret", "two")])).unwrap().unwrap();
        assert_eq!((pair.key.as_str(), pair.secret.expose().as_str()), ("one", "two"));
        assert!(Shown::of(&headers(&[("authorization", "Basic nonsense")])).unwrap().is_err());
        assert!(Shown::of(&headers(&[("authorization", "Bearer abc")])).is_none());
        assert!(Shown::of(&headers(&[])).is_none());
        assert!(!format!("{pair:?}").contains("two"));
    }
}
