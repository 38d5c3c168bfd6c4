//! Accounts, as admins see and change them.

use axum::Json;
use axum::extract::State;
use room::{Action, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Kept, Subject, Timestamp, UserFilter};
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::{PROBLEM_JSON, Problem, Wire};
use crate::api::params::{Params, Path, slice};
use crate::api::time::rfc3339;
use crate::auth::{Caller, Client};
use crate::broadcasts::{may_broadcast, take_off_air};
use crate::signal::standing;

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// An account, with what only admins see.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AdministeredAccount)]
pub(super) struct Account {
    id: String,
    email: String,
    username: String,
    display_name: String,
    #[schema(required)]
    avatar_url: Option<String>,
    role: AccountRole,
    /// Since when it may not do anything; null where it may.
    #[schema(required, format = DateTime)]
    suspended_at: Option<String>,
    #[schema(required)]
    suspended_reason: Option<String>,
    #[schema(required, format = DateTime)]
    last_sign_in_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What an account is.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AccountRole {
    Admin,
    Host,
    Listener,
}

impl From<AccountRole> for Role {
    fn from(role: AccountRole) -> Self {
        match role {
            AccountRole::Admin => Self::Admin,
            AccountRole::Host => Self::Host,
            AccountRole::Listener => Self::Listener,
        }
    }
}

impl From<store::User> for Account {
    fn from(user: store::User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            username: user.username,
            display_name: user.display_name,
            avatar_url: user.avatar_url,
            role: match user.role {
                Role::Admin => AccountRole::Admin,
                Role::Host => AccountRole::Host,
                _ => AccountRole::Listener,
            },
            suspended_at: user.suspended_at.map(rfc3339),
            suspended_reason: user.suspended_reason,
            last_sign_in_at: user.last_sign_in_at.map(rfc3339),
            created_at: rfc3339(user.created_at),
        }
    }
}

/// A page of accounts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AdministeredAccountPage)]
pub(super) struct Accounts {
    items: Vec<Account>,
    /// For the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    total: i64,
}

/// Longest search, in characters.
const SEARCH_MAX: usize = 200;

/// Which accounts.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those with this role.
    #[param(inline)]
    role: Option<AccountRole>,
    /// Only those that are suspended, or only those that are not.
    suspended: Option<bool>,
    /// Only those with words in username, name or e-mail address that begin with each of these.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Items on a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists accounts, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/users",
    operation_id = "listUsers",
    tag = "administration",
    params(Filter),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "A page", body = Accounts)),
)]
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Json<Accounts>, Problem> {
    caller.require(Action::AdministerUsers)?;
    if filter.q.as_ref().is_some_and(|q| q.chars().count() > SEARCH_MAX) {
        return Err(Problem::invalid("q", format!("must have at most {SEARCH_MAX} characters")));
    }
    let wanted = UserFilter { role: filter.role.map(Role::from), suspended: filter.suspended, q: filter.q };
    let page = context.store.users().list(&wanted, &slice(filter.limit, filter.cursor)?).await?;
    let items = page.items.into_iter().map(Account::from).collect();
    Ok(Json(Accounts { items, next_cursor: page.next_cursor, total: page.total }))
}

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountChanges)]
pub(super) struct Changes {
    /// What the account is from now on.
    role: Option<AccountRole>,
    /// Whether it may do nothing from now on.
    suspended: Option<bool>,
    /// Why it is suspended; needed for that.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl Changes {
    fn reason(&self) -> Result<Option<String>, Problem> {
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        match (reason, self.suspended) {
            (Some(_), None | Some(false)) => {
                Err(Problem::invalid("reason", "is for a suspension; send suspended: true with it"))
            }
            (None, Some(true)) => Err(Problem::invalid("reason", "must say why the account is suspended")),
            (Some(reason), _) if reason.chars().count() > REASON_MAX => {
                Err(Problem::invalid("reason", format!("must have at most {REASON_MAX} characters")))
            }
            (reason, _) => Ok(reason.map(str::to_owned)),
        }
    }
}

/// Changes an account's role, suspends it or lets it in again.
///
/// A suspended account loses access at once: to the API, to rooms, to playback where that is signed, and its broadcasts go
/// off the air. So do those of an account that is no host any more. In the rooms that somebody is in their new role counts
/// at once.
#[utoipa::path(
    patch,
    path = "/api/admin/users/{id}",
    operation_id = "changeUser",
    tag = "administration",
    params(("id" = String, Path, description = "The account's id", max_length = 64)),
    request_body = Changes,
    security(("bearer" = []), ("apiKey" = [])),
    responses(
        (status = 200, description = "The account as it is now", body = Account),
        (status = 409, description = "It is the last admin", body = Wire, content_type = PROBLEM_JSON),
    ),
)]
pub(super) async fn change(
    State(context): State<Context>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(changes): Body<Changes>,
) -> Result<Json<Account>, Problem> {
    caller.require(Action::AdministerUsers)?;
    let reason = changes.reason()?;
    let (role, suspended) = (changes.role.map(Role::from), changes.suspended);
    let edit = |user: &mut store::User| {
        user.role = role.unwrap_or(user.role);
        match suspended {
            Some(true) => {
                user.suspended_at = user.suspended_at.or_else(|| Some(Timestamp::now()));
                user.suspended_reason = reason;
            }
            Some(false) => (user.suspended_at, user.suspended_reason) = (None, None),
            None => {}
        }
    };
    let user = match context.store.users().update_keeping_an_admin(&id, edit).await? {
        Kept::Changed(user) => *user,
        Kept::Missing => return Err(Problem::not_found(format!("no account has the id {id:?}"))),
        Kept::LastAdmin => {
            return Err(Problem::conflict("this is the last admin; make another one first"));
        }
    };
    // What takes from them goes first; the log may have to wait for the database.
    context.auth.account_changed(&user);
    match suspended {
        Some(true) => context.gate.suspend(&user.id),
        Some(false) => context.gate.reinstate(&user.id),
        None => {}
    }
    if !may_broadcast(&user) {
        take_off_air(&context.hall, &user.id).await?;
    }
    standing::follow_account(&context.rooms, &context.store, &user).await?;
    let subject = || Some(Subject { kind: "user".to_owned(), id: user.id.clone() });
    let audit =
        |action, detail| context.auth.audit(caller.actor(), action, subject(), client.address, detail);
    if let Some(role) = role {
        audit("user.role_changed", json!({"role": role.name()})).await?;
    }
    match suspended {
        Some(true) => audit("user.suspended", json!({"reason": user.suspended_reason})).await?,
        Some(false) => audit("user.reinstated", json!({})).await?,
        None => {}
    }
    Ok(Json(user.into()))
}
