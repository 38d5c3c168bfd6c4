//! The hall where streams meet: who may publish, what is on air, and the threads that keep it there.
//!
//! No audio passes through an async task here. A broadcast on air has two threads of its own: one makes
//! the programme ([`drive`]), one writes it to disk and releases it ([`release`]). The hall owns every
//! decision about them; others send it requests or read its snapshots.

pub mod broadcast;
pub mod clock;
pub mod drive;
pub mod feed;
pub mod hall;
pub mod key_file;
pub mod lease;
pub mod presence;
pub mod release;
pub mod run;
pub mod status;

pub use broadcast::{Broadcast, Origination};
pub use hall::{Hall, HallHandle};
pub use presence::Presence;
