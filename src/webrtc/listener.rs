//! Who listens by WebRTC, and whether they may.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use room::Action;

use crate::api::Context;
use crate::api::broadcasts::find;
use crate::api::error::Problem;
use crate::auth::{Caller, bearer};
use crate::live::Card;
use crate::playback::Audience;
use crate::playback::credential::Shown as Playback;
use crate::playback::gate::{Pass, Refused, now};

/// What a client shows to listen.
pub(super) enum Shown {
    /// Who it is: perhaps nobody in particular.
    Caller(Caller),
    /// A token that is no access token. What is wrong with it as one is kept.
    Token(String, Problem),
}

impl FromRequestParts<Context> for Shown {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, context).await {
            Ok(caller) => Ok(Self::Caller(caller)),
            Err(problem) => match bearer(&parts.headers) {
                Some(token) if problem.status() == 401 => Ok(Self::Token(token.to_owned(), problem)),
                _ => Err(problem),
            },
        }
    }
}

impl Shown {
    /// Whoever is known by it; a playback token and a room token name nobody.
    pub(super) const fn caller(&self) -> &Caller {
        match self {
            Self::Caller(caller) => caller,
            Self::Token(..) => &Caller::Anonymous,
        }
    }

    /// Lets its holder hear a broadcast that is on air, or says why not. What is let in here is held against
    /// the gate for as long as it listens.
    pub(super) async fn admit(self, context: &Context, card: &Card) -> Result<Pass, Problem> {
        match self {
            Self::Caller(Caller::Anonymous) if is_everybodys(context, card) => Ok(Pass::Open),
            Self::Caller(Caller::Anonymous) => Err(Problem::unauthorized(format!(
                "this broadcast is not everybody's: send Authorization: Bearer with the token of GET \
                 /api/broadcasts/{}/playback, or an access token",
                card.id
            ))),
            Self::Caller(caller) => {
                if card.audience == Audience::Members {
                    find(context, &caller, &card.id).await?.require(&caller, Action::Join)?;
                }
                signed(context, &card.id, caller.account())
            }
            Self::Token(token, problem) => {
                match context.gate.admit(&card.id, Playback::InPath(&token), &HeaderMap::new(), now) {
                    Ok(pass) => return Ok(pass),
                    Err(Refused::Barred) => return Err(barred()),
                    Err(_) => {}
                }
                let grant = context.auth.room_tokens.verify(&token, crate::auth::now());
                match grant {
                    Ok(grant) if grant.broadcast == card.id && grant.can_subscribe => {
                        signed(context, &card.id, Some(&grant.subject))
                    }
                    Ok(_) => {
                        Err(Problem::forbidden("this room token does not let its holder hear this broadcast"))
                    }
                    Err(_) => Err(problem),
                }
            }
        }
    }
}

fn is_everybodys(context: &Context, card: &Card) -> bool {
    card.audience == Audience::Everybody && !context.gate.signs(Audience::Everybody)
}

/// A pass for somebody who is known, which ends when they are barred.
fn signed(context: &Context, broadcast: &str, listener: Option<&str>) -> Result<Pass, Problem> {
    let grant = context.gate.grant(broadcast, listener, now()).map_err(|_| Problem::internal())?;
    let pass = context.gate.admit(broadcast, Playback::InPath(&grant.token), &HeaderMap::new(), now);
    pass.map_err(|_| barred())
}

fn barred() -> Problem {
    Problem::forbidden(Refused::Barred.to_string())
}
