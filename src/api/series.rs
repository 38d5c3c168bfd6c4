//! Series: how something repeats, and when that is.

use axum::Json;
use axum::extract::State;
use jiff::tz::TimeZone;
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use store::{Status as Stored, Timestamp, Visibility};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::error::{Faults, Problem};
use super::params::{Params, Path};
use super::time::rfc3339;
use crate::auth::Caller;
use crate::schedule::Rule;

/// Starts that are told at once.
const STARTS_MAX: usize = 1_000;

/// Occurrences that are told of a series: all that are made ahead, and some of those that were.
const OCCURRENCES_MAX: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(starts))
}

/// A series.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Series {
    id: String,
    host_id: String,
    /// The series that it goes on from, which was changed from some day on.
    #[schema(required)]
    continues: Option<String>,
    /// The RFC 5545 rule.
    #[schema(example = "FREQ=WEEKLY;BYDAY=MO")]
    recurrence: String,
    /// The IANA time zone by whose clocks it repeats.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
    /// The first start by these clocks.
    #[schema(example = "2027-03-28T20:00:00")]
    first_start: String,
    /// Starts that are left out.
    #[schema(example = json!(["2027-04-04T18:00:00.000Z"]))]
    exceptions: Vec<String>,
    /// What there is of it now or ahead, in the order of the rule.
    occurrences: Vec<Occurrence>,
}

/// One of a series.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the API calls them so")]
struct Occurrence {
    /// The broadcast.
    id: String,
    title: String,
    /// `scheduled`, `live`, `ended` or `cancelled`.
    #[schema(example = "scheduled")]
    status: &'static str,
    /// When it begins by the rule.
    #[schema(required, format = DateTime)]
    occurrence_start_time: Option<String>,
    /// When it begins.
    #[schema(required, format = DateTime)]
    scheduled_start_time: Option<String>,
}

/// Tells about a series.
///
/// Its host is told of all of its occurrences, everybody else of those that are public.
#[utoipa::path(
    get,
    path = "/api/series/{id}",
    operation_id = "getSeries",
    tag = "schedule",
    params(("id" = String, Path, description = "The series' id", max_length = 64)),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The series", body = Series)),
)]
async fn show(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Series>, Problem> {
    let nothing = || Problem::not_found(format!("no series has the id {id:?}"));
    let series = context.store.all_series().load(&id).await?.ok_or_else(nothing)?;
    let own = caller.role() == Role::Admin || caller.account() == Some(&series.host_id);
    let since = Timestamp::now().minus(std::time::Duration::from_hours(24));
    let mut occurrences = Vec::new();
    for row in context.store.all_series().occurrences(&id, since, OCCURRENCES_MAX).await? {
        if own || row.visibility == Visibility::Public {
            let live = context.hall.live(&row.id).is_some();
            occurrences.push(Occurrence {
                id: row.id,
                title: row.title,
                status: if live { Stored::Live } else { row.status }.name(),
                occurrence_start_time: row.occurrence_start.map(rfc3339),
                scheduled_start_time: row.scheduled_start.map(rfc3339),
            });
        }
    }
    if occurrences.is_empty() && !own {
        return Err(nothing());
    }
    Ok(Json(Series {
        id: series.id,
        host_id: series.host_id,
        continues: series.continues,
        recurrence: series.rule,
        timezone: series.timezone,
        first_start: series.first_start,
        exceptions: series.exceptions.into_iter().map(rfc3339).collect(),
        occurrences,
    }))
}

/// What is asked of a rule.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct Question {
    /// The first start.
    #[param(value_type = String, format = DateTime)]
    start_time: jiff::Timestamp,
    /// The IANA time zone by whose clocks it repeats.
    #[param(max_length = 64, example = "Europe/Berlin")]
    timezone: String,
    /// The RFC 5545 rule.
    #[param(max_length = 500, example = "FREQ=WEEKLY;BYDAY=MO")]
    recurrence: String,
    /// Only starts after this one.
    #[param(value_type = Option<String>, format = DateTime)]
    after: Option<jiff::Timestamp>,
    /// How many; 20 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// When something would begin.
#[derive(Serialize, ToSchema)]
struct Starts {
    /// In order; fewer than were asked for where the rule ends.
    #[schema(example = json!(["2027-03-28T18:00:00.000Z"]))]
    items: Vec<String>,
}

/// Tells which starts a rule gives, before anything is planned by it.
#[utoipa::path(
    get,
    path = "/api/schedule/starts",
    operation_id = "listStarts",
    tag = "schedule",
    params(Question),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The starts", body = Starts)),
)]
async fn starts(caller: Caller, Params(question): Params<Question>) -> Result<Json<Starts>, Problem> {
    caller.require(Action::CreateBroadcast)?;
    let mut faults = Faults::default();
    let rule = question.recurrence.parse::<Rule>();
    if let Err(bad) = &rule {
        faults.add("recurrence", bad.to_string());
    }
    let zone = TimeZone::get(&question.timezone);
    faults.check(zone.is_ok(), "timezone", "must be the name of an IANA time zone such as Europe/Berlin");
    let limit = question.limit.unwrap_or(20);
    faults.check((1..=STARTS_MAX).contains(&limit), "limit", format!("must be 1 to {STARTS_MAX}"));
    faults.finish()?;
    let (Ok(rule), Ok(zone)) = (rule, zone) else { return Err(Problem::internal()) };
    let first = zone.to_datetime(question.start_time);
    let items = tokio::task::spawn_blocking(move || {
        let ahead = |start: &jiff::Timestamp| question.after.is_none_or(|after| *start > after);
        let starts = rule.starts(first, &zone).filter(ahead).take(limit);
        starts.map(|start| rfc3339(Timestamp::from_millis(start.as_millisecond()))).collect()
    });
    Ok(Json(Starts { items: items.await.map_err(|_| Problem::internal())? }))
}
