//! Starting and stopping a recording of what is on air.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::Action;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::broadcasts::{BroadcastId, RESTART, find_to};
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::recordings::{RecordError, RecordingNote};

/// A recording that was started or stopped just now; `GET /api/recordings/{id}` tells more in a moment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordingNow {
    id: String,
    broadcast_id: String,
    /// The run that it is of.
    run: String,
    /// When it began, by the programme's clock.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended; null while it is being made.
    #[schema(format = DateTime, required)]
    ended_at: Option<String>,
    /// How long it plays; null while it is being made.
    #[schema(required, minimum = 0)]
    duration_seconds: Option<f64>,
}

impl From<RecordingNote> for RecordingNow {
    fn from(note: RecordingNote) -> Self {
        Self {
            id: note.id,
            broadcast_id: note.broadcast,
            run: note.run.to_string(),
            started_at: note.started_at.to_string(),
            ended_at: note.ended_at.map(|at| at.to_string()),
            duration_seconds: note.duration.map(|duration| duration.as_secs_f64()),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NotOnAir | RecordError::AlreadyRecording | RecordError::NotRecording => {
                Self::conflict(error.to_string())
            }
            RecordError::Failed => Self::unavailable(RESTART).because(error.to_string()),
        }
    }
}

/// Starts a recording.
///
/// With what the programme says next. A broadcast that is to be recorded is from its start on, unless that is stopped;
/// several recordings of one evening are fine, one after another.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/record/start",
    operation_id = "startRecording",
    tag = "recordings",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 201, description = "It is being recorded", body = RecordingNow),
        (status = 409, description = "It is not on air, or is being recorded already", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn start(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<RecordingNow>), Problem> {
    let found = find_to(&context, &caller, &id, Action::RecordBroadcast).await?;
    let id = &found.hosted.broadcast.id;
    let note = context.archive.recorder.start(id).await?;
    context.audit(&caller, client, "broadcast.recording_started", id, json!({"recording": note.id}));
    Ok((StatusCode::CREATED, Json(note.into())))
}

/// Stops the recording that is being made.
///
/// It can be heard as soon as its last segment is whole.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/record/stop",
    operation_id = "stopRecording",
    tag = "recordings",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "It is no longer recorded", body = RecordingNow),
        (status = 409, description = "It is not being recorded", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn stop(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<Json<RecordingNow>, Problem> {
    let found = find_to(&context, &caller, &id, Action::RecordBroadcast).await?;
    let id = &found.hosted.broadcast.id;
    let note = context.archive.recorder.stop(id).await?;
    context.audit(&caller, client, "broadcast.recording_stopped", id, json!({"recording": note.id}));
    Ok(Json(note.into()))
}
