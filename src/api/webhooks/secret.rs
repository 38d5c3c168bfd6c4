//! A webhook's secret, and how it is changed without a request that its receiver cannot check.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde_json::json;
use store::{Retired, Secret, Timestamp};

use super::{MadeWebhook, audit, changeable, find};
use crate::api::Context;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::Path;
use crate::auth::{Caller, Client, secrets};

/// For how long requests are signed with the former secret too: a day to tell every receiver, in working hours
/// somewhere.
pub(super) const OVERLAP: Duration = Duration::from_hours(24);

/// Gives a webhook a new secret.
///
/// It is in the answer and nowhere else. For 24 hours requests are signed with the one before too, unless the secret
/// is changed again: then with the two latest.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/secret",
    operation_id = "rotateWebhookSecret",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", max_length = 64)),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The webhook with its new secret", body = MadeWebhook),
        (status = 409, description = "It is the one of the settings", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn rotate(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<Json<MadeWebhook>, Problem> {
    changeable(&find(&context, &caller, &id).await?)?;
    let secret = secrets::random(32).map_err(|_| Problem::internal())?;
    let (new, until) = (Secret::new(secret.expose().clone()), Timestamp::now().plus(OVERLAP));
    let edit = |webhook: &mut store::Webhook| {
        let former = std::mem::replace(&mut webhook.secret, new);
        webhook.retired = Some(Retired { secret: former, until });
    };
    let webhook = context.store.webhooks().update(&id, edit).await?;
    let webhook = webhook.ok_or_else(|| Problem::not_found("the webhook was deleted a moment ago"))?;
    audit(&context, &caller, client, "webhook.secret_rotated", &id, json!({})).await?;
    Ok(Json(MadeWebhook { webhook: webhook.into(), secret: secret.into_inner() }))
}
