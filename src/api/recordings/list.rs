//! Finding recordings.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse};
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use store::{RecordingFilter, RecordingsSeen};
use utoipa::ToSchema;

use super::RecordingId;
use super::access::{Found, find};
use super::answer::{Kind, Recording, Status};
use crate::api::Context;
use crate::api::broadcasts;
use crate::api::error::{Faults, Problem};
use crate::api::params::{Params, Path, slice};
use crate::auth::{Caller, Client};
use crate::broadcasts::card;
use crate::playback::gate::{Grant, now};

/// Longest search, id and cursor, in bytes.
const TEXT_MAX: usize = 200;

/// What a list may be narrowed by.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those of the broadcast with this id.
    #[param(max_length = 200)]
    broadcast: Option<String>,
    /// Only those of the host with this id.
    #[param(max_length = 200)]
    host: Option<String>,
    /// Only recordings, or only clips.
    kind: Option<Kind>,
    /// Only those that are so far.
    status: Option<Status>,
    /// Only those with words in their title, or by which their broadcast is found, that begin with these.
    #[param(max_length = 200)]
    q: Option<String>,
    /// How many on a page; 20 unless told.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The page that `nextCursor` of another named.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// A page of recordings.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordingPage)]
pub(super) struct Page {
    items: Vec<Recording>,
    /// What to ask for the next page with; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// On all pages; of many matches, at least so many.
    total: i64,
}

/// Lists recordings.
///
/// The published ones of public broadcasts, and all of one's own; of one broadcast, those of it that the caller may
/// hear. The latest sound first.
#[utoipa::path(
    get,
    path = "/api/recordings",
    operation_id = "listRecordings",
    tag = "recordings",
    params(Filter),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = Page)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(mut filter): Params<Filter>,
) -> Result<Json<Page>, Problem> {
    let mut faults = Faults::default();
    let texts = [
        ("broadcast", &filter.broadcast),
        ("host", &filter.host),
        ("q", &filter.q),
        ("cursor", &filter.cursor),
    ];
    for (name, text) in texts {
        let fits = text.as_ref().is_none_or(|text| text.len() <= TEXT_MAX);
        faults.check(fits, name, format!("must have at most {TEXT_MAX} bytes"));
    }
    faults.finish()?;
    let slice = slice(filter.limit, filter.cursor)?;
    let mut seen = match (caller.role(), caller.account()) {
        (Role::Admin, _) => RecordingsSeen::ByAdmin,
        (_, Some(user)) => RecordingsSeen::By(user.to_owned()),
        (_, None) => RecordingsSeen::ByAnyone,
    };
    if let Some(name) = filter.broadcast {
        let found = match broadcasts::find(&context, &caller, &name).await {
            // Of what the caller may not know of there is nothing, as of what there is not.
            Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
                return Ok(Json(Page { items: Vec::new(), next_cursor: None, total: 0 }));
            }
            found => found?,
        };
        seen = if found.role.may(Action::RecordBroadcast) {
            RecordingsSeen::ByAdmin
        } else {
            RecordingsSeen::ByListener
        };
        filter.broadcast = Some(found.hosted.broadcast.id);
    }
    let filter = RecordingFilter {
        broadcast: filter.broadcast,
        host: filter.host,
        kind: filter.kind.map(Kind::stored),
        status: filter.status.map(Status::stored),
        q: filter.q,
        seen,
    };
    let page = context.store.recordings().list(&filter, &slice).await?;
    let barred = |item: &store::Recorded| {
        caller.account().is_some_and(|user| context.gate.bars(&item.recording.broadcast_id, user))
    };
    let items = page.items.into_iter().filter(|item| !barred(item)).map(|item| {
        let role = caller.role_in(&item.host.id, None);
        Recording::of(item.recording, item.broadcast_title, item.host, role)
    });
    Ok(Json(Page { items: items.collect(), next_cursor: page.next_cursor, total: page.total }))
}

/// Tells about a recording.
///
/// With where it is played, signed where its broadcast is not everybody's: ask again for another address. A cookie
/// lets a page of this station use the plain one.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}",
    operation_id = "getRecording",
    tag = "recordings",
    params(RecordingId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The recording", body = Recording)),
)]
pub(super) async fn show(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let found = find(&context, &caller, &id).await?;
    let grant = grant(&context, &caller, &found)?;
    let cookie = grant.as_ref().map(|grant| AppendHeaders([(SET_COOKIE, grant.cookie(client.scheme))]));
    Ok((cookie, Json(Recording::whole(found, grant.as_ref(), &context).await)))
}

/// What opens the broadcast's media to the caller, where it is signed.
fn grant(context: &Context, caller: &Caller, found: &Found) -> Result<Option<Grant>, Problem> {
    let row = &found.hosted.broadcast;
    let audience = card(row).map_err(|_| Problem::internal())?.audience;
    let sign = || context.gate.grant(&row.id, caller.account(), now()).map_err(|_| Problem::internal());
    context.gate.signs(audience).then(sign).transpose()
}
