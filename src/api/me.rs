//! One's own account.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use store::User;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::{Account, Misfits, Session, begun};
use super::body::{Body, present};
use super::error::Problem;
use crate::auth::fields::{DisplayName, PictureUrl};
use crate::auth::{AnyCaller, Auth, Caller, Client, Device, SignedIn};
use crate::logs::Redacted;

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Arc<Auth>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(me, edit_me)).routes(routes!(change_password))
}

/// Somebody who signed in; a server has no account of its own.
pub(super) fn signed_in(caller: &Caller) -> Result<&SignedIn, Problem> {
    match caller {
        Caller::User(user) => Ok(user),
        Caller::Anonymous => Err(Problem::unauthorized("sign in first")),
        Caller::Server(_) => {
            Err(Problem::forbidden("an API key has no account of its own; sign in as a person"))
        }
    }
}

fn gone() -> Problem {
    Problem::unauthorized("this account does not exist any more")
}

/// Who am I?
#[utoipa::path(
    get,
    path = "/api/auth/me",
    operation_id = "getMe",
    tag = "accounts",
    responses((status = 200, description = "The account", body = Account)),
    security(("bearer" = [])),
)]
async fn me(State(auth): State<Arc<Auth>>, AnyCaller(caller): AnyCaller) -> Result<Json<Account>, Problem> {
    let user = auth.store().users().load(&signed_in(&caller)?.id).await?.ok_or_else(gone)?;
    Ok(Json(user.into()))
}

/// What is to change; what is not sent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccountEdit {
    #[schema(min_length = 1, max_length = 80)]
    display_name: Option<String>,
    /// An `https` address; `null` takes the picture away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    avatar_url: Option<Option<String>>,
}

/// Change how others see me.
#[utoipa::path(
    patch,
    path = "/api/auth/me",
    operation_id = "editMe",
    tag = "accounts",
    request_body = AccountEdit,
    responses((status = 200, description = "The account", body = Account)),
    security(("bearer" = [])),
)]
async fn edit_me(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Body(edit): Body<AccountEdit>,
) -> Result<Json<Account>, Problem> {
    let id = &signed_in(&caller)?.id;
    let mut misfits = Misfits::default();
    let name = edit.display_name.map(|name| misfits.take("displayName", DisplayName::parse(&name)));
    let picture =
        edit.avatar_url.map(|url| url.map(|url| misfits.take("avatarUrl", PictureUrl::parse(&url))));
    if !misfits.0.is_empty() {
        return Err(Problem::invalid_fields(misfits.0));
    }
    let change = |user: &mut User| {
        if let Some(name) = name.flatten() {
            name.as_str().clone_into(&mut user.display_name);
        }
        if let Some(picture) = picture {
            user.avatar_url = picture.flatten().map(|url| url.as_str().to_owned());
        }
    };
    let user = auth.store().users().update(id, change).await?.ok_or_else(gone)?;
    Ok(Json(user.into()))
}

/// A password for another.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current_password: Redacted<String>,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    new_password: Redacted<String>,
}

/// Change my password.
///
/// Every other sign-in of the account is over.
#[utoipa::path(
    post,
    path = "/api/auth/password",
    operation_id = "changePassword",
    tag = "accounts",
    params(("X-OnAir-Client" = Option<String>, Header, description = "`browser`: the refresh token comes as a cookie")),
    request_body = PasswordChange,
    responses((status = 200, description = "Signed in with the new password", body = Session)),
    security(("bearer" = [])),
)]
async fn change_password(
    State(auth): State<Arc<Auth>>,
    client: Client,
    device: Device,
    AnyCaller(caller): AnyCaller,
    headers: HeaderMap,
    Body(body): Body<PasswordChange>,
) -> Result<Response, Problem> {
    let user = signed_in(&caller)?;
    let (current, new) = (body.current_password.expose(), body.new_password.expose());
    let session = auth.change_password(user, current, new, client.address, device).await?;
    Ok(begun(StatusCode::OK, session, client, &headers))
}
