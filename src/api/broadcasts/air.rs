//! Putting a broadcast on air, ending it, and its stream key.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use ingest::StreamKey;
use room::Action;
use serde_json::json;
use store::{Hosted, Secret, Status as Stored};
use tracing::error;

use super::BroadcastId;
use super::access::find_to;
use super::answer::Broadcast;
use super::edit::update;
use crate::api::Context;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::broadcasts::builtin::STUDIO;
use crate::broadcasts::card;
use crate::live::{Closed, EndReason, StartError, key_file};

/// How long a station that stops is away, where it is started again.
pub(in crate::api) const RESTART: Duration = Duration::from_secs(10);

impl From<Closed> for Problem {
    fn from(closed: Closed) -> Self {
        Self::unavailable(RESTART).because(closed.to_string())
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::SwitchedOff => Self::conflict(error.to_string()),
            error => Self::unavailable(RESTART).because(error.to_string()),
        }
    }
}

/// Puts a broadcast on air.
///
/// Whether or not somebody publishes: until then it is silent, and its grace runs. Who publishes before is heard
/// by the host alone and is on air from now on. A broadcast that is on air stays as it is.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/start",
    operation_id = "startBroadcast",
    tag = "broadcasts",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "It is on air", body = Broadcast),
        (status = 409, description = "New broadcasts are switched off", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn start(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<Json<Broadcast>, Problem> {
    let found = find_to(&context, &caller, &id, Action::StartBroadcast).await?;
    let id = &found.hosted.broadcast.id;
    if context.hall.live(id).is_none() {
        if let Some(host) = caller.account() {
            context.cooldown.check(&host.to_owned()).map_err(Problem::too_many)?;
        }
        let card = card(&found.hosted.broadcast).map_err(|_| Problem::internal())?;
        let started = context.hall.start(card).await?;
        context.audit(&caller, client, "broadcast.started", id, json!({"run": started.run.as_str()}));
    }
    Ok(Json(Broadcast::of(found.hosted, found.role, &context)))
}

/// Ends a broadcast.
///
/// Its playlists are closed for good; only a start opens another run. One that has not begun is cancelled. One
/// that has ended stays as it is.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/end",
    operation_id = "endBroadcast",
    tag = "broadcasts",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "It is over", body = Broadcast)),
)]
pub(super) async fn end(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<Json<Broadcast>, Problem> {
    let mut found = find_to(&context, &caller, &id, Action::EndBroadcast).await?;
    let id = found.hosted.broadcast.id.clone();
    let own = caller.account() == Some(&found.hosted.broadcast.host_id);
    let why = if own { EndReason::ByHost } else { EndReason::ByAdmin };
    if let Some(ending) = context.hall.end(&id, why).await? {
        context.audit(
            &caller,
            client,
            "broadcast.ended",
            &id,
            json!({"run": ending.run.as_str(), "by": why.name()}),
        );
    } else if found.hosted.broadcast.status == Stored::Scheduled && context.hall.ending(&id).is_none() {
        found.hosted.broadcast = update(&context, &id, |row| row.status = Stored::Cancelled).await?;
        context.audit(&caller, client, "broadcast.cancelled", &id, json!({}));
    }
    Ok(Json(Broadcast::of(found.hosted, found.role, &context)))
}

/// Gives a broadcast a new stream key.
///
/// The old one opens nothing from now on, and who publishes with it is asked to leave.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/stream-key",
    operation_id = "rotateStreamKey",
    tag = "broadcasts",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The broadcast with its new key", body = Broadcast)),
)]
pub(super) async fn rotate_key(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<Json<Broadcast>, Problem> {
    let found = find_to(&context, &caller, &id, Action::RotateStreamKey).await?;
    let id = found.hosted.broadcast.id;
    let key = key_file::make().map_err(|_| Problem::internal())?;
    let broadcast = update(&context, &id, |row| row.stream_key = Secret::new(key.expose())).await?;
    if id == STUDIO {
        tell_key(&context, key).await;
    }
    context.audit(&caller, client, "broadcast.key_rotated", &id, json!({}));
    Ok(Json(Broadcast::of(Hosted { broadcast, host: found.hosted.host }, found.role, &context)))
}

/// Has the file of `studio` tell its new key. The database has it already; the next start writes what fails here.
async fn tell_key(context: &Context, key: StreamKey) {
    let file = context.key_file.clone();
    let kept = tokio::task::spawn_blocking(move || file.keep(&key)).await;
    if let Err(cause) = kept.map_err(anyhow::Error::from).flatten() {
        error!("the key of studio was changed, and its file still tells the old one: {cause:#}");
    }
}
