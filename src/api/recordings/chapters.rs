//! The chapters of a recording, as podcast players read them (Podcasting 2.0, JSON Chapters 1.2).

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use media::MediaDuration;
use packager::{DateRange, Detail, RangeClass};
use serde::Serialize;
use utoipa::ToSchema;

use super::RecordingId;
use super::access::find;
use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::Caller;
use crate::recordings::{Timeline, seconds};

/// The media type of JSON chapters.
const JSON_CHAPTERS: &str = "application/json+chapters";

/// Chapters of one recording that are told; a list of more is of no use to a listener.
const CHAPTERS_MAX: usize = 500;

/// Chapters, version 1.2.0.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the specification calls them so")]
pub(super) struct Chapters {
    #[schema(example = "1.2.0")]
    version: &'static str,
    title: String,
    /// In order.
    chapters: Vec<Chapter>,
}

/// One chapter.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Chapter {
    /// In seconds from where the recording begins to play.
    start_time: f64,
    /// Where it ends; left out where it goes on until the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    end_time: Option<f64>,
    title: String,
}

/// The chapters of a recording.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}/chapters.json",
    operation_id = "getChapters",
    tag = "recordings",
    params(RecordingId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "Its chapters; none where there are none", body = Chapters, content_type = "application/json+chapters")),
)]
pub(super) async fn chapters(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let found = find(&context, &caller, &id).await?;
    let plays = context.archive.plays(&found.recording).await;
    let noted = context.archive.noted(&found.recording).await;
    let chapters = Chapters {
        version: "1.2.0",
        title: found.recording.title,
        chapters: noted.iter().filter_map(|range| chapter(range, &plays)).take(CHAPTERS_MAX).collect(),
    };
    let bytes = serde_json::to_vec(&chapters).map_err(|_| Problem::internal())?;
    Ok(([(CONTENT_TYPE, JSON_CHAPTERS)], bytes))
}

/// Where chapters begin that play, and what they are called.
pub(super) fn titles(noted: &[DateRange], plays: &Timeline) -> impl Iterator<Item = (MediaDuration, String)> {
    noted.iter().filter_map(|range| {
        let (start, _, title) = heard(range, plays)?;
        Some((start, title.to_owned()))
    })
}

/// A range as a chapter, where it is one of something that plays.
fn chapter(range: &DateRange, plays: &Timeline) -> Option<Chapter> {
    let (start, end, title) = heard(range, plays)?;
    Some(Chapter { start_time: seconds(start), end_time: end.map(seconds), title: title.to_owned() })
}

/// Where a chapter begins in what plays, where it ends if it does not go on until the next one, and what it is called.
fn heard<'a>(
    range: &'a DateRange,
    plays: &Timeline,
) -> Option<(MediaDuration, Option<MediaDuration>, &'a str)> {
    if range.class() != RangeClass::Chapter {
        return None;
    }
    let (_, title) = range.details().iter().find(|(detail, _)| *detail == Detail::Title)?;
    let start = plays.position_near(range.start());
    let end = range.end().map(|end| plays.position_near(end));
    (start < end.unwrap_or_else(|| plays.duration())).then_some((start, end, title))
}
