//! Invitations: by which people register where not everybody may.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Secret, Subject, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::error::Problem;
use super::params::{Pages, Params, Path};
use super::time::rfc3339;
use crate::auth::fields::Email;
use crate::auth::sessions::SessionError;
use crate::auth::{Auth, Caller, Client, secrets};

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// Days for which an invitation is good where nobody says otherwise.
const DAYS: u32 = 7;

/// Days for which one can be good.
const DAYS_MAX: u32 = 90;

/// An invitation without its code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Invitation {
    id: String,
    /// The only address that may use it; anybody where there is none.
    email: Option<String>,
    /// What the new account becomes.
    role: &'static str,
    created_by: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
    /// The account that was made by it.
    used_by: Option<String>,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<store::Invitation> for Invitation {
    fn from(invitation: store::Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role.name(),
            created_by: invitation.created_by,
            created_at: rfc3339(invitation.created_at),
            expires_at: rfc3339(invitation.expires_at),
            used_at: invitation.used_at.map(rfc3339),
            used_by: invitation.used_by,
            revoked_at: invitation.revoked_at.map(rfc3339),
        }
    }
}

/// A page of invitations.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvitationPage {
    items: Vec<Invitation>,
    /// For the next page.
    next_cursor: Option<String>,
    total: i64,
}

/// List all invitations, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/invitations",
    operation_id = "listInvitations",
    tag = "administration",
    params(Pages),
    responses((status = 200, description = "A page", body = InvitationPage)),
    security(("bearer" = []), ("apiKey" = [])),
)]
async fn list(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Params(pages): Params<Pages>,
) -> Result<Json<InvitationPage>, Problem> {
    caller.require(Action::InviteUsers)?;
    let page = auth.store().invitations().list(&pages.slice()?).await?;
    Ok(Json(InvitationPage {
        items: page.items.into_iter().map(Invitation::from).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
    }))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewInvitation {
    /// The only address that may use it; anybody where there is none.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    /// What the new account becomes; a host where nothing is said.
    role: Option<InvitedRole>,
    /// For how many days it is good; 7 where nothing is said.
    #[schema(minimum = 1, maximum = 90)]
    days: Option<u32>,
}

/// What somebody can be invited as.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum InvitedRole {
    Admin,
    Host,
    Listener,
}

/// An invitation that was made, with its code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MadeInvitation {
    #[serde(flatten)]
    invitation: Invitation,
    /// To register with; shown here and never again.
    code: String,
}

/// Invite somebody.
///
/// Its code is in the answer and nowhere else.
#[utoipa::path(
    post,
    path = "/api/admin/invitations",
    operation_id = "invite",
    tag = "administration",
    request_body = NewInvitation,
    responses((status = 201, description = "The invitation", body = MadeInvitation)),
    security(("bearer" = []), ("apiKey" = [])),
)]
async fn create(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
    Body(body): Body<NewInvitation>,
) -> Result<(StatusCode, Json<MadeInvitation>), Problem> {
    caller.require(Action::InviteUsers)?;
    let email = match body.email.as_deref().map(Email::parse) {
        Some(Err(bad)) => return Err(Problem::invalid("email", bad.to_string())),
        Some(Ok(email)) => Some(email.as_str().to_owned()),
        None => None,
    };
    let days = body.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::invalid("days", format!("must be 1 to {DAYS_MAX}")));
    }
    let code = secrets::readable(24).map_err(SessionError::from)?;
    let now = Timestamp::now();
    let invitation = store::Invitation {
        id: store::id(),
        code_hash: Secret::new(secrets::fingerprint(code.expose())),
        email,
        role: match body.role {
            Some(InvitedRole::Admin) => Role::Admin,
            Some(InvitedRole::Host) | None => Role::Host,
            Some(InvitedRole::Listener) => Role::Listener,
        },
        created_by: caller.account().map(str::to_owned),
        created_at: now,
        expires_at: now.plus(Duration::from_hours(24) * days),
        used_at: None,
        used_by: None,
        revoked_at: None,
    };
    auth.store().invitations().insert(&invitation).await?;
    let detail = json!({ "role": invitation.role.name() });
    auth.audit(caller.actor(), "invitation.created", Some(subject(&invitation.id)), client.address, detail)
        .await?;
    let made = MadeInvitation { invitation: invitation.into(), code: code.into_inner() };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Take an invitation back.
#[utoipa::path(
    delete,
    path = "/api/admin/invitations/{id}",
    operation_id = "revokeInvitation",
    tag = "administration",
    params(("id" = String, Path, description = "The invitation's id")),
    responses((status = 204, description = "Taken back")),
    security(("bearer" = []), ("apiKey" = [])),
)]
async fn revoke(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Action::InviteUsers)?;
    if !auth.store().invitations().revoke(&id, Timestamp::now()).await? {
        return Err(Problem::not_found("no invitation that is still open has this id"));
    }
    auth.audit(caller.actor(), "invitation.revoked", Some(subject(&id)), client.address, json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn subject(id: &str) -> Subject {
    Subject { kind: "invitation".to_owned(), id: id.to_owned() }
}
