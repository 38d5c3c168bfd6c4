//! What was said and done in the room of a recording, with the moments at which it is heard.

use axum::Json;
use axum::extract::State;
use media::MediaDuration;
use packager::DateRange;
use serde::{Deserialize, Serialize};
use store::ChatMessage;
use utoipa::ToSchema;

use super::RecordingId;
use super::access::find;
use super::answer::{clock, stamp};
use crate::api::Context;
use crate::api::error::{Faults, Problem};
use crate::api::params::{Params, Path, slice};
use crate::api::time::rfc3339;
use crate::auth::Caller;
use crate::recordings::{Timeline, frames, seconds};

/// The longest stretch that is asked for at once, in seconds: ten minutes.
const STRETCH_MAX: f64 = 600.0;

/// The stretch where none is asked for.
const STRETCH: f64 = 60.0;

/// Sums of reactions in one stretch: each of 24 kinds in every interval of ten seconds, and a reserve.
const REACTIONS_MAX: u32 = 2_000;

/// Ranges of one stretch that are told: a full stage, and what is pinned, many times over.
const RANGES_MAX: usize = 500;

/// Which stretch.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Stretch {
    /// Where it begins, in seconds from where the recording begins to play; 0 unless told.
    #[param(minimum = 0)]
    from: Option<f64>,
    /// Where it ends; a minute later unless told, and ten at the most.
    #[param(minimum = 0)]
    to: Option<f64>,
    /// How many messages; 20 unless told.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// What `nextCursor` of the same stretch named.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// What was said and done in a stretch. Positions are in seconds from where the recording begins to play.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Replay {
    /// Where the stretch begins.
    from: f64,
    /// Where it ends: ask for what follows from here on. Where there is no more it is the end of the recording.
    to: f64,
    /// What was said and not deleted, in order.
    messages: Vec<Message>,
    /// What to ask for more messages of the stretch with; null where there are none.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How people reacted, in intervals of ten seconds; with the first messages of a stretch.
    reactions: Vec<Reaction>,
    /// Who was on stage, what was pinned, and the chapters of the stretch; with the first messages of it.
    ranges: Vec<Range>,
}

/// A message in the chat.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReplayMessage)]
struct Message {
    id: String,
    position: f64,
    /// The moment of the programme that it belongs to.
    #[schema(format = DateTime)]
    program_time: String,
    /// As it was written: whoever shows it escapes it.
    text: String,
    author: Author,
    /// The message that it answers.
    #[schema(required)]
    reply_to: Option<String>,
    /// Whether it stands above the others.
    pinned: bool,
}

/// Who said it.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayAuthor)]
struct Author {
    /// Null where it was a guest, or there is no such account any more.
    #[schema(required)]
    id: Option<String>,
    /// As they were called then.
    name: String,
    /// What they were then.
    role: String,
}

/// How many reacted alike.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayReaction)]
struct Reaction {
    /// Where the interval begins.
    position: f64,
    emoji: String,
    amount: u32,
}

/// Something that lasted.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayRange)]
struct Range {
    /// `speaker`, `pin` or `chapter`.
    #[schema(example = "speaker")]
    class: &'static str,
    /// Tells it from others of its class: the id of a user, of a message.
    key: String,
    position: f64,
    /// Where it ends; null where it lasts until the end.
    #[schema(required)]
    end: Option<f64>,
    /// The name of who is on stage, and their role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<String>,
    /// What the chapter is called, or what is pinned says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    text: Option<String>,
}

/// What was said and done in the room while a stretch of a recording was on air.
///
/// Players ask for a stretch a little before it is heard. A minute that many wrote in has several pages of messages.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}/replay",
    operation_id = "getReplay",
    tag = "recordings",
    params(RecordingId, Stretch),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "What was said and done", body = Replay)),
)]
pub(super) async fn replay(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Params(stretch): Params<Stretch>,
) -> Result<Json<Replay>, Problem> {
    let recording = find(&context, &caller, &id).await?.recording;
    let (from, to) = ends(&stretch)?;
    let is_first = stretch.cursor.is_none();
    let slice = slice(stretch.limit, stretch.cursor)?;
    let plays = context.archive.plays(&recording).await;
    let (from, to) = (from.min(plays.duration()), to.min(plays.duration()));
    let mut replay = Replay {
        from: seconds(from),
        to: seconds(to),
        messages: Vec::new(),
        next_cursor: None,
        reactions: Vec::new(),
        ranges: Vec::new(),
    };
    let (Some(since), Some(until)) = (plays.wall(from), plays.wall(to)) else { return Ok(Json(replay)) };
    let (since, until) = (stamp(since), stamp(until));
    let broadcast = &recording.broadcast_id;
    let page = context.store.chat().heard(broadcast, since, until, &slice).await?;
    replay.next_cursor = page.next_cursor;
    replay.messages = page.items.into_iter().map(|said| message(said, &plays)).collect();
    if is_first {
        let sums = context.store.reactions().list(broadcast, since, until, REACTIONS_MAX).await?;
        let sums = sums.into_iter().map(|sum| Reaction {
            position: position(&plays, sum.interval_start),
            emoji: sum.emoji,
            amount: sum.amount,
        });
        replay.reactions = sums.collect();
        let noted = context.archive.noted(&recording).await;
        let ranges = noted.iter().filter_map(|noted| range(noted, &plays, from, to));
        replay.ranges = ranges.take(RANGES_MAX).collect();
    }
    Ok(Json(replay))
}

/// The ends of a stretch that may be asked for.
fn ends(stretch: &Stretch) -> Result<(MediaDuration, MediaDuration), Problem> {
    let start = stretch.from.unwrap_or_default();
    let end = stretch.to.unwrap_or(start + STRETCH);
    let mut faults = Faults::default();
    let (from, to) = (frames(start), frames(end));
    faults.check(from.is_some(), "from", "must be a number of seconds from 0 on");
    faults.check(to.is_some(), "to", "must be a number of seconds from 0 on");
    let fits = to.is_none() || (start <= end && end - start <= STRETCH_MAX);
    faults.check(fits, "to", format!("must be at most {STRETCH_MAX} s after from, and not before it"));
    faults.finish()?;
    Ok((from.unwrap_or_default(), to.unwrap_or_default()))
}

/// Where a moment of the programme is heard.
fn position(plays: &Timeline, at: store::Timestamp) -> f64 {
    seconds(plays.position_of(clock(at)).unwrap_or_else(|| plays.duration()))
}

fn message(said: ChatMessage, plays: &Timeline) -> Message {
    let moment = said.moment();
    Message {
        position: position(plays, moment),
        program_time: rfc3339(moment),
        id: said.id,
        text: said.message,
        author: Author { id: said.user_id, name: said.author_name, role: said.author_role },
        reply_to: said.reply_to,
        pinned: said.pinned_at.is_some(),
    }
}

/// What was noted, where it lasted during the stretch.
fn range(noted: &DateRange, plays: &Timeline, from: MediaDuration, to: MediaDuration) -> Option<Range> {
    use packager::Detail::{Name, Role, Text, Title};

    let start = plays.position_near(noted.start());
    let end = noted.end().map(|end| plays.position_near(end));
    let last = end.unwrap_or_else(|| plays.duration());
    if start >= to || last <= from || start >= last {
        return None;
    }
    let detail = |wanted: &[packager::Detail]| {
        let found = noted.details().iter().find(|(detail, _)| wanted.contains(detail));
        found.map(|(_, text)| text.clone())
    };
    Some(Range {
        class: noted.class().name(),
        key: noted.key().to_owned(),
        position: seconds(start),
        end: end.map(seconds),
        name: detail(&[Name]),
        role: detail(&[Role]),
        text: detail(&[Text, Title]),
    })
}
