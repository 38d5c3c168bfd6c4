//! What I am told, and what I want to be told.

mod preferences;
#[cfg(test)]
mod tests;
mod unsubscribe;

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use room::Action;
use serde::{Deserialize, Serialize};
use store::{Notification as Kept, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::error::Problem;
use super::me::signed_in;
use super::params::{Params, Path, slice};
use super::time::rfc3339;
use crate::auth::{Caller, Pass};
use crate::notify::{Kind, Told, ways};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read_one))
        .routes(routes!(read_all))
        .routes(routes!(ticket))
        .routes(routes!(preferences::show, preferences::change))
        .routes(routes!(unsubscribe::ask, unsubscribe::end))
}

/// Something that I am told, in words for me.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    id: String,
    kind: Kind,
    /// What happened.
    #[schema(example = "Ada is on air")]
    title: String,
    /// More about it; may be empty.
    body: String,
    /// Where it leads, below the station's address.
    #[schema(example = "/listen/studio")]
    link: String,
    broadcast_id: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// When I read it; null until then.
    #[schema(format = DateTime, required)]
    read_at: Option<String>,
}

impl Notification {
    /// In words for somebody who lives by the clock of `zone`; `None` where another version wrote it.
    pub(crate) fn of(kept: Kept, zone: &TimeZone) -> Option<Self> {
        let kind = Kind::of(&kept.kind)?;
        let told = Told::of_payload(&kept.payload)?;
        let (title, body) = told.words(kind, zone);
        Some(Self {
            id: kept.id,
            kind,
            title,
            body,
            link: told.link(),
            broadcast_id: told.broadcast_id,
            created_at: rfc3339(kept.created_at),
            read_at: kept.read_at.map(rfc3339),
        })
    }
}

/// A page of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NotificationPage {
    items: Vec<Notification>,
    /// Asks for the page after this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are.
    total: i64,
    /// How many I have not read; counting stops at 1000.
    unread: i64,
}

/// Which of them.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Those alone that I have not read.
    unread: Option<bool>,
    /// Items on a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// What I am told, newest first.
#[utoipa::path(
    get,
    path = "/api/notifications",
    operation_id = "listNotifications",
    tag = "notifications",
    params(Which),
    responses((status = 200, description = "A page", body = NotificationPage)),
    security(("bearer" = [])),
)]
async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(which): Params<Which>,
) -> Result<Json<NotificationPage>, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let slice = slice(which.limit, which.cursor)?;
    let notifications = context.store.notifications();
    let page = notifications.list(user, which.unread.unwrap_or(false), &slice).await?;
    let unread = notifications.unread(user).await?;
    let zone = ways::zone(&context.store.notification_preferences().load(user).await?);
    Ok(Json(NotificationPage {
        items: page.items.into_iter().filter_map(|kept| Notification::of(kept, &zone)).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
        unread,
    }))
}

/// I have read one.
#[utoipa::path(
    post,
    path = "/api/notifications/{id}/read",
    operation_id = "readNotification",
    tag = "notifications",
    params(("id" = String, Path, description = "The notification's id", max_length = 64)),
    responses((status = 204, description = "Read, whether it was before or not")),
    security(("bearer" = [])),
)]
async fn read_one(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let now = Timestamp::now();
    if context.store.notifications().mark_read(user, &id, now).await? {
        context.bell.read(user);
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("you were told nothing under this id"))
}

/// I have read all of them.
///
/// All that there are at this moment.
#[utoipa::path(
    post,
    path = "/api/notifications/read",
    operation_id = "readNotifications",
    tag = "notifications",
    responses((status = 204, description = "Read")),
    security(("bearer" = [])),
)]
async fn read_all(State(context): State<Context>, caller: Caller) -> Result<StatusCode, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let now = Timestamp::now();
    context.store.notifications().mark_all_read(user, now, now).await?;
    context.bell.read(user);
    Ok(StatusCode::NO_CONTENT)
}

/// What opens `GET /ws/me` once.
#[derive(Serialize, ToSchema)]
struct OwnTicket {
    /// The first message there shows it, within a minute.
    ticket: String,
}

/// Gives a ticket for `GET /ws/me`, where I am told everything as it happens.
///
/// Good once and for a minute.
#[utoipa::path(
    post,
    path = "/api/notifications/ticket",
    operation_id = "createNotificationTicket",
    tag = "notifications",
    responses((status = 200, description = "The ticket", body = OwnTicket)),
    security(("bearer" = [])),
)]
async fn ticket(State(context): State<Context>, caller: Caller) -> Result<Json<OwnTicket>, Problem> {
    caller.require(Action::KeepAccount)?;
    let pass = Pass::of(signed_in(&caller)?, crate::auth::now());
    let ticket = context.auth.passes.issue(pass, Instant::now());
    let ticket = ticket.map_err(|error| Problem::unavailable(AGAIN).because(error.to_string()))?;
    Ok(Json(OwnTicket { ticket: ticket.expose().to_owned() }))
}

/// When there may be tickets again where all are out.
const AGAIN: Duration = Duration::from_secs(10);
