//! Moderators and speakers of a broadcast, and who may hear a private one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{MemberRole, StoreError, Timestamp, Visibility};
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
use crate::playback::gate::now;
use crate::signal::standing::role_in;

/// What somebody is in a broadcast.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MemberRole)]
pub(super) enum Place {
    /// Keeps order.
    Moderator,
    /// Is heard.
    Speaker,
    /// May hear it where it is private.
    Listener,
}

impl From<MemberRole> for Place {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Moderator => Self::Moderator,
            MemberRole::Speaker => Self::Speaker,
            MemberRole::Listener => Self::Listener,
        }
    }
}

impl From<Place> for MemberRole {
    fn from(place: Place) -> Self {
        match place {
            Place::Moderator => Self::Moderator,
            Place::Speaker => Self::Speaker,
            Place::Listener => Self::Listener,
        }
    }
}

/// Somebody who is something in a broadcast.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    user: Person,
    role: Place,
    /// The account that made them that.
    #[schema(required)]
    added_by: Option<String>,
    #[schema(format = DateTime)]
    added_at: String,
}

/// A page of members.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberPage {
    items: Vec<Member>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// Lists the members of a broadcast, in the order in which they were added.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/members",
    operation_id = "listMembers",
    tag = "moderation",
    params(BroadcastId, Pages),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = MemberPage)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Params(pages): Params<Pages>,
) -> Result<Json<MemberPage>, Problem> {
    let found = managed(&context, &caller, &id).await?;
    let page = context.store.members().list(&found.hosted.broadcast.id, &pages.slice()?).await?;
    let mut items = Vec::new();
    for member in page.items {
        items.push(Member {
            user: Person::load(&context.store, member.user_id).await?,
            role: member.role.into(),
            added_by: member.added_by,
            added_at: rfc3339(member.added_at),
        });
    }
    Ok(Json(MemberPage { items, next_cursor: page.next_cursor, total: page.total }))
}

/// What somebody becomes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberRequest {
    role: Place,
}

/// Makes somebody a member of a broadcast, or changes what they are.
///
/// Where they are in its room they are that there at once, and everybody there is told.
#[utoipa::path(
    put,
    path = "/api/broadcasts/{id}/members/{userId}",
    operation_id = "putMember",
    tag = "moderation",
    params(BroadcastId, ("userId" = String, Path, description = "The account")),
    request_body = MemberRequest,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 204, description = "They are that now"),
        (status = 409, description = "It is the broadcast's owner", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn put(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path((id, user)): Path<(String, String)>,
    Body(request): Body<MemberRequest>,
) -> Result<StatusCode, Problem> {
    let broadcast = managed(&context, &caller, &id).await?.hosted.broadcast;
    if user == broadcast.host_id {
        return Err(Problem::conflict("a broadcast's owner is that already"));
    }
    let nobody = || Problem::not_found(format!("no account has the id {user:?}"));
    let account = context.store.users().load(&user).await?.ok_or_else(nobody)?;
    let role = MemberRole::from(request.role);
    let member = store::Member {
        broadcast_id: broadcast.id.clone(),
        user_id: user.clone(),
        role,
        added_by: caller.account().map(str::to_owned),
        added_at: Timestamp::now(),
    };
    match context.store.members().put(&member).await {
        Err(StoreError::Dangling) => return Err(nobody()),
        outcome => outcome?,
    }
    let standing = role_in(&account, &broadcast.host_id, Some(role));
    context.rooms.set_role(&broadcast.id, &user, standing);
    let detail = json!({"user": user, "role": role.name()});
    context.audit(&caller, client, "broadcast.member_set", &broadcast.id, detail);
    Ok(StatusCode::NO_CONTENT)
}

/// Makes somebody a stranger to a broadcast.
///
/// Who was let into a private one by this hears it no longer and leaves its room, at once.
#[utoipa::path(
    delete,
    path = "/api/broadcasts/{id}/members/{userId}",
    operation_id = "deleteMember",
    tag = "moderation",
    params(BroadcastId, ("userId" = String, Path, description = "The account")),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 204, description = "They are a stranger, whether they were before or not")),
)]
pub(super) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path((id, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let broadcast = managed(&context, &caller, &id).await?.hosted.broadcast;
    if context.store.members().delete(&broadcast.id, &user).await? {
        context.gate.recall(&broadcast.id, &user, now());
        if let Some(account) = context.store.users().load(&user).await? {
            let standing = role_in(&account, &broadcast.host_id, None);
            if broadcast.visibility == Visibility::Private && standing != Role::Admin {
                context.rooms.put_out(&broadcast.id, &user);
            } else {
                context.rooms.set_role(&broadcast.id, &user, standing);
            }
        }
        context.audit(&caller, client, "broadcast.member_removed", &broadcast.id, json!({"user": user}));
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn managed(context: &Context, caller: &Caller, id: &str) -> Result<Found, Problem> {
    let found = find(context, caller, id).await?;
    found.require(caller, Action::ManageMembers)?;
    Ok(found)
}
