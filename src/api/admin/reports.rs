//! Reports of abuse, as they are worked through.

use axum::Json;
use axum::extract::State;
use room::Action;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ReportFilter, ReportState, Review, Timestamp};
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::Problem;
use crate::api::params::{Params, Path, slice};
use crate::api::time::rfc3339;
use crate::auth::{Caller, Client};

/// Longest note, in characters.
const NOTE_MAX: usize = 2_000;

/// How far the review of a report is.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReportState)]
enum Progress {
    /// Nobody looked yet.
    Open,
    /// There was something to it.
    Upheld,
    /// There was nothing to it.
    Dismissed,
}

impl From<ReportState> for Progress {
    fn from(state: ReportState) -> Self {
        match state {
            ReportState::Open => Self::Open,
            ReportState::Upheld => Self::Upheld,
            ReportState::Dismissed => Self::Dismissed,
        }
    }
}

impl From<Progress> for ReportState {
    fn from(state: Progress) -> Self {
        match state {
            Progress::Open => Self::Open,
            Progress::Upheld => Self::Upheld,
            Progress::Dismissed => Self::Dismissed,
        }
    }
}

/// A report of abuse.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    id: String,
    broadcast_id: String,
    /// The account that made it; null for a guest.
    #[schema(required)]
    reporter_id: Option<String>,
    #[schema(example = "spam")]
    reason: String,
    /// In the reporter's words; may be empty.
    detail: String,
    state: Progress,
    /// The account that reviewed it.
    #[schema(required)]
    reviewer_id: Option<String>,
    #[schema(required, format = DateTime)]
    reviewed_at: Option<String>,
    /// What the reviewer wrote.
    #[schema(required)]
    note: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<store::Report> for Report {
    fn from(report: store::Report) -> Self {
        Self {
            id: report.id,
            broadcast_id: report.broadcast_id,
            reporter_id: report.reporter_id,
            reason: report.reason,
            detail: report.detail,
            state: report.state.into(),
            reviewer_id: report.reviewer_id,
            reviewed_at: report.reviewed_at.map(rfc3339),
            note: report.note,
            created_at: rfc3339(report.created_at),
        }
    }
}

/// A page of reports.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReportPage)]
pub(super) struct Queue {
    items: Vec<Report>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// Which reports.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those in this state.
    #[param(inline)]
    state: Option<Progress>,
    /// Only those about this broadcast.
    broadcast: Option<String>,
    /// Items on a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists reports of abuse, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/reports",
    operation_id = "listReports",
    tag = "administration",
    params(Filter),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = Queue)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Json<Queue>, Problem> {
    caller.require(Action::ReviewReports)?;
    let wanted = ReportFilter { state: filter.state.map(ReportState::from), broadcast: filter.broadcast };
    let page = context.store.reports().list(&wanted, &slice(filter.limit, filter.cursor)?).await?;
    let items = page.items.into_iter().map(Report::from).collect();
    Ok(Json(Queue { items, next_cursor: page.next_cursor, total: page.total }))
}

/// What a reviewer found.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportReview)]
pub(super) struct Finding {
    state: Progress,
    /// Why; for other reviewers.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Notes what a reviewer found.
#[utoipa::path(
    patch,
    path = "/api/admin/reports/{id}",
    operation_id = "reviewReport",
    tag = "administration",
    params(("id" = String, Path, description = "The report's id", max_length = 64)),
    request_body = Finding,
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The report as it is now", body = Report)),
)]
pub(super) async fn review(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(finding): Body<Finding>,
) -> Result<Json<Report>, Problem> {
    caller.require(Action::ReviewReports)?;
    let note = finding.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > NOTE_MAX) {
        return Err(Problem::invalid("note", format!("must have at most {NOTE_MAX} characters")));
    }
    let state = ReportState::from(finding.state);
    let review = Review {
        state,
        reviewer_id: caller.account().map(str::to_owned),
        at: Timestamp::now(),
        note: note.map(str::to_owned),
    };
    let report = context.store.reports().review(&id, &review).await?;
    let report = report.ok_or_else(|| Problem::not_found(format!("no report has the id {id:?}")))?;
    let detail = json!({"report": id, "state": state.name()});
    context.audit(&caller, client, "moderation.reviewed", &report.broadcast_id, detail);
    Ok(Json(report.into()))
}
