//! Following: to hear of it when somebody goes on air.

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use room::Action;
use store::{Follow, StoreError, Timestamp};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Problem;
use super::me::signed_in;
use super::params::Path;
use crate::auth::{Auth, Caller};

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(follow, unfollow))
}

/// Follow somebody.
///
/// Who follows already goes on.
#[utoipa::path(
    put,
    path = "/api/users/{id}/follow",
    operation_id = "follow",
    tag = "accounts",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 204, description = "Followed"),
        (status = 409, description = "It is the caller's own account", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ),
    security(("bearer" = [])),
)]
async fn follow(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Action::KeepAccount)?;
    let follower = signed_in(&caller)?;
    if follower.id == id {
        return Err(Problem::conflict("nobody follows themselves"));
    }
    let nobody = || Problem::not_found(format!("no account has the id {id:?}"));
    auth.store().users().load(&id).await?.ok_or_else(nobody)?;
    let follow =
        Follow { follower_id: follower.id.clone(), followed_id: id.clone(), created_at: Timestamp::now() };
    match auth.store().follows().put(&follow).await {
        Err(StoreError::Dangling) => Err(nobody()),
        outcome => Ok(outcome.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// Follow somebody no longer.
#[utoipa::path(
    delete,
    path = "/api/users/{id}/follow",
    operation_id = "unfollow",
    tag = "accounts",
    params(("id" = String, Path, description = "The account's id")),
    responses((status = 204, description = "Not followed, whether they were or not")),
    security(("bearer" = [])),
)]
async fn unfollow(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Action::KeepAccount)?;
    auth.store().follows().delete(&signed_in(&caller)?.id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
