//! Podcasts: what a host has published, for podcast players.

use std::time::Duration;

use axum::extract::State;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use store::{Recorded, RecordingFilter, RecordingKind, RecordingStatus, Slice, User};
use url::Url;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::error::{Faults, PROBLEM_JSON, Problem, Wire};
use super::params::{Params, Path};
use super::validators;
use crate::api::recordings::size;
use crate::auth::Client;
use crate::link;
use crate::recordings::feed::{CATEGORIES, Episode, Feed, Transcript};

/// Episodes of one feed: podcast players show the newest, and Apple takes 300 at the most.
const EPISODES_MAX: usize = 300;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(show))
}

/// What directories of podcasts want to know of a show. A host writes it into the address that they are given.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Show {
    /// The language that is spoken, as BCP 47 writes it; `en` unless told.
    #[param(min_length = 2, max_length = 35, example = "en")]
    language: Option<String>,
    /// One of Apple's categories; `Society & Culture` unless told.
    #[param(max_length = 40, example = "News")]
    category: Option<String>,
    /// Whether it is for adults alone; `false` unless told.
    explicit: Option<bool>,
}

/// The podcast of a host.
///
/// RSS 2.0 with the tags of iTunes and Podcasting 2.0: the newest 300 published recordings of public broadcasts. Clips
/// are not in it.
#[utoipa::path(
    get,
    path = "/podcasts/{file}",
    operation_id = "getPodcast",
    tag = "recordings",
    params(("file" = String, Path, description = "The host's username and `.xml`", max_length = 64, example = "ada.xml"), Show),
    responses(
        (status = 200, description = "The feed", body = String, content_type = "application/rss+xml"),
        (status = 304, description = "It is what the caller has"),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn show(
    State(context): State<Context>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    Path(file): Path<String>,
    Params(show): Params<Show>,
) -> Result<Response, Problem> {
    check(&show)?;
    let none = || Problem::not_found("there is no such podcast");
    let username = file.strip_suffix(".xml").ok_or_else(none)?;
    let host = context.store.users().load_by_username(username).await?;
    let host = host.filter(|host| host.suspended_at.is_none()).ok_or_else(none)?;
    let base = base(&context, client, &uri, &headers)?;
    let items = episodes(&context, &host.id).await?;
    let changed = items.iter().map(|item| item.recording.updated_at).max().unwrap_or(host.created_at);
    let feed = feed(&host, &items, &base, &uri, show)?.render();
    Ok(validators::answer(&headers, "application/rss+xml; charset=utf-8", changed, feed))
}

fn check(show: &Show) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let fits = show.language.as_deref().is_none_or(is_language);
    faults.check(fits, "language", "must be a language as BCP 47 writes it, like en or pt-BR");
    let fits = show.category.as_deref().is_none_or(|category| CATEGORIES.contains(&category));
    faults.check(fits, "category", format!("must be one of: {}", CATEGORIES.join(", ")));
    faults.finish()
}

/// Whether it is written as a language tag (BCP 47), whatever it may mean.
pub(super) fn is_language(tag: &str) -> bool {
    let subtag =
        |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (2..=35).contains(&tag.len()) && tag.split('-').all(subtag)
}

/// The station's address as the caller knows it.
pub(super) fn base(
    context: &Context,
    client: Client,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Url, Problem> {
    link::base(context.auth.public_url(), client.scheme, uri, headers)
        .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "the header Host must name the station"))
}

async fn episodes(context: &Context, host: &str) -> Result<Vec<Recorded>, Problem> {
    let filter = RecordingFilter {
        host: Some(host.to_owned()),
        kind: Some(RecordingKind::Recording),
        status: Some(RecordingStatus::Ready),
        ..RecordingFilter::default()
    };
    let mut slice = Slice::first(Slice::MOST);
    let mut all = Vec::new();
    loop {
        let page = context.store.recordings().list(&filter, &slice).await?;
        let next = slice.after(&page);
        all.extend(page.items);
        match next {
            Some(next) if all.len() < EPISODES_MAX => slice = next,
            _ => break,
        }
    }
    all.truncate(EPISODES_MAX);
    Ok(all)
}

fn feed(host: &User, items: &[Recorded], base: &Url, uri: &Uri, show: Show) -> Result<Feed, Problem> {
    let below = |path: &str| base.join(path).map_err(|_| Problem::internal());
    let picture = |url: Option<&String>| url.and_then(|url| base.join(url).ok());
    let language = show.language.unwrap_or_else(|| "en".to_owned());
    let mut episodes = Vec::new();
    for item in items {
        let recording = &item.recording;
        let id = &recording.id;
        let bytes = size(recording.size_bytes, recording.duration_ms, recording.recorded_ms);
        episodes.push(Episode {
            page: below(&format!("/r/{id}"))?,
            audio: below(&format!("/api/recordings/{id}/download.m4a"))?,
            transcripts: transcripts(item, &language, base)?,
            chapters: below(&format!("/api/recordings/{id}/chapters.json"))?,
            title: recording.title.clone(),
            description: item.broadcast_description.clone(),
            length: bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
            duration: Duration::from_millis(
                recording.duration_ms.and_then(|it| u64::try_from(it).ok()).unwrap_or(0),
            ),
            published: recording.ended_at.unwrap_or(recording.started_at),
            image: picture(item.cover_url.as_ref()),
            id: id.clone(),
        });
    }
    let cover = items.iter().find_map(|item| picture(item.cover_url.as_ref()));
    Ok(Feed {
        address: below(uri.path_and_query().map_or(uri.path(), PathAndQuery::as_str))?,
        page: base.clone(),
        title: host.display_name.clone(),
        description: format!("Recordings of {}", host.display_name),
        author: host.display_name.clone(),
        language,
        category: show.category.unwrap_or_else(|| "Society & Culture".to_owned()),
        explicit: show.explicit.unwrap_or(false),
        image: picture(host.avatar_url.as_ref()).or(cover),
        episodes,
    })
}

/// The transcript of an episode in the forms that podcast players read.
fn transcripts(item: &Recorded, language: &str, base: &Url) -> Result<Vec<Transcript>, Problem> {
    let Some(card) = &item.transcript else { return Ok(Vec::new()) };
    let forms: &[_] = if card.timed {
        &[("vtt", "text/vtt"), ("srt", "application/x-subrip"), ("json", "application/json")]
    } else {
        &[("txt", "text/plain")]
    };
    let language = card.language.as_deref().unwrap_or(language);
    let link = |&(format, media_type): &(&str, &'static str)| {
        let path = format!("/api/recordings/{}/transcript?format={format}", item.recording.id);
        let url = base.join(&path).map_err(|_| Problem::internal())?;
        Ok(Transcript { url, media_type, language: language.to_owned() })
    };
    forms.iter().map(link).collect()
}

#[cfg(test)]
mod tests;
