//! What the bus between stations counts.

use super::labels::NoLabel;
use super::series::{Counters, Gauges};

pub use super::labels::{Direction, Queue};

/// Handles of the bus. Cheap to clone; clones share the values.
#[derive(Clone, Debug)]
pub struct BusCounts {
    /// 1 while both connections to Redis stand; 0 also where none is set.
    pub connected: Gauges<NoLabel>,
    /// Messages that other stations were told, and that were heard of them.
    pub messages: Counters<Direction>,
    /// Messages that were dropped because too many waited.
    pub dropped: Counters<Queue>,
    /// Times that a room missed something another station said.
    pub gaps: Counters<NoLabel>,
}

impl BusCounts {
    pub(crate) fn new() -> Self {
        Self {
            connected: Gauges::new(),
            messages: Counters::new(),
            dropped: Counters::new(),
            gaps: Counters::new(),
        }
    }
}
