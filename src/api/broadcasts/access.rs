//! Who may know of a broadcast, and what they are in it.

use room::{Action, Role};
use store::{Hosted, MemberRole, StoreError, Visibility};

use crate::api::Context;
use crate::api::error::Problem;
use crate::auth::Caller;

/// A broadcast, and what the caller is in it.
pub(crate) struct Found {
    pub(crate) hosted: Hosted,
    pub(crate) role: Role,
}

impl Found {
    /// 401 or 403 unless the caller may do it.
    pub(crate) fn require(&self, caller: &Caller, action: Action) -> Result<(), Problem> {
        caller.require_as(self.role, action)
    }
}

/// The broadcast with this id, or whose room has this name; 404 where there is none that the caller may know
/// of, 403 where they are blocked from it.
pub(crate) async fn find(context: &Context, caller: &Caller, name: &str) -> Result<Found, Problem> {
    let broadcasts = context.store.broadcasts();
    let hosted = match broadcasts.load(name).await? {
        Some(hosted) => Some(hosted),
        None => broadcasts.load_by_room_name(name).await?,
    };
    let hosted = hosted.ok_or_else(|| Problem::no_broadcast(name))?;
    let barred = |user| context.gate.bars(&hosted.broadcast.id, user);
    if caller.account().is_some_and(barred) {
        return Err(Problem::forbidden("you are blocked from this broadcast"));
    }
    let member = member(context, caller, &hosted).await?;
    let tie = member.and_then(|member| match member {
        MemberRole::Moderator => Some(Role::Moderator),
        MemberRole::Speaker => Some(Role::Speaker),
        MemberRole::Listener => None,
    });
    let role = caller.role_in(&hosted.broadcast.host_id, tie);
    let known = hosted.broadcast.visibility != Visibility::Private
        || member.is_some()
        || matches!(role, Role::Owner | Role::Admin);
    if !known {
        return Err(Problem::no_broadcast(name));
    }
    Ok(Found { hosted, role })
}

/// The same for something that not everybody may do: 401 to nobody in particular, whatever the broadcast, and 403
/// to whoever may know of it and may not do it.
pub(in crate::api) async fn find_to(
    context: &Context,
    caller: &Caller,
    name: &str,
    action: Action,
) -> Result<Found, Problem> {
    if *caller == Caller::Anonymous {
        caller.require(action)?;
    }
    let found = find(context, caller, name).await?;
    found.require(caller, action)?;
    Ok(found)
}

/// What its host made the caller in it.
async fn member(
    context: &Context,
    caller: &Caller,
    hosted: &Hosted,
) -> Result<Option<MemberRole>, StoreError> {
    let Some(user) = caller.account() else { return Ok(None) };
    let member = context.store.members().load(&hosted.broadcast.id, user).await?;
    Ok(member.map(|member| member.role))
}
