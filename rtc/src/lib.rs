//! The UDP port: every WebRTC session of the station goes through it.
//!
//! A session is an offer that was answered: a client that publishes to an [`Ear`], or one that listens to a
//! [`Programme`]. ICE-lite, DTLS-SRTP, Opus alone. What listeners get is encoded once and sealed for each of
//! them here; ICE, DTLS, SDP and what publishers send are an engine's work. Each shard is a thread with a port
//! of its own, and takes commands; nobody else touches its sessions.
//!
//! Everything a stranger sends has a bound: offers, candidates, addresses, connections, sessions, and the time
//! that a handshake may take.

mod answer;
mod batch;
mod connections;
mod credentials;
mod demux;
mod description;
mod ear;
mod engine;
mod fan;
mod fragment;
mod handle;
mod observer;
mod offer;
mod outlet;
mod pair;
mod peer;
mod peers;
mod port;
mod programme;
mod red;
mod rtcp;
mod session;
mod shard;
mod srtp;
mod stage;
mod stun;
mod tap;
mod timers;

pub use credentials::{BadCredentials, Credentials};
pub use ear::{Ear, Heard};
pub use engine::JoinError;
pub use fan::Repeating;
pub use fragment::{FRAGMENT_MAX, Fragment, FragmentError};
pub use handle::{Config, Joined, OpenError, Rtc, SessionGone, Threads};
pub use observer::{Farewell, Observer};
pub use offer::{Audio, Direction, Extension, OFFER_MAX, Offer, OfferError};
pub use pair::PacketTime;
pub use port::BindError;
pub use programme::{Audience, Clock, Programme};
pub use rtcp::Reception;
pub use session::{NoSessionId, SessionId};
pub use stage::{Entrant, Forward, Forwarding, Part, Said, Stage, StageDoor, StageVoice};
