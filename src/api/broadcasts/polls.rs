//! What the room of a broadcast was asked, and what it answered.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::BroadcastId;
use super::access::find;
use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::{Pages, Params, Path};
use crate::api::time::rfc3339;
use crate::auth::Caller;

/// A poll.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Poll {
    id: String,
    question: String,
    /// What could be answered, as it was offered, and how many did: of an open poll 0 until it is closed, the room
    /// tells how it stands.
    answers: Vec<PollAnswer>,
    #[schema(format = DateTime)]
    opened_at: String,
    /// The moment of the programme in which it was opened; null where nothing was on air.
    #[schema(required, format = DateTime)]
    program_time: Option<String>,
    /// Null while it is open.
    #[schema(required, format = DateTime)]
    closed_at: Option<String>,
}

/// One answer.
#[derive(Serialize, ToSchema)]
struct PollAnswer {
    text: String,
    votes: u32,
}

/// A page of polls.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PollPage {
    items: Vec<Poll>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// Lists the polls of a broadcast, latest first.
///
/// Who may hear the broadcast saw them in the room, and may look them up.
#[utoipa::path(
    get,
    path = "/api/broadcasts/{id}/polls",
    operation_id = "listPolls",
    tag = "broadcasts",
    params(BroadcastId, Pages),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = PollPage)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Params(pages): Params<Pages>,
) -> Result<Json<PollPage>, Problem> {
    let found = find(&context, &caller, &id).await?;
    let page = context.store.polls().list(&found.hosted.broadcast.id, &pages.slice()?).await?;
    let items = page.items.into_iter().map(|poll| Poll {
        id: poll.id,
        question: poll.question,
        answers: poll
            .answers
            .into_iter()
            .map(|answer| PollAnswer { text: answer.text, votes: answer.votes })
            .collect(),
        opened_at: rfc3339(poll.opened_at),
        program_time: poll.program_time.map(rfc3339),
        closed_at: poll.closed_at.map(rfc3339),
    });
    Ok(Json(PollPage { items: items.collect(), next_cursor: page.next_cursor, total: page.total }))
}
