//! How accounts come to be, and how their passwords change.

use std::net::IpAddr;

use room::Role;
use serde_json::json;
use store::{Actor, StoreError, Timestamp, User};

use super::device::Device;
use super::fields::{BadField, DisplayName, Email, Password, Username};
use super::passwords::Busy;
use super::secrets::fingerprint;
use super::sessions::{Session, SessionError, subject};
use super::{Auth, SignedIn};
use crate::settings::Registration;

/// Who may register, and as what.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Who may.
    pub registration: Registration,
    /// The role of an account that nobody was invited to.
    pub role: Role,
}

/// Somebody who registers.
#[derive(Debug)]
pub struct Newcomer {
    /// To sign in with.
    pub email: Email,
    /// For others to find.
    pub username: Username,
    /// For others to read.
    pub display_name: DisplayName,
    /// To sign in with.
    pub password: Password,
    /// The code of an invitation.
    pub invitation: Option<String>,
}

/// Why there is no new account, or no new password.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The operator lets nobody register.
    #[error("nobody can register here; ask an admin for an account")]
    Closed,
    /// The operator lets those register who were invited.
    #[error("registration is by invitation; ask an admin for one")]
    NotInvited,
    /// The invitation is unknown, used, taken back, too old, or for another address.
    #[error("this invitation is not good, or not for this e-mail address")]
    BadInvitation,
    /// Somebody else has this `email` or `username`.
    #[error("this {0} is taken; choose another")]
    Taken(String),
    /// The current password is another.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password is not one.
    #[error(transparent)]
    BadPassword(#[from] BadField),
    /// The account is gone.
    #[error("this account does not exist any more")]
    Gone,
    /// As when signing in.
    #[error(transparent)]
    Session(SessionError),
}

impl From<SessionError> for AccountError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Store(StoreError::Conflict { field }) => Self::Taken(field),
            error => Self::Session(error),
        }
    }
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        SessionError::from(error).into()
    }
}

impl From<Busy> for AccountError {
    fn from(error: Busy) -> Self {
        SessionError::from(error).into()
    }
}

impl Auth {
    /// Who may register here.
    pub const fn registration(&self) -> Registration {
        self.rules.registration
    }

    /// Makes an account and signs it in.
    pub async fn register(
        &self,
        newcomer: Newcomer,
        from: IpAddr,
        on: Device,
    ) -> Result<Session, AccountError> {
        let invitation = match (self.rules.registration, &newcomer.invitation) {
            (Registration::Closed, _) => return Err(AccountError::Closed),
            (Registration::Invitation, None) => return Err(AccountError::NotInvited),
            (_, code) => code.as_deref(),
        };
        self.limits.register(from)?;
        let now = Timestamp::now();
        let invitation = match invitation {
            None => None,
            Some(code) => {
                let hash = store::Secret::new(fingerprint(code));
                let found = self.store.invitations().load_by_hash(&hash).await?;
                let fits = found.filter(|invitation| {
                    let meant = invitation.email.as_ref();
                    invitation.is_open(now) && meant.is_none_or(|email| email == newcomer.email.as_str())
                });
                Some(fits.ok_or(AccountError::BadInvitation)?)
            }
        };
        let hash = self.passwords.hash(newcomer.password.expose()).await?;
        let user = User {
            id: store::id(),
            email: newcomer.email.as_str().to_owned(),
            username: newcomer.username.as_str().to_owned(),
            display_name: newcomer.display_name.as_str().to_owned(),
            avatar_url: None,
            password_hash: Some(store::Secret::new(hash.into_inner())),
            role: invitation.as_ref().map_or(self.rules.role, |invitation| invitation.role),
            must_change_password: false,
            suspended_at: None,
            suspended_reason: None,
            last_sign_in_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        match &invitation {
            None => self.store.users().insert(&user).await?,
            Some(invitation) if self.store.invitations().accept(&invitation.id, &user, now).await? => {}
            Some(_) => return Err(AccountError::BadInvitation),
        }
        let detail = json!({
            "role": user.role.name(),
            "invitation": invitation.map(|invitation| invitation.id),
        });
        self.audit(Actor::User(user.id.clone()), "auth.registered", Some(subject(&user)), from, detail)
            .await?;
        Ok(self.begin_session(user, on).await?)
    }

    /// A new password for whoever knows the current one. Every other sign-in of the account is over.
    pub async fn change_password(
        &self,
        user: &SignedIn,
        current: &str,
        new: &str,
        from: IpAddr,
        on: Device,
    ) -> Result<Session, AccountError> {
        let user = self.store.users().load(&user.id).await?.ok_or(AccountError::Gone)?;
        let email = Email::parse(&user.email)?;
        self.limits.account(&email)?;
        let hash = user.password_hash.as_ref().map(store::Secret::expose);
        if !self.passwords.verify(current, hash).await? {
            let detail = json!({ "why": "password" });
            let actor = Actor::User(user.id.clone());
            self.audit(actor, "auth.password_change_failed", Some(subject(&user)), from, detail).await?;
            return Err(AccountError::WrongPassword);
        }
        let new = Password::parse(new, &email, &Username::parse(&user.username)?)?;
        if new.expose() == current {
            return Err(BadField("must be another than the current one").into());
        }
        let user = self.set_password(&user.id, &new, false).await?.ok_or(AccountError::Gone)?;
        let actor = Actor::User(user.id.clone());
        self.audit(actor, "auth.password_changed", Some(subject(&user)), from, json!({})).await?;
        Ok(self.begin_session(user, on).await?)
    }

    /// Stores a new password and ends every sign-in; `None` where there is no such account.
    async fn set_password(
        &self,
        user: &str,
        password: &Password,
        must_change: bool,
    ) -> Result<Option<User>, AccountError> {
        let hash = self.passwords.hash(password.expose()).await?;
        let edit = |user: &mut User| {
            user.password_hash = Some(store::Secret::new(hash.into_inner()));
            user.must_change_password = must_change;
        };
        let Some(user) = self.store.users().update(user, edit).await? else { return Ok(None) };
        self.end_all_sessions(&user).await?;
        Ok(Some(user))
    }
}
