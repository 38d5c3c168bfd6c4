//! Who hears whom over WebRTC: the people on a stage hear each other, and a programme has so many places.
//!
//! Rules and state alone: it is told facts and the time, and asked what follows. Sockets, keys and people are
//! its caller's. On a stage, levels tell who speaks ([`Speakers`]), the foremost voices of which have a slot at
//! each listener ([`Slots`]), and what comes into a slot leaves as one stream ([`Forward`]). [`Places`] says
//! who of the listeners of a programme has WebRTC and who has to hear HLS.
//!
//! `now` is everywhere the time since any instant that the caller chose, on a clock that never goes back.
//!
//! ```
//! use std::time::Duration;
//! use sfu::{Level, Listener, Slots, SlotChange, Speakers, Voice};
//!
//! let (ann, bob) = (Voice::new(1), Voice::new(2));
//! let mut speakers = Speakers::new();
//! let mut slots = Slots::new();
//! speakers.enter(ann);
//! speakers.enter(bob);
//! slots.enter(Listener::new(1), Some(ann), Slots::USUAL);
//! speakers.push(bob, Level::new(30), Duration::from_millis(20), Duration::ZERO);
//! slots.rank(&speakers.rank(Duration::ZERO));
//! assert_eq!(
//!     slots.poll_output(),
//!     Some(SlotChange::Assigned { listener: Listener::new(1), slot: 0, voice: bob })
//! );
//! ```

mod forward;
mod packet_length;
mod places;
mod slots;
mod speakers;

pub use forward::{Forward, Forwarded, Packet};
pub use packet_length::packet_length;
pub use places::{NoPlace, Offered, Places, QueueFull, Standing};
pub use slots::{SlotChange, Slots};
pub use speakers::{Level, Speakers};

/// Somebody's microphone on a stage, named by whoever lets it in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Voice(u64);

impl Voice {
    /// The voice with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl std::fmt::Display for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "voice {}", self.0)
    }
}

/// Somebody who hears the stage, named by whoever lets them in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Listener(u64);

impl Listener {
    /// The listener with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "listener {}", self.0)
    }
}
