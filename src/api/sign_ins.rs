//! Where one is signed in, and an end to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use serde::Serialize;
use store::RefreshToken;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Problem;
use super::me::signed_in;
use super::params::Path;
use super::time::rfc3339;
use crate::auth::{Auth, Caller, Client};

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list, end_others)).routes(routes!(end))
}

/// A sign-in that is still good.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignIn {
    /// Names it.
    id: String,
    /// Is it the one that asks?
    current: bool,
    /// As the browser or app named itself, for a person to recognise; null where it did not.
    #[schema(required, max_length = 200)]
    device: Option<String>,
    /// Null for one of before this was kept.
    #[schema(required, format = DateTime)]
    signed_in_at: Option<String>,
    /// When it last got new tokens, which it does every quarter of an hour that it is in use.
    #[schema(format = DateTime)]
    last_used_at: String,
    /// When it ends by itself where it is not used.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl SignIn {
    fn of(token: RefreshToken, current: Option<&str>) -> Self {
        Self {
            current: current == Some(token.family_id.as_str()),
            id: token.family_id,
            device: token.device,
            signed_in_at: token.signed_in_at.map(rfc3339),
            last_used_at: rfc3339(token.created_at),
            expires_at: rfc3339(token.expires_at),
        }
    }
}

/// Where one is signed in.
#[derive(Serialize, ToSchema)]
struct SignInList {
    /// At most 100, the one used last first.
    items: Vec<SignIn>,
}

/// Where am I signed in?
#[utoipa::path(
    get,
    path = "/api/auth/sessions",
    operation_id = "listSessions",
    tag = "accounts",
    responses((status = 200, description = "The sign-ins that are still good", body = SignInList)),
    security(("bearer" = [])),
)]
async fn list(State(auth): State<Arc<Auth>>, caller: Caller) -> Result<Json<SignInList>, Problem> {
    let user = signed_in(&caller)?;
    let held = auth.sign_ins(user).await?;
    let items = held.into_iter().map(|token| SignIn::of(token, user.session.as_deref())).collect();
    Ok(Json(SignInList { items }))
}

/// Sign out there.
///
/// Its access tokens are void at once.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions/{id}",
    operation_id = "endSession",
    tag = "accounts",
    params(("id" = String, Path, description = "The sign-in")),
    responses((status = 204, description = "Signed out there")),
    security(("bearer" = [])),
)]
async fn end(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if auth.end_sign_in(signed_in(&caller)?, &id, client.address).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("no sign-in of this account that is still good has this id"))
    }
}

/// Sign out everywhere else.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions",
    operation_id = "endOtherSessions",
    tag = "accounts",
    responses((status = 204, description = "This sign-in is the only one")),
    security(("bearer" = [])),
)]
async fn end_others(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
) -> Result<StatusCode, Problem> {
    let user = signed_in(&caller)?;
    loop {
        let mut others: Vec<_> =
            auth.sign_ins(user).await?.into_iter().map(|token| token.family_id).collect();
        others.retain(|session| user.session.as_ref() != Some(session));
        if others.is_empty() {
            return Ok(StatusCode::NO_CONTENT);
        }
        for session in &others {
            auth.end_sign_in(user, session, client.address).await?;
        }
    }
}
