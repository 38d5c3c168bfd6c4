//! Who makes a request, and how they show it.
//!
//! People sign in with a password and get two tokens: an access token ([`access`]) that is good for a quarter
//! of an hour and needs no database to be read, and a refresh token that is exchanged for the next pair
//! ([`sessions`]). Servers show an API key ([`keyring`]). A handler takes [`Caller`] as an argument and asks
//! [`room::Role::may`] what they may do.

pub mod access;
pub mod accounts;
pub mod browser;
mod caller;
mod device;
pub mod fields;
mod first_admin;
pub mod grant;
pub mod jwt;
pub mod keyring;
mod pass;
pub mod passwords;
pub mod proxies;
pub mod revocations;
pub mod room_token;
pub mod secrets;
pub mod sessions;
pub mod ticket;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use room::Role;
use store::{ApiKey, AuditEntry, Slice, Store, StoreError, Subject, Timestamp, User};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use url::Url;

use crate::settings::Settings;
use access::AccessTokens;
use keyring::{KEYS_MAX, KeyHolder, Keyring};
use passwords::Passwords;
use proxies::TrustedProxies;
use revocations::Revocations;
use room_token::RoomTokens;
use secrets::Secret;
use sessions::Limits;
use ticket::Tickets;

pub use caller::{AnyCaller, Caller, Client, SignedIn, bearer};
pub use device::Device;
pub use first_admin::FirstAdmin;
pub use pass::Pass;

/// Everything that finds out who somebody is.
pub struct Auth {
    store: Store,
    access: AccessTokens,
    refresh_secret: Secret,
    passwords: Passwords,
    revocations: Revocations,
    keyring: Keyring,
    proxies: TrustedProxies,
    public_url: Option<Url>,
    rules: accounts::Rules,
    limits: Limits,
    /// Tokens for rooms, handed out for others.
    pub room_tokens: RoomTokens,
    /// Tickets for rooms, handed out to browsers.
    pub tickets: Tickets,
    /// Tickets for what somebody is told, likewise.
    pub passes: Tickets<Pass>,
}

impl Auth {
    /// Reads or makes the secrets, the first admin, and loads every API key.
    pub async fn open(settings: &Settings, store: Store) -> anyhow::Result<(Arc<Self>, Option<FirstAdmin>)> {
        let data_dir = &settings.storage.data_dir;
        let given = &settings.auth;
        let access_secret = secret(given.jwt_secret.as_ref(), data_dir, "jwt.secret")?;
        let refresh_secret = secret(given.jwt_refresh_secret.as_ref(), data_dir, "jwt-refresh.secret")?;
        let passwords = Passwords::start().context("starting a thread that hashes passwords")?;
        let first = first_admin::ensure(given, &store, &passwords).await.context("making the first admin")?;
        let auth = Self {
            access: AccessTokens::new(&access_secret),
            refresh_secret,
            passwords,
            revocations: Revocations::default(),
            keyring: Keyring::default(),
            proxies: settings.http.trusted_proxies.clone(),
            public_url: settings.http.public_url.clone(),
            rules: accounts::Rules { registration: given.registration, role: given.registration_role },
            limits: Limits::default(),
            room_tokens: RoomTokens::new(&access_secret),
            tickets: Tickets::default(),
            passes: Tickets::default(),
            store,
        };
        auth.load_keys().await.context("loading the API keys")?;
        if let Some(given) = &given.api_key {
            let owner = first_admin::oldest(&auth.store).await.context("looking for an admin")?;
            let holder = KeyHolder { key: given.key.clone(), role: Role::Admin, owner };
            auth.keyring.add(holder, secrets::fingerprint(given.secret.expose()));
        }
        Ok((Arc::new(auth), first))
    }

    async fn load_keys(&self) -> Result<(), StoreError> {
        let mut slice = Some(Slice::first(Slice::MOST));
        let mut left = KEYS_MAX;
        while let Some(wanted) = slice.filter(|_| left > 0) {
            let page = self.store.api_keys().list(&wanted).await?;
            slice = wanted.after(&page);
            left = left.saturating_sub(page.items.len());
            for key in page.items.into_iter().filter(|key| key.revoked_at.is_none()) {
                self.hold(key).await?;
            }
        }
        Ok(())
    }

    /// Has a key open the door, where whoever made it may still have keys.
    async fn hold(&self, key: ApiKey) -> Result<(), StoreError> {
        let owner = key.created_by.clone();
        let holder = KeyHolder { key: key.id, role: key.role, owner: key.created_by };
        self.keyring.add(holder, key.secret_hash.expose().to_owned());
        if let Some(owner) = owner
            && let Some(user) = self.store.users().load(&owner).await?
        {
            self.keyring.allow(&owner, keys_of(&user));
        }
        Ok(())
    }

    /// Is what a pass stands for revoked? It may be whenever [`Auth::revoked`] changes.
    pub fn is_void(&self, pass: &Pass) -> bool {
        self.revocations.reach(&pass.user, pass.session.as_deref(), pass.issued_at)
    }

    /// Changes whenever somebody loses access.
    pub fn revoked(&self) -> watch::Receiver<()> {
        self.revocations.changes()
    }

    /// Takes over what another process did to an API key.
    pub async fn key_changed(&self, id: &str) -> Result<(), StoreError> {
        match self.store.api_keys().load(id).await? {
            Some(key) if key.revoked_at.is_none() && self.keyring.len() < KEYS_MAX => self.hold(key).await?,
            _ => self.keyring.remove(id),
        }
        Ok(())
    }

    /// Takes over that another process ended a sign-in, at `at` in Unix milliseconds.
    pub fn session_ended(&self, session: &str, at: u64) {
        self.revocations.revoke_session(session, at);
    }

    /// Tells what has become of an account's role, suspension or password: access tokens that say otherwise
    /// are void at once, and API keys that may do more than who made them open nothing.
    ///
    /// Call it after every such change has been stored.
    pub fn account_changed(&self, user: &User) {
        self.account_changed_at(user, now());
    }

    /// The same for a change that was made at `at`, in Unix milliseconds: tokens that were issued later say it already.
    pub fn account_changed_at(&self, user: &User, at: u64) {
        self.revocations.revoke_user(&user.id, at);
        self.keyring.allow(&user.id, keys_of(user));
    }

    /// Notes which API keys are in use, and forgets refresh tokens that have long expired, until `shutdown`.
    pub async fn keep_tidy(self: Arc<Self>, shutdown: CancellationToken) {
        let (mut minutes, mut hours) = (calm(Duration::from_mins(1)), calm(Duration::from_hours(1)));
        loop {
            let done = tokio::select! {
                _ = minutes.tick() => self.note_used_keys().await,
                _ = hours.tick() => self.forget_expired().await,
                () = shutdown.cancelled() => return,
            };
            if let Err(error) = done {
                warn!("accounts are not tidied up, and will be later: {error}");
            }
        }
    }

    async fn note_used_keys(&self) -> Result<(), StoreError> {
        for key in self.keyring.take_used() {
            self.store.api_keys().touch(&key, Timestamp::now()).await?;
        }
        Ok(())
    }

    async fn forget_expired(&self) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let count = self.store.refresh_tokens().delete_expired(now, REMEMBERED).await?;
        debug!("forgot {count} refresh tokens that had expired");
        self.store.access_changes().delete_before(now.minus(REMEMBERED)).await?;
        Ok(())
    }

    /// Where accounts are kept.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The API keys that open the door.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Where a page of ours comes from, where a setting says so.
    pub fn public_url(&self) -> Option<&Url> {
        self.public_url.as_ref()
    }

    /// Writes into the audit log what `actor` did from `address`. `detail` holds neither passwords nor tokens.
    pub async fn audit(
        &self,
        actor: store::Actor,
        action: &'static str,
        subject: Option<Subject>,
        address: IpAddr,
        detail: serde_json::Value,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            id: store::id(),
            at: Timestamp::now(),
            actor,
            action: action.to_owned(),
            subject,
            address: Some(address.to_string()),
            detail,
        };
        self.store.audit().insert(&entry).await
    }
}

fn calm(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// For how long an expired refresh token is remembered, so that its reuse is noticed; and what other stations have to
/// know, which may have lost the database for a while.
const REMEMBERED: Duration = Duration::from_hours(24);

/// API keys are made by admins, and hold for as long as they are.
/// The roles of the keys that this account may have.
fn keys_of(user: &User) -> &'static [Role] {
    match user.role {
        _ if user.suspended_at.is_some() => &[],
        Role::Admin => &[Role::Admin, Role::Host],
        Role::Host => &[Role::Host],
        _ => &[],
    }
}

fn secret(given: Option<&Secret>, data_dir: &Path, name: &str) -> anyhow::Result<Secret> {
    match given {
        Some(secret) => Ok(secret.clone()),
        None => secrets::load_or_make(data_dir, name),
    }
}

/// Civil time in Unix milliseconds.
pub fn now() -> u64 {
    crate::live::clock::wall_clock().0 / 1_000
}
