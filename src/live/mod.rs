//! The hall where streams meet: who may publish, what is on air, and the threads that keep it there.
//!
//! No audio passes through an async task here. A broadcast on air has two threads of its own: one makes
//! the programme ([`drive`]), one writes it to disk and releases it ([`release`]). The hall owns every
//! decision about them; others send it requests or read its snapshots. It reads no database: what it does
//! not hold it asks a [`Directory`] for, and what happens it tells as a [`Happening`].

mod admission;
pub mod annotation;
pub mod card;
pub mod clock;
mod consents;
pub mod directory;
pub mod drive;
mod endings;
mod entry;
pub mod feed;
pub mod floor;
pub mod hall;
mod handle;
pub mod happening;
mod joins;
pub mod kept_runs;
pub mod key_file;
pub mod lease;
mod lookups;
pub mod presence;
pub mod publishers;
mod recordings;
pub mod release;
pub mod run;
pub mod status;
#[cfg(test)]
pub(crate) mod testing;
pub mod tracks;
pub mod trouble;

pub use admission::GoLive;
pub use annotation::{Annotation, Annotator};
pub use card::{Card, Opening, Origination, Stage, Treatment};
pub use directory::{Away, Directory};
pub use endings::Ending;
pub use entry::{Publisher, Scene, Snapshot};
pub use hall::{HAPPENINGS, Hall, Premises};
pub use handle::{Closed, HallHandle, RemoveError, StartError, Started, StillOnAir};
pub use happening::{EndReason, Happening};
pub use joins::{Join, JoinCounts, Joins};
pub use kept_runs::KeptRuns;
pub use presence::Presence;
pub use trouble::Trouble;
