//! Words that every crate of OnAir shares: instants on a media timeline, codecs, access units, PCM
//! and the audio profiles that say which rungs a broadcast is encoded in.
//!
//! Values only: nothing here reads a clock, opens a socket or starts a thread.

pub mod access_unit;
pub mod pcm;
pub mod profile;
pub mod time;
pub mod track;

pub use access_unit::AccessUnit;
pub use pcm::Pcm;
pub use profile::{AudioProfile, Rung, RungId, UnknownProfile};
pub use time::{MediaDuration, MediaTime, Timescale};
pub use track::{Channels, Codec, TrackInfo};
