//! Serves playlists, parts and segments with blocking playlist reload and the right cache headers
//! (RFC 8216bis 6.2).
//!
//! A shell around [`packager`]: a [`Shelf`] per run is fed by grid steps and by nothing else, renders each
//! playlist once a step, wakes the requests that were held for it, and serves everybody the same bytes.
//! It holds no pointer to what makes the steps, so another process may make them.

pub mod adts;
pub mod attic;
pub mod body;
pub mod channel;
pub mod decision;
pub mod directives;
pub mod disk;
pub mod endless;
mod library;
pub mod ogg;
pub mod range;
mod range_file;
mod recorded;
pub mod recordings;
pub mod resource;
pub mod response;
pub mod serve;
pub mod shelf;
pub mod stats;
pub mod view;

pub use attic::Attic;
pub use body::Body;
pub use channel::{Channel, Origin};
pub use disk::{RunDir, RunRecord};
pub use recordings::Recorded;
pub use shelf::Shelf;
pub use stats::Stats;
