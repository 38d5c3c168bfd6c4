//! Room tokens: a [`Grant`] signed for some minutes, to be shown once. Servers with an API key hand them out
//! to their own people.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use room::Role;
use serde::{Deserialize, Serialize};

use super::grant::Grant;
use super::jwt::{BadToken, Jwt};
use super::secrets::{Secret, random};

/// How long a room token is good: time to load a page and join.
pub const LIFE: Duration = Duration::from_mins(5);

/// Tokens that were shown and have not expired, at the most: 300 joins a second for the life of one. A restart
/// forgets them; what was shown before it can be shown once more until it expires.
const USED_MAX: usize = 100_000;

/// Signs room tokens, and takes each once.
pub struct RoomTokens {
    jwt: Jwt,
    used: Mutex<Used>,
    used_max: usize,
}

#[derive(Default)]
struct Used {
    nonces: HashSet<String>,
    /// With the Unix second from which each has expired.
    order: VecDeque<(u64, String)>,
}

/// Why a room token does not let anybody in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// It is not valid, or not any more.
    #[error(transparent)]
    Bad(#[from] BadToken),
    /// Somebody came in with it.
    #[error("the token has been used; ask for a new one")]
    Used,
    /// So many came in that no more can be remembered; try again in a minute.
    #[error("too many people are joining at once; try again in a minute")]
    Busy,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Own {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    broadcast: String,
    role: String,
    can_publish: bool,
    can_subscribe: bool,
    can_publish_data: bool,
    nonce: String,
    /// Unix seconds; the same as `exp`.
    until: u64,
}

impl RoomTokens {
    /// Signs with `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self { jwt: Jwt::new(secret, "onair:room"), used: Mutex::default(), used_max: USED_MAX }
    }

    /// A token that lets whoever shows it first in as `grant` says; issued at `now` (Unix milliseconds), good
    /// for [`LIFE`]. An error is the system's, that has no randomness.
    pub fn mint(&self, grant: Grant, now: u64) -> std::io::Result<String> {
        let now = now / 1_000;
        let own = Own {
            sub: grant.subject,
            name: grant.name,
            broadcast: grant.broadcast,
            role: grant.role.room_name().to_owned(),
            can_publish: grant.can_publish,
            can_subscribe: grant.can_subscribe,
            can_publish_data: grant.can_publish_data,
            nonce: random(16)?.into_inner(),
            until: now + LIFE.as_secs(),
        };
        Ok(self.jwt.sign(own, now, LIFE.as_secs()))
    }

    /// What a token lets somebody do; from now on it is used. `now` in Unix milliseconds.
    pub fn verify(&self, token: &str, now: u64) -> Result<Grant, Refused> {
        let own: Own = self.jwt.verify(token)?;
        let role = Role::in_room(&own.role).map_err(|_| BadToken::Invalid)?;
        self.use_up(own.nonce, own.until, now / 1_000)?;
        Ok(Grant {
            broadcast: own.broadcast,
            subject: own.sub,
            name: own.name,
            role,
            can_publish: own.can_publish,
            can_subscribe: own.can_subscribe,
            can_publish_data: own.can_publish_data,
            // Whoever minted it vouches for them.
            pass: None,
        })
    }

    fn use_up(&self, nonce: String, until: u64, now: u64) -> Result<(), Refused> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        // All live equally long, so the first that came expires first, give or take what it waited.
        while used.order.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, expired)) = used.order.pop_front() {
                used.nonces.remove(&expired);
            }
        }
        if used.nonces.contains(&nonce) {
            return Err(Refused::Used);
        }
        if used.nonces.len() >= self.used_max {
            return Err(Refused::Busy);
        }
        used.order.push_back((until, nonce.clone()));
        used.nonces.insert(nonce);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::now;
    use super::*;

    fn tokens() -> RoomTokens {
        RoomTokens::new(&random(32).unwrap())
    }

    #[test]
    fn a_token_lets_in_once() {
        let tokens = tokens();
        let mut grant = Grant::of(Role::Owner, "news", "amy");
        grant.name = Some("Amy".to_owned());
        let token = tokens.mint(grant.clone(), now()).unwrap();
        assert_eq!(tokens.verify(&token, now()), Ok(grant));
        assert_eq!(tokens.verify(&token, now()), Err(Refused::Used));
    }

    #[test]
    fn a_role_grants_what_the_table_says() {
        let can = |role| {
            let grant = Grant::of(role, "news", "amy");
            (grant.can_publish, grant.can_subscribe, grant.can_publish_data)
        };
        assert_eq!(can(Role::Owner), (true, true, true));
        assert_eq!(can(Role::Speaker), (true, true, true));
        assert_eq!(can(Role::Listener), (false, true, true));
    }

    #[test]
    fn a_token_is_good_for_five_minutes() {
        let tokens = tokens();
        let minted = |seconds_ago: u64| {
            tokens.mint(Grant::of(Role::Guest, "news", "1"), now() - seconds_ago * 1_000).unwrap()
        };
        assert!(tokens.verify(&minted(290), now()).is_ok());
        assert_eq!(tokens.verify(&minted(301), now()), Err(Refused::Bad(BadToken::Expired)));
    }

    #[test]
    fn an_access_token_is_no_room_token() {
        let secret = random(32).unwrap();
        let access = super::super::access::Access {
            user: "amy".to_owned(),
            role: Role::Host,
            session: "1".to_owned(),
            must_change_password: false,
            issued_at: now(),
        };
        let token = super::super::access::AccessTokens::new(&secret).issue(&access);
        assert_eq!(RoomTokens::new(&secret).verify(&token, now()), Err(Refused::Bad(BadToken::Invalid)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_forgotten_when_it_has_expired() {
        let mut tokens = tokens();
        tokens.used_max = 2;
        let life = LIFE.as_millis() as u64;
        let mint = || tokens.mint(Grant::of(Role::Guest, "news", "1"), now()).unwrap();
        let then = now();
        assert!(tokens.verify(&mint(), then).is_ok() && tokens.verify(&mint(), then).is_ok());
        let third = mint();
        assert_eq!(tokens.verify(&third, then), Err(Refused::Busy));
        assert!(tokens.verify(&third, then + life + 2_000).is_ok());
        assert_eq!(tokens.used.lock().unwrap().nonces.len(), 1);
    }
}
