//! Opus as publishers announce it.

pub mod head;

pub use head::OpusHead;
