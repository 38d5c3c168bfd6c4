//! The messages of a room, as JSON.

mod client;
mod notice;
mod own;
mod report;
mod snapshot;
mod user;

pub use client::{BadMessage, Client, Request, RulesChange};
pub use notice::{Listeners, Notice, Stamp, Stats, notice};
pub use own::{OwnNotice, own_notice};
pub use report::{Report, ReportReason};
pub use snapshot::{Joined, joined, snapshot};
pub use user::User;
