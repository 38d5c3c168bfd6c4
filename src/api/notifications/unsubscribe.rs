//! The end of letters of one kind, by an address that stands in each of them.

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use store::{StoreError, Timestamp};

use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::notify::Kind;
use crate::notify::ways::{Way, chosen};

/// The one page that is not of the web app: whoever comes may have no account open, and no script.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

/// Ask whether letters of a kind are to end.
///
/// A page with a button, since programs that look through letters open the addresses in them.
#[utoipa::path(
    get,
    path = "/unsubscribe/{token}",
    operation_id = "askUnsubscribe",
    tag = "notifications",
    params(("token" = String, Path, description = "As it stands in a letter", max_length = 200)),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
pub(super) async fn ask(
    State(context): State<Context>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    read(&context, &token)?;
    Ok(page("<p>No more e-mail of this kind?</p><form method=\"post\"><button>No more of it</button></form>"))
}

/// End letters of a kind.
///
/// One click, without a sign-in (RFC 8058); whatever the body says.
#[utoipa::path(
    post,
    path = "/unsubscribe/{token}",
    operation_id = "unsubscribe",
    tag = "notifications",
    params(("token" = String, Path, description = "As it stands in a letter", max_length = 200)),
    responses((status = 200, description = "There are no more of them", body = String, content_type = "text/html")),
)]
pub(super) async fn end(
    State(context): State<Context>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let (user, kind) = read(&context, &token)?;
    let preferences = context.store.notification_preferences();
    let mut wanted = preferences.load(&user).await?;
    let ways = chosen(kind, &wanted).into_iter().filter(|way| *way != Way::Email);
    let ways = ways.map(|way| way.name().to_owned()).collect();
    wanted.channels.insert(kind.name().to_owned(), ways);
    match preferences.put(&user, &wanted, Timestamp::now()).await {
        // Who is gone gets no more of it either.
        Ok(()) | Err(StoreError::Dangling) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(page("<p>There is no more e-mail of this kind.</p>"))
}

fn read(context: &Context, token: &str) -> Result<(String, Kind), Problem> {
    let read = context.unsubscribe.read(token);
    read.ok_or_else(|| Problem::not_found("this address is not one that stands in a letter of this station"))
}

fn page(body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>OnAir</title>\
         <style>body{{font-family:sans-serif;max-width:36em;margin:3em auto;padding:0 1em}}</style></head>\
         <body><h1>OnAir</h1>{body}</body></html>"
    );
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    (headers, page).into_response()
}
