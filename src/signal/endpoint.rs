//! `GET /ws/broadcasts/{id}` and `GET /ws/me`: the doors of a room and of what one person is told.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::upgrade::{self, Upgraded};
use hyper_util::rt::TokioIo;
use tracing::debug;

use super::handshake::accept;
use super::rooms::{Place, Rooms};
use super::{connection, own as personal};
use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::Client;

/// The doors.
pub fn routes() -> Router<Context> {
    Router::new().route("/ws/broadcasts/{id}", get(room)).route("/ws/me", get(own))
}

/// Whoever asks gets a WebSocket; who they are they say in their first message. Who is let into which room is looked
/// at then, so that the answer says nothing of broadcasts that the caller may not know of.
async fn room(
    State(context): State<Context>,
    client: Client,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let rooms = context.rooms.clone();
    open(&rooms, request, move |io, place| async move {
        connection::run(io, &context, client, &id, place).await;
    })
}

/// Likewise: who it is for stands in the first message.
async fn own(State(context): State<Context>, request: Request) -> Result<Response, Problem> {
    let rooms = context.rooms.clone();
    open(&rooms, request, move |io, place| async move { personal::run(io, &context, place).await })
}

/// Makes a request a WebSocket, where there is a place for one, and has it served.
fn open<F: Future<Output = ()> + Send>(
    rooms: &Rooms,
    mut request: Request,
    serve: impl FnOnce(TokioIo<Upgraded>, Place) -> F + Send + 'static,
) -> Result<Response, Problem> {
    let accepted = accept(request.version(), request.headers())?;
    let Some(place) = rooms.admit_connection() else {
        return Err(
            Problem::unavailable(super::rooms::FULL).because("as many people are connected as may be")
        );
    };
    let upgraded = upgrade::on(&mut request);
    rooms.tasks().spawn(async move {
        match upgraded.await {
            Ok(io) => serve(TokioIo::new(io), place).await,
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
