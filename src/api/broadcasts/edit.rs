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
use super::repeats::{self, Scoped};
use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::{Faults, PROBLEM_JSON, Problem, Wire};
use crate::api::params::{Params, Path};
use crate::auth::{Caller, Client};
use crate::broadcasts::builtin::{DEMO, STUDIO};
use crate::broadcasts::card;
use crate::broadcasts::draft::{self, Changes, Draft};
use crate::live::{RemoveError, key_file};

/// Makes a broadcast.
///
/// With `recurrence` it is the first of a series: the next ones are made ahead of time, each a broadcast of its own. What else
/// its host has planned for that time is told in `overlaps`, and is no reason to refuse.
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
    let changes = draft.check(&mut faults, Timestamp::now());
    faults.finish()?;
    context.cooldown.check(&host.to_owned()).map_err(Problem::too_many)?;
    let mut row = new(host, changes)?;
    check_end(&row)?;
    if row.recurrence.is_some() {
        let mut revision = repeats::begin(&mut row)?;
        revision.made.insert(0, row.clone());
        context.store.all_series().insert(&revision).await.map_err(taken)?;
    } else {
        context.store.broadcasts().insert(&row).await.map_err(taken)?;
    }
    context.audit(&caller, client, "broadcast.created", &row.id, json!({"title": row.title}));
    let hosted =
        context.store.broadcasts().load(&row.id).await?.ok_or_else(|| Problem::no_broadcast(&row.id))?;
    let location = format!("/api/broadcasts/{}", row.id);
    let role = caller.role_in(&row.host_id, None);
    let overlaps = repeats::overlaps(&context, &row).await?;
    let told = Broadcast::of(hosted, role, &context).beside(overlaps);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(told)))
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

/// Who wants it to end by itself says when.
fn check_end(row: &Row) -> Result<(), Problem> {
    if row.end_on_time && row.duration_seconds.is_none() {
        return Err(Problem::invalid("durationSeconds", "is missing, where the broadcast is to end on time"));
    }
    Ok(())
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
/// What is left out stays as it is. Latency mode and audio profile hold from the next run. Of a series `scope` says which
/// occurrences are meant; where the dates of several change, each keeps its address and takes the next date.
#[utoipa::path(
    patch,
    path = "/api/broadcasts/{id}",
    operation_id = "updateBroadcast",
    tag = "broadcasts",
    params(BroadcastId, Scoped),
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
    Params(scoped): Params<Scoped>,
    Body(mut changes): Body<Changes>,
) -> Result<Json<Broadcast>, Problem> {
    let found = find_to(&context, &caller, &id, Action::EditBroadcast).await?;
    let mut faults = Faults::default();
    changes.check(&mut faults, Timestamp::now());
    faults.finish()?;
    let before = found.hosted.broadcast;
    let mut after = before.clone();
    changes.clone().apply(&mut after);
    check_end(&after)?;
    let id = before.id.clone();
    let row = match scoped.reach(&before) {
        Some(_) if changes.room_name.is_some() => {
            return Err(Problem::invalid("roomName", "is each occurrence's own; change it without scope"));
        }
        Some(reach) => {
            repeats::change(&context, &before, reach, &changes).await?;
            let hosted = context.store.broadcasts().load(&id).await?;
            hosted.ok_or_else(|| Problem::no_broadcast(&id))?.broadcast
        }
        None => {
            repeats::check_alone(&before, &changes)?;
            if matches!(changes.recurrence, Some(Some(_))) {
                repeat(&context, after).await?
            } else {
                update(&context, &id, |row| changes.apply(row)).await?
            }
        }
    };
    context.audit(&caller, client, "broadcast.changed", &id, json!({}));
    let overlaps = repeats::overlaps(&context, &row).await?;
    let hosted = Hosted { broadcast: row, host: found.hosted.host };
    Ok(Json(Broadcast::of(hosted, found.role, &context).beside(overlaps)))
}

/// Makes a broadcast that was planned once the first of a series.
async fn repeat(context: &Context, mut row: Row) -> Result<Row, Problem> {
    if row.status != Stored::Scheduled {
        return Err(Problem::conflict("this broadcast has begun; make another one that repeats"));
    }
    let mut revision = repeats::begin(&mut row)?;
    revision.changed.push(row.clone());
    context.store.all_series().insert(&revision).await.map_err(taken)?;
    let card = card(&row).map_err(|_| Problem::internal())?;
    context.hall.update(card).await?;
    Ok(row)
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
///
/// Of a series, this occurrence; with `scope`, what follows or all that has not begun as well, and the series ends.
#[utoipa::path(
    delete,
    path = "/api/broadcasts/{id}",
    operation_id = "deleteBroadcast",
    tag = "broadcasts",
    params(BroadcastId, Scoped),
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
    Params(scoped): Params<Scoped>,
) -> Result<StatusCode, Problem> {
    let found = find_to(&context, &caller, &id, Action::DeleteBroadcast).await?;
    let row = found.hosted.broadcast;
    if [STUDIO, DEMO].contains(&row.id.as_str()) {
        return Err(Problem::conflict("this broadcast is built in; it can be changed and not deleted"));
    }
    if context.hall.live(&row.id).is_some() {
        return Err(on_air());
    }
    let mut gone = if let Some(reach) = scoped.reach(&row) {
        repeats::end(&context, &row, reach).await?
    } else {
        repeats::leave_out(&context, &row).await?;
        Vec::new()
    };
    gone.retain(|other| other.id != row.id);
    gone.push(row);
    for row in gone {
        forget(&context, &row).await?;
        context.audit(&caller, client, "broadcast.deleted", &row.id, json!({"title": row.title}));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn on_air() -> Problem {
    Problem::conflict("this broadcast is on air: end it first, by POST /api/broadcasts/{id}/end")
}

/// Forgets one that is not on air.
async fn forget(context: &Context, row: &Row) -> Result<(), Problem> {
    // The store may not know yet of an end that the hall knows of.
    let end = |row: &mut Row| {
        if row.status == Stored::Live {
            row.status = Stored::Ended;
        }
    };
    context.store.broadcasts().update(&row.id, end).await?;
    context.store.broadcasts().delete(&row.id).await?;
    match context.hall.remove(&row.id).await {
        Ok(()) => Ok(()),
        Err(RemoveError::StillOnAir(_)) => Err(on_air()),
        Err(error) => Err(Problem::unavailable(super::air::RESTART).because(error.to_string())),
    }
}
