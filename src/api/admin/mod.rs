//! What those who run the station see and do.

mod audit;
mod jobs;
mod mail;
mod overview;
mod reports;
mod usage;
mod users;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(overview::show))
        .routes(routes!(overview::end))
        .routes(routes!(usage::show))
        .routes(routes!(users::list))
        .routes(routes!(users::change))
        .routes(routes!(reports::list))
        .routes(routes!(reports::review))
        .routes(routes!(audit::list))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::retry))
        .routes(routes!(mail::test))
}
