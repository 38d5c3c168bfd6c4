//! Calendars: what is planned, for the programs that people keep their dates in.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use room::Action;
use serde::Serialize;
use store::{Hosted, Planners, Timestamp};
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::broadcasts::{BroadcastId, find};
use super::error::{PROBLEM_JSON, Problem, Wire};
use super::me::signed_in;
use super::params::Path;
use super::podcasts::base;
use super::time::rfc3339;
use super::validators;
use crate::auth::{Caller, Client, secrets};
use crate::calendar::{Calendar, Event, atom, links};

/// Dates of one calendar; a host who plans more has a programme of their own.
const DATES_MAX: u32 = 500;

/// How far back a calendar goes, so that a date does not vanish on the evening itself, and what was cancelled is
/// learnt by programs that look once a week.
const PAST: Duration = Duration::from_hours(30 * 24);

/// How calendars are sent.
const ICS: &str = "text/calendar; charset=utf-8";

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(one))
        .routes(routes!(add))
        .routes(routes!(of_host))
        .routes(routes!(own))
        .routes(routes!(address, new_address, no_address))
        .routes(routes!(planned))
}

fn undated() -> Problem {
    Problem::not_found("this broadcast has no date")
}

/// A broadcast for a calendar.
///
/// iCalendar (RFC 5545), with the host's time zone, an alarm for each of the broadcast's reminders, a UID that stays
/// and a SEQUENCE that rises with changes.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/calendar.ics",
    operation_id = "getBroadcastCalendar",
    tag = "calendars",
    params(BroadcastId),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        (status = 304, description = "It is what the caller has"),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn one(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let hosted = find(&context, &caller, &id).await?.hosted;
    let base = base(&context, client, &uri, &headers)?;
    let event = Event::of(&hosted, &base).ok_or_else(undated)?;
    let calendar = Calendar { name: hosted.broadcast.title, address: None, events: vec![event] };
    let changed = hosted.broadcast.updated_at;
    Ok(validators::answer_privately(&headers, ICS, changed, calendar.render()))
}

/// Where a date is put into a calendar.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the API calls them so")]
struct CalendarLinks {
    /// A file for any calendar program.
    ics_url: String,
    /// Google's calendar on the web.
    google_url: String,
    /// Outlook on the web.
    outlook_url: String,
}

/// Links that put a broadcast into a calendar.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/calendar",
    operation_id = "getCalendarLinks",
    tag = "calendars",
    params(BroadcastId),
    responses(
        (status = 200, description = "The links", body = CalendarLinks),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn add(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<CalendarLinks>, Problem> {
    let hosted = find(&context, &caller, &id).await?.hosted;
    let base = base(&context, client, &uri, &headers)?;
    let event = Event::of(&hosted, &base).ok_or_else(undated)?;
    Ok(Json(CalendarLinks {
        ics_url: below(&base, &format!("/api/broadcasts/{}/calendar.ics", hosted.broadcast.id))?.into(),
        google_url: links::google(&event).into(),
        outlook_url: links::outlook(&event).into(),
    }))
}

/// What a host has planned, for a calendar.
///
/// Public broadcasts of the last 30 days and of all that are to come, at most 500. What was cancelled stays in it, and
/// says so.
#[utoipa::path(
    get,
    path = "/api/users/{username}/calendar.ics",
    operation_id = "getHostCalendar",
    tag = "calendars",
    params(("username" = String, Path, description = "The host's username")),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        (status = 304, description = "It is what the caller has"),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn of_host(
    State(context): State<Context>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    Path(username): Path<String>,
) -> Result<Response, Problem> {
    let host = context.store.users().load_by_username(&username).await?;
    let host = host.filter(|host| host.suspended_at.is_none());
    let host = host.ok_or_else(|| Problem::not_found("there is no such host"))?;
    let base = base(&context, client, &uri, &headers)?;
    let planned = plans(&context, &Planners::Host(host.id)).await?;
    let calendar = Calendar {
        name: host.display_name,
        address: Some(below(&base, uri.path())?),
        events: events(&planned, &base),
    };
    Ok(validators::answer(&headers, ICS, changed(&planned, host.created_at), calendar.render()))
}

/// What the hosts have planned whom somebody follows.
///
/// Whoever has this address sees whom its owner follows, so it is a secret of theirs: they may have a new one, and none.
#[utoipa::path(
    get,
    path = "/api/calendars/{file}",
    operation_id = "getFollowedCalendar",
    tag = "calendars",
    params(("file" = String, Path, description = "The secret and `.ics`", max_length = 64)),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        (status = 304, description = "It is what the caller has"),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn own(
    State(context): State<Context>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found("there is no such calendar");
    let secret = file.strip_suffix(".ics").ok_or_else(none)?;
    let hash = store::Secret::new(secrets::fingerprint(secret));
    let owner = context.store.calendar_feeds().user_of(&hash).await?.ok_or_else(none)?;
    let owner = context.store.users().load(&owner).await?;
    let owner = owner.filter(|owner| owner.suspended_at.is_none()).ok_or_else(none)?;
    let base = base(&context, client, &uri, &headers)?;
    let planned = plans(&context, &Planners::FollowedBy(owner.id)).await?;
    let calendar = Calendar {
        name: "OnAir".to_owned(),
        address: Some(below(&base, uri.path())?),
        events: events(&planned, &base),
    };
    let changed = changed(&planned, owner.created_at);
    Ok(validators::answer_privately(&headers, ICS, changed, calendar.render()))
}

/// A person's calendar of what they follow.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CalendarAddress {
    /// Since when it is at its address; null where it has none.
    #[schema(format = DateTime, required)]
    since: Option<String>,
}

/// A new address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewCalendarAddress {
    /// Told once: it is kept as a fingerprint.
    url: String,
}

/// Has my calendar an address?
#[utoipa::path(
    get,
    path = "/api/calendar",
    operation_id = "getCalendar",
    tag = "calendars",
    responses((status = 200, description = "Since when", body = CalendarAddress)),
    security(("bearer" = [])),
)]
async fn address(State(context): State<Context>, caller: Caller) -> Result<Json<CalendarAddress>, Problem> {
    caller.require(Action::KeepAccount)?;
    let since = context.store.calendar_feeds().since(&signed_in(&caller)?.id).await?;
    Ok(Json(CalendarAddress { since: since.map(rfc3339) }))
}

/// A new address for my calendar.
///
/// The address that it had before leads nowhere from now on.
#[utoipa::path(
    post,
    path = "/api/calendar",
    operation_id = "makeCalendar",
    tag = "calendars",
    responses(
        (status = 201, description = "The address", body = NewCalendarAddress),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
    ),
    security(("bearer" = [])),
)]
async fn new_address(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<NewCalendarAddress>), Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let base = base(&context, client, &uri, &headers)?;
    let secret = secrets::random(24).map_err(|_| Problem::internal())?;
    let hash = store::Secret::new(secrets::fingerprint(secret.expose()));
    context.store.calendar_feeds().put(user, &hash, Timestamp::now()).await?;
    let url = below(&base, &format!("/api/calendars/{}.ics", secret.expose()))?;
    Ok((StatusCode::CREATED, Json(NewCalendarAddress { url: url.into() })))
}

/// Take my calendar from its address.
#[utoipa::path(
    delete,
    path = "/api/calendar",
    operation_id = "removeCalendar",
    tag = "calendars",
    responses((status = 204, description = "It has none, whether it had one or not")),
    security(("bearer" = [])),
)]
async fn no_address(State(context): State<Context>, caller: Caller) -> Result<StatusCode, Problem> {
    caller.require(Action::KeepAccount)?;
    context.store.calendar_feeds().delete(&signed_in(&caller)?.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is planned, for feed readers.
///
/// Atom (RFC 4287): the next 500 public broadcasts, the first first.
#[utoipa::path(
    get,
    path = "/api/schedule.atom",
    operation_id = "getScheduleFeed",
    tag = "calendars",
    responses(
        (status = 200, description = "The feed", body = String, content_type = "application/atom+xml"),
        (status = 304, description = "It is what the caller has"),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn planned(
    State(context): State<Context>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let base = base(&context, client, &uri, &headers)?;
    let now = Timestamp::now();
    let planned = context.store.broadcasts().planned(&Planners::All, now, DATES_MAX).await?;
    let feed = atom::Feed {
        address: below(&base, uri.path())?,
        page: base.clone(),
        title: "OnAir: what is planned".to_owned(),
        events: events(&planned, &base),
    };
    let changed = changed(&planned, Timestamp::from_millis(0));
    Ok(validators::answer(&headers, "application/atom+xml; charset=utf-8", changed, feed.render()))
}

async fn plans(context: &Context, planners: &Planners) -> Result<Vec<Hosted>, Problem> {
    let since = Timestamp::now().minus(PAST);
    Ok(context.store.broadcasts().planned(planners, since, DATES_MAX).await?)
}

fn events(planned: &[Hosted], base: &Url) -> Vec<Event> {
    planned.iter().filter_map(|hosted| Event::of(hosted, base)).collect()
}

/// When the last of them was changed.
fn changed(planned: &[Hosted], else_at: Timestamp) -> Timestamp {
    planned.iter().map(|hosted| hosted.broadcast.updated_at).max().unwrap_or(else_at)
}

fn below(base: &Url, path: &str) -> Result<Url, Problem> {
    base.join(path).map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests;
