//! Who makes a request, found out before any handler runs.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use room::{Action, Role, Tie};

use super::Auth;
use super::jwt::BadToken;
use super::keyring::{KeyHolder, Shown};
use crate::api::error::Problem;
use crate::api::gate::CallerRate;
use crate::http::server::{Peer, Scheme};

/// Who makes a request.
///
/// As an extractor it answers 401 to credentials that are wrong or have expired, and 403 to an account that
/// has to change its password first. Who shows nothing is [`Caller::Anonymous`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// Nobody in particular.
    Anonymous,
    /// Somebody who signed in.
    User(SignedIn),
    /// A server with an API key.
    Server(KeyHolder),
}

/// Somebody who signed in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedIn {
    /// The account's id.
    pub id: String,
    /// The account's role.
    pub role: Role,
    /// The sign-in; none where a trusted proxy told who it is.
    pub session: Option<String>,
    /// Nothing but a new password is taken from them.
    pub must_change_password: bool,
}

impl Caller {
    /// The role on the station.
    pub fn role(&self) -> Role {
        match self {
            Self::Anonymous => Role::Guest,
            Self::User(user) => user.role,
            Self::Server(server) => server.role,
        }
    }

    /// The role in a broadcast that `owner` made, where the caller is a `member` of the kind that its list of
    /// members tells.
    pub fn role_in(&self, owner: &str, member: Option<Role>) -> Role {
        let tie = match member {
            _ if self.account() == Some(owner) => Tie::Owner,
            Some(Role::Moderator) => Tie::Moderator,
            Some(Role::Speaker) => Tie::Speaker,
            _ => Tie::Stranger,
        };
        self.role().within(tie)
    }

    /// The account in whose name this happens: the one that signed in, or the one that made the API key.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::User(user) => Some(&user.id),
            Self::Server(server) => server.owner.as_deref(),
        }
    }

    /// The account that signed in; a server has none.
    pub fn user(&self) -> Option<&SignedIn> {
        match self {
            Self::User(user) => Some(user),
            Self::Anonymous | Self::Server(_) => None,
        }
    }

    /// 401 for nobody and 403 for somebody who may not do it; for what concerns no single broadcast.
    pub fn require(&self, action: Action) -> Result<(), Problem> {
        self.require_as(self.role(), action)
    }

    /// The same in `role`, which [`Caller::role_in`] told.
    pub fn require_as(&self, role: Role, action: Action) -> Result<(), Problem> {
        match self {
            _ if role.may(action) => Ok(()),
            Self::Anonymous => Err(Problem::unauthorized("sign in first")),
            _ => Err(Problem::forbidden(format!("a {role} may not do this"))),
        }
    }

    /// As the audit log names them.
    pub fn actor(&self) -> store::Actor {
        match self {
            Self::Anonymous => store::Actor::Anonymous,
            Self::User(user) => store::Actor::User(user.id.clone()),
            Self::Server(server) => store::Actor::ApiKey(server.key.clone()),
        }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Arc<Auth>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let AnyCaller(caller) = AnyCaller::from_request_parts(parts, state).await?;
        if caller.user().is_some_and(|user| user.must_change_password) {
            return Err(Problem::forbidden("change your password first: POST /api/auth/password"));
        }
        Ok(caller)
    }
}

/// The same, whether or not they have to change their password first: for the few requests that lead there.
pub struct AnyCaller(pub Caller);

impl<S> FromRequestParts<S> for AnyCaller
where
    Arc<Auth>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let auth = Arc::<Auth>::from_ref(state);
        let peer = parts.extensions.get::<Peer>().copied();
        let caller = auth.identify(peer, &parts.headers).await?;
        let who = match &caller {
            Caller::Anonymous => None,
            Caller::User(user) => Some(&user.id),
            Caller::Server(server) => Some(&server.key),
        };
        if let (Some(rate), Some(who)) = (parts.extensions.get::<CallerRate>(), who) {
            rate.admit(who)?;
        }
        Ok(Self(caller))
    }
}

impl Auth {
    async fn identify(&self, peer: Option<Peer>, headers: &HeaderMap) -> Result<Caller, Problem> {
        let proxy = peer.filter(|peer| self.proxies.trusts(peer.address.ip()));
        if let Some(id) = headers.get("x-user-id").filter(|_| proxy.is_some()) {
            return self.told_by_proxy(id.to_str().unwrap_or_default()).await;
        }
        match Shown::of(headers) {
            Some(Ok(shown)) => {
                let holder = self.keyring.open(&shown);
                return holder
                    .map(Caller::Server)
                    .ok_or_else(|| Problem::unauthorized("unknown API key, or not its secret"));
            }
            Some(Err(())) => {
                return Err(Problem::unauthorized(
                    "Authorization: Basic needs base64 of an API key, a colon and its secret",
                ));
            }
            None => {}
        }
        match bearer(headers) {
            Some(token) => self.by_access_token(token).map(Caller::User),
            None => Ok(Caller::Anonymous),
        }
    }

    /// Whom an access token stands for.
    pub fn by_access_token(&self, token: &str) -> Result<SignedIn, Problem> {
        let access = self.access.verify(token).map_err(|error| match error {
            BadToken::Expired => {
                Problem::unauthorized("the access token has expired: POST /api/auth/refresh")
            }
            BadToken::Invalid => {
                Problem::unauthorized("this is no access token of this station: sign in again")
            }
        })?;
        if self.revocations.has(&access) {
            return Err(Problem::unauthorized(
                "the access token was revoked: POST /api/auth/refresh, or sign in again",
            ));
        }
        Ok(SignedIn {
            id: access.user,
            role: access.role,
            session: Some(access.session),
            must_change_password: access.must_change_password,
        })
    }

    async fn told_by_proxy(&self, id: &str) -> Result<Caller, Problem> {
        match self.store.users().load(id).await? {
            Some(user) if user.suspended_at.is_none() => Ok(Caller::User(SignedIn {
                id: user.id,
                role: user.role,
                session: None,
                // Whoever the proxy lets through has signed in there; no password of ours was asked for.
                must_change_password: false,
            })),
            Some(_) => Err(Problem::forbidden("this account is suspended")),
            None => Err(Problem::unauthorized("X-User-ID names no account of this station")),
        }
    }
}

/// The token of `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The address that a request comes from, and how; as a trusted proxy tells it, where one stands between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Client {
    /// Where they are.
    pub address: IpAddr,
    /// Whether they came over TLS.
    pub scheme: Scheme,
}

impl<S> FromRequestParts<S> for Client
where
    Arc<Auth>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let auth = Arc::<Auth>::from_ref(state);
        let peer = parts.extensions.get::<Peer>().expect("the front tells every request's peer");
        Ok(Self {
            address: auth.proxies.client(peer.address.ip(), &parts.headers),
            scheme: auth.proxies.scheme(peer.address.ip(), peer.scheme, &parts.headers),
        })
    }
}
