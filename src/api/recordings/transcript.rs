//! What was said in a recording, as its host attaches it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use room::Action;
use serde::Deserialize;
use serde_json::json;
use store::{RecordingStatus, Timestamp, Transcript};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::RecordingId;
use super::access::{Found, find, find_to};
use super::answer::Recording;
use super::edit::unready;
use crate::api::Context;
use crate::api::body::read;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::{Params, Path};
use crate::api::podcasts::is_language;
use crate::api::validators;
use crate::auth::{Caller, Client};
use crate::recordings::transcripts::{self, AttachError, Form, Kept, TRANSCRIPT_MAX};
use crate::recordings::{CutError, Timeline};

pub(super) fn routes() -> OpenApiRouter<Context> {
    let routes = OpenApiRouter::new().routes(routes!(show, attach, detach));
    routes.layer(DefaultBodyLimit::max(TRANSCRIPT_MAX))
}

/// What is said of a transcript beside its words.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Said {
    /// The language that is spoken, as BCP 47 writes it; a podcast's own unless told.
    #[param(min_length = 2, max_length = 35, example = "en")]
    language: Option<String>,
}

/// How a transcript is wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// As what; WebVTT unless told, and text where it has no times.
    #[param(inline)]
    format: Option<Format>,
}

/// A form of a transcript.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TranscriptFormat)]
enum Format {
    /// WebVTT.
    Vtt,
    /// SubRip.
    Srt,
    /// The JSON of Podcasting 2.0.
    Json,
    /// Text to read.
    Txt,
}

impl Format {
    const fn form(self) -> Form {
        match self {
            Self::Vtt => Form::WebVtt,
            Self::Srt => Form::SubRip,
            Self::Json => Form::Json,
            Self::Txt => Form::Text,
        }
    }
}

/// What was said in a recording.
///
/// In WebVTT, SubRip, text, or the JSON of Podcasting 2.0. Of a recording that was cut, what is said in what plays now.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}/transcript",
    operation_id = "getTranscript",
    tag = "recordings",
    params(RecordingId, Wanted),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "Its transcript", content(
            (String = "text/vtt"), (String = "application/x-subrip"), (String = "text/plain"), (TranscriptDocument = "application/json"),
        )),
        (status = 304, description = "It is what the caller has"),
    ),
)]
pub(super) async fn show(
    State(context): State<Context>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let found = find(&context, &caller, &id).await?;
    let none = || Problem::not_found("it has no transcript");
    let attached = found.recording.transcript_id.as_ref().ok_or_else(none)?;
    let Transcript { timed, language, words, .. } =
        context.store.transcripts().load(attached).await?.ok_or_else(none)?;
    let usual = if timed { Form::WebVtt } else { Form::Text };
    let form = wanted.format.map_or(usual, Format::form);
    if !timed && form != Form::Text {
        return Err(Problem::not_found("there are no times in its transcript; ask for format=txt"));
    }
    let plays = if timed { context.archive.plays(&found.recording).await } else { Timeline::default() };
    if timed && plays.duration().ticks() == 0 {
        return Err(Problem::not_found("nothing of it is kept at this station"));
    }
    let kept = Kept { timed, words };
    let written = aside(move || transcripts::write(&kept, form, &plays)).await?;
    let written = written.ok_or_else(Problem::internal)?;
    let changed = found.recording.updated_at;
    let mut answer = validators::answer_privately(&headers, form.media_type(), changed, written);
    let language = language.and_then(|language| HeaderValue::from_str(&language).ok());
    answer.headers_mut().extend(language.map(|language| (CONTENT_LANGUAGE, language)));
    Ok(answer)
}

/// A transcript in the JSON of Podcasting 2.0.
#[derive(ToSchema)]
#[schema(as = Transcript)]
#[expect(dead_code, reason = "the document alone reads it")]
struct TranscriptDocument {
    /// 1.0.0.
    version: String,
    /// In order.
    segments: Vec<TranscriptSegment>,
}

/// Something that is said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document alone reads it")]
struct TranscriptSegment {
    /// By whom, where that is known.
    #[schema(nullable = false, max_length = 120)]
    speaker: Option<String>,
    /// In seconds from where the recording begins to play.
    #[schema(minimum = 0)]
    start_time: f64,
    /// Likewise.
    #[schema(minimum = 0)]
    end_time: f64,
    /// What is said.
    body: String,
}

/// Attaches what was said to a recording, in place of what was attached before.
///
/// At most 2 MiB of UTF-8. Its times are positions in what plays now; they stay with the sound when the recording is cut,
/// and what is split off or clipped has its share. Text without times stays with the recording alone.
#[utoipa::path(
    put,
    path = "/api/recordings/{id}/transcript",
    operation_id = "putTranscript",
    tag = "recordings",
    params(RecordingId, Said),
    request_body(content(
        (String = "text/vtt"), (String = "application/x-subrip"), (String = "text/plain"), (TranscriptDocument = "application/json"),
    )),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The recording with its transcript", body = Recording),
        (status = 409, description = "It is still being made, or nothing of it is kept at this station", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn attach(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Params(said): Params<Said>,
    request: Request,
) -> Result<Json<Recording>, Problem> {
    let Found { recording, hosted, role } = find_to(&context, &caller, &id, Action::RecordBroadcast).await?;
    if said.language.as_deref().is_some_and(|language| !is_language(language)) {
        return Err(Problem::invalid("language", "must be a language as BCP 47 writes it, like en or pt-BR"));
    }
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form = media_type.and_then(Form::of).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send text/vtt, application/x-subrip, text/plain or application/json, and say so in content-type",
        )
    })?;
    let bytes: Bytes = read(request, &()).await?;
    if recording.status == RecordingStatus::Recording {
        return Err(unready());
    }
    let plays = context.archive.plays(&recording).await;
    if form != Form::Text && plays.duration().ticks() == 0 {
        return Err(Problem::conflict(CutError::NoSound.to_string()));
    }
    let Kept { timed, words } = aside(move || transcripts::read(form, &bytes, &plays)).await??;
    let (bytes, language) = (words.len(), said.language);
    let transcript = Transcript { id: store::id(), timed, language, words, created_at: Timestamp::now() };
    let gone = || Problem::not_found(format!("no recording has the id {id:?}"));
    if !context.store.transcripts().attach(&recording.id, &transcript).await? {
        return Err(gone());
    }
    let detail = json!({"broadcast": recording.broadcast_id, "bytes": bytes, "timed": timed});
    context.audit_recording(&caller, client, "recording.transcribed", &recording.id, detail);
    let recording = context.store.recordings().load(&recording.id).await?.ok_or_else(gone)?;
    Ok(Json(Recording::whole(Found { recording, hosted, role }, None, &context).await))
}

/// Takes the transcript of a recording away.
///
/// Clips of it keep theirs.
#[utoipa::path(
    delete,
    path = "/api/recordings/{id}/transcript",
    operation_id = "deleteTranscript",
    tag = "recordings",
    params(RecordingId),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 204, description = "It has none now")),
)]
pub(super) async fn detach(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let found = find_to(&context, &caller, &id, Action::RecordBroadcast).await?;
    let recording = found.recording;
    if !context.store.transcripts().detach(&recording.id).await? {
        return Err(Problem::not_found("it has no transcript"));
    }
    let detail = json!({"broadcast": recording.broadcast_id});
    context.audit_recording(&caller, client, "recording.untranscribed", &recording.id, detail);
    Ok(StatusCode::NO_CONTENT)
}

/// The transcript of a part of `whole`: the same, where times tell what of it is the part's.
pub(super) async fn of_part(context: &Context, whole: &store::Recording) -> Result<Option<String>, Problem> {
    let Some(id) = &whole.transcript_id else { return Ok(None) };
    let timed = context.store.transcripts().is_timed(id).await? == Some(true);
    Ok(timed.then(|| id.clone()))
}

/// Beside the sound: the longest takes some milliseconds.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_stopping| Problem::internal())
}

impl From<AttachError> for Problem {
    fn from(error: AttachError) -> Self {
        let status = match error {
            AttachError::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}
