//! The server's clock, for players that show how far behind they are.

use axum::Json;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde::Serialize;

use crate::live::clock::wall_clock;

#[derive(Serialize)]
struct Time {
    now: String,
}

/// `GET /api/time`: RFC 3339 with milliseconds, the clock of `EXT-X-PROGRAM-DATE-TIME`.
pub async fn show() -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(Time { now: wall_clock().to_string() }))
}
