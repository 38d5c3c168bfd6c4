//! Accounts: what they are signed in with, and how they come to be.

use std::fmt;
use std::str::FromStr;

use room::Role;

use super::error::SettingsError;
use super::table::Key;
use super::values::Values;
use crate::auth::fields::{Email, Password};
use crate::auth::secrets::{self, Secret};
use crate::logs::Redacted;

/// Who may be here, and how they show it.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthSettings {
    /// Signs access tokens; without one it is made and kept in the data directory.
    pub jwt_secret: Option<Secret>,
    /// Makes refresh tokens; the same.
    pub jwt_refresh_secret: Option<Secret>,
    /// Who may make an account.
    pub registration: Registration,
    /// What a new account is: a host or a listener.
    pub registration_role: Role,
    /// By which the first admin signs in.
    pub admin_email: Email,
    /// The first admin's password; without one it is made.
    pub admin_password: Option<Redacted<String>>,
    /// An API key that is not kept in the database.
    pub api_key: Option<GivenKey>,
}

/// An API key out of the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenKey {
    /// The key.
    pub key: String,
    /// Its secret.
    pub secret: Secret,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Who was invited by an admin.
    Invitation,
    /// Nobody.
    Closed,
}

impl Registration {
    /// The word for it in settings and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invitation => "invitation",
            Self::Closed => "closed",
        }
    }
}

/// A word that is no way of registering.
#[derive(Debug, Eq, PartialEq)]
pub struct UnknownRegistration;

impl fmt::Display for UnknownRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("use open, invitation or closed")
    }
}

impl std::error::Error for UnknownRegistration {}

impl FromStr for Registration {
    type Err = UnknownRegistration;

    fn from_str(text: &str) -> Result<Self, UnknownRegistration> {
        let found = [Self::Open, Self::Invitation, Self::Closed].into_iter().find(|way| way.name() == text);
        found.ok_or(UnknownRegistration)
    }
}

impl AuthSettings {
    pub(super) fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let registration_role = |text: &str| match text {
            "host" => Some(Role::Host),
            "listener" => Some(Role::Listener),
            _ => None,
        };
        let key = values.optional(Key::ApiKey, api_key)?;
        let secret = values.optional(Key::ApiSecret, signing_secret)?;
        let api_key = match (key, secret) {
            (Some(key), Some(secret)) => Some(GivenKey { key, secret }),
            (Some(_), None) => return Err(alone(Key::ApiKey, Key::ApiSecret)),
            (None, Some(_)) => return Err(alone(Key::ApiSecret, Key::ApiKey)),
            (None, None) => None,
        };
        Ok(Self {
            jwt_secret: values.optional(Key::JwtSecret, signing_secret)?,
            jwt_refresh_secret: values.optional(Key::JwtRefreshSecret, signing_secret)?,
            registration: values.parsed(Key::Registration)?,
            registration_role: values.required(Key::RegistrationRole, registration_role)?,
            admin_email: match values.optional(Key::AdminEmail, |text| Email::parse(text).ok())? {
                Some(email) => email,
                None => Email::parse("admin@localhost").expect("it is an address"),
            },
            admin_password: values.optional(Key::AdminPassword, admin_password)?,
            api_key,
        })
    }
}

fn alone(key: Key, missing: Key) -> SettingsError {
    SettingsError::Alone { name: key.setting().env, missing: missing.setting().env }
}

fn signing_secret(text: &str) -> Option<Secret> {
    secrets::is_strong(text).then(|| Redacted::new(text.to_owned()))
}

fn admin_password(text: &str) -> Option<Redacted<String>> {
    let fits = Password::is_fit(text) && !secrets::is_example(text);
    fits.then(|| Redacted::new(text.to_owned()))
}

fn api_key(text: &str) -> Option<String> {
    let plain = (4..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && !secrets::is_example(text)).then(|| text.to_owned())
}
