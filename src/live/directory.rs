//! Where the hall looks a broadcast up that it does not hold.

use std::pin::Pin;

use super::card::Card;

/// The books cannot be read now; trying again later makes sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the directory of broadcasts cannot be read now")]
pub struct Away;

/// A look-up under way.
pub type Search = Pin<Box<dyn Future<Output = Result<Option<Card>, Away>> + Send>>;

/// Knows every broadcast there is. Asked by a task of its own: it may wait for a database.
pub trait Directory: Send + Sync + 'static {
    /// The broadcast `id`; `None` where there is none.
    fn find(&self, id: &str) -> Search;
}
