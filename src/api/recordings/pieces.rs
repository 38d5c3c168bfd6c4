//! Splitting a recording, and making clips of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use media::MediaDuration;
use room::Action;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{RecordingStatus, Timestamp};
use utoipa::ToSchema;

use super::RecordingId;
use super::access::{Found, find_to};
use super::answer::Recording;
use super::edit::{changed, check_title, preview_key, refused, unready};
use super::transcript::of_part;
use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::{Faults, PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::recordings;

/// Where to split.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = RecordingSplit)]
pub(super) struct Split {
    /// In seconds from where the recording begins to play.
    #[schema(minimum = 0)]
    at_seconds: f64,
}

/// What became of a recording that was split.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordingParts)]
pub(super) struct Parts {
    /// What was before, under the same id.
    first: Recording,
    /// What follows.
    second: Recording,
}

/// What to make a clip of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = RecordingClip)]
pub(super) struct Clip {
    /// Where it begins, in seconds from where the recording begins to play.
    #[schema(minimum = 0)]
    start_seconds: f64,
    /// Where it ends, likewise.
    #[schema(minimum = 0)]
    end_seconds: f64,
    /// On one line.
    #[schema(min_length = 1, max_length = 120)]
    title: String,
}

fn position(faults: &mut Faults, seconds: f64, name: &str) -> MediaDuration {
    let at = recordings::frames(seconds);
    faults.check(at.is_some(), name, "must be a number of seconds from 0 on");
    at.unwrap_or_default()
}

/// Splits a recording in two.
///
/// Without a gap, and nothing is encoded again.
#[utoipa::path(
    post,
    path = "/api/recordings/{id}/split",
    operation_id = "splitRecording",
    tag = "recordings",
    params(RecordingId),
    request_body = Split,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 201, description = "Both parts", body = Parts),
        (status = 409, description = "It is still being made, was changed meanwhile, or there are too many", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn split(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(split): Body<Split>,
) -> Result<impl IntoResponse, Problem> {
    let found = find_to(&context, &caller, &id, Action::RecordBroadcast).await?;
    let mut faults = Faults::default();
    let at = position(&mut faults, split.at_seconds, "atSeconds");
    faults.finish()?;
    let Found { recording: before, hosted, role } = found;
    if before.status == RecordingStatus::Recording {
        return Err(unready());
    }
    let recorded = context.archive.recorded(&before).await;
    let (first, mut second) = recordings::split(&before, &recorded, at, store::id())
        .map_err(|error| refused(error, "atSeconds"))?;
    second.transcript_id = of_part(&context, &before).await?;
    second.preview_key = (!second.published).then(preview_key);
    if !context.store.recordings().replace(&before, &first, Some(&second)).await? {
        return Err(changed());
    }
    let detail = json!({"broadcast": before.broadcast_id, "second": second.id});
    context.audit_recording(&caller, client, "recording.split", &before.id, detail);
    let location = format!("/api/recordings/{}", second.id);
    let title = || hosted.broadcast.title.clone();
    let first = Recording::of(first, title(), hosted.host.clone(), role);
    let second = Recording::of(second, title(), hosted.host.clone(), role);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(Parts { first, second })))
}

/// Makes a clip: a range of a recording with a title and an address of its own.
///
/// Nothing is encoded again. It is published where the recording is.
#[utoipa::path(
    post,
    path = "/api/recordings/{id}/clips",
    operation_id = "createClip",
    tag = "recordings",
    params(RecordingId),
    request_body = Clip,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 201, description = "The clip", body = Recording),
        (status = 409, description = "The recording is still being made, or its run has too many", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn clip(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(mut clip): Body<Clip>,
) -> Result<impl IntoResponse, Problem> {
    let Found { recording: parent, hosted, role } =
        find_to(&context, &caller, &id, Action::ClipRecording).await?;
    let mut faults = Faults::default();
    check_title(&mut faults, &mut clip.title);
    let start = position(&mut faults, clip.start_seconds, "startSeconds");
    let end = position(&mut faults, clip.end_seconds, "endSeconds");
    faults.finish()?;
    if parent.status == RecordingStatus::Recording {
        return Err(unready());
    }
    let recorded = context.archive.recorded(&parent).await;
    let named = (store::id(), clip.title);
    let mut made = recordings::clip(&parent, &recorded, (start, end), named, Timestamp::now())
        .map_err(|error| refused(error, "endSeconds"))?;
    made.transcript_id = of_part(&context, &parent).await?;
    made.preview_key = (!made.published).then(preview_key);
    if !context.store.recordings().insert(&made).await? {
        return Err(changed());
    }
    let detail = json!({"broadcast": made.broadcast_id, "of": parent.id, "title": made.title});
    context.audit_recording(&caller, client, "recording.clipped", &made.id, detail);
    let location = format!("/api/recordings/{}", made.id);
    let answer = Recording::of(made, hosted.broadcast.title, hosted.host, role);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(answer)))
}
