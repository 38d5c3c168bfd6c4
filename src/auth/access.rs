//! Access tokens: who makes a request, told by a signed token for a quarter of an hour. No database is asked.

use std::time::Duration;

use room::Role;
use serde::{Deserialize, Serialize};

use super::jwt::{BadToken, Jwt};
use super::secrets::Secret;

/// How long an access token is good.
pub const LIFE: Duration = Duration::from_mins(15);

/// Whom an access token stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Access {
    /// The account's id.
    pub user: String,
    /// The account's role when the token was issued.
    pub role: Role,
    /// The sign-in that it came from; all refresh tokens of one sign-in have it in common.
    pub session: String,
    /// The account has a password that somebody else chose.
    pub must_change_password: bool,
    /// When it was issued, in Unix milliseconds.
    pub issued_at: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Own {
    sub: String,
    sid: String,
    role: String,
    #[serde(default, skip_serializing_if = "is_false")]
    must_change_password: bool,
    /// Finer than `iat`, so that a revocation tells what was issued just before from what came just after.
    iat_ms: u64,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Issues and reads access tokens.
pub struct AccessTokens(Jwt);

impl AccessTokens {
    /// Signs with `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self(Jwt::new(secret, "onair"))
    }

    /// A token for `access`, good for [`LIFE`].
    pub fn issue(&self, access: &Access) -> String {
        let own = Own {
            sub: access.user.clone(),
            sid: access.session.clone(),
            role: access.role.name().to_owned(),
            must_change_password: access.must_change_password,
            iat_ms: access.issued_at,
        };
        self.0.sign(own, access.issued_at / 1_000, LIFE.as_secs())
    }

    /// Whom a token stands for. Whether they have lost access since is asked of
    /// [`Revocations`](super::revocations::Revocations).
    pub fn verify(&self, token: &str) -> Result<Access, BadToken> {
        let own: Own = self.0.verify(token)?;
        Ok(Access {
            user: own.sub,
            role: Role::of_account(&own.role).map_err(|_| BadToken::Invalid)?,
            session: own.sid,
            must_change_password: own.must_change_password,
            issued_at: own.iat_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::now;
    use super::super::secrets::random;
    use super::*;

    fn access(issued_at: u64) -> Access {
        let (user, session) = ("amy".to_owned(), "1".to_owned());
        Access { user, role: Role::Host, session, must_change_password: true, issued_at }
    }

    #[test]
    fn a_token_tells_whom_it_stands_for() {
        let tokens = AccessTokens::new(&random(32).unwrap());
        let access = access(now());
        assert_eq!(tokens.verify(&tokens.issue(&access)), Ok(access));
    }

    #[test]
    fn a_token_is_good_for_a_quarter_of_an_hour() {
        let tokens = AccessTokens::new(&random(32).unwrap());
        let issued = |minutes_ago: u64| tokens.issue(&access(now() - minutes_ago * 60_000));
        assert!(tokens.verify(&issued(14)).is_ok());
        assert_eq!(tokens.verify(&issued(16)), Err(BadToken::Expired));
    }
}
