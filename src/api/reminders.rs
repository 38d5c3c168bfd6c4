//! Reminders: to hear of a broadcast before it begins.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::Action;
use serde::{Deserialize, Serialize};
use store::{Status as Stored, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::body::Body;
use super::broadcasts::find;
use super::error::{Faults, PROBLEM_JSON, Problem, Wire};
use super::me::signed_in;
use super::params::{Pages, Params, Path};
use super::time::rfc3339;
use crate::auth::Caller;
use crate::broadcasts::draft::{REMINDER_MAX, REMINDERS_MAX};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(show, put, delete)).routes(routes!(list))
}

/// Somebody is reminded of a broadcast.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reminder {
    broadcast_id: String,
    /// How many seconds before the start.
    offset_seconds: u32,
    /// When that is; it moves with the broadcast.
    #[schema(format = DateTime)]
    due_at: String,
    /// When they were reminded; null until then.
    #[schema(required, format = DateTime)]
    sent_at: Option<String>,
}

impl From<store::Reminder> for Reminder {
    fn from(reminder: store::Reminder) -> Self {
        Self {
            broadcast_id: reminder.broadcast_id,
            offset_seconds: reminder.offset_seconds,
            due_at: rfc3339(reminder.due_at),
            sent_at: reminder.sent_at.map(rfc3339),
        }
    }
}

/// When somebody wants to be reminded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Offsets {
    /// How many seconds before the start, in whole minutes, up to 30 days. None, to be reminded at no time.
    #[schema(max_items = 10, example = json!([86400, 900]))]
    offsets: Vec<u32>,
}

/// The reminders of one broadcast.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reminders)]
struct Theirs {
    /// The next due first.
    items: Vec<Reminder>,
    /// Whether they want to be reminded at no time, also where they follow the host.
    none: bool,
}

/// When is one reminded of a broadcast?
///
/// What one chose; without it followers of the host are reminded as the broadcast's `reminderOffsets` say.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/reminder",
    operation_id = "getReminder",
    tag = "schedule",
    params(("id" = String, Path, description = "The broadcast's id, or the name of its room", max_length = 64)),
    security(("bearer" = [])),
    responses((status = 200, description = "The reminders of it", body = Theirs)),
)]
async fn show(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Theirs>, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let row = find(&context, &caller, &id).await?.hosted.broadcast;
    let theirs = context.store.reminders().of(&row.id, user).await?;
    let none = context.store.reminders().refused(&row.id, user).await?;
    Ok(Json(Theirs { items: theirs.into_iter().map(Reminder::from).collect(), none }))
}

/// Be reminded of a broadcast.
///
/// By these offsets and no others; they stand for those that its host chose for followers. By none is at no time. What was
/// sent stays in the list.
#[utoipa::path(
    put,
    path = "/api/broadcasts/{id}/reminder",
    operation_id = "putReminder",
    tag = "schedule",
    params(("id" = String, Path, description = "The broadcast's id, or the name of its room", max_length = 64)),
    request_body = Offsets,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The reminders of it", body = Theirs),
        (status = 409, description = "It has no date ahead", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn put(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Body(request): Body<Offsets>,
) -> Result<Json<Theirs>, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let row = find(&context, &caller, &id).await?.hosted.broadcast;
    let undated = || Problem::conflict("this broadcast has no date ahead of which anybody could be reminded");
    let now = Timestamp::now();
    let start = row.scheduled_start.filter(|_| row.status == Stored::Scheduled).ok_or_else(undated)?;
    check(&request.offsets, start, now)?;
    let theirs = context.store.reminders().put(&row.id, user, &request.offsets, now).await?;
    let items = theirs.ok_or_else(undated)?.into_iter().map(Reminder::from).collect();
    Ok(Json(Theirs { items, none: request.offsets.is_empty() }))
}

fn check(offsets: &[u32], start: Timestamp, now: Timestamp) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let few = offsets.len() <= REMINDERS_MAX;
    faults.check(few, "offsets", format!("must be at most {REMINDERS_MAX} numbers of seconds"));
    for (place, offset) in offsets.iter().enumerate().take(REMINDERS_MAX) {
        let field = format!("offsets[{place}]");
        // A moment for each second would be as many jobs.
        let whole = *offset <= REMINDER_MAX && offset.is_multiple_of(60);
        faults.check(whole, &field, format!("must be whole minutes in seconds, up to {REMINDER_MAX}"));
        let due = start.minus(std::time::Duration::from_secs((*offset).into()));
        faults.check(!whole || due > now, &field, "is over: the broadcast begins sooner than that");
    }
    faults.finish()
}

/// Be reminded of a broadcast as followers of its host are, and not where one is none of them.
#[utoipa::path(
    delete,
    path = "/api/broadcasts/{id}/reminder",
    operation_id = "deleteReminder",
    tag = "schedule",
    params(("id" = String, Path, description = "The broadcast's id, or the name of its room", max_length = 64)),
    security(("bearer" = [])),
    responses((status = 204, description = "Nothing is chosen, whether it was or not")),
)]
async fn delete(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let row = find(&context, &caller, &id).await?.hosted.broadcast;
    context.store.reminders().delete(&row.id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A page of reminders.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReminderPage {
    items: Vec<Reminder>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// Lists what one asked to be reminded of, the earliest first.
#[utoipa::path(
    get,
    path = "/api/reminders",
    operation_id = "listReminders",
    tag = "schedule",
    params(Pages),
    security(("bearer" = [])),
    responses((status = 200, description = "A page", body = ReminderPage)),
)]
async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(pages): Params<Pages>,
) -> Result<Json<ReminderPage>, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let page = context.store.reminders().list(user, &pages.slice()?).await?;
    let items = page.items.into_iter().map(Reminder::from).collect();
    Ok(Json(ReminderPage { items, next_cursor: page.next_cursor, total: page.total }))
}
