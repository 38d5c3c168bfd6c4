//! The keys that hosts make for programs of their own.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use room::{Action, Role};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ApiKeyPage, MadeApiKey, make, none, take_back};
use crate::api::body::Body;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::me::signed_in;
use crate::api::params::{Pages, Params, Path};
use crate::auth::{Auth, Caller, Client};

/// Keys that one account holds at a time.
const OWN_MAX: i64 = 20;

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// List my API keys, newest first.
#[utoipa::path(
    get,
    path = "/api/auth/api-keys",
    operation_id = "listMyApiKeys",
    tag = "accounts",
    params(Pages),
    responses((status = 200, description = "A page", body = ApiKeyPage)),
    security(("bearer" = [])),
)]
async fn list(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Params(pages): Params<Pages>,
) -> Result<Json<ApiKeyPage>, Problem> {
    caller.require(Action::KeepOwnApiKeys)?;
    let owner = &signed_in(&caller)?.id;
    Ok(Json(auth.store().api_keys().list_of(owner, &pages.slice()?).await?.into()))
}

/// A key that is to be made for a program of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewOwnApiKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
}

/// Make an API key of my own.
///
/// Whoever shows it does what a host does, in the broadcasts of this account. Its secret is in the answer and nowhere
/// else. It opens nothing while the account is suspended, or a host no longer.
#[utoipa::path(
    post,
    path = "/api/auth/api-keys",
    operation_id = "createMyApiKey",
    tag = "accounts",
    request_body = NewOwnApiKey,
    responses(
        (status = 201, description = "The key", body = MadeApiKey),
        (status = 409, description = "There are too many", body = Wire, content_type = PROBLEM_JSON),
    ),
    security(("bearer" = [])),
)]
async fn create(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
    Body(body): Body<NewOwnApiKey>,
) -> Result<(StatusCode, Json<MadeApiKey>), Problem> {
    caller.require(Action::KeepOwnApiKeys)?;
    let owner = &signed_in(&caller)?.id;
    if auth.store().api_keys().count_held_by(owner).await? >= OWN_MAX {
        return Err(Problem::conflict(format!("this account has {OWN_MAX} API keys; revoke one first")));
    }
    make(&auth, &caller, client, &body.name, Role::Host).await
}

/// Revoke an API key of my own.
///
/// From then on it opens nothing.
#[utoipa::path(
    delete,
    path = "/api/auth/api-keys/{key}",
    operation_id = "revokeMyApiKey",
    tag = "accounts",
    params(("key" = String, Path, description = "The key")),
    responses((status = 204, description = "Revoked")),
    security(("bearer" = [])),
)]
async fn revoke(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    let owner = &signed_in(&caller)?.id;
    let found = auth.store().api_keys().load(&key).await?;
    // Who is no host any more still takes back what opens nothing now.
    if found.is_none_or(|found| found.created_by.as_deref() != Some(owner)) {
        return Err(none());
    }
    take_back(&auth, &caller, client, &key).await
}
