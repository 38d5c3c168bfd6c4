//! oEmbed 1.0 (<https://oembed.com>): how pages of others show a broadcast whose address they were given.

use axum::Json;
use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::error::{PROBLEM_JSON, Problem, Wire};
use super::params::Params;
use super::podcasts::base;
use crate::auth::Client;
use crate::link::{Card, Target, escaped};

/// How wide and how high the small player is, in pixels, where there is room.
const SIZE: (u32, u32) = (600, 300);

/// Smaller than this it shows no button.
const SIZE_MIN: (u32, u32) = (200, 80);

/// For how long an answer holds, in seconds.
const AGE: u32 = 300;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(show))
}

/// What is asked about.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// The address of a broadcast's or a recording's page on this station.
    #[param(max_length = 2048, example = "https://radio.example/b/studio")]
    url: String,
    /// `json`, which it is unless told.
    #[param(pattern = "^json$")]
    format: Option<String>,
    /// Pixels that there are from side to side.
    #[param(minimum = 1)]
    maxwidth: Option<u32>,
    /// Pixels that there are from top to bottom.
    #[param(minimum = 1)]
    maxheight: Option<u32>,
}

/// What a page of others shows.
#[derive(Serialize, ToSchema)]
#[schema(as = Oembed)]
struct Answer {
    /// `1.0`.
    version: &'static str,
    /// `rich` for what can be played in a frame, `link` for what has a page alone.
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    /// Who hosts it.
    author_name: String,
    provider_name: &'static str,
    provider_url: String,
    /// Seconds for which this holds.
    cache_age: u32,
    /// A frame with the small player.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    html: Option<String>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    width: Option<u32>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    height: Option<u32>,
}

/// How is this address shown on a page of others?
///
/// oEmbed: for editors and forums that are given the address of a page. What is not for everybody is not found.
#[utoipa::path(
    get,
    path = "/oembed",
    operation_id = "getOembed",
    tag = "broadcasts",
    params(Question),
    responses(
        (status = 200, description = "A frame, or a link", body = Answer),
        (status = 400, description = "The header Host does not name the station", body = Wire, content_type = PROBLEM_JSON),
        (status = 404, description = "No page that everybody may open has this address", body = Wire, content_type = PROBLEM_JSON),
        (status = 501, description = "This format is not spoken", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn show(
    State(context): State<Context>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    Params(question): Params<Question>,
) -> Result<([(HeaderName, &'static str); 2], Json<Answer>), Problem> {
    if question.format.as_deref().is_some_and(|format| format != "json") {
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "ask for format=json"));
    }
    let base = base(&context, client, &uri, &headers)?;
    let none = || Problem::not_found("no page of this station that everybody may open has this address");
    let target = Url::parse(&question.url).ok().filter(|page| page.origin() == base.origin());
    let target = target.and_then(|page| Target::parse(page.path())).ok_or_else(none)?;
    let card = Card::load(&context.store, &target).await?.ok_or_else(none)?;
    let size = (
        question.maxwidth.unwrap_or(SIZE.0).clamp(SIZE_MIN.0, SIZE.0),
        question.maxheight.unwrap_or(SIZE.1).clamp(SIZE_MIN.1, SIZE.1),
    );
    let frame = match &card.target {
        Target::Broadcast(id) => {
            let player = base.join(&format!("/embed/{id}")).map_err(|_| none())?;
            let (width, height) = size;
            Some(format!(
                "<iframe src=\"{}\" title=\"{}\" width=\"{width}\" height=\"{height}\" style=\"border:0\" \
                 allow=\"autoplay\"></iframe>",
                escaped(player.as_str()),
                escaped(&card.title)
            ))
        }
        Target::Recording(_) => None,
    };
    let answer = Answer {
        version: "1.0",
        kind: if frame.is_some() { "rich" } else { "link" },
        title: card.title,
        author_name: card.host,
        provider_name: "OnAir",
        provider_url: base.into(),
        cache_age: AGE,
        width: frame.is_some().then_some(size.0),
        height: frame.is_some().then_some(size.1),
        html: frame,
    };
    // Everybody's, so that scripts on pages of others may ask too.
    Ok(([(CACHE_CONTROL, "public, max-age=300"), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(answer)))
}

#[cfg(test)]
mod tests;
