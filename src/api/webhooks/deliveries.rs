//! What a webhook was told, and what it is yet to be told.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{DeliveryStatus, Timestamp};
use utoipa::ToSchema;

use super::{audit, find};
use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::{Params, Path, slice};
use crate::api::time::rfc3339;
use crate::auth::{Caller, Client};

/// How far a delivery is.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DeliveryStatus)]
enum Progress {
    /// It is to be brought.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}

impl From<DeliveryStatus> for Progress {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Pending => Self::Pending,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Failed => Self::Failed,
        }
    }
}

impl From<Progress> for DeliveryStatus {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Pending => Self::Pending,
            Progress::Delivered => Self::Delivered,
            Progress::Failed => Self::Failed,
        }
    }
}

/// Something that a webhook is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    id: String,
    /// Its number among those of the webhook, from 1, without gaps.
    sequence: i64,
    #[schema(example = "room_started")]
    event: String,
    status: Progress,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next; null where it is not.
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
    /// The HTTP status of the last attempt; null where there was no answer, or none was tried.
    #[schema(required)]
    last_status: Option<i64>,
    /// What went wrong at the last attempt.
    #[schema(required)]
    last_error: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When the receiver took it.
    #[schema(required, format = DateTime)]
    delivered_at: Option<String>,
}

impl From<store::Delivery> for Delivery {
    fn from(delivery: store::Delivery) -> Self {
        let pending = delivery.status == DeliveryStatus::Pending;
        Self {
            id: delivery.id,
            sequence: delivery.sequence,
            event: delivery.event,
            status: delivery.status.into(),
            attempts: delivery.attempts,
            next_attempt_at: pending.then(|| rfc3339(delivery.next_attempt_at)),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            created_at: rfc3339(delivery.created_at),
            delivered_at: delivery.delivered_at.map(rfc3339),
        }
    }
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryPage {
    items: Vec<Delivery>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// Which deliveries.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those that are this far.
    #[param(inline)]
    status: Option<Progress>,
    /// Items on a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists what a webhook was told in the last 30 days, latest first.
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}/deliveries",
    operation_id = "listDeliveries",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", max_length = 64), Filter),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = DeliveryPage)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Params(filter): Params<Filter>,
) -> Result<Json<DeliveryPage>, Problem> {
    let webhook = find(&context, &caller, &id).await?;
    let status = filter.status.map(DeliveryStatus::from);
    let slice = slice(filter.limit, filter.cursor)?;
    let page = context.store.deliveries().list(&webhook.id, status, &slice).await?;
    let items = page.items.into_iter().map(Delivery::from).collect();
    Ok(Json(DeliveryPage { items, next_cursor: page.next_cursor, total: page.total }))
}

/// Tells a webhook something once more.
///
/// With the id and the number that it had, before anything that is yet to be told.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/deliveries/{delivery}/replay",
    operation_id = "replayDelivery",
    tag = "webhooks",
    params(
        ("id" = String, Path, description = "The webhook's id", max_length = 64),
        ("delivery" = String, Path, description = "The delivery's id", max_length = 64),
    ),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 202, description = "It is to be brought", body = Delivery)),
)]
pub(super) async fn replay(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    let webhook = find(&context, &caller, &id).await?;
    let nothing = || Problem::not_found(format!("this webhook has no delivery {delivery:?}"));
    let deliveries = context.store.deliveries();
    let known = deliveries.load(&delivery).await?;
    known.filter(|known| known.webhook_id == webhook.id).ok_or_else(nothing)?;
    let replayed = deliveries.replay(&delivery, Timestamp::now()).await?.ok_or_else(nothing)?;
    let detail = json!({"delivery": delivery});
    audit(&context, &caller, client, "webhook.replayed", &webhook.id, detail).await?;
    Ok((StatusCode::ACCEPTED, Json(replayed.into())))
}
