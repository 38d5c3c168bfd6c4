//! When something happens.

use std::time::Duration;

/// When something happens, by the clocks that matter to a room.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Moment {
    /// Since the room was opened, by a clock that never goes back. What rules about time are held by.
    pub since: Duration,
    /// Microseconds since 1970: civil time.
    pub wall: u64,
    /// The moment of the programme that is being made then, in microseconds since 1970 by the clock of
    /// `EXT-X-PROGRAM-DATE-TIME`; none while it is not on air.
    pub programme: Option<u64>,
}
