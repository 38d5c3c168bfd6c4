//! Who a connection stands for that outlives the token it was opened with.

use super::caller::SignedIn;

/// An account that was signed in at an instant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pass {
    /// The account's id.
    pub user: String,
    /// The sign-in; none where a proxy told who it is.
    pub session: Option<String>,
    /// When it was given, in Unix milliseconds.
    pub issued_at: u64,
}

impl Pass {
    /// For somebody whose token is good at `now`.
    pub fn of(user: &SignedIn, now: u64) -> Self {
        Self { user: user.id.clone(), session: user.session.clone(), issued_at: now }
    }
}
