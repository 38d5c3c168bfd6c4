//! Making, changing and deleting broadcasts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use room::Action;
use serde_json::json;
use store::{Broadcast as Row, Hosted, Secret, Status as Stored, StoreError, Timestamp};

use super::BroadcastId;
use super::access::find_to;
use super::answer::Broadcast;
use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::{Faults, PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::broadcasts::builtin::{DEMO, STUDIO};
use crate::broadcasts::card;
use crate::broadcasts::draft::{self, Changes, Draft};
use crate::live::{RemoveError, key_file};

/// Makes a broadcast.
#[utoipa::path(
    post,
    path = "/api/broadcasts",
    operation_id = "createBroadcast",
    tag = "broadcasts",
    request_body = Draft,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 201, description = "The broadcast, with where to publish", body = Broadcast),
        (status = 409, description = "The room's name is taken", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn create(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Body(draft): Body<Draft>,
) -> Result<impl IntoResponse, Problem> {
    caller.require(Action::CreateBroadcast)?;
    let host = caller
        .account()
        .ok_or_else(|| Problem::forbidden("this API key stands for no account that could be the host"))?;
    let mut faults = Faults::default();
    let changes = draft.check(&mut faults);
    faults.finish()?;
    context.cooldown.check(&host.to_owned()).map_err(Problem::too_many)?;
    let row = new(host, changes)?;
    context.store.broadcasts().insert(&row).await.map_err(taken)?;
    context.audit(&caller, client, "broadcast.created", &row.id, json!({"title": row.title}));
    let hosted =
        context.store.broadcasts().load(&row.id).await?.ok_or_else(|| Problem::no_broadcast(&row.id))?;
    let location = format!("/api/broadcasts/{}", row.id);
    let role = caller.role_in(&row.host_id, None);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(Broadcast::of(hosted, role, &context))))
}

fn new(host: &str, changes: Changes) -> Result<Row, Problem> {
    let (id, now) = (store::id(), Timestamp::now());
    let key = key_file::make().map_err(|_| Problem::internal())?;
    let mut row = Row {
        id,
        host_id: host.to_owned(),
        stream_key: Secret::new(key.expose()),
        created_at: now,
        updated_at: now,
        ..draft::blank()
    };
    changes.apply(&mut row);
    if row.room_name.is_empty() {
        row.room_name = draft::room_name(&row.title, &row.id);
    }
    Ok(row)
}

/// A name that is taken, told by the field's name in the API.
fn taken(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict { field } if field == "room_name" => {
            Problem::conflict("another broadcast has this roomName; choose another")
        }
        error => error.into(),
    }
}

/// Changes a broadcast.
///
/// What is left out stays as it is. Latency mode and audio profile hold from the next run.
#[utoipa::path(
    patch,
    path = "/api/broadcasts/{id}",
    operation_id = "updateBroadcast",
    tag = "broadcasts",
    params(BroadcastId),
    request_body = Changes,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The broadcast as it is now", body = Broadcast),
        (status = 409, description = "The room's name is taken", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn change(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(mut changes): Body<Changes>,
) -> Result<Json<Broadcast>, Problem> {
    let found = find_to(&context, &caller, &id, Action::EditBroadcast).await?;
    let mut faults = Faults::default();
    changes.check(&mut faults);
    faults.finish()?;
    let id = found.hosted.broadcast.id;
    let row = update(&context, &id, |row| changes.apply(row)).await?;
    context.audit(&caller, client, "broadcast.changed", &id, json!({}));
    Ok(Json(Broadcast::of(Hosted { broadcast: row, host: found.hosted.host }, found.role, &context)))
}

/// Changes the row, and tells the hall.
pub(super) async fn update(
    context: &Context,
    id: &str,
    edit: impl FnOnce(&mut Row) + Send,
) -> Result<Row, Problem> {
    let row = context.store.broadcasts().update(id, edit).await.map_err(taken)?;
    let row = row.ok_or_else(|| Problem::no_broadcast(id))?;
    let card = card(&row).map_err(|_| Problem::internal())?;
    context.hall.update(card).await?;
    Ok(row)
}

/// Deletes a broadcast and everything that was kept of it.
#[utoipa::path(
    delete,
    path = "/api/broadcasts/{id}",
    operation_id = "deleteBroadcast",
    tag = "broadcasts",
    params(BroadcastId),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is on air, or built in", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let found = find_to(&context, &caller, &id, Action::DeleteBroadcast).await?;
    let row = found.hosted.broadcast;
    if [STUDIO, DEMO].contains(&row.id.as_str()) {
        return Err(Problem::conflict("this broadcast is built in; it can be changed and not deleted"));
    }
    let on_air =
        || Problem::conflict("this broadcast is on air: end it first, by POST /api/broadcasts/{id}/end");
    if context.hall.live(&row.id).is_some() {
        return Err(on_air());
    }
    // The store may not know yet of an end that the hall knows of.
    let end = |row: &mut Row| {
        if row.status == Stored::Live {
            row.status = Stored::Ended;
        }
    };
    context.store.broadcasts().update(&row.id, end).await?;
    context.store.broadcasts().delete(&row.id).await?;
    match context.hall.remove(&row.id).await {
        Ok(()) => {}
        Err(RemoveError::StillOnAir(_)) => return Err(on_air()),
        Err(error) => return Err(Problem::unavailable(super::air::RESTART).because(error.to_string())),
    }
    context.audit(&caller, client, "broadcast.deleted", &row.id, json!({"title": row.title}));
    Ok(StatusCode::NO_CONTENT)
}
