//! The audit log, as admins read it.

use axum::Json;
use axum::extract::State;
use room::Action;
use serde::{Deserialize, Serialize};
use store::{AuditEntry, AuditFilter, Timestamp};
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::{Params, slice};
use crate::api::time::rfc3339;
use crate::auth::Caller;

/// Something that was done.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    #[schema(format = DateTime)]
    at: String,
    /// `user`, `api_key`, `system` or `anonymous`.
    #[schema(example = "user")]
    actor_kind: &'static str,
    /// The account or the key; null for the others.
    #[schema(required)]
    actor_id: Option<String>,
    /// What was done.
    #[schema(example = "auth.signed_in")]
    action: String,
    /// What it was done to: `user`, `broadcast`, `api_key`, …
    #[schema(required)]
    subject_kind: Option<String>,
    #[schema(required)]
    subject_id: Option<String>,
    /// Where it came from.
    #[schema(required)]
    address: Option<String>,
    /// What else is known of it.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        let (subject_kind, subject_id) = entry.subject.map(|subject| (subject.kind, subject.id)).unzip();
        Self {
            id: entry.id,
            at: rfc3339(entry.at),
            actor_kind: entry.actor.kind(),
            actor_id: entry.actor.id().map(str::to_owned),
            action: entry.action,
            subject_kind,
            subject_id,
            address: entry.address,
            detail: entry.detail,
        }
    }
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditPage)]
pub(super) struct Log {
    items: Vec<Entry>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are; counting stops at some thousands.
    total: i64,
}

/// Which entries.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only what this account or key did.
    actor: Option<String>,
    /// Only this action.
    #[param(example = "auth.sign_in_failed")]
    action: Option<String>,
    /// Only what was done to what has this id.
    subject: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<jiff::Timestamp>,
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<jiff::Timestamp>,
    /// Items on a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists what was done, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/audit",
    operation_id = "listAudit",
    tag = "administration",
    params(Filter),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = Log)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Json<Log>, Problem> {
    caller.require(Action::ReadAudit)?;
    let at = |at: jiff::Timestamp| Timestamp::from_millis(at.as_millisecond());
    let wanted = AuditFilter {
        actor: filter.actor,
        action: filter.action,
        subject: filter.subject,
        since: filter.since.map(at),
        until: filter.until.map(at),
    };
    let page = context.store.audit().list(&wanted, &slice(filter.limit, filter.cursor)?).await?;
    let items = page.items.into_iter().map(Entry::from).collect();
    Ok(Json(Log { items, next_cursor: page.next_cursor, total: page.total }))
}
