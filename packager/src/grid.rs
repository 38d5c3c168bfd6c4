//! The grid on which a run is cut: slots of 3.84 s and the parts that divide them.

use std::fmt;
use std::time::Duration;

use media::{MediaDuration, MediaTime, Timescale};

use crate::LatencyMode;

/// Media Sequence Number (RFC 8216bis 3): the number of a segment and of the slot it fills.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Msn(pub u64);

impl Msn {
    /// The slot after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// When the slot begins on the run's timeline, in frames at 48 kHz.
    pub const fn start(self) -> MediaTime {
        MediaTime::from_ticks(self.0 * Grid::SLOT.ticks())
    }
}

impl fmt::Display for Msn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which part of its parent segment, from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PartIndex(pub u16);

impl fmt::Display for PartIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One place on the grid: a part of a segment.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// Its parent segment.
    pub msn: Msn,
    /// Which part of it.
    pub part: PartIndex,
}

/// How a run is cut; a function of its latency mode.
///
/// 15 AAC access units and 16 Opus access units are both 320 ms, so a slot of 12 such cells ends on a
/// frame of every codec and durations come out of sample counts, never out of clocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Grid {
    mode: LatencyMode,
}

impl Grid {
    /// A segment: 3.84 s, 180 AAC or 192 Opus access units.
    pub const SLOT: MediaDuration = MediaDuration::from_ticks(184_320);
    /// `EXT-X-TARGETDURATION`, seconds.
    pub const TARGET_DURATION: u64 = 4;
    /// The slot that a fresh run begins with. The eight before it are listed as GAP: players refuse a
    /// playlist of fewer than about seven segments, and a `tfdt` above zero can never turn negative.
    pub const FIRST: Msn = Msn(8);

    /// The grid of `mode`.
    pub const fn new(mode: LatencyMode) -> Self {
        Self { mode }
    }

    /// The mode it belongs to.
    pub const fn mode(self) -> LatencyMode {
        self.mode
    }

    /// Length of a part. `Standard` is stored in parts too (a crash then loses one of them, not a whole
    /// segment) but lists none.
    pub const fn part(self) -> MediaDuration {
        match self.mode {
            LatencyMode::Ultra => MediaDuration::from_ticks(6 * 1024),
            LatencyMode::Low | LatencyMode::Standard => MediaDuration::from_ticks(30 * 1024),
        }
    }

    /// Parts in a whole segment: 30 or 6.
    pub const fn parts_per_slot(self) -> u16 {
        (Self::SLOT.ticks() / self.part().ticks()) as u16
    }

    /// When the part at `position` begins.
    pub fn start(self, position: Position) -> MediaTime {
        position.msn.start() + MediaDuration::from_ticks(u64::from(position.part.0) * self.part().ticks())
    }

    /// When the part at `position` ends.
    pub fn end(self, position: Position) -> MediaTime {
        self.start(position) + self.part()
    }

    /// The place after `position`.
    #[must_use]
    pub const fn after(self, position: Position) -> Position {
        if position.part.0 + 1 < self.parts_per_slot() {
            Position { msn: position.msn, part: PartIndex(position.part.0 + 1) }
        } else {
            Position { msn: position.msn.next(), part: PartIndex(0) }
        }
    }

    /// Parts since the beginning of the timeline; the `mfhd` sequence number of the part is one more.
    pub fn ordinal(self, position: Position) -> u64 {
        position.msn.0 * u64::from(self.parts_per_slot()) + u64::from(position.part.0)
    }

    /// The slot that `time` lies in.
    pub const fn slot_of(time: MediaTime) -> Msn {
        Msn(time.ticks() / Self::SLOT.ticks())
    }

    /// The first slot that begins at or after `elapsed` since the run's anchor.
    pub fn slot_at_or_after(elapsed: Duration) -> Msn {
        let frames = (elapsed.as_nanos() * u128::from(Timescale::PROGRAMME.hz())).div_ceil(1_000_000_000);
        Msn(u64::try_from(frames.div_ceil(u128::from(Self::SLOT.ticks()))).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_divide_a_slot_and_are_whole_aac_units() {
        for mode in LatencyMode::ALL {
            let part = Grid::new(mode).part().ticks();
            assert_eq!(Grid::SLOT.ticks() % part, 0);
            assert_eq!(part % 1024, 0);
        }
        assert_eq!(Grid::new(LatencyMode::Low).part().ticks() % 960, 0);
        assert_eq!(Grid::new(LatencyMode::Ultra).parts_per_slot(), 30);
        assert_eq!(Grid::new(LatencyMode::Low).parts_per_slot(), 6);
    }

    #[test]
    fn after_the_last_part_comes_the_first_of_the_next_slot() {
        let grid = Grid::new(LatencyMode::Low);
        let last = Position { msn: Msn(8), part: PartIndex(5) };
        assert_eq!(grid.after(last), Position { msn: Msn(9), part: PartIndex(0) });
        assert_eq!(grid.end(last), Msn(9).start());
        assert_eq!(grid.ordinal(grid.after(last)), grid.ordinal(last) + 1);
    }

    #[test]
    fn a_run_resumes_on_the_next_slot_that_has_not_begun() {
        assert_eq!(Grid::slot_at_or_after(Duration::ZERO), Msn(0));
        assert_eq!(Grid::slot_at_or_after(Duration::from_millis(3_840)), Msn(1));
        assert_eq!(Grid::slot_at_or_after(Duration::from_millis(3_841)), Msn(2));
    }
}
