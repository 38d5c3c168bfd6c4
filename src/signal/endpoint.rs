//! `GET /ws/broadcasts/{id}`: the door of a room.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::upgrade;
use hyper_util::rt::TokioIo;
use tracing::debug;

use super::connection;
use super::handshake::accept;
use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::Client;

/// The door.
pub fn routes() -> Router<Context> {
    Router::new().route("/ws/broadcasts/{id}", get(open))
}

/// Whoever asks gets a WebSocket; who they are they say in their first message. Who is let into which room is looked
/// at then, so that the answer says nothing of broadcasts that the caller may not know of.
async fn open(
    State(context): State<Context>,
    client: Client,
    Path(id): Path<String>,
    mut request: Request,
) -> Result<Response, Problem> {
    let accepted = accept(request.version(), request.headers())?;
    let Some(place) = context.rooms.admit_connection() else {
        return Err(
            Problem::unavailable(super::rooms::FULL).because("as many people are connected as may be")
        );
    };
    let upgraded = upgrade::on(&mut request);
    let tasks = context.rooms.tasks().clone();
    tasks.spawn(async move {
        match upgraded.await {
            Ok(io) => connection::run(TokioIo::new(io), &context, client, &id, place).await,
            Err(error) => debug!("a connection ended before it was a WebSocket: {error}"),
        }
    });
    let headers = [
        (UPGRADE, HeaderValue::from_static("websocket")),
        (CONNECTION, HeaderValue::from_static("upgrade")),
        (SEC_WEBSOCKET_ACCEPT, accepted),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}
