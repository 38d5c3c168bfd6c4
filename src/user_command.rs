//! `onair user`: accounts, made and mended from the terminal of the machine that has the database.

use std::io::{Read, Write};

use anyhow::{Context as _, anyhow, bail};
use room::Role;
use serde_json::json;
use store::{Actor, AuditEntry, Secret, Store, StoreError, Subject, Timestamp, User};

use crate::auth::fields::{DisplayName, Email, Password, Username};
use crate::auth::passwords::Passwords;
use crate::auth::secrets;

/// What to do with an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UserCommand {
    /// Make one.
    Create {
        /// To sign in with.
        email: String,
        /// For others to find; the part of the address before the @ where there is none.
        username: Option<String>,
        /// For others to read; the username where there is none.
        name: Option<String>,
        /// An account's role.
        role: Role,
        /// Where its password comes from.
        password: PasswordSource,
    },
    /// Give it another role.
    SetRole {
        /// Whose.
        email: String,
        /// Which.
        role: Role,
    },
    /// Give it another password, and end its sign-ins.
    ResetPassword {
        /// Whose.
        email: String,
        /// Where its password comes from.
        password: PasswordSource,
    },
}

/// Where a password comes from; never from the command line, which everybody on the machine can read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PasswordSource {
    /// Made by chance and printed; to be changed at the next sign-in.
    Generated,
    /// The first line of standard input.
    Stdin,
}

/// What the longest password takes, with the line's end: more is none.
const LINE_MAX: u64 = 4 * Password::MAX as u64 + 2;

/// Does it. A running station learns of it with its next look, within [`LOOK`](crate::elsewhere::LOOK).
pub async fn run(
    store: &Store,
    command: UserCommand,
    input: &mut impl Read,
    output: &mut impl Write,
) -> anyhow::Result<()> {
    match command {
        UserCommand::Create { email, username, name, role, password } => {
            let email = Email::parse(&email).map_err(|bad| anyhow!("the e-mail address {bad}"))?;
            let local = email.as_str().split('@').next().unwrap_or_default();
            let username = Username::parse(username.as_deref().unwrap_or(local))
                .map_err(|bad| anyhow!("the username {bad}; say which with --username"))?;
            let name = DisplayName::parse(name.as_deref().unwrap_or(username.as_str()))
                .map_err(|bad| anyhow!("the name {bad}"))?;
            let chosen = choose(password, &email, &username, input)?;
            let now = Timestamp::now();
            let user = User {
                id: store::id(),
                email: email.as_str().to_owned(),
                username: username.as_str().to_owned(),
                display_name: name.as_str().to_owned(),
                avatar_url: None,
                password_hash: Some(hash(&chosen.password).await?),
                role,
                must_change_password: chosen.must_change,
                suspended_at: None,
                suspended_reason: None,
                last_sign_in_at: None,
                created_at: now,
                updated_at: now,
            };
            match store.users().insert(&user).await {
                Err(StoreError::Conflict { field }) => bail!("this {field} is taken"),
                outcome => outcome?,
            }
            audit(store, &user, "user.created", json!({ "role": role.name() })).await?;
            writeln!(output, "made {} ({}), {role}", user.email, user.username)?;
            chosen.tell(output)
        }
        UserCommand::SetRole { email, role } => {
            let user = find(store, &email).await?;
            let before = user.role;
            let user =
                store.users().update(&user.id, |user| user.role = role).await?.context("it is gone")?;
            audit(store, &user, "user.role_changed", json!({ "from": before.name(), "to": role.name() }))
                .await?;
            writeln!(output, "{} was {before} and is {role} now", user.email)?;
            Ok(())
        }
        UserCommand::ResetPassword { email, password } => {
            let user = find(store, &email).await?;
            let (email, username) = (Email::parse(&user.email)?, Username::parse(&user.username)?);
            let chosen = choose(password, &email, &username, input)?;
            let hash = hash(&chosen.password).await?;
            let edit = |user: &mut User| {
                user.password_hash = Some(hash);
                user.must_change_password = chosen.must_change;
            };
            let user = store.users().update(&user.id, edit).await?.context("it is gone")?;
            store.refresh_tokens().revoke_user(&user.id, Timestamp::now()).await?;
            audit(store, &user, "user.password_reset", json!({})).await?;
            writeln!(output, "{} has a new password and is signed out everywhere", user.email)?;
            chosen.tell(output)
        }
    }
}

async fn find(store: &Store, email: &str) -> anyhow::Result<User> {
    let parsed = Email::parse(email).map_err(|bad| anyhow!("the e-mail address {bad}"))?;
    let found = store.users().load_by_email(parsed.as_str()).await?;
    found.with_context(|| format!("no account has the e-mail address {}", parsed.as_str()))
}

/// A password for an account.
struct Chosen {
    password: Password,
    must_change: bool,
}

impl Chosen {
    fn tell(&self, output: &mut impl Write) -> anyhow::Result<()> {
        if self.must_change {
            writeln!(output, "its password is {}", self.password.expose())?;
            writeln!(output, "it is shown this once, and has to be changed at the next sign-in")?;
        }
        Ok(())
    }
}

fn choose(
    source: PasswordSource,
    email: &Email,
    username: &Username,
    input: &mut impl Read,
) -> anyhow::Result<Chosen> {
    let text = match source {
        PasswordSource::Generated => secrets::readable(20)?.into_inner(),
        PasswordSource::Stdin => {
            let mut text = String::new();
            input.take(LINE_MAX).read_to_string(&mut text).context("reading the password")?;
            text.lines().next().unwrap_or_default().to_owned()
        }
    };
    let password = Password::parse(&text, email, username).map_err(|bad| anyhow!("the password {bad}"))?;
    Ok(Chosen { password, must_change: source == PasswordSource::Generated })
}

async fn hash(password: &Password) -> anyhow::Result<Secret> {
    let hash = Passwords::start()?.hash(password.expose()).await?;
    Ok(Secret::new(hash.into_inner()))
}

async fn audit(
    store: &Store,
    user: &User,
    action: &'static str,
    detail: serde_json::Value,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        id: store::id(),
        at: Timestamp::now(),
        actor: Actor::System,
        action: action.to_owned(),
        subject: Some(Subject { kind: "user".to_owned(), id: user.id.clone() }),
        address: None,
        detail,
    };
    store.audit().insert(&entry).await
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Desk {
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Desk {
        async fn open() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&store::DatabaseUrl::sqlite(&folder.path().join("onair.db"))).unwrap();
            store.migrate_up().await.unwrap();
            Self { store, _folder: folder }
        }

        async fn run(&self, command: UserCommand, typed: &str) -> Result<String, String> {
            let mut output = Vec::new();
            let outcome = run(&self.store, command, &mut typed.as_bytes(), &mut output).await;
            outcome.map(|()| String::from_utf8(output).unwrap()).map_err(|error| format!("{error:#}"))
        }

        async fn user(&self, email: &str) -> User {
            self.store.users().load_by_email(email).await.unwrap().unwrap()
        }

        async fn knows(&self, email: &str, password: &str) -> bool {
            let hash = self.user(email).await.password_hash.unwrap();
            Passwords::start().unwrap().verify(password, Some(hash.expose())).await.unwrap()
        }
    }

    fn create(email: &str, password: PasswordSource) -> UserCommand {
        UserCommand::Create {
            email: email.to_owned(),
            username: None,
            name: None,
            role: Role::Host,
            password,
        }
    }

    #[tokio::test]
    async fn an_account_is_made_with_a_password_that_was_typed() {
        let desk = Desk::open().await;
        let told =
            desk.run(create("Amy@radio.example", PasswordSource::Stdin), "correct horse\n").await.unwrap();
        assert_eq!(told, "made amy@radio.example (amy), host\n");
        assert!(desk.knows("amy@radio.example", "correct horse").await);
        assert!(!desk.user("amy@radio.example").await.must_change_password);
        let again = desk.run(create("amy@radio.example", PasswordSource::Stdin), "correct horse\n").await;
        assert!(again.unwrap_err().ends_with(" is taken"));
        let short = desk.run(create("rory@radio.example", PasswordSource::Stdin), "short\n").await;
        assert_eq!(short.unwrap_err(), "the password must have 10 to 128 characters");
    }

    #[tokio::test]
    async fn a_password_by_chance_is_printed_and_has_to_be_changed() {
        let desk = Desk::open().await;
        let told = desk.run(create("amy@radio.example", PasswordSource::Generated), "").await.unwrap();
        let password = told.lines().nth(1).unwrap().strip_prefix("its password is ").unwrap();
        assert!(desk.knows("amy@radio.example", password).await);
        assert!(desk.user("amy@radio.example").await.must_change_password);

        let reset = UserCommand::ResetPassword {
            email: "amy@radio.example".to_owned(),
            password: PasswordSource::Stdin,
        };
        desk.run(reset, "correct horse").await.unwrap();
        assert!(!desk.knows("amy@radio.example", password).await);
        assert!(desk.knows("amy@radio.example", "correct horse").await);
    }

    #[tokio::test]
    async fn a_role_is_changed_and_the_change_is_in_the_audit_log() {
        let desk = Desk::open().await;
        desk.run(create("amy@radio.example", PasswordSource::Generated), "").await.unwrap();
        let promote = |email: &str| UserCommand::SetRole { email: email.to_owned(), role: Role::Admin };
        let told = desk.run(promote("amy@radio.example"), "").await.unwrap();
        assert_eq!(told, "amy@radio.example was host and is admin now\n");
        assert_eq!(desk.user("amy@radio.example").await.role, Role::Admin);
        let filter = store::AuditFilter { action: Some("user.role_changed".into()), ..Default::default() };
        let log = desk.store.audit().list(&filter, &store::Slice::first(10)).await.unwrap();
        assert_eq!(log.items[0].detail, json!({ "from": "host", "to": "admin" }));
        let nobody = desk.run(promote("rory@radio.example"), "").await.unwrap_err();
        assert_eq!(nobody, "no account has the e-mail address rory@radio.example");
    }
}
