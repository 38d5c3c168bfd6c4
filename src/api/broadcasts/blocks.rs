//! Who is kept out of a broadcast.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Block, StoreError, Timestamp};
use utoipa::ToSchema;

use super::BroadcastId;
use super::access::{Found, find};
use super::person::Person;
use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::{Pages, Params, Path};
use crate::api::time::rfc3339;
use crate::auth::{Caller, Client};

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// Somebody who is kept out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Block)]
pub(super) struct KeptOut {
    user: Person,
    /// Why.
    #[schema(required)]
    reason: Option<String>,
    /// The account that blocked them.
    #[schema(required)]
    blocked_by: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A page of those who are kept out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BlockPage)]
pub(super) struct KeptOutPage {
    items: Vec<KeptOut>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// Lists who is kept out of a broadcast, longest blocked first.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/blocks",
    operation_id = "listBlocks",
    tag = "moderation",
    params(BroadcastId, Pages),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = KeptOutPage)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Params(pages): Params<Pages>,
) -> Result<Json<KeptOutPage>, Problem> {
    let found = moderated(&context, &caller, &id).await?;
    let page = context.store.blocks().list(&found.hosted.broadcast.id, &pages.slice()?).await?;
    let mut items = Vec::new();
    for block in page.items {
        items.push(KeptOut {
            user: Person::load(&context.store, block.user_id).await?,
            reason: block.reason,
            blocked_by: block.blocked_by,
            created_at: rfc3339(block.created_at),
        });
    }
    Ok(Json(KeptOutPage { items, next_cursor: page.next_cursor, total: page.total }))
}

/// Why somebody is kept out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockRequest {
    /// For the moderators' eyes.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Keeps somebody out of a broadcast.
///
/// At once from the API and from playback, and where playback is signed also from what is being played. HLS that
/// is not signed cannot be taken back from anybody.
#[utoipa::path(
    put,
    path = "/api/broadcasts/{id}/blocks/{userId}",
    operation_id = "block",
    tag = "moderation",
    params(BroadcastId, ("userId" = String, Path, description = "The account")),
    request_body = BlockRequest,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 204, description = "Blocked, whether they were before or not"),
        (status = 409, description = "It is the broadcast's owner or an admin", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn put(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path((id, user)): Path<(String, String)>,
    Body(request): Body<BlockRequest>,
) -> Result<StatusCode, Problem> {
    let found = moderated(&context, &caller, &id).await?;
    let reason = request.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON_MAX) {
        return Err(Problem::invalid("reason", format!("must have at most {REASON_MAX} characters")));
    }
    let nobody = || Problem::not_found(format!("no account has the id {user:?}"));
    let account = context.store.users().load(&user).await?.ok_or_else(nobody)?;
    if account.role == Role::Admin || account.id == found.hosted.broadcast.host_id {
        return Err(Problem::conflict("nobody blocks a broadcast's owner or an admin"));
    }
    let broadcast = found.hosted.broadcast.id;
    let block = Block {
        broadcast_id: broadcast.clone(),
        user_id: user.clone(),
        blocked_by: caller.account().map(str::to_owned),
        reason: reason.map(str::to_owned),
        created_at: Timestamp::now(),
    };
    match context.store.blocks().put(&block).await {
        Err(StoreError::Dangling) => return Err(nobody()),
        outcome => outcome?,
    }
    context.gate.block(&broadcast, &user);
    context.rooms.expel(&broadcast, &user);
    let detail = json!({"user": user, "reason": reason});
    context.audit(&caller, client, "moderation.blocked", &broadcast, detail);
    Ok(StatusCode::NO_CONTENT)
}

/// Lets somebody into a broadcast again.
#[utoipa::path(
    delete,
    path = "/api/broadcasts/{id}/blocks/{userId}",
    operation_id = "unblock",
    tag = "moderation",
    params(BroadcastId, ("userId" = String, Path, description = "The account")),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 204, description = "Not blocked, whether they were before or not")),
)]
pub(super) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path((id, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let broadcast = moderated(&context, &caller, &id).await?.hosted.broadcast.id;
    if context.store.blocks().delete(&broadcast, &user).await? {
        context.audit(&caller, client, "moderation.unblocked", &broadcast, json!({"user": user}));
    }
    context.gate.unblock(&broadcast, &user);
    context.rooms.pardon(&broadcast, &user);
    Ok(StatusCode::NO_CONTENT)
}

async fn moderated(context: &Context, caller: &Caller, id: &str) -> Result<Found, Problem> {
    let found = find(context, caller, id).await?;
    found.require(caller, Action::Block)?;
    Ok(found)
}
