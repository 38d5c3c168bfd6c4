//! A recording as files: to take home, and to draw.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use media::MediaTime;
use packager::RunId;
use recording::{Chapter, Chapters, Cover, Tags};
use tracing::error;

use super::access::{Found, find};
use super::chapters::titles;
use super::{RecordingId, Waveform};
use crate::api::Context;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::api::time::rfc3339;
use crate::auth::Caller;
use crate::recordings::downloads::{DownloadError, Form, Planned, Wanted};
use crate::recordings::{WholeFile, answer_with_file, stretch};

/// Who wants a file of which recording, and how.
type Asked = (Caller, Path<String>, Method, HeaderMap);

/// The whole of a recording as M4A.
///
/// The sound of its best quality as it was heard, not encoded again, with tags, cover and chapters.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}/download.m4a",
    operation_id = "downloadRecording",
    tag = "recordings",
    params(RecordingId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The file; HEAD tells its length", body = Vec<u8>, content_type = "audio/mp4"),
        (status = 206, description = "A range of it", body = Vec<u8>, content_type = "audio/mp4"),
        (status = 304, description = "It is still what If-None-Match names"),
        (status = 416, description = "The range lies outside of it", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn m4a(State(context): State<Context>, asked: Asked) -> Result<Response<Body>, Problem> {
    file(&context, asked, Form::M4a).await
}

/// The whole of a recording as Ogg Opus.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}/download.opus",
    operation_id = "downloadRecordingAsOpus",
    tag = "recordings",
    params(RecordingId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The file; HEAD tells its length", body = Vec<u8>, content_type = "audio/ogg"),
        (status = 206, description = "A range of it", body = Vec<u8>, content_type = "audio/ogg"),
        (status = 304, description = "It is still what If-None-Match names"),
        (status = 416, description = "The range lies outside of it", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn opus(State(context): State<Context>, asked: Asked) -> Result<Response<Body>, Problem> {
    file(&context, asked, Form::Opus).await
}

/// The waveform of a recording.
///
/// In the data format of audiowaveform, version 2. It is measured within some minutes of the recording's end or cut.
#[utoipa::path(
    get,
    path = "/api/recordings/{id}/peaks",
    operation_id = "getPeaks",
    tag = "recordings",
    params(RecordingId),
    security((), ("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "Its waveform", body = Waveform)),
)]
pub(super) async fn peaks(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let found = find(&context, &caller, &id).await?;
    let none = || Problem::not_found("its waveform is not measured yet; ask again in a few minutes");
    let stretch = stretch(&found.recording).ok_or_else(none)?;
    let waveforms = context.waveforms.clone();
    let loaded = tokio::task::spawn_blocking(move || waveforms.load(&stretch)).await;
    match loaded {
        Ok(Ok(measured)) => {
            let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "private, max-age=60")];
            Ok((headers, measured.ok_or_else(none)?.peaks))
        }
        Ok(Err(cause)) => {
            error!("the waveform of the recording {id} cannot be read: {cause}");
            Err(Problem::internal())
        }
        Err(_stopping) => Err(Problem::internal()),
    }
}

async fn file(context: &Context, asked: Asked, form: Form) -> Result<Response<Body>, Problem> {
    let (caller, Path(id), method, headers) = asked;
    let found = find(context, &caller, &id).await?;
    let planned = plan(context, &found, form).await?;
    Ok(answer_or_refuse(&planned, &found.recording.title, &method, &headers))
}

/// The answer to whoever asks for a file; a range that lies outside of it is a problem.
pub(super) fn answer_or_refuse(
    file: &Arc<impl WholeFile>,
    title: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Response<Body> {
    let answer = answer_with_file(file, title, method, headers);
    if answer.status() != StatusCode::RANGE_NOT_SATISFIABLE {
        return answer;
    }
    let mut refusal = Problem::new(answer.status(), "the range lies outside of the file").into_response();
    refusal
        .headers_mut()
        .extend(answer.headers().get(CONTENT_RANGE).map(|size| (CONTENT_RANGE, size.clone())));
    refusal
}

async fn plan(context: &Context, found: &Found, form: Form) -> Result<Arc<Planned>, Problem> {
    let gone = || Problem::not_found("nothing of it is kept at this station");
    let recording = &found.recording;
    let ends = recording.plays.to.zip(RunId::parse(&recording.run));
    let (to, run) = ends.ok_or_else(|| Problem::not_found("it is still being made"))?;
    let wanted = Wanted {
        broadcast: recording.broadcast_id.clone(),
        run,
        from: MediaTime::from_ticks(recording.plays.from),
        to: MediaTime::from_ticks(to),
        form,
        tags: tags(context, found).await,
        chapters: chapters(context, found).await,
    };
    context.downloads.plan(wanted).await.map_err(|cause| match cause {
        DownloadError::Gone => gone(),
        DownloadError::TooLong => Problem::conflict("it is too long for one file; split it"),
        cause => {
            error!("the recording {} cannot be downloaded: {cause}", recording.id);
            Problem::internal()
        }
    })
}

async fn tags(context: &Context, found: &Found) -> Tags {
    let (recording, hosted) = (&found.recording, &found.hosted);
    Tags {
        title: recording.title.clone(),
        artist: hosted.host.display_name.clone(),
        album: hosted.broadcast.title.clone(),
        date: rfc3339(recording.started_at).get(..10).unwrap_or_default().to_owned(),
        comment: hosted.broadcast.description.clone(),
        cover: cover(context, &recording.broadcast_id).await,
    }
}

/// A file without its picture is better than none.
async fn cover(context: &Context, broadcast: &str) -> Option<Cover> {
    let kept = context.store.covers().load(broadcast).await.ok()??;
    let (bytes, _) = context.covers.read(&kept.file).await.ok()??;
    Cover::new(bytes)
}

async fn chapters(context: &Context, found: &Found) -> Chapters {
    let plays = context.archive.plays(&found.recording).await;
    let noted = context.archive.noted(&found.recording).await;
    let chapter = |(start, title)| Chapter { start, title, url: None, image: None };
    Chapters::new(titles(&noted, &plays).map(chapter).collect())
}
