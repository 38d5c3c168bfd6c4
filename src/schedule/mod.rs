//! When broadcasts begin and end: rules by which they repeat, what is done at the hour, and who is reminded before it.
//!
//! The store keeps the dates and, in the same transaction, the jobs that follow from them (`store/src/plan.rs`). What is
//! here does these jobs ([`crate::jobs`]), and says which occurrences a [`series`] has.

mod occurrences;
pub mod on_air;
pub mod reminders;
pub mod rule;
pub mod series;

pub use occurrences::Extend;
pub use on_air::{Announcement, Closes, Ends, HostPatience, House, Late, Opens, Town};
pub use reminders::{Herald, RemindAll, RemindSome, Reminding};
pub use rule::{BadRule, Rule};

#[cfg(test)]
mod drain;
#[cfg(test)]
mod kills;
#[cfg(test)]
pub(crate) mod tests;
