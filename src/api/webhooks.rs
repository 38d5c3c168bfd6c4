//! Webhooks: who is told what happens, and what was told.

mod deliveries;
mod secret;
mod target;
#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use room::Action;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Secret, Slice, StoreError, Subject, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::body::Body;
use super::error::{PROBLEM_JSON, Problem, Wire};
use super::params::{Pages, Params, Path};
use super::time::rfc3339;
use crate::auth::{Caller, Client, secrets};
use crate::hooks::event::Event;
use crate::hooks::standing;

/// Webhooks of one account; each may have one request under way. The station's own are counted together.
const EACH_MAX: i64 = 20;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::replay))
        .routes(routes!(secret::rotate))
}

/// Somebody who is told what happens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: String,
    /// Whose broadcasts it is told of; null for everybody's.
    #[schema(required)]
    owner_id: Option<String>,
    /// The only broadcast that it is told of; null for all of them.
    #[schema(required)]
    broadcast_id: Option<String>,
    url: String,
    /// What it is told.
    events: Vec<Event>,
    /// Whether it is told anything.
    enabled: bool,
    /// Until when its requests are signed with the secret before the last change too; null where they are not.
    #[schema(required, format = DateTime)]
    previous_secret_until: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<store::Webhook> for Webhook {
    fn from(webhook: store::Webhook) -> Self {
        let retired = webhook.retired.filter(|retired| retired.until > Timestamp::now());
        Self {
            id: webhook.id,
            owner_id: webhook.owner_id,
            broadcast_id: webhook.broadcast_id,
            url: webhook.url,
            events: webhook.events.iter().filter_map(|event| event.parse().ok()).collect(),
            enabled: webhook.enabled,
            previous_secret_until: retired.map(|retired| rfc3339(retired.until)),
            created_at: rfc3339(webhook.created_at),
            updated_at: rfc3339(webhook.updated_at),
        }
    }
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WebhookPage {
    items: Vec<Webhook>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// The account whose webhooks the caller manages; `None` for an admin, who manages all.
fn managed(caller: &Caller) -> Result<Option<&str>, Problem> {
    caller.require(Action::ManageOwnWebhooks)?;
    if caller.role().may(Action::ManageStationWebhooks) {
        return Ok(None);
    }
    caller.account().map(Some).ok_or_else(|| Problem::forbidden("this API key belongs to nobody"))
}

/// The webhook, where the caller manages it.
async fn find(context: &Context, caller: &Caller, id: &str) -> Result<store::Webhook, Problem> {
    let owner = managed(caller)?;
    let found = context.store.webhooks().load(id).await?;
    let found = found.filter(|webhook| owner.is_none_or(|owner| webhook.owner_id.as_deref() == Some(owner)));
    found.ok_or_else(|| Problem::not_found(format!("no webhook of yours has the id {id:?}")))
}

/// Lists webhooks, newest first.
///
/// A host's own; an admin sees all.
#[utoipa::path(
    get,
    path = "/api/webhooks",
    operation_id = "listWebhooks",
    tag = "webhooks",
    params(Pages),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = WebhookPage)),
)]
async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(pages): Params<Pages>,
) -> Result<Json<WebhookPage>, Problem> {
    let page = context.store.webhooks().list(managed(&caller)?, &pages.slice()?).await?;
    let items = page.items.into_iter().map(Webhook::from).collect();
    Ok(Json(WebhookPage { items, next_cursor: page.next_cursor, total: page.total }))
}

/// A webhook that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewWebhook {
    /// Where events are posted: http or https, on the public internet.
    #[schema(max_length = 2048, example = "https://hooks.example/onair")]
    url: String,
    /// What it is told; everything where nothing is said.
    #[schema(min_items = 1)]
    events: Option<Vec<Event>>,
    /// The only broadcast that it is told of.
    broadcast_id: Option<String>,
}

/// A webhook that was made, with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MadeWebhook {
    #[serde(flatten)]
    webhook: Webhook,
    /// What its requests are signed with. Shown here and never again.
    secret: String,
}

/// Makes a webhook.
///
/// A host's is told of the host's broadcasts, an admin's of all. Its secret is in the answer and nowhere else.
#[utoipa::path(
    post,
    path = "/api/webhooks",
    operation_id = "createWebhook",
    tag = "webhooks",
    request_body = NewWebhook,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 201, description = "The webhook", body = MadeWebhook),
        (status = 409, description = "There are too many", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn create(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Body(request): Body<NewWebhook>,
) -> Result<(StatusCode, Json<MadeWebhook>), Problem> {
    let owner = managed(&caller)?.map(str::to_owned);
    let url = target::check(&request.url, context.reach)?;
    if let Some(broadcast) = &request.broadcast_id {
        let known = context.store.broadcasts().load(broadcast).await?;
        let own = |host: &str| owner.as_deref().is_none_or(|owner| owner == host);
        if !known.is_some_and(|known| own(&known.broadcast.host_id)) {
            return Err(Problem::invalid("broadcastId", "must be the id of a broadcast of yours"));
        }
    }
    let webhooks = context.store.webhooks();
    if webhooks.list(owner.as_deref(), &Slice::first(1)).await?.total >= EACH_MAX {
        return Err(Problem::conflict(format!("there are {EACH_MAX} webhooks; delete some first")));
    }
    let secret = secrets::random(32).map_err(|_| Problem::internal())?;
    let now = Timestamp::now();
    let webhook = store::Webhook {
        id: store::id(),
        owner_id: owner,
        broadcast_id: request.broadcast_id,
        url: url.into(),
        secret: Secret::new(secret.expose().clone()),
        retired: None,
        events: names(request.events.unwrap_or_else(|| Event::ALL.to_vec()))?,
        enabled: true,
        created_at: now,
        updated_at: now,
    };
    match webhooks.insert(&webhook).await {
        Err(StoreError::Dangling) => {
            return Err(Problem::invalid("broadcastId", "must be the id of a broadcast of yours"));
        }
        outcome => outcome?,
    }
    let detail = json!({"url": webhook.url, "events": webhook.events});
    audit(&context, &caller, client, "webhook.created", &webhook.id, detail).await?;
    Ok((StatusCode::CREATED, Json(MadeWebhook { webhook: webhook.into(), secret: secret.into_inner() })))
}

/// Tells of one webhook.
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}",
    operation_id = "getWebhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", max_length = 64)),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The webhook", body = Webhook)),
)]
async fn show(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Webhook>, Problem> {
    Ok(Json(find(&context, &caller, &id).await?.into()))
}

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookChanges {
    #[schema(max_length = 2048)]
    url: Option<String>,
    #[schema(min_items = 1)]
    events: Option<Vec<Event>>,
    /// Whether it is told anything. What happens meanwhile it is never told.
    enabled: Option<bool>,
}

/// Changes a webhook.
#[utoipa::path(
    patch,
    path = "/api/webhooks/{id}",
    operation_id = "changeWebhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", max_length = 64)),
    request_body = WebhookChanges,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The webhook as it is now", body = Webhook),
        (status = 409, description = "It is the one of the settings", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn change(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(changes): Body<WebhookChanges>,
) -> Result<Json<Webhook>, Problem> {
    changeable(&find(&context, &caller, &id).await?)?;
    let url = changes.url.as_deref().map(|url| target::check(url, context.reach)).transpose()?;
    let events = changes.events.map(names).transpose()?;
    let edit = |webhook: &mut store::Webhook| {
        if let Some(url) = url {
            webhook.url = url.into();
        }
        if let Some(events) = events {
            webhook.events = events;
        }
        webhook.enabled = changes.enabled.unwrap_or(webhook.enabled);
    };
    let webhook = context.store.webhooks().update(&id, edit).await?;
    let webhook = webhook.ok_or_else(|| Problem::not_found("the webhook was deleted a moment ago"))?;
    let detail = json!({"url": webhook.url, "events": webhook.events, "enabled": webhook.enabled});
    audit(&context, &caller, client, "webhook.changed", &id, detail).await?;
    Ok(Json(webhook.into()))
}

/// Deletes a webhook and its deliveries.
#[utoipa::path(
    delete,
    path = "/api/webhooks/{id}",
    operation_id = "deleteWebhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", max_length = 64)),
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is the one of the settings", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
async fn delete(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    changeable(&find(&context, &caller, &id).await?)?;
    if context.store.webhooks().delete(&id).await? {
        audit(&context, &caller, client, "webhook.deleted", &id, json!({})).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn changeable(webhook: &store::Webhook) -> Result<(), Problem> {
    if webhook.id == standing::ID {
        return Err(Problem::conflict("this webhook is made by ONAIR_WEBHOOK_URL; change it there"));
    }
    Ok(())
}

/// As the store keeps them: each once.
fn names(events: Vec<Event>) -> Result<Vec<String>, Problem> {
    let mut names: Vec<String> = Vec::new();
    for event in events {
        if !names.iter().any(|name| name == event.name()) {
            names.push(event.name().to_owned());
        }
    }
    if names.is_empty() {
        return Err(Problem::invalid("events", "must name at least one event"));
    }
    Ok(names)
}

async fn audit(
    context: &Context,
    caller: &Caller,
    client: Client,
    action: &'static str,
    webhook: &str,
    detail: serde_json::Value,
) -> Result<(), StoreError> {
    let subject = Subject { kind: "webhook".to_owned(), id: webhook.to_owned() };
    context.auth.audit(caller.actor(), action, Some(subject), client.address, detail).await
}
