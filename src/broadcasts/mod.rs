//! Broadcasts as people make them: between the store, which remembers them, and the hall, which puts them
//! on air.
//!
//! The hall looks broadcasts up in [`Books`], and the [`scribe`] writes down what it tells. [`draft`] says what a broadcast may be called, and [`builtin`] makes the two that are always there.

mod books;
pub mod builtin;
pub mod draft;
mod eviction;
pub mod minutes;
pub mod resumption;
pub mod scribe;

pub use books::{BadRow, Books, card, may_broadcast, on_the_books};
pub use eviction::take_off_air;
