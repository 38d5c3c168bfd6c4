//! MP3 as publishers send it.

pub mod header;

pub use header::FrameHeader;
