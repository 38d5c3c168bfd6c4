//! Cover pictures: uploaded to a broadcast, served to everybody.

use axum::Json;
use axum::extract::DefaultBodyLimit;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use room::Action;
use serde_json::json;
use store::Hosted;
use tracing::error;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::BroadcastId;
use super::access::find_to;
use super::answer::Broadcast;
use super::edit::update;
use crate::api::Context;
use crate::api::body::read;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::covers::{CoverError, UPLOAD_MAX};

pub(super) fn routes() -> OpenApiRouter<Context> {
    let upload = OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::max(UPLOAD_MAX));
    upload.routes(routes!(show))
}

/// Uploads a cover: PNG, JPEG or WebP, at most 2 MiB.
///
/// It is made at most 1,024 pixels long; what else its file held is gone.
#[utoipa::path(
    put,
    path = "/api/broadcasts/{id}/cover",
    operation_id = "uploadCover",
    tag = "broadcasts",
    params(BroadcastId),
    request_body(content(("image/png"), ("image/jpeg"), ("image/webp"))),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The broadcast with its cover", body = Broadcast)),
)]
async fn upload(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Broadcast>, Problem> {
    let found = find_to(&context, &caller, &id, Action::EditBroadcast).await?;
    let bytes = read(request, &()).await?;
    let id = found.hosted.broadcast.id;
    let name = context.covers.keep(bytes.to_vec()).await?;
    let broadcast = update(&context, &id, |row| row.cover_url = Some(format!("/covers/{name}"))).await?;
    context.audit(&caller, client, "broadcast.changed", &id, json!({"cover": name}));
    Ok(Json(Broadcast::of(Hosted { broadcast, host: found.hosted.host }, found.role, &context)))
}

impl From<CoverError> for Problem {
    fn from(error: CoverError) -> Self {
        match error {
            CoverError::Disk(cause) => {
                error!("a cover is not kept: {cause}");
                Self::internal()
            }
            error => Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        }
    }
}

/// A cover by its name, which follows from its content.
#[utoipa::path(
    get,
    path = "/covers/{name}",
    operation_id = "getCover",
    tag = "broadcasts",
    params(("name" = String, Path, description = "The last part of a coverUrl", max_length = 64)),
    responses((status = 200, description = "The picture", content(("image/jpeg"), ("image/webp")))),
)]
async fn show(
    State(context): State<Context>,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let found = context.covers.read(&name).await.map_err(CoverError::from)?;
    let (bytes, media_type) = found.ok_or_else(|| Problem::not_found("there is no such cover"))?;
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, bytes))
}
