//! Whether e-mail goes out.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::{StatusCode, Uri};
use notices::email::Letter;
use notices::{Notice, Outcome};
use room::Action;
use serde_json::json;
use store::Channel;
use uuid::Uuid;

use crate::api::Context;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::me::signed_in;
use crate::api::podcasts::base;
use crate::auth::{Caller, Client};

/// Send me a test letter.
///
/// To the caller's own address, by the relay of the settings; answers when the relay has answered.
#[utoipa::path(
    post,
    path = "/api/admin/mail/test",
    operation_id = "testMail",
    tag = "administration",
    responses(
        (status = 204, description = "The relay has taken it"),
        (status = 409, description = "The station sends no e-mail", body = Wire, content_type = PROBLEM_JSON),
        (status = 502, description = "The relay has not taken it; `detail` says why", body = Wire, content_type = PROBLEM_JSON),
    ),
    security(("bearer" = [])),
)]
pub(super) async fn test(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    caller.require(Action::AdministerUsers)?;
    let admin = signed_in(&caller)?;
    let admin = context.store.users().load(&admin.id).await?;
    let admin = admin.ok_or_else(|| Problem::unauthorized("this account does not exist any more"))?;
    if !context.channels.has(Channel::Email) {
        return Err(Problem::conflict(
            "this station sends no e-mail; set ONAIR_SMTP_URL and ONAIR_MAIL_FROM",
        ));
    }
    let link = base(&context, client, &uri, &headers)?;
    let notice = Notice::new(Uuid::now_v7(), "E-mail of OnAir goes out", "You asked for this letter.", link);
    let notice = notice.map_err(|_| Problem::internal())?;
    let letter = Letter { to: &admin.email, notice: &notice, unsubscribe: None };
    context.note_done(&caller, client, "mail.tested", "user", &admin.id, json!({}));
    match context.channels.write(&letter).await {
        Outcome::Sent => Ok(StatusCode::NO_CONTENT),
        Outcome::Later { why, .. } | Outcome::Gone { why } | Outcome::Refused { why } => {
            Err(Problem::new(StatusCode::BAD_GATEWAY, format!("the relay has not taken it: {why}")))
        }
    }
}
