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

mod access_changes;
mod address;
mod announcement;
mod api_keys;
mod audit;
mod availability;
mod blocks;
mod broadcast;
mod broadcast_list;
mod broadcasts;
mod calendar_feeds;
mod chat;
mod covers;
mod deliveries;
mod devices;
mod error;
mod file;
mod follows;
mod handle;
mod invitations;
mod jobs;
mod journal;
mod list;
mod listener_minutes;
mod members;
mod migrations;
mod notification_preferences;
mod notification_sends;
mod notifications;
mod page;
mod plan;
mod plan_audiences;
mod plan_changes;
mod planned;
mod polls;
mod reactions;
mod recorded_runs;
mod recording;
mod recordings;
mod refresh_tokens;
mod reminders;
mod reports;
mod row;
mod search;
mod secret;
mod seed;
mod series;
mod sessions;
mod sql;
mod time;
mod totals;
mod transcripts;

mod usage;
mod users;
mod webhooks;

pub use access_changes::{AccessChange, AccessChanges, AccessSubject};
pub use address::{BadDatabaseUrl, Database, DatabaseUrl};
pub use announcement::{Announcement, Audience, ChangedPlan};
pub use api_keys::{ApiKey, ApiKeys};
pub use audit::{Actor, Audit, AuditEntry, AuditFilter, Subject};
pub use blocks::{Block, Blocks};
pub use broadcast::{Broadcast, Status, Visibility};
pub use broadcast_list::{BroadcastFilter, Hosted, SEARCH_COUNTED, Seen};
pub use broadcasts::Broadcasts;
pub use calendar_feeds::CalendarFeeds;
pub use chat::{Chat, ChatMessage};
pub use covers::{Cover, Covers};
pub use deliveries::{Attempt, Deliveries, Delivery, DeliveryStatus};
pub use devices::{Device, Devices};
pub use error::StoreError;
pub use follows::{Follow, Follows};
pub use handle::Store;
pub use invitations::{Invitation, Invitations};
pub use jobs::{Job, JobKind, JobState, Jobs, NewJob, Outcome, Standing};
pub use journal::{Entry, Journal, JournalFull, Keeper};
pub use listener_minutes::{ListenerMinute, ListenerMinutes};
pub use members::{Member, MemberRole, Members};
pub use migrations::MigrationStatus;
pub use notification_preferences::{NotificationPreferences, Preferences};
pub use notification_sends::{
    Channel, Lease, NotificationSends, Outgoing, Send, SendOutcome, SendStatus, Waiting,
};
pub use notifications::{Notification, Notifications};
pub use page::{Page, Slice};
pub use plan::{LOOKED_FOR, PlannedEnd, PlannedStart, ReminderCall, ReminderRound};
pub use plan_audiences::PlanAudiences;
pub use planned::Planners;
pub use polls::{Poll, PollAnswer, Polls};
pub use reactions::{ReactionSum, Reactions};
pub use recorded_runs::{RecordedRun, RecordedRuns};
pub use recording::{
    Heard, Recorded, Recording, RecordingFacts, RecordingKind, RecordingStatus, Span, TranscriptCard,
};
pub use recordings::{RecordingFilter, Recordings, RecordingsSeen};
pub use refresh_tokens::{RefreshToken, RefreshTokens, Rotation, Successor};
pub use reminders::{Reminder, Reminders};
pub use reports::{Report, ReportFilter, ReportState, Reports, Review};
pub use secret::Secret;
pub use seed::Sample;
pub use series::{AllSeries, Extension, Pattern, REVISED_MAX, Revision, Series};
pub use sessions::{Session, Sessions, Stays};
pub use time::Timestamp;
pub use transcripts::{Transcript, Transcripts};
pub use usage::{Usage, Usages};
pub use users::{HostCard, Kept, User, UserFilter, Users};
pub use webhooks::{Retired, Webhook, Webhooks};

/// A new id: a UUIDv7, so that ids sort by the time they were made.
pub fn id() -> String {
    uuid::Uuid::now_v7().to_string()
}
