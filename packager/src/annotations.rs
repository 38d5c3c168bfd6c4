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

/// Longest that a range is listed after it was said to be over: the live window, the part that is being made, and one slot.
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
    /// Those that playlists list, or will, and when each was said to be over.
    ranges: Vec<(DateRange, Option<MediaTime>)>,
    /// What the next step has to tell of them.
    changed: Vec<DateRange>,
}

impl Annotations {
    /// Goes on with the ranges of a run that was found again, whose sound broke off at `end`. Who was on stage
    /// is not any more: nobody's connection outlives a process.
    pub fn resume<'a>(listed: impl IntoIterator<Item = &'a DateRange>, end: MediaTime) -> Self {
        let mut annotations = Self::default();
        for range in listed {
            let mut range = range.clone();
            if range.class() == RangeClass::Speaker && range.end().is_none() {
                range = range.closed(end);
                annotations.changed.push(range.clone());
            }
            let over = range.end();
            annotations.ranges.push((range, over));
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
        self.ranges.retain(|(_, over)| over.is_none_or(|over| over + LISTED > now));
        if self.ranges.iter().any(|(range, over)| over.is_none() && range.is_called(class, key)) {
            return Ok(());
        }
        if self.ranges.len() >= RANGES_MAX {
            return Err(RangeError::Full);
        }
        let mut range = DateRange::open(class, key, dated(start, now), details);
        while self.ranges.iter().any(|(known, _)| known.is(&range)) {
            range = range.later();
        }
        self.changed.push(range.clone());
        self.ranges.push((range, None));
        Ok(())
    }

    /// The range of that class and key is over at `end`, or now. One that is not open stays as it is.
    pub fn close(&mut self, class: RangeClass, key: &str, end: Option<MediaTime>, now: MediaTime) {
        let mut open = self.ranges.iter_mut().filter(|(_, over)| over.is_none());
        if let Some((range, over)) = open.find(|(range, _)| range.is_called(class, key)) {
            *range = range.clone().closed(dated(end, now));
            *over = Some(now);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LatencyMode, Msn, PartIndex};

    fn at(seconds: u64) -> MediaTime {
        MediaTime::from_ticks(seconds * 48_000)
    }

    #[test]
    fn a_date_is_believed_within_a_minute_back_and_a_second_ahead() {
        let now = at(200);
        for (said, believed) in [(170, 170), (3, 140), (201, 201), (900, 201)] {
            assert_eq!(dated(Some(at(said)), now), at(believed), "{said}");
        }
        assert_eq!(dated(None, now), now);
        assert_eq!(dated(Some(at(0)), at(40)), Grid::FIRST.start(), "nothing was before the first sound");
    }

    #[test]
    fn a_range_that_is_open_is_opened_once_and_closed_once() {
        let position = Position { msn: Msn(8), part: PartIndex(0) };
        let mut annotations = Annotations::default();
        let mut changes = |act: &dyn Fn(&mut Annotations)| {
            act(&mut annotations);
            annotations.take(Grid::new(LatencyMode::Low), position).1.len()
        };
        let open = |annotations: &mut Annotations| {
            annotations.open(RangeClass::Pin, "m", &[], None, at(60)).unwrap();
        };
        let close = |annotations: &mut Annotations| annotations.close(RangeClass::Pin, "m", None, at(70));
        assert_eq!([changes(&close), changes(&open), changes(&open)], [0, 1, 0]);
        assert_eq!([changes(&close), changes(&close), changes(&open)], [1, 0, 1]);
    }
}
