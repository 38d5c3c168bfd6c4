//! Signing in, staying signed in, and signing out.
//!
//! A refresh token is used once, for the next one of its family. When one is shown a second time, somebody has
//! a copy of it: the family is revoked, and whoever it belongs to signs in again. One thing looks the same and
//! is harmless: an answer that was lost on its way, or two windows that refresh at once. So for
//! `GRACE` after a token was used it is answered with the very successor that was given for it, as long as
//! that one has not been used either. A thief gains nothing by that: thief and owner then hold one token
//! between them, and the second of them to use it is found out.
//!
//! For that a successor is made from the token before it, by a secret of the station; the store has hashes
//! alone.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::json;
use store::{Actor, RefreshToken, Rotation, StoreError, Subject, Successor, Timestamp, User};

use super::access::Access;
use super::device::Device;
use super::fields::Email;
use super::passwords::Busy;
use super::secrets::{self, Secret, derive};
use super::{Auth, SignedIn, now};
use crate::api::limits::{Limiter, household};
use crate::logs::Redacted;

/// How long a refresh token is good, from when it was issued.
pub const REFRESH_LIFE: Duration = Duration::from_hours(30 * 24);

/// For how long the answer to a refresh may be asked for again.
const GRACE: Duration = Duration::from_secs(10);

/// Sign-ins that their owner is shown; who has more of them ends all others at once.
const SIGN_INS_SHOWN: u32 = 100;

/// What somebody gets who signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// The account.
    pub user: User,
    /// Good for [`super::access::LIFE`].
    pub access_token: Redacted<String>,
    /// Good once, for [`REFRESH_LIFE`].
    pub refresh_token: Secret,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No account has this address and this password; which of them is wrong is not told.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// An admin has suspended the account.
    #[error("this account is suspended")]
    Suspended,
    /// The refresh token is unknown, used, revoked or too old.
    #[error("this refresh token is not good any more; sign in again")]
    Over,
    /// Too many tries from this address, or for this account.
    #[error("too many tries")]
    TooMany(Duration),
    /// Too many sign in at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no randomness.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// How often somebody may try.
pub(super) struct Limits {
    sign_in_by_address: Limiter<IpAddr>,
    sign_in_by_account: Limiter<String>,
    refresh: Limiter<IpAddr>,
    register: Limiter<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A household, an office or a class signs in behind one address.
            sign_in_by_address: Limiter::new(30, Duration::from_secs(2)),
            // 8,640 tries a day against one password, of which the shortest has ten characters.
            sign_in_by_account: Limiter::new(10, Duration::from_secs(10)),
            refresh: Limiter::new(60, Duration::from_secs(1)),
            register: Limiter::new(20, Duration::from_secs(30)),
        }
    }
}

impl Limits {
    pub(super) fn register(&self, from: IpAddr) -> Result<(), SessionError> {
        self.register.check(&household(from)).map_err(SessionError::TooMany)
    }

    /// A password is tried for this account.
    pub(super) fn account(&self, email: &Email) -> Result<(), SessionError> {
        self.sign_in_by_account.check(&email.as_str().to_owned()).map_err(SessionError::TooMany)
    }
}

impl Auth {
    /// Signs somebody in by a password.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        from: IpAddr,
        on: Device,
    ) -> Result<Session, SessionError> {
        self.limits.sign_in_by_address.check(&household(from)).map_err(SessionError::TooMany)?;
        let user = match Email::parse(email) {
            Ok(email) => {
                self.limits.account(&email)?;
                self.store.users().load_by_email(email.as_str()).await?
            }
            Err(_) => None,
        };
        let hash = user.as_ref().and_then(|user| user.password_hash.as_ref());
        let right = self.passwords.verify(password, hash.map(store::Secret::expose)).await?;
        let Some(user) = user else {
            self.audit(Actor::Anonymous, "auth.sign_in_failed", None, from, json!({ "why": "unknown" }))
                .await?;
            return Err(SessionError::Wrong);
        };
        if !right {
            let detail = json!({ "why": "password" });
            self.audit(Actor::Anonymous, "auth.sign_in_failed", Some(subject(&user)), from, detail).await?;
            return Err(SessionError::Wrong);
        }
        if user.suspended_at.is_some() {
            let detail = json!({ "why": "suspended" });
            self.audit(Actor::Anonymous, "auth.sign_in_failed", Some(subject(&user)), from, detail).await?;
            return Err(SessionError::Suspended);
        }
        let signed_in = |user: &mut User| user.last_sign_in_at = Some(Timestamp::now());
        let user = self.store.users().update(&user.id, signed_in).await?.ok_or(SessionError::Wrong)?;
        let session = self.begin_session(user, on).await?;
        let actor = Actor::User(session.user.id.clone());
        self.audit(actor, "auth.signed_in", Some(subject(&session.user)), from, json!({})).await?;
        Ok(session)
    }

    /// Tokens for somebody who has just shown who they are.
    pub(super) async fn begin_session(&self, user: User, on: Device) -> Result<Session, SessionError> {
        let refresh_token = secrets::random(32)?;
        let now = Timestamp::now();
        let family = store::id();
        let first = RefreshToken {
            id: store::id(),
            family_id: family.clone(),
            user_id: user.id.clone(),
            token_hash: self.kept(&refresh_token),
            created_at: now,
            expires_at: now.plus(REFRESH_LIFE),
            used_at: None,
            revoked_at: None,
            signed_in_at: Some(now),
            device: on.0,
        };
        self.store.refresh_tokens().insert(&first).await?;
        Ok(self.session(user, family, refresh_token))
    }

    /// The next tokens for a refresh token.
    pub async fn refresh(&self, token: &Secret, from: IpAddr) -> Result<Session, SessionError> {
        self.limits.refresh.check(&household(from)).map_err(SessionError::TooMany)?;
        let next = Redacted::new(derive(&self.refresh_secret, "successor", token.expose()));
        let now = Timestamp::now();
        let successor =
            Successor { id: store::id(), token_hash: self.kept(&next), expires_at: now.plus(REFRESH_LIFE) };
        let rotation = self.store.refresh_tokens().rotate(&self.kept(token), &successor, now).await?;
        let family = match rotation {
            Rotation::Rotated(next) => next,
            Rotation::Reused(used) if self.is_repeat(&used, &next, now).await? => used,
            Rotation::Reused(stolen) => {
                self.end_family(&stolen.family_id).await?;
                let whose = Some(Subject { kind: "user".to_owned(), id: stolen.user_id });
                self.audit(Actor::Anonymous, "auth.refresh_token_reused", whose, from, json!({})).await?;
                return Err(SessionError::Over);
            }
            Rotation::Revoked(_) | Rotation::Expired(_) | Rotation::Unknown => {
                return Err(SessionError::Over);
            }
        };
        match self.store.users().load(&family.user_id).await? {
            Some(user) if user.suspended_at.is_none() => Ok(self.session(user, family.family_id, next)),
            Some(_) => Err(SessionError::Suspended),
            None => Err(SessionError::Over),
        }
    }

    /// Was `used` used a moment ago, and what was given for it not yet?
    async fn is_repeat(
        &self,
        used: &RefreshToken,
        next: &Secret,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if used.used_at.is_none_or(|used_at| now.since(used_at) > GRACE) {
            return Ok(false);
        }
        let given = self.store.refresh_tokens().load_by_hash(&self.kept(next)).await?;
        Ok(given.is_some_and(|given| given.used_at.is_none() && given.revoked_at.is_none()))
    }

    /// Signs out: of the sign-in that the refresh token belongs to, or of the one of the access token.
    pub async fn sign_out(
        &self,
        token: Option<&Secret>,
        user: Option<&SignedIn>,
        from: IpAddr,
    ) -> Result<(), StoreError> {
        let shown = match token {
            Some(token) => self.store.refresh_tokens().load_by_hash(&self.kept(token)).await?,
            None => None,
        };
        let sessions = shown.map(|token| (token.family_id, token.user_id)).into_iter();
        let own = user.and_then(|user| Some((user.session.clone()?, user.id.clone())));
        for (session, user) in sessions.chain(own) {
            // The one who signs out by both tokens of one sign-in does so once.
            if self.end_family(&session).await? > 0 {
                let whose = Some(Subject { kind: "user".to_owned(), id: user.clone() });
                self.audit(Actor::User(user), "auth.signed_out", whose, from, json!({})).await?;
            }
        }
        Ok(())
    }

    /// The sign-ins of an account that are still good, the one used last first.
    pub async fn sign_ins(&self, user: &SignedIn) -> Result<Vec<RefreshToken>, StoreError> {
        self.store.refresh_tokens().list_open(&user.id, Timestamp::now(), SIGN_INS_SHOWN).await
    }

    /// Ends one sign-in of an account; `false` where it has none of this name that is still good.
    pub async fn end_sign_in(
        &self,
        user: &SignedIn,
        session: &str,
        from: IpAddr,
    ) -> Result<bool, StoreError> {
        let tokens = self.store.refresh_tokens();
        if tokens.revoke_family_of(&user.id, session, Timestamp::now()).await? == 0 {
            return Ok(false);
        }
        self.revocations.revoke_session(session, now());
        let whose = Some(Subject { kind: "user".to_owned(), id: user.id.clone() });
        self.audit(Actor::User(user.id.clone()), "auth.signed_out", whose, from, json!({})).await?;
        Ok(true)
    }

    /// Signs an account out everywhere. Its access tokens are void at once.
    pub(super) async fn end_all_sessions(&self, user: &User) -> Result<(), StoreError> {
        self.store.refresh_tokens().revoke_user(&user.id, Timestamp::now()).await?;
        self.account_changed(user);
        Ok(())
    }

    async fn end_family(&self, family: &str) -> Result<u64, StoreError> {
        let revoked = self.store.refresh_tokens().revoke_family(family, Timestamp::now()).await?;
        self.revocations.revoke_session(family, now());
        Ok(revoked)
    }

    fn session(&self, user: User, session: String, refresh_token: Secret) -> Session {
        let access = Access {
            user: user.id.clone(),
            role: user.role,
            session,
            must_change_password: user.must_change_password,
            issued_at: self.revocations.instant_after(&user.id, now()),
        };
        Session { access_token: Redacted::new(self.access.issue(&access)), refresh_token, user }
    }

    /// What the store keeps of a token: nothing that anybody could show.
    fn kept(&self, token: &Secret) -> store::Secret {
        store::Secret::new(derive(&self.refresh_secret, "kept", token.expose()))
    }
}

/// As the audit log names an account.
pub(super) fn subject(user: &User) -> Subject {
    Subject { kind: "user".to_owned(), id: user.id.clone() }
}
