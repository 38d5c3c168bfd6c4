//! From the sources' access units to the programme's: decode, buffer and resample, mix, limit, meter,
//! and encode once per rung. Pure CPU: it is told the time and asked for the result.
//!
//! It refuses what is neither AAC, Opus nor MP3, and what has more than two channels. A corrupt access
//! unit is an error and a concealed moment, never the end of a source.
//!
//! ```
//! use std::time::Duration;
//! use media::{AudioProfile, MediaTime};
//! use transcode::Programme;
//!
//! let mut programme = Programme::new(&AudioProfile::Standard.rungs(), MediaTime::from_ticks(0))?;
//! let mut units = 0;
//! for tick in 0..50 {
//!     programme.tick(Duration::from_millis(20 * tick))?;
//!     while programme.poll_output().is_some() {
//!         units += 1;
//!     }
//! }
//! assert!(units > 100, "nobody speaks, and every rung goes on");
//! # Ok::<(), transcode::EncodeError>(())
//! ```

pub mod decode;
pub mod demo;
pub mod encode;
mod fdk;
pub mod intake;
pub mod meter;
pub mod programme;

pub use decode::{DecodeError, Decoder};
pub use encode::{EncodeError, Encoder};
pub use programme::{Output, Programme, SourceError, SourceId, SourceStats};
