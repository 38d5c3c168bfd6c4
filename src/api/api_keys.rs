//! API keys, by which servers sign in: admins make any, hosts make their own (`own`).

mod own;

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Page, Secret, Subject, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::error::Problem;
use super::params::{Pages, Params, Path};
use super::time::rfc3339;
use crate::auth::keyring::{KEYS_MAX, KeyHolder};
use crate::auth::sessions::SessionError;
use crate::auth::{Auth, Caller, Client, secrets};

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke)).merge(own::routes())
}

/// A key without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ApiKey {
    /// The key itself; what stands before the colon in `Authorization: Basic`.
    key: String,
    /// What it is for.
    name: String,
    /// What its holder may do: `admin` or `host`.
    role: &'static str,
    /// The account that made it.
    created_by: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Since when it opens nothing.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<store::ApiKey> for ApiKey {
    fn from(key: store::ApiKey) -> Self {
        Self {
            key: key.id,
            name: key.name,
            role: key.role.name(),
            created_by: key.created_by,
            created_at: rfc3339(key.created_at),
            last_used_at: key.last_used_at.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
        }
    }
}

/// A page of keys.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ApiKeyPage {
    items: Vec<ApiKey>,
    /// For the next page.
    next_cursor: Option<String>,
    total: i64,
}

impl From<Page<store::ApiKey>> for ApiKeyPage {
    fn from(page: Page<store::ApiKey>) -> Self {
        Self {
            items: page.items.into_iter().map(ApiKey::from).collect(),
            next_cursor: page.next_cursor,
            total: page.total,
        }
    }
}

/// List all API keys, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/api-keys",
    operation_id = "listApiKeys",
    tag = "administration",
    params(Pages),
    responses((status = 200, description = "A page", body = ApiKeyPage)),
    security(("bearer" = []), ("apiKey" = [])),
)]
async fn list(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Params(pages): Params<Pages>,
) -> Result<Json<ApiKeyPage>, Problem> {
    caller.require(Action::ManageApiKeys)?;
    let page = auth.store().api_keys().list(&pages.slice()?).await?;
    Ok(Json(page.into()))
}

/// A key that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewApiKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What its holder may do.
    role: KeyRole,
}

/// What the holder of a key may do.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum KeyRole {
    /// Everything.
    Admin,
    /// What a host may.
    Host,
}

/// A key that was made, with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MadeApiKey {
    #[serde(flatten)]
    key: ApiKey,
    /// Shown here and never again.
    secret: String,
}

/// Make an API key.
///
/// Its secret is in the answer and nowhere else. The key holds for as long as
/// whoever made it may do what it does.
#[utoipa::path(
    post,
    path = "/api/admin/api-keys",
    operation_id = "createApiKey",
    tag = "administration",
    request_body = NewApiKey,
    responses(
        (status = 201, description = "The key", body = MadeApiKey),
        (status = 409, description = "There are too many", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ),
    security(("bearer" = []), ("apiKey" = [])),
)]
async fn create(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
    Body(body): Body<NewApiKey>,
) -> Result<(StatusCode, Json<MadeApiKey>), Problem> {
    caller.require(Action::ManageApiKeys)?;
    let role = match body.role {
        KeyRole::Admin => Role::Admin,
        KeyRole::Host => Role::Host,
    };
    make(&auth, &caller, client, &body.name, role).await
}

/// Makes a key; the right to is the caller's to check.
async fn make(
    auth: &Auth,
    caller: &Caller,
    client: Client,
    name: &str,
    role: Role,
) -> Result<(StatusCode, Json<MadeApiKey>), Problem> {
    let name = name.trim();
    if !(1..=80).contains(&name.chars().count()) {
        return Err(Problem::invalid("name", "must have 1 to 80 characters"));
    }
    if auth.keyring().len() >= KEYS_MAX {
        return Err(Problem::conflict(format!("there are {KEYS_MAX} API keys; revoke some first")));
    }
    let secret = secrets::random(32).map_err(SessionError::from)?;
    let key = store::ApiKey {
        id: format!("OA{}", secrets::readable(16).map_err(SessionError::from)?.into_inner()),
        secret_hash: Secret::new(secrets::fingerprint(secret.expose())),
        name: name.to_owned(),
        role,
        created_by: caller.account().map(str::to_owned),
        created_at: Timestamp::now(),
        last_used_at: None,
        revoked_at: None,
    };
    auth.store().api_keys().insert(&key).await?;
    let holder = KeyHolder { key: key.id.clone(), role, owner: key.created_by.clone() };
    auth.keyring().add(holder, key.secret_hash.expose().to_owned());
    let detail = json!({ "name": key.name, "role": role.name() });
    auth.audit(caller.actor(), "api_key.created", Some(subject(&key.id)), client.address, detail).await?;
    Ok((StatusCode::CREATED, Json(MadeApiKey { key: key.into(), secret: secret.into_inner() })))
}

/// Revoke an API key.
///
/// From then on it opens nothing.
#[utoipa::path(
    delete,
    path = "/api/admin/api-keys/{key}",
    operation_id = "revokeApiKey",
    tag = "administration",
    params(("key" = String, Path, description = "The key")),
    responses((status = 204, description = "Revoked")),
    security(("bearer" = []), ("apiKey" = [])),
)]
async fn revoke(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Action::ManageApiKeys)?;
    take_back(&auth, &caller, client, &key).await
}

/// Revokes a key; the right to is the caller's to check.
async fn take_back(auth: &Auth, caller: &Caller, client: Client, key: &str) -> Result<StatusCode, Problem> {
    if !auth.store().api_keys().revoke(key, Timestamp::now()).await? {
        return Err(none());
    }
    auth.keyring().remove(key);
    auth.audit(caller.actor(), "api_key.revoked", Some(subject(key)), client.address, json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn none() -> Problem {
    Problem::not_found("no API key that still holds has this name")
}

fn subject(key: &str) -> Subject {
    Subject { kind: "api_key".to_owned(), id: key.to_owned() }
}
