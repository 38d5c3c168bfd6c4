//! Who may know of a recording.

use axum::http::StatusCode;
use room::{Action, Role};
use store::{Recording, RecordingStatus};

use crate::api::Context;
use crate::api::broadcasts;
use crate::api::error::Problem;
use crate::auth::Caller;

/// A recording, its broadcast, and what the caller is in it.
pub(crate) struct Found {
    pub(crate) recording: Recording,
    pub(crate) hosted: store::Hosted,
    pub(crate) role: Role,
}

impl Found {
    /// 401 or 403 unless the caller may do it.
    pub(crate) fn require(&self, caller: &Caller, action: Action) -> Result<(), Problem> {
        caller.require_as(self.role, action)
    }
}

/// The recording with this id; 404 where there is none that the caller may know of, and 403 where they are blocked
/// from its broadcast. Who may not hear a broadcast knows of none of its recordings, and who did not make it of none
/// that is not published.
pub(crate) async fn find(context: &Context, caller: &Caller, id: &str) -> Result<Found, Problem> {
    let none = || Problem::not_found(format!("no recording has the id {id:?}"));
    let recording = context.store.recordings().load(id).await?.ok_or_else(none)?;
    let found = broadcasts::find(context, caller, &recording.broadcast_id).await;
    let found = found.map_err(|problem| match problem.status() {
        StatusCode::NOT_FOUND => none(),
        _ => problem,
    })?;
    let heard = recording.published && recording.status == RecordingStatus::Ready;
    if !heard && !found.role.may(Action::RecordBroadcast) {
        return Err(none());
    }
    Ok(Found { recording, hosted: found.hosted, role: found.role })
}

/// The same for something that not everybody may do: 401 to nobody in particular, whatever the recording.
pub(super) async fn find_to(
    context: &Context,
    caller: &Caller,
    id: &str,
    action: Action,
) -> Result<Found, Problem> {
    if *caller == Caller::Anonymous {
        caller.require(action)?;
    }
    let found = find(context, caller, id).await?;
    found.require(caller, action)?;
    Ok(found)
}
