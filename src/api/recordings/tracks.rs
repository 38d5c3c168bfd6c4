//! The speakers of a recording, each by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response};
use media::MediaTime;
use packager::{RunId, Span};
use room::{Action, Role};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use super::access::find_to;
use super::files::answer_or_refuse;
use crate::api::Context;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::Caller;
use crate::recordings::speaker_tracks::{SpeakerTracks, Spoken};
use crate::recordings::{Timeline, seconds};

/// What one speaker said without a longer pause, by themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordingTrack)]
pub(super) struct Track {
    /// The account that is heard; null where it is gone, or nobody's.
    #[schema(required)]
    speaker: Option<Speaker>,
    /// By which door they came.
    #[schema(example = "whip")]
    protocol: String,
    /// Where it begins, in seconds from where the recording begins to play; before that it is negative.
    start_seconds: f64,
    /// How long it is; null while it is being written, and where the station stopped meanwhile.
    #[schema(required, minimum = 0)]
    duration_seconds: Option<f64>,
    /// What its file takes.
    #[schema(minimum = 0)]
    bytes: u64,
    /// Its file: Ogg Opus, AAC or MP3, as it came.
    url: String,
}

/// Who is heard.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordingSpeaker)]
struct Speaker {
    id: String,
    display_name: String,
}

/// Which track.
#[derive(utoipa::IntoParams)]
#[into_params(names("id", "number"), parameter_in = Path)]
pub(super) struct TrackNumber(
    /// The recording's id.
    #[param(max_length = 64)]
    #[expect(dead_code, reason = "the document alone reads it")]
    String,
    /// The track's, as its url has it.
    #[param(minimum = 1)]
    #[expect(dead_code, reason = "the document alone reads it")]
    u32,
);

/// Whether somebody may hear the speakers of a recording by themselves: who hosts and moderates.
pub(super) fn may_hear(role: Role) -> bool {
    role.may(Action::ClipRecording)
}

/// The tracks of a recording that plays `plays`; none where they cannot be read, which is in the log then.
pub(super) async fn of(context: &Context, recording: &store::Recording, plays: &Timeline) -> Vec<Track> {
    let spoken = match spoken(context, recording).await {
        Ok((_, spoken)) => spoken,
        Err(cause) => {
            error!(recording.id = %recording.id, "the speakers of {} cannot be listed: {cause}", recording.id);
            return Vec::new();
        }
    };
    let mut speakers = BTreeMap::new();
    let mut tracks = Vec::new();
    for one in spoken {
        if !speakers.contains_key(&one.person) {
            // A name is no reason to tell nothing.
            let user = context.store.users().load(&one.person).await.ok().flatten();
            let speaker = user.map(|user| Speaker { id: user.id, display_name: user.display_name });
            speakers.insert(one.person.clone(), speaker);
        }
        tracks.push(Track {
            speaker: speakers.get(&one.person).cloned().flatten(),
            start_seconds: start(&one, MediaTime::from_ticks(recording.plays.from), plays),
            duration_seconds: one.length.map(seconds),
            bytes: one.bytes,
            url: format!("/api/recordings/{}/tracks/{}", recording.id, one.number),
            protocol: one.protocol,
        });
    }
    tracks
}

/// Where a track begins in what plays from `from` on.
fn start(one: &Spoken, from: MediaTime, plays: &Timeline) -> f64 {
    match from.since(one.from) {
        Some(before) if before.ticks() > 0 => -seconds(before),
        _ => seconds(plays.position_near(one.from)),
    }
}

/// The tracks of which something is in a recording.
async fn spoken(
    context: &Context,
    recording: &store::Recording,
) -> std::io::Result<(Option<SpeakerTracks>, Vec<Spoken>)> {
    let Some(run) = RunId::parse(&recording.run) else { return Ok((None, Vec::new())) };
    let tracks = context.downloads.speakers(&recording.broadcast_id, &run);
    let span = Span {
        from: MediaTime::from_ticks(recording.recorded.from),
        to: recording.recorded.to.map(MediaTime::from_ticks),
    };
    let listed = tokio::task::spawn_blocking(move || tracks.within(span).map(|found| (Some(tracks), found)));
    listed.await.unwrap_or_else(|stopping| Err(std::io::Error::other(stopping)))
}

/// What one speaker said, by themselves.
///
/// As it came: Ogg Opus, AAC or MP3. It lies at the station that made the recording, and goes with it.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}/tracks/{number}",
    operation_id = "downloadTrack",
    tag = "recordings",
    params(TrackNumber),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The file; HEAD tells its length", content(
            (Vec<u8> = "audio/ogg"), (Vec<u8> = "audio/aac"), (Vec<u8> = "audio/mpeg"),
        )),
        (status = 206, description = "A range of it", content(
            (Vec<u8> = "audio/ogg"), (Vec<u8> = "audio/aac"), (Vec<u8> = "audio/mpeg"),
        )),
        (status = 304, description = "It is still what If-None-Match names"),
        (status = 416, description = "The range lies outside of it", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn download(
    State(context): State<Context>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let found = find_to(&context, &caller, &id, Action::ClipRecording).await?;
    let none = || Problem::not_found("the recording has no such track");
    let number: u32 = number.parse().map_err(|_| none())?;
    let listed = spoken(&context, &found.recording).await.map_err(|cause| {
        error!(recording.id = %id, "the speakers of {id} cannot be listed: {cause}");
        Problem::internal()
    })?;
    let (Some(tracks), listed) = listed else { return Err(none()) };
    let one = listed.iter().find(|one| one.number == number).ok_or_else(none)?;
    let title = format!("{} {number}", found.recording.title);
    Ok(answer_or_refuse(&Arc::new(tracks.open(one)), &title, &method, &headers))
}
