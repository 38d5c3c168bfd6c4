//! Who comes in: what they show, and who that makes them in a room.

use std::time::{Duration, Instant};

use room::{Name, Person, PersonId, Role};
use tokio::time::timeout;

use super::hub::others::STATION;
use crate::api::Context;
use crate::auth::grant::Grant;
use crate::auth::{Client, Pass};

/// How the names of guests begin.
pub(crate) const GUEST: &str = "guest-";

/// How long it may take to find out what somebody is called and whom they follow; without it they come in all the
/// same.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum NoEntry {
    /// It is no ticket, or not any more.
    #[error("the ticket is not good, or not any more; ask for a new one")]
    BadTicket,
    /// It is good for another room.
    #[error("the ticket is for the room of another broadcast")]
    OtherRoom,
    /// They were barred.
    #[error("you are banned from this broadcast")]
    Barred,
}

impl NoEntry {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::BadTicket => "badTicket",
            Self::OtherRoom => "otherRoom",
            Self::Barred => "banned",
        }
    }
}

/// Somebody who may come in.
pub(super) struct Entered {
    /// The broadcast's id.
    pub(super) broadcast: String,
    pub(super) person: Person,
    /// The sign-in of the account itself; none where somebody else vouches for them.
    pub(super) pass: Option<Pass>,
}

/// Who shows a ticket, or a room token, at the door of the room of `broadcast`, which is its id or its room's name.
pub(super) async fn admit(
    context: &Context,
    client: Client,
    broadcast: &str,
    ticket: &str,
) -> Result<Entered, NoEntry> {
    let grant = match context.auth.tickets.take(ticket, Instant::now()) {
        Some(grant) => grant,
        None => {
            context.auth.room_tokens.verify(ticket, crate::auth::now()).map_err(|_| NoEntry::BadTicket)?
        }
    };
    if grant.broadcast != broadcast && !is_called(context, &grant.broadcast, broadcast).await {
        return Err(NoEntry::OtherRoom);
    }
    let id = PersonId::parse(&grant.subject).map_err(|_| NoEntry::BadTicket)?;
    if id.as_str() == STATION {
        return Err(NoEntry::BadTicket);
    }
    let is_guest = grant.role == Role::Guest;
    if context.gate.bars(&grant.broadcast, &grant.subject)
        || (is_guest && context.rooms.house().guests.has(&grant.broadcast, client.address))
    {
        return Err(NoEntry::Barred);
    }
    let person = person(context, grant.clone(), id).await;
    Ok(Entered { broadcast: grant.broadcast, person, pass: grant.pass })
}

/// Whether the broadcast's room has this name.
async fn is_called(context: &Context, id: &str, name: &str) -> bool {
    let found = timeout(PATIENCE, context.store.broadcasts().load_by_room_name(name)).await;
    matches!(found, Ok(Ok(Some(hosted))) if hosted.broadcast.id == id)
}

async fn person(context: &Context, grant: Grant, id: PersonId) -> Person {
    let known = async {
        let users = context.store.users();
        let name = match &grant.name {
            Some(name) => Some(name.clone()),
            None if grant.role == Role::Guest => None,
            None => users.load(&grant.subject).await.ok().flatten().map(|user| user.display_name),
        };
        let follows = match grant.role {
            Role::Host | Role::Listener => follows_host(context, &grant).await,
            _ => false,
        };
        (name, follows)
    };
    let (name, follows) = timeout(PATIENCE, known).await.unwrap_or_default();
    let name = name.and_then(|name| Name::parse(&name).ok()).unwrap_or_else(|| nameless(&id));
    Person { id, name, role: grant.role, follows }
}

async fn follows_host(context: &Context, grant: &Grant) -> bool {
    let hosted = context.store.broadcasts().load(&grant.broadcast).await.ok().flatten();
    let Some(hosted) = hosted else { return false };
    let follow = context.store.follows().load(&grant.subject, &hosted.broadcast.host_id).await;
    matches!(follow, Ok(Some(_)))
}

/// What somebody is called of whom nothing is known: so that two are told apart.
fn nameless(id: &PersonId) -> Name {
    let tail: String = id.as_str().chars().rev().filter(char::is_ascii_alphanumeric).take(4).collect();
    Name::parse(&format!("Guest {tail}")).expect("it is a word")
}
