//! Accounts: register, sign in, stay signed in and sign out.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::User;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::error::{FieldError, Problem};
use super::time::rfc3339;
use crate::auth::accounts::{AccountError, Newcomer};
use crate::auth::fields::{BadField, DisplayName, Email, Password, Username};
use crate::auth::secrets::Secret;
use crate::auth::sessions::{REFRESH_LIFE, Session as Begun, SessionError};
use crate::auth::{AnyCaller, Auth, Caller, Client, Device, access, browser};
use crate::logs::Redacted;

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
}

/// An account as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    id: String,
    /// To sign in with.
    email: String,
    /// Unique; for others to find.
    username: String,
    /// For others to read.
    display_name: String,
    avatar_url: Option<String>,
    /// What it may do: `admin`, `host` or `listener`.
    role: &'static str,
    /// Nothing else is taken from it before it has a new password.
    must_change_password: bool,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            username: user.username,
            display_name: user.display_name,
            avatar_url: user.avatar_url,
            role: user.role.name(),
            must_change_password: user.must_change_password,
            created_at: rfc3339(user.created_at),
        }
    }
}

/// What somebody gets who signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    user: Account,
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Seconds for which the access token is good.
    expires_in: u64,
    /// Good once, for the next pair. A browser that sends `X-OnAir-Client: browser` gets it as a cookie
    /// instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

/// The answer to somebody who signed in.
pub(super) fn begun(status: StatusCode, session: Begun, client: Client, headers: &HeaderMap) -> Response {
    let mut cookie = HeaderMap::new();
    let refresh_token = if browser::is_browser(headers) {
        cookie.insert(SET_COOKIE, browser::set(&session.refresh_token, REFRESH_LIFE, client.scheme));
        None
    } else {
        Some(session.refresh_token.into_inner())
    };
    let wire = Session {
        user: session.user.into(),
        access_token: session.access_token.into_inner(),
        expires_in: access::LIFE.as_secs(),
        refresh_token,
    };
    (status, cookie, Json(wire)).into_response()
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        let text = error.to_string();
        match error {
            SessionError::Wrong | SessionError::Over => Self::unauthorized(text),
            SessionError::Suspended => Self::forbidden(text),
            SessionError::TooMany(wait) => Self::too_many(wait),
            SessionError::Busy(_) => Self::unavailable(BUSY).because(text),
            SessionError::Store(error) => error.into(),
            SessionError::System(error) => {
                tracing::error!("no randomness: {error}");
                Self::internal()
            }
        }
    }
}

/// When to come again where passwords queue up; a queue is worked off in about two seconds.
const BUSY: Duration = Duration::from_secs(3);

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let text = error.to_string();
        match error {
            AccountError::Closed | AccountError::NotInvited => Self::forbidden(text),
            AccountError::BadInvitation => {
                Self::invalid("invitation", "is not good, or not for this e-mail address")
            }
            AccountError::Taken(_) => Self::conflict(text),
            AccountError::WrongPassword => Self::invalid("currentPassword", "is wrong"),
            AccountError::BadPassword(bad) => Self::invalid("newPassword", bad.to_string()),
            AccountError::Gone => Self::unauthorized(text),
            AccountError::Session(error) => error.into(),
        }
    }
}

/// Fields that did not parse, all of them at once.
#[derive(Default)]
pub(super) struct Misfits(pub(super) Vec<FieldError>);

impl Misfits {
    /// What parsed; else its complaint is kept.
    pub(super) fn take<T>(&mut self, field: &str, parsed: Result<T, BadField>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(bad) => {
                self.0.push(FieldError { field: field.to_owned(), detail: bad.to_string() });
                None
            }
        }
    }
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Registration {
    /// To sign in with; in any case.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// Unique; a letter or digit first.
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    username: String,
    /// Neither the e-mail address nor one that everybody tries first.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    password: Redacted<String>,
    /// The username where there is none.
    #[schema(min_length = 1, max_length = 80)]
    display_name: Option<String>,
    /// The code of an invitation, where registration is by invitation.
    invitation: Option<String>,
}

impl Registration {
    fn parse(self) -> Result<Newcomer, Problem> {
        let mut misfits = Misfits::default();
        let email = misfits.take("email", Email::parse(&self.email));
        let username = misfits.take("username", Username::parse(&self.username));
        let name = self.display_name.as_deref().unwrap_or(&self.username);
        let display_name = misfits.take("displayName", DisplayName::parse(name));
        let password = match (&email, &username) {
            (Some(email), Some(username)) => {
                misfits.take("password", Password::parse(self.password.expose(), email, username))
            }
            // What it is compared with is not known; its length still is.
            _ if Password::is_fit(self.password.expose()) => None,
            _ => {
                misfits.take("password", Err(BadField("must have 10 to 128 characters that nobody guesses")))
            }
        };
        match (email, username, display_name, password) {
            (Some(email), Some(username), Some(display_name), Some(password)) => {
                Ok(Newcomer { email, username, display_name, password, invitation: self.invitation })
            }
            _ => Err(Problem::invalid_fields(misfits.0)),
        }
    }
}

/// Make an account and sign it in.
#[utoipa::path(
    post,
    path = "/api/auth/register",
    operation_id = "register",
    tag = "accounts",
    params(("X-OnAir-Client" = Option<String>, Header, description = "`browser`: the refresh token comes as a cookie")),
    request_body = Registration,
    responses(
        (status = 201, description = "The account, signed in", body = Session),
        (status = 403, description = "Registration is closed, or by invitation", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 409, description = "The e-mail address or the username is taken", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ),
)]
async fn register(
    State(auth): State<Arc<Auth>>,
    client: Client,
    device: Device,
    headers: HeaderMap,
    Body(body): Body<Registration>,
) -> Result<Response, Problem> {
    let session = auth.register(body.parse()?, client.address, device).await?;
    Ok(begun(StatusCode::CREATED, session, client, &headers))
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Credentials {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: Redacted<String>,
}

/// Sign in.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    operation_id = "login",
    tag = "accounts",
    params(("X-OnAir-Client" = Option<String>, Header, description = "`browser`: the refresh token comes as a cookie")),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in", body = Session),
        (status = 401, description = "The e-mail address or the password is wrong", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 403, description = "The account is suspended", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ),
)]
async fn login(
    State(auth): State<Arc<Auth>>,
    client: Client,
    device: Device,
    headers: HeaderMap,
    Body(body): Body<Credentials>,
) -> Result<Response, Problem> {
    let session = auth.sign_in(&body.email, body.password.expose(), client.address, device).await?;
    Ok(begun(StatusCode::OK, session, client, &headers))
}

/// A refresh token; a browser has it in its cookie.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RefreshRequest {
    #[schema(value_type = Option<String>)]
    refresh_token: Option<Redacted<String>>,
}

/// The refresh token that a request shows: in its body, or in its cookie where it is believed to come from a
/// page of ours.
fn shown(
    auth: &Auth,
    client: Client,
    headers: &HeaderMap,
    body: RefreshRequest,
) -> Result<Option<Secret>, Problem> {
    if let Some(token) = body.refresh_token {
        return Ok(Some(token));
    }
    let Some(token) = browser::refresh_token(headers) else { return Ok(None) };
    match browser::check_origin(headers, client.scheme, auth.public_url()) {
        Ok(()) => Ok(Some(token)),
        Err(forged) => Err(Problem::forbidden(forged.to_string())),
    }
}

/// Exchange a refresh token for the next pair of tokens.
///
/// A refresh token is good once. One that is shown again ends the whole sign-in, except within ten seconds
/// and before its successor was used: then the same answer is given again.
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    operation_id = "refresh",
    tag = "accounts",
    params(("X-OnAir-Client" = Option<String>, Header, description = "`browser`: the refresh token is in the cookie")),
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "The next pair", body = Session),
        (status = 401, description = "The refresh token is missing or not good any more", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 403, description = "The account is suspended, or the request comes from another site's page", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ),
    security((), ("cookie" = [])),
)]
async fn refresh(
    State(auth): State<Arc<Auth>>,
    client: Client,
    headers: HeaderMap,
    Body(body): Body<RefreshRequest>,
) -> Result<Response, Problem> {
    let Some(token) = shown(&auth, client, &headers, body)? else {
        return Err(Problem::unauthorized("send refreshToken, or the cookie that came with signing in"));
    };
    let session = auth.refresh(&token, client.address).await?;
    Ok(begun(StatusCode::OK, session, client, &headers))
}

/// Sign out.
///
/// Of the sign-in that the refresh token or the access token belongs to. Its access tokens are void at once.
#[utoipa::path(
    post,
    path = "/api/auth/logout",
    operation_id = "logout",
    tag = "accounts",
    params(("X-OnAir-Client" = Option<String>, Header, description = "`browser`: the refresh token is in the cookie")),
    request_body = RefreshRequest,
    responses((status = 204, description = "Signed out")),
    security((), ("bearer" = []), ("cookie" = [])),
)]
async fn logout(
    State(auth): State<Arc<Auth>>,
    client: Client,
    caller: Result<AnyCaller, Problem>,
    headers: HeaderMap,
    Body(body): Body<RefreshRequest>,
) -> Result<Response, Problem> {
    let token = shown(&auth, client, &headers, body)?;
    // An access token that has expired is no reason to stay signed in.
    let caller = caller.map_or(Caller::Anonymous, |AnyCaller(caller)| caller);
    auth.sign_out(token.as_ref(), caller.user(), client.address).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, browser::clear(client.scheme))]).into_response())
}

#[cfg(test)]
mod tests;
