//! What is said beside the sound of a run, until the part that it belongs to is made.

use media::{MediaDuration, MediaTime};

use crate::moment::{MomentError, Moments};
use crate::{DateRange, Detail, Grid, Position, RangeClass};

/// How far from now somebody may date what they tell. A clock in another place is off by less; a chapter may
/// be noticed late. A window of playlists is longer, so that an `ID` never comes again.
const PAST: MediaDuration = MediaDuration::from_ticks(60 * 48_000);

/// The same for what lies ahead: no more than what is lost between a clock and a tick.
const AHEAD: MediaDuration = MediaDuration::from_ticks(48_000);

/// Ranges that playlists may list at a time: a stage, some who left it in the last minute, a pinned message and
/// a chapter. At some 250 bytes each they take less than the segments do.
const RANGES_MAX: usize = 32;

/// Longest that a range is listed after its end: the live window, the part that is being made, and one slot.
const LISTED: MediaDuration = MediaDuration::from_ticks(19 * Grid::SLOT.ticks());

/// Why a range is left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// As many are listed as playlists can bear.
    #[error("{RANGES_MAX} ranges are listed already")]
    Full,
}

/// What waits for the next steps of a run, and the ranges that are open. It outlives the packagers of a run.
#[derive(Debug, Default)]
pub struct Annotations {
    moments: Moments,
    /// Those that playlists list, or will.
    ranges: Vec<DateRange>,
    /// What the next step has to tell of them.
    changed: Vec<DateRange>,
}

impl Annotations {
    /// Goes on with the ranges of a run that was found again, whose sound broke off at `end`. Who was on stage
    /// is not any more: nobody's connection outlives a process.
    pub fn resume<'a>(listed: impl IntoIterator<Item = &'a DateRange>, end: MediaTime) -> Self {
        let mut annotations = Self { ranges: listed.into_iter().cloned().collect(), ..Self::default() };
        for range in &mut annotations.ranges {
            if range.class() == RangeClass::Speaker && range.end().is_none() {
                *range = range.clone().closed(end);
                annotations.changed.push(range.clone());
            }
        }
        annotations
    }

    /// Something happens at `time`, or now; `text` goes into the part of that instant, or into the next one.
    pub fn moment(
        &mut self,
        text: String,
        time: Option<MediaTime>,
        now: MediaTime,
    ) -> Result<(), MomentError> {
        self.moments.push(dated(time, now), text)
    }

    /// A range begins at `start`, or now. One of that class and key that is open stays as it is.
    pub fn open(
        &mut self,
        class: RangeClass,
        key: &str,
        details: &[(Detail, String)],
        start: Option<MediaTime>,
        now: MediaTime,
    ) -> Result<(), RangeError> {
        self.ranges.retain(|range| range.end().is_none_or(|end| end + LISTED > now));
        if self.ranges.iter().any(|range| range.end().is_none() && range.is_called(class, key)) {
            return Ok(());
        }
        if self.ranges.len() >= RANGES_MAX {
            return Err(RangeError::Full);
        }
        let mut range = DateRange::open(class, key, dated(start, now), details);
        while self.ranges.iter().any(|known| known.is(&range)) {
            range = range.later();
        }
        self.changed.push(range.clone());
        self.ranges.push(range);
        Ok(())
    }

    /// The range of that class and key is over at `end`, or now. One that is not open stays as it is.
    pub fn close(&mut self, class: RangeClass, key: &str, end: Option<MediaTime>, now: MediaTime) {
        let open = self.ranges.iter_mut().find(|range| range.end().is_none() && range.is_called(class, key));
        if let Some(range) = open {
            *range = range.clone().closed(dated(end, now));
            self.changed.push(range.clone());
        }
    }

    /// The `emsg` boxes of the part at `position`, and what has become of ranges since the step before.
    pub fn take(&mut self, grid: Grid, position: Position) -> (Vec<u8>, Vec<DateRange>) {
        (self.moments.take(grid, position), std::mem::take(&mut self.changed))
    }
}

/// `time`, as far as it is believed.
fn dated(time: Option<MediaTime>, now: MediaTime) -> MediaTime {
    let earliest = MediaTime::from_ticks(now.ticks().saturating_sub(PAST.ticks())).max(Grid::FIRST.start());
    time.unwrap_or(now).max(earliest).min((now + AHEAD).max(earliest))
}
