//! Accounts as others see them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::error::Problem;
use super::params::Path;
use crate::auth::Caller;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(show))
}

/// An account as others see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PublicAccount {
    id: String,
    username: String,
    display_name: String,
    #[schema(required)]
    avatar_url: Option<String>,
    /// Whether the caller follows them; told to who is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    following: Option<bool>,
}

/// Tells about an account.
///
/// Who is suspended is not found.
#[utoipa::path(
    get,
    path = "/api/users/{username}",
    operation_id = "getUser",
    tag = "accounts",
    params(("username" = String, Path, description = "The account's username", max_length = 64)),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The account", body = PublicAccount)),
)]
async fn show(
    State(context): State<Context>,
    caller: Caller,
    Path(username): Path<String>,
) -> Result<Json<PublicAccount>, Problem> {
    let user = context.store.users().load_by_username(&username).await?;
    let user = user.filter(|user| user.suspended_at.is_none());
    let user = user.ok_or_else(|| Problem::not_found(format!("no account is called {username:?}")))?;
    let following = following(&context, &caller, &user.id).await?;
    Ok(Json(PublicAccount {
        id: user.id,
        username: user.username,
        display_name: user.display_name,
        avatar_url: user.avatar_url,
        following,
    }))
}

/// Whether the caller follows an account; `None` where they are nobody in particular.
pub(super) async fn following(
    context: &Context,
    caller: &Caller,
    user: &str,
) -> Result<Option<bool>, Problem> {
    let Caller::User(follower) = caller else { return Ok(None) };
    Ok(Some(context.store.follows().load(&follower.id, user).await?.is_some()))
}
