//! The server's clock, for players that show how far behind they are.

use axum::Json;
use packager::WallClock;
use serde::Serialize;
use store::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use crate::live::clock::wall_clock;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(show))
}

/// An instant as the API tells it: RFC 3339 in UTC, with milliseconds.
pub(super) fn rfc3339(at: Timestamp) -> String {
    WallClock(u64::try_from(at.as_millis()).unwrap_or(0) * 1_000).to_string()
}

/// The server's wall clock.
#[derive(Serialize, ToSchema)]
struct Time {
    /// With milliseconds.
    #[schema(format = DateTime)]
    now: String,
}

/// What time it is.
///
/// By the clock of `EXT-X-PROGRAM-DATE-TIME`.
#[utoipa::path(
    get,
    path = "/api/time",
    operation_id = "getTime",
    tag = "station",
    responses((status = 200, description = "The time", body = Time)),
)]
async fn show() -> Json<Time> {
    Json(Time { now: wall_clock().to_string() })
}
