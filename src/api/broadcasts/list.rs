//! Finding broadcasts.

use axum::Json;
use axum::extract::State;
use room::Role;
use serde::{Deserialize, Serialize};
use store::{BroadcastFilter, Seen, Slice, Status as Stored};
use utoipa::ToSchema;

use super::BroadcastId;
use super::access::find;
use super::answer::{Broadcast, Status};
use crate::api::Context;
use crate::api::error::{Faults, Problem};
use crate::api::params::{Params, Path};
use crate::api::users::following;
use crate::auth::Caller;

/// Broadcasts on one page of a list at the most.
const PAGE_MAX: u32 = 100;

/// Longest search, and longest tag, host and cursor, in bytes.
const TEXT_MAX: usize = 200;

/// What a list may be narrowed by.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those that are there in their lives.
    status: Option<Status>,
    /// Only those of the host with this id.
    #[param(max_length = 200)]
    host: Option<String>,
    /// Only those with this tag.
    #[param(max_length = 200)]
    tag: Option<String>,
    /// Only those with words in their title, their tags or their host's name that begin with these.
    #[param(max_length = 200)]
    q: Option<String>,
    /// How many on a page; 20 unless told.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The page that `nextCursor` of another named.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

impl Filter {
    fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        let texts = [("host", &self.host), ("tag", &self.tag), ("q", &self.q), ("cursor", &self.cursor)];
        for (name, text) in texts {
            let fits = text.as_ref().is_none_or(|text| text.len() <= TEXT_MAX);
            faults.check(fits, name, format!("must have at most {TEXT_MAX} bytes"));
        }
        let fits = self.limit.is_none_or(|limit| (1..=PAGE_MAX).contains(&limit));
        faults.check(fits, "limit", format!("must be 1 to {PAGE_MAX}"));
        faults.finish()
    }
}

/// A page of broadcasts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastPage)]
pub(super) struct Page {
    items: Vec<Broadcast>,
    /// What to ask for the next page with; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// On all pages; of many matches, at least so many.
    total: i64,
}

/// Lists broadcasts.
///
/// The public ones, and one's own. On air: the latest start first; planned: the next first; ended: the latest
/// first; of all: the newest first.
#[utoipa::path(
    get,
    path = "/api/broadcasts",
    operation_id = "listBroadcasts",
    tag = "broadcasts",
    params(Filter),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = Page)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Json<Page>, Problem> {
    filter.check()?;
    let seen = match (caller.role(), caller.account()) {
        (Role::Admin, _) => Seen::ByAdmin,
        (_, Some(user)) => Seen::By(user.to_owned()),
        (_, None) => Seen::ByAnyone,
    };
    let slice = Slice { limit: filter.limit.unwrap_or(20), cursor: filter.cursor };
    let filter = BroadcastFilter {
        status: filter.status.map(|status| match status {
            Status::Scheduled => Stored::Scheduled,
            Status::Live => Stored::Live,
            Status::Ended => Stored::Ended,
            Status::Cancelled => Stored::Cancelled,
        }),
        host: filter.host,
        tag: filter.tag,
        q: filter.q,
        seen,
    };
    let page = context.store.broadcasts().list(&filter, &slice).await?;
    let tell = |hosted: store::Hosted| {
        let role = caller.role_in(&hosted.broadcast.host_id, None);
        Broadcast::of(hosted, role, &context)
    };
    let store::Page { items, next_cursor, total } = page;
    Ok(Json(Page { items: items.into_iter().map(tell).collect(), next_cursor, total }))
}

/// Tells about a broadcast.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}",
    operation_id = "getBroadcast",
    tag = "broadcasts",
    params(BroadcastId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The broadcast", body = Broadcast)),
)]
pub(super) async fn show(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Broadcast>, Problem> {
    let found = find(&context, &caller, &id).await?;
    let following = following(&context, &caller, &found.hosted.host.id).await?;
    Ok(Json(Broadcast::of(found.hosted, found.role, &context).followed(following)))
}

/// Tells about the broadcast that is in a room.
#[utoipa::path(
    get,
    path = "/api/rooms/{roomName}",
    operation_id = "getBroadcastByRoomName",
    tag = "broadcasts",
    params(("roomName" = String, Path, description = "The room's name", max_length = 64)),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The broadcast", body = Broadcast)),
)]
pub(super) async fn by_room_name(
    state: State<Context>,
    caller: Caller,
    name: Path<String>,
) -> Result<Json<Broadcast>, Problem> {
    show(state, caller, name).await
}
