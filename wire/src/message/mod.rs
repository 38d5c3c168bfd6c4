//! The messages of a room, as JSON.

mod client;
mod notice;
mod snapshot;
mod user;

pub use client::{BadMessage, Client, Report, Request, RulesChange};
pub use notice::{Listeners, Notice, Stamp, Stats, notice};
pub use snapshot::{Joined, joined, snapshot};
pub use user::User;
