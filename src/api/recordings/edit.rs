//! Changing and deleting recordings.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::Action;
use serde::Deserialize;
use serde_json::json;
use store::{RecordingStatus, Secret};
use utoipa::ToSchema;
use uuid::Uuid;

use super::RecordingId;
use super::access::{Found, find_to};
use super::answer::Recording;
use crate::api::Context;
use crate::api::body::{Body, present};
use crate::api::error::{Faults, PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::broadcasts::draft::TITLE_MAX;
use crate::recordings::{CutError, frames, trim};

/// What is to be changed of a recording; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = RecordingChanges)]
pub(super) struct Changes {
    /// On one line.
    #[schema(min_length = 1, max_length = 120, nullable = false)]
    title: Option<String>,
    /// Whether whoever may hear the broadcast may hear it.
    #[schema(nullable = false)]
    published: Option<bool>,
    /// Where it begins to play, in seconds from where what was recorded begins; null: there.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>, minimum = 0)]
    start_seconds: Option<Option<f64>>,
    /// Where it ends, likewise; null: where that ends.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>, minimum = 0)]
    end_seconds: Option<Option<f64>>,
}

/// 409: somebody else was faster.
pub(super) fn changed() -> Problem {
    Problem::conflict(
        "the recording was changed meanwhile, or its run has as many recordings as it may have; look at it again",
    )
}

/// 409: it is not there yet.
pub(super) fn unready() -> Problem {
    Problem::conflict(
        "the recording is still being made; stop it first, by POST /api/broadcasts/{id}/record/stop",
    )
}

/// A key for what its host alone hears: 122 random bits.
pub(super) fn preview_key() -> Secret {
    Secret::new(Uuid::new_v4().to_string())
}

/// A title as people may write it.
pub(super) fn check_title(faults: &mut Faults, title: &mut String) {
    *title = title.trim().to_owned();
    let fits = (1..=TITLE_MAX).contains(&title.chars().count()) && !title.chars().any(char::is_control);
    faults.check(fits, "title", format!("must have 1 to {TITLE_MAX} characters on one line"));
}

/// What is wrong with a cut, told by the name of the field that asked for it.
pub(super) fn refused(error: CutError, field: &str) -> Problem {
    match error {
        CutError::NoSound => Problem::conflict(error.to_string()),
        CutError::TooShort | CutError::Outside(_) => Problem::invalid(field, error.to_string()),
    }
}

/// Changes a recording.
///
/// Trimming changes what plays and keeps what was recorded, so that it can be undone. While it is not published its
/// host hears it under an address that nobody else is told.
#[utoipa::path(
    patch,
    path = "/api/recordings/{id}",
    operation_id = "updateRecording",
    tag = "recordings",
    params(RecordingId),
    request_body = Changes,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The recording as it is now", body = Recording),
        (status = 409, description = "It is still being made, or was changed meanwhile", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn change(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(mut changes): Body<Changes>,
) -> Result<Json<Recording>, Problem> {
    let found = find_to(&context, &caller, &id, Action::RecordBroadcast).await?;
    let mut faults = Faults::default();
    if let Some(title) = &mut changes.title {
        check_title(&mut faults, title);
    }
    let position = |faults: &mut Faults, at: Option<f64>, name| {
        faults.check(at.is_none_or(|at| frames(at).is_some()), name, "must be a number of seconds from 0 on");
        at.and_then(frames)
    };
    let start = changes.start_seconds.map(|at| position(&mut faults, at, "startSeconds"));
    let end = changes.end_seconds.map(|at| position(&mut faults, at, "endSeconds"));
    faults.finish()?;
    let before = found.recording;
    if before.status == RecordingStatus::Recording {
        return Err(unready());
    }
    let mut after = before.clone();
    if start.is_some() || end.is_some() {
        let recorded = context.archive.recorded(&before).await;
        // The end that is not named stays where it is.
        let kept_start = || {
            let at = media::MediaTime::from_ticks(before.plays.from);
            (before.plays.from != before.recorded.from).then(|| recorded.position_near(at))
        };
        let kept_end = || {
            let to = before.plays.to.filter(|_| before.plays.to != before.recorded.to)?;
            Some(recorded.within(media::MediaTime::default(), media::MediaTime::from_ticks(to)).duration())
        };
        let field = if end.is_some() { "endSeconds" } else { "startSeconds" };
        let (start, end) = (start.unwrap_or_else(kept_start), end.unwrap_or_else(kept_end));
        after = trim(&before, &recorded, start, end).map_err(|error| refused(error, field))?;
    }
    if let Some(title) = changes.title {
        after.title = title;
    }
    if let Some(published) = changes.published.filter(|published| *published != after.published) {
        after.published = published;
        // Who heard it by its id, or by another key, does not go on.
        after.preview_key = (!published).then(preview_key);
    }
    if !context.store.recordings().replace(&before, &after, None).await? {
        return Err(changed());
    }
    let detail = json!({
        "broadcast": before.broadcast_id,
        "published": after.published,
        "frames": [after.plays.from, after.plays.to],
    });
    context.audit_recording(&caller, client, "recording.changed", &before.id, detail);
    let recording = context.store.recordings().load(&before.id).await?.ok_or_else(changed)?;
    let found = Found { recording, hosted: found.hosted, role: found.role };
    Ok(Json(Recording::whole(found, None, &context).await))
}

/// Deletes a recording.
///
/// Its clips stay, and what was split from it. What nothing is made of any more goes from the disk.
#[utoipa::path(
    delete,
    path = "/api/recordings/{id}",
    operation_id = "deleteRecording",
    tag = "recordings",
    params(RecordingId),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is still being made", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let found = find_to(&context, &caller, &id, Action::RecordBroadcast).await?;
    let recording = found.recording;
    if recording.status == RecordingStatus::Recording {
        return Err(unready());
    }
    context.store.recordings().delete(&recording.id).await?;
    let detail = json!({"broadcast": recording.broadcast_id, "title": recording.title});
    context.audit_recording(&caller, client, "recording.deleted", &recording.id, detail);
    Ok(StatusCode::NO_CONTENT)
}
