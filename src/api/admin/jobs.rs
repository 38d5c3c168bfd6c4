//! What the station has to do, as admins see it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::Action;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{JobKind, JobState, Subject, Timestamp};
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::{Params, Path, slice};
use crate::api::time::rfc3339;
use crate::auth::{Caller, Client};

/// How far a job is.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = JobState)]
enum Progress {
    /// It is to be done, once or again.
    Waiting,
    /// It was done.
    Done,
    /// It was given up.
    Failed,
}

impl From<JobState> for Progress {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Waiting => Self::Waiting,
            JobState::Done => Self::Done,
            JobState::Failed => Self::Failed,
        }
    }
}

impl From<Progress> for JobState {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Waiting => Self::Waiting,
            Progress::Done => Self::Done,
            Progress::Failed => Self::Failed,
        }
    }
}

/// Something that is done at some time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    id: String,
    #[schema(example = "reminder")]
    kind: &'static str,
    /// Names it among those of its kind.
    key: String,
    /// The broadcast whose plan it is part of.
    #[schema(required)]
    broadcast_id: Option<String>,
    state: Progress,
    /// When it was to be done.
    #[schema(format = DateTime)]
    due_at: String,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next; null where it is not.
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
    /// Why the last attempt failed.
    #[schema(required)]
    last_error: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was done or given up.
    #[schema(required, format = DateTime)]
    ended_at: Option<String>,
}

impl From<store::Job> for Job {
    fn from(job: store::Job) -> Self {
        let waiting = job.state == JobState::Waiting;
        Self {
            id: job.id,
            kind: job.kind.name(),
            key: job.key,
            broadcast_id: job.broadcast_id,
            state: job.state.into(),
            due_at: rfc3339(job.due_at),
            attempts: job.attempts,
            next_attempt_at: waiting.then(|| rfc3339(job.next_attempt_at)),
            last_error: job.last_error,
            created_at: rfc3339(job.created_at),
            ended_at: job.ended_at.map(rfc3339),
        }
    }
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobPage)]
pub(super) struct Jobs {
    items: Vec<Job>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are; counting stops at some thousands.
    total: i64,
}

/// Which jobs.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those that are this far.
    #[param(inline)]
    state: Option<Progress>,
    /// Only those of this kind.
    #[param(example = "reminder")]
    kind: Option<String>,
    /// Items on a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists what is to be done, was done in the last week, or was given up in the last 30 days.
///
/// By when it was due, latest first.
#[utoipa::path(
    get,
    path = "/api/admin/jobs",
    operation_id = "listJobs",
    tag = "administration",
    params(Filter),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = Jobs)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Json<Jobs>, Problem> {
    caller.require(Action::ManageJobs)?;
    let kind = filter.kind.as_deref().map(|name| JobKind::of(name).ok_or_else(unknown_kind)).transpose()?;
    let slice = slice(filter.limit, filter.cursor)?;
    let page = context.store.jobs().list(filter.state.map(JobState::from), kind, &slice).await?;
    let items = page.items.into_iter().map(Job::from).collect();
    Ok(Json(Jobs { items, next_cursor: page.next_cursor, total: page.total }))
}

fn unknown_kind() -> Problem {
    let names: Vec<_> = JobKind::ALL.iter().map(|kind| kind.name()).collect();
    Problem::invalid("kind", format!("must be one of {}", names.join(", ")))
}

/// Has a job tried again that was given up.
#[utoipa::path(
    post,
    path = "/api/admin/jobs/{id}/retry",
    operation_id = "retryJob",
    tag = "administration",
    params(("id" = String, Path, description = "The job's id", max_length = 64)),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 202, description = "It is to be done", body = Job),
        (status = 409, description = "It was not given up", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn retry(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    caller.require(Action::ManageJobs)?;
    let nothing = || Problem::not_found(format!("no job has the id {id:?}"));
    let jobs = context.store.jobs();
    let known = jobs.load(&id).await?.ok_or_else(nothing)?;
    if known.state != JobState::Failed {
        return Err(Problem::conflict("this job was not given up; only what was given up is tried again"));
    }
    let job = jobs.retry(&id, Timestamp::now()).await?.ok_or_else(nothing)?;
    let subject = Subject { kind: "job".to_owned(), id: job.id.clone() };
    let detail = json!({"kind": job.kind.name(), "key": job.key});
    context.auth.audit(caller.actor(), "job.retried", Some(subject), client.address, detail).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}
