//! The admin whom the first start makes, so that somebody can sign in.

use anyhow::Context;
use room::Role;
use store::{Slice, Store, StoreError, Timestamp, User, UserFilter};

use super::fields::Email;
use super::passwords::Passwords;
use super::secrets;
use crate::logs::Redacted;
use crate::settings::AuthSettings;

/// How the admin whom this start made signs in; to be shown once.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    /// The address to sign in with.
    pub email: Email,
    /// A password that nobody chose and that is to be changed; `None` where the settings gave one.
    pub password: Option<Redacted<String>>,
}

/// Makes an admin where there is none.
pub(super) async fn ensure(
    settings: &AuthSettings,
    store: &Store,
    passwords: &Passwords,
) -> anyhow::Result<Option<FirstAdmin>> {
    if oldest(store).await?.is_some() {
        return Ok(None);
    }
    let email = settings.admin_email.clone();
    let made = match &settings.admin_password {
        Some(_) => None,
        None => Some(generate()?),
    };
    let password =
        settings.admin_password.as_ref().or(made.as_ref()).context("there is a password by now")?;
    let hash = passwords.hash(password.expose()).await?;
    let now = Timestamp::now();
    let admin = User {
        id: store::id(),
        email: email.as_str().to_owned(),
        username: "admin".to_owned(),
        display_name: "Admin".to_owned(),
        avatar_url: None,
        password_hash: Some(store::Secret::new(hash.into_inner())),
        role: Role::Admin,
        must_change_password: made.is_some(),
        suspended_at: None,
        suspended_reason: None,
        last_sign_in_at: None,
        created_at: now,
        updated_at: now,
    };
    match store.users().insert(&admin).await {
        Ok(()) => Ok(Some(FirstAdmin { email, password: made })),
        // Another process, started at the same moment, was faster; or somebody without an admin's role has it.
        Err(StoreError::Conflict { field }) if oldest(store).await?.is_some() => {
            tracing::debug!("another start made the first admin: its {field} is taken");
            Ok(None)
        }
        Err(StoreError::Conflict { field }) => anyhow::bail!(
            "no account is an admin, and the {field} of the first one is taken: `onair user set-role EMAIL admin`"
        ),
        Err(error) => Err(error.into()),
    }
}

/// The id of the admin who has been one for the longest.
pub(super) async fn oldest(store: &Store) -> Result<Option<String>, StoreError> {
    let filter = UserFilter { role: Some(Role::Admin), ..UserFilter::default() };
    let mut oldest = None;
    let mut slice = Some(Slice::first(Slice::MOST));
    while let Some(wanted) = slice {
        let page = store.users().list(&filter, &wanted).await?;
        slice = wanted.after(&page);
        oldest = page.items.into_iter().next_back().map(|admin| admin.id).or(oldest);
    }
    Ok(oldest)
}

/// A password by chance: 20 of 32 letters are 100 bits, and easily typed off a terminal.
pub(crate) fn generate() -> std::io::Result<Redacted<String>> {
    secrets::readable(20)
}
