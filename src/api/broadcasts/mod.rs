//! Broadcasts: made, found, put on air, listened to and ended.

mod access;
mod air;
mod analytics;
mod answer;
mod audience;
mod blocks;
mod cover;
mod edit;
mod entrance;
mod list;
mod members;
mod person;
mod polls;
mod repeats;
mod reports;
#[cfg(test)]
mod tests;

pub(crate) use access::find;
pub(super) use access::find_to;
pub(super) use air::RESTART;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;

/// The parameter `{id}` of every route here.
#[derive(utoipa::IntoParams)]
#[into_params(names("id"), parameter_in = Path)]
pub(super) struct BroadcastId(
    /// The broadcast's id, or the name of its room.
    #[param(max_length = 64)]
    #[expect(dead_code, reason = "the document alone reads it")]
    String,
);

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list::list, edit::create))
        .routes(routes!(list::show, edit::change, edit::delete))
        .routes(routes!(list::by_room_name))
        .routes(routes!(air::start))
        .routes(routes!(air::end))
        .routes(routes!(air::rotate_key))
        .routes(routes!(audience::viewers))
        .routes(routes!(audience::heartbeat))
        .routes(routes!(audience::stats))
        .routes(routes!(analytics::analytics))
        .routes(routes!(entrance::playback))
        .routes(routes!(entrance::ticket))
        .routes(routes!(entrance::token))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::put, blocks::delete))
        .routes(routes!(polls::list))
        .routes(routes!(members::list))
        .routes(routes!(members::put, members::delete))
        .merge(cover::routes())
        .merge(reports::routes())
}
