//! Reports of abuse.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use room::Action;
use serde::{Deserialize, Serialize};
use store::{ReportState, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::message::ReportReason;

use super::BroadcastId;
use super::access::find;
use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::Problem;
use crate::api::limits::{Limiter, household};
use crate::api::params::Path;
use crate::auth::{Caller, Client};

/// Longest account of what happened, in characters.
const DETAIL_MAX: usize = 2_000;

/// Reports that one household may make at once, and how long until it may make another.
const RATE: (u32, Duration) = (5, Duration::from_secs(60));

/// How often a household reports.
type Rate = Arc<Limiter<IpAddr>>;

pub(super) fn routes() -> OpenApiRouter<Context> {
    let rate: Rate = Arc::new(Limiter::new(RATE.0, RATE.1));
    OpenApiRouter::new().routes(routes!(report)).layer(Extension(rate))
}

/// A report that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportRequest {
    reason: ReportReason,
    /// What happened, and when.
    #[schema(max_length = 2000)]
    detail: Option<String>,
}

/// A report that was made.
#[derive(Serialize, ToSchema)]
struct ReportMade {
    id: String,
}

/// Reports a broadcast to those who run the station.
///
/// Nobody needs to sign in.
#[utoipa::path(
    post,
    path = "/api/broadcasts/{id}/reports",
    operation_id = "reportBroadcast",
    tag = "moderation",
    params(BroadcastId),
    request_body = ReportRequest,
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 201, description = "It is in the queue", body = ReportMade)),
)]
async fn report(
    State(context): State<Context>,
    Extension(rate): Extension<Rate>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(request): Body<ReportRequest>,
) -> Result<(StatusCode, Json<ReportMade>), Problem> {
    let found = find(&context, &caller, &id).await?;
    found.require(&caller, Action::Report)?;
    let detail = request.detail.unwrap_or_default().trim().to_owned();
    if detail.chars().count() > DETAIL_MAX {
        return Err(Problem::invalid("detail", format!("must have at most {DETAIL_MAX} characters")));
    }
    rate.check(&household(client.address)).map_err(Problem::too_many)?;
    let report = store::Report {
        id: store::id(),
        broadcast_id: found.hosted.broadcast.id,
        reporter_id: caller.account().map(str::to_owned),
        reason: request.reason.name().to_owned(),
        detail,
        state: ReportState::Open,
        reviewer_id: None,
        reviewed_at: None,
        note: None,
        created_at: Timestamp::now(),
    };
    context.store.reports().insert(&report).await?;
    let detail = serde_json::json!({"report": report.id, "reason": report.reason});
    context.audit(&caller, client, "moderation.reported", &report.broadcast_id, detail);
    Ok((StatusCode::CREATED, Json(ReportMade { id: report.id })))
}
