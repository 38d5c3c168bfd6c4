//! Everything that is remembered: accounts, broadcasts, sessions and what follows from them.
//!
//! One set of SQL runs on SQLite, the embedded default, and on PostgreSQL. [`Store`] is the handle; each noun has a
//! handle of its own under it, with the verbs `load`, `insert`, `update`, `delete` and `list`:
//!
//! ```no_run
//! # async fn example() -> Result<(), store::StoreError> {
//! let store = store::Store::open(&store::DatabaseUrl::sqlite("data/onair.db".as_ref()))?;
//! store.migrate_up().await?;
//! let live = store.broadcasts().list(&store::BroadcastFilter::default(), &store::Slice::first(20)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Every call ends in a bounded time. When the database is away it is [`StoreError::Unavailable`], at once after the
//! first caller found out, and the first call after the database has come back succeeds by itself.
//!
//! What is on air never waits for this crate: what the data plane has to write goes through a journal.

mod address;
mod api_keys;
mod audit;
mod availability;
mod broadcast;
mod broadcast_list;
mod broadcasts;
mod error;
mod handle;
mod invitations;
mod list;
mod migrations;
mod page;
mod refresh_tokens;
mod row;
mod search;
mod secret;
mod sql;
mod time;
mod totals;

mod users;

pub use address::{BadDatabaseUrl, Database, DatabaseUrl};
pub use api_keys::{ApiKey, ApiKeys};
pub use audit::{Actor, Audit, AuditEntry, AuditFilter, Subject};
pub use broadcast::{Broadcast, Status, Visibility};
pub use broadcast_list::{BroadcastFilter, Hosted, SEARCH_COUNTED, Seen};
pub use broadcasts::Broadcasts;
pub use error::StoreError;
pub use handle::Store;
pub use invitations::{Invitation, Invitations};
pub use migrations::MigrationStatus;
pub use page::{Page, Slice};
pub use refresh_tokens::{RefreshToken, RefreshTokens, Rotation, Successor};
pub use secret::Secret;
pub use time::Timestamp;
pub use users::{HostCard, User, UserFilter, Users};

/// A new id: a UUIDv7, so that ids sort by the time they were made.
pub fn id() -> String {
    uuid::Uuid::now_v7().to_string()
}
