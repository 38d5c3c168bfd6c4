//! Signed playback: who may have the bytes of a broadcast that is not for everybody.
//!
//! A broadcast is either open, and its HLS is served to anyone who knows the address, or signed, and its HLS
//! is served to whoever shows a [`Token`](token) made for it: as the first segments of the path,
//! `/s/{token}/live/{id}/…`, or as the cookie `onair_play` under `/live/{id}/`. Playlists name everything
//! relative to themselves, so their bytes are the same for all.
//!
//! The [`Gate`] decides from memory alone: it knows the broadcasts that are open, and the people who are
//! barred. A broadcast that it was not told of is not open. A ban holds at once here, also for a token that
//! has not run out; what a cache in front of the station keeps it keeps for a token's life, [`TOKEN_LIFE`],
//! at the most. An [edge](EdgeSecret) that checks tokens itself is believed. HLS that is open cannot be taken back from anybody.

pub mod credential;
pub mod delivery;
pub mod edge;
pub mod gate;
pub mod guard;
pub mod ledger;
pub mod registry;
pub mod token;

pub use delivery::Delivery;
pub use edge::EdgeSecret;
pub use gate::{Gate, Grant, Policy};
pub use ledger::Ledger;
pub use registry::Audience;
pub use token::{Subject, TOKEN_LIFE};

/// The file in the data directory that holds the secret of playback tokens.
pub const SECRET_FILE: &str = "playback.secret";
