//! What an edge's log tells: `onair edge-log`.
//!
//! A line becomes an [`Entry`], whatever wrote it: CloudFront's standard log (W3C extended), or the format that the nginx
//! and the Varnish of `deploy/` write. A [`Tally`] counts entries, in memory that does not grow with the log: distinct
//! listeners are estimated by a [`Sketch`], and the broadcasts and minutes that are counted apart are limited. A running
//! station may [`follow`] a log, and tells how many the edge serves now: an [`Estimate`].

pub mod cmcd;
pub mod entry;
pub mod estimate;
pub mod follow;
pub mod reader;
pub mod report;
pub mod sketch;
pub mod tally;

pub use entry::Entry;
pub use estimate::Estimate;
pub use follow::EdgeListeners;
pub use sketch::Sketch;
pub use tally::Tally;
