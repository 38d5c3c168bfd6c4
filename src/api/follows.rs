//! Followed: to hear of it when somebody goes on air.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use room::Action;
use serde::{Deserialize, Serialize};
use store::{Follow, StoreError, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::error::Problem;
use super::me::signed_in;
use super::params::Path;
use super::time::rfc3339;
use crate::auth::{Auth, Caller};

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(show, follow, change, unfollow))
}

/// Whether somebody is followed.
#[derive(Serialize, ToSchema)]
#[schema(as = Follow)]
struct Followed {
    following: bool,
    /// Whether the follower is told of what they do: that they are on air, that they have planned something, that it begins
    /// soon, that a recording is there. Not, where they are not followed.
    notify: bool,
    /// Since when; null where they are not followed.
    #[schema(format = DateTime, required)]
    since: Option<String>,
}

impl From<Option<Follow>> for Followed {
    fn from(follow: Option<Follow>) -> Self {
        Self {
            following: follow.is_some(),
            notify: follow.as_ref().is_some_and(|follow| follow.notify),
            since: follow.map(|follow| rfc3339(follow.created_at)),
        }
    }
}

/// Do I follow somebody?
#[utoipa::path(
    get,
    path = "/api/users/{id}/follow",
    operation_id = "getFollow",
    tag = "accounts",
    params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, description = "Whether, and what of", body = Followed)),
    security(("bearer" = [])),
)]
async fn show(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Followed>, Problem> {
    caller.require(Action::KeepAccount)?;
    let follow = auth.store().follows().load(&signed_in(&caller)?.id, &id).await?;
    Ok(Json(follow.into()))
}

/// What is to change of a follow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowChange {
    /// To be told of what they do, or not.
    notify: bool,
}

/// Be told of what somebody does whom one follows, or not.
#[utoipa::path(
    patch,
    path = "/api/users/{id}/follow",
    operation_id = "changeFollow",
    tag = "accounts",
    params(("id" = String, Path, description = "The account's id")),
    request_body = FollowChange,
    responses((status = 200, description = "As it is now", body = Followed)),
    security(("bearer" = [])),
)]
async fn change(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<FollowChange>,
) -> Result<Json<Followed>, Problem> {
    caller.require(Action::KeepAccount)?;
    let (follower, follows) = (&signed_in(&caller)?.id, auth.store().follows());
    if !follows.set_notify(follower, &id, change.notify).await? {
        return Err(Problem::not_found(format!("no account with the id {id:?} is followed")));
    }
    Ok(Json(follows.load(follower, &id).await?.into()))
}

/// Follow somebody.
///
/// Who follows already goes on, as they chose.
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
    let follow = Follow {
        follower_id: follower.id.clone(),
        followed_id: id.clone(),
        created_at: Timestamp::now(),
        notify: true,
    };
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
