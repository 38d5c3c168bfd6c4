//! Listeners and a publisher over WebRTC, on another stack than the server's.
//!
//! [`Crowd`] is the loop. A `Session` is one connection of the `rtc` stack, told what came and when; a `Link` is
//! a session on its socket; a `Listener` counts what it hears in a [`reception::Reception`]; a [`Report`] says how
//! it went, and [`Gates`] whether that was good enough.

use std::time::Duration;

mod crowd;
pub mod door;
mod doorman;
mod gates;
mod link;
mod listener;
mod ping;
mod publisher;
pub mod reception;
pub mod red;
pub mod report;
mod session;
pub mod tone;

pub use crowd::Crowd;
pub use door::Token;
pub use gates::Gates;
pub use report::Report;

/// Listeners of one process: two source addresses of loopback, one open file each.
pub const LISTENERS_MAX: usize = 20_000;

/// Who listens to what.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server, `http://…`.
    pub url: String,
    /// Which broadcast.
    pub broadcast: String,
    /// What opens a broadcast that is not public.
    pub token: Option<Token>,
    /// Offer redundancy (RFC 2198).
    pub red: bool,
    /// Joins a second, evenly spread; above 0.
    pub join_rate: f64,
    /// From the request to the first packet; whoever has heard nothing then has failed.
    pub patience: Duration,
    /// A tone that the first listeners decode for, Hz, within [`tone::TONES`].
    pub listen_for: Option<f64>,
    /// The stream key to publish a tone with.
    pub publish: Option<Token>,
    /// The tone that is published, Hz, within [`tone::TONES`].
    pub tone: f64,
    /// A process of this machine whose CPU and memory are reported as the server's.
    pub watch: Option<u32>,
}

/// How many listen for how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// All listeners, those of earlier steps included; 1 to [`LISTENERS_MAX`].
    pub listeners: usize,
    /// Measured after all have joined.
    pub hold: Duration,
}
