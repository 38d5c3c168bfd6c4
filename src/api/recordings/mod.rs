//! Recordings: made, found, cut, heard again with what was said.

mod access;
mod answer;
mod chapters;
mod edit;
mod list;
mod pieces;
mod record;
mod replay;
#[cfg(test)]
mod tests;

pub(super) use answer::size;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;

/// The parameter `{id}` of every route here.
#[derive(utoipa::IntoParams)]
#[into_params(names("id"), parameter_in = Path)]
struct RecordingId(
    /// The recording's id.
    #[param(max_length = 64)]
    #[expect(dead_code, reason = "the document alone reads it")]
    String,
);

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(record::start))
        .routes(routes!(record::stop))
        .routes(routes!(list::list))
        .routes(routes!(list::show, edit::change, edit::delete))
        .routes(routes!(pieces::split))
        .routes(routes!(pieces::clip))
        .routes(routes!(replay::replay))
        .routes(routes!(chapters::chapters))
}
