//! The live window: what playlists list now.

use std::collections::VecDeque;

use media::{MediaDuration, MediaTime};

use crate::archive::{Archive, Kept};
use crate::playlist::SKIP_UNTIL;
use crate::ranges::{Ranges, ToldRange};
use crate::{DateRange, Grid, Ladder, Msn, PartIndex, Position, WallClock};

/// Shortest stretch that stays listed, in slots: 61 s. Players keep a minute of seeking, and a phone that
/// slept for less finds its place again.
const WINDOW_SLOTS: usize = 16;

/// A segment that ended more than three target durations before the end of the playlist lists its parts no
/// more, in frames (RFC 8216bis 4.4.4.9).
const PART_FRAMES: u64 = 3 * Grid::TARGET_DURATION * 48_000;

/// One listed segment. Times come out of its number alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Segment {
    /// Its number, which is its slot's.
    pub msn: Msn,
    /// Parts that exist; 0 is a GAP.
    pub parts: u16,
    /// Whether nothing will be added to it.
    pub closed: bool,
    /// Whether `EXT-X-DISCONTINUITY` stands on it.
    pub discontinuity: bool,
    /// `EXT-X-PROGRAM-DATE-TIME`, formatted once.
    pub(crate) date: String,
}

impl Segment {
    /// Whether it stands for time without sound (`EXT-X-GAP`).
    pub const fn is_gap(&self) -> bool {
        self.closed && self.parts == 0
    }
}

/// What the playlists of a run list now: the same segments for every rung, changed only by grid steps
/// and by the end (RFC 8216bis 6.2.1: append, remove from the front, drop parts, end).
#[derive(Clone, Debug)]
pub struct Window {
    ladder: Ladder,
    anchor: WallClock,
    segments: VecDeque<Segment>,
    archive: Archive,
    dvr_slots: u64,
    discontinuity_sequence: u64,
    ranges: Ranges,
    ended: bool,
}

/// Why a step does not follow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// It lies before what is listed already; a superseded holder made it, or it came twice.
    #[error("part {got:?} does not come after {last:?}")]
    NotNewer {
        /// The newest part listed.
        last: Option<Position>,
        /// The step's place.
        got: Position,
    },
    /// The run is over.
    #[error("the run has ended")]
    Ended,
}

impl Window {
    /// A run that opens now: GAP slots before [`Grid::FIRST`], and nothing to hear yet. `anchor` is the
    /// civil time of slot 0.
    pub fn open(ladder: Ladder, anchor: WallClock) -> Self {
        let mut window = Self {
            ladder,
            anchor,
            segments: VecDeque::new(),
            archive: Archive::default(),
            dvr_slots: WINDOW_SLOTS as u64,
            discontinuity_sequence: 0,
            ranges: Ranges::default(),
            ended: false,
        };
        for slot in 0..Grid::FIRST.0 {
            window.append(Msn(slot), true, false);
        }
        window
    }

    /// A run as it was found on disk: `stored` are its segments in order with how many parts each holds,
    /// `discontinuities` the slots on which one stands. Slots between that hold nothing are GAP. The last
    /// segment stays open when it is not full, as it was when the process stopped.
    pub fn restore(
        ladder: Ladder,
        anchor: WallClock,
        stored: &[(Msn, u16)],
        discontinuities: &[Msn],
        ended: bool,
    ) -> Self {
        let mut window = Self::open(ladder, anchor);
        let full = ladder.grid().parts_per_slot();
        // Those before the first that is stored have left the window, and stay counted.
        let oldest = stored.first().map_or(Msn(0), |&(msn, _)| msn);
        let missed = discontinuities.iter().filter(|&&msn| msn < oldest).count() as u64;
        window.discontinuity_sequence = missed;
        window.archive.miss(missed);
        for (place, &(msn, parts)) in stored.iter().enumerate() {
            // One whose own slot could not be kept on disk stands before the next that was.
            let since = if place == 0 { msn } else { stored[place - 1].0.next() };
            let discontinuity = discontinuities.iter().any(|slot| (since..=msn).contains(slot));
            let segment = window.advance_to(msn, discontinuity);
            segment.parts = parts.min(full);
            segment.closed = parts >= full || place + 1 < stored.len();
            window.trim();
        }
        if ended {
            window.end();
        }
        window
    }

    /// Lists the part at `position`. Where it is not the next one, what was being filled is closed short
    /// and the slots between are GAP.
    pub fn apply(&mut self, position: Position, discontinuity: bool) -> Result<(), ApplyError> {
        if self.ended {
            return Err(ApplyError::Ended);
        }
        if let Some(last) = self.last()
            && position <= last
        {
            return Err(ApplyError::NotNewer { last: Some(last), got: position });
        }
        let continues = self.segments.back().is_some_and(|segment| {
            !segment.closed && segment.msn == position.msn && segment.parts == position.part.0
        });
        if !continues {
            if position.part.0 != 0 || self.segments.back().is_some_and(|s| s.msn >= position.msn) {
                return Err(ApplyError::NotNewer { last: self.last(), got: position });
            }
            self.advance_to(position.msn, discontinuity);
        }
        let full = self.ladder.grid().parts_per_slot();
        if let Some(segment) = self.segments.back_mut() {
            segment.parts += 1;
            segment.closed = segment.parts >= full;
        }
        self.trim();
        Ok(())
    }

    /// Lists date ranges that have begun, or notes the end of those that are over: in every playlist, with the
    /// part that was [applied](Self::apply) before.
    pub fn enter(&mut self, ranges: &[DateRange]) {
        let edge = self.end_time();
        for range in ranges {
            self.ranges.enter(range, self.anchor, edge);
        }
        self.drop_ranges();
    }

    /// Lists what was listed of `ranges` by the process whose run was [restored](Self::restore).
    pub fn restore_ranges(&mut self, ranges: &[ToldRange]) {
        let start = self.media_sequence().start();
        // Those that left before are kept for the recording; no player has to be told that they have.
        for told in ranges.iter().filter(|told| told.is_listed(start)) {
            self.ranges.restore(told, self.anchor);
        }
    }

    /// The date ranges that are listed, in the order in which they entered.
    pub fn ranges(&self) -> impl Iterator<Item = &DateRange> {
        self.ranges.iter()
    }

    /// The lines of the date ranges; without those that a delta update may leave out where `skipping`.
    pub(crate) fn range_tags(&self, skipping: bool) -> impl Iterator<Item = &str> {
        // A part sooner than the boundary: a request may come just before the next step.
        let since =
            self.end_time().ticks().saturating_sub(SKIP_UNTIL * 48_000 - self.ladder.grid().part().ticks());
        self.ranges.tags(skipping.then(|| MediaTime::from_ticks(since)))
    }

    /// The `ID`s of date ranges that left so lately that a delta update has to tell of it.
    pub(crate) fn removed_ranges(&self) -> impl Iterator<Item = &str> {
        self.ranges.removed()
    }

    /// Closes the run: `EXT-X-ENDLIST`. A segment that was being filled is closed short.
    pub fn end(&mut self) {
        self.close_last();
        self.ended = true;
    }

    /// The same window, whose DVR playlist reaches `slots` back from the newest segment; never less than the live
    /// window.
    #[must_use]
    pub fn with_dvr(self, slots: u64) -> Self {
        let dvr_slots = slots.max(WINDOW_SLOTS as u64);
        Self { dvr_slots, ..self }
    }

    /// What has left the window.
    pub const fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Lets go of segments before `msn` that have left the window: their files are gone.
    pub fn forget(&mut self, msn: Msn) {
        self.archive.forget(msn);
    }

    /// The slot that the DVR playlist begins with, and how many discontinuities came before it.
    pub(crate) fn dvr_start(&self) -> (Msn, u64) {
        let window = self.media_sequence();
        let reach = self.segments.back().map_or(0, |last| last.msn.0.saturating_sub(self.dvr_slots));
        let oldest = self.archive.iter().find(|kept| kept.parts > 0).map_or(window, |kept| kept.msn);
        let first = Msn(reach).max(oldest).min(window);
        (first, self.archive.discontinuities_before(first))
    }

    /// Civil time of slot 0.
    pub const fn anchor(&self) -> WallClock {
        self.anchor
    }

    /// Every segment that holds sound, from the run's first: what left the window and what is listed. The last may
    /// be filled still.
    pub fn heard(&self) -> impl Iterator<Item = Kept> + '_ {
        let listed = self.segments.iter().filter(|segment| segment.parts > 0);
        let listed =
            listed.map(|&Segment { msn, parts, discontinuity, .. }| Kept { msn, parts, discontinuity });
        self.archive.iter().filter(|kept| kept.parts > 0).chain(listed)
    }

    /// Those of [`heard`](Self::heard) that are complete.
    pub fn whole(&self) -> impl Iterator<Item = Kept> + '_ {
        let open = self.segments.back().filter(|segment| !segment.closed).map(|segment| segment.msn);
        self.heard().filter(move |kept| Some(kept.msn) != open)
    }

    /// Whether the run is over.
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// What is listed, oldest first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> + ExactSizeIterator {
        self.segments.iter()
    }

    /// `EXT-X-MEDIA-SEQUENCE`.
    pub fn media_sequence(&self) -> Msn {
        self.segments.front().map_or(Msn(0), |segment| segment.msn)
    }

    /// `EXT-X-DISCONTINUITY-SEQUENCE`.
    pub const fn discontinuity_sequence(&self) -> u64 {
        self.discontinuity_sequence
    }

    /// The newest part that exists.
    pub fn last(&self) -> Option<Position> {
        let segment = self.segments.iter().rev().find(|segment| segment.parts > 0)?;
        Some(Position { msn: segment.msn, part: PartIndex(segment.parts - 1) })
    }

    /// Civil time at which the newest part ends.
    pub fn edge(&self) -> Option<WallClock> {
        self.last().map(|last| self.anchor.at(self.ladder.grid().end(last)))
    }

    /// The newest segment that is complete; GAP counts.
    pub fn last_closed(&self) -> Option<Msn> {
        self.segments.iter().rev().find(|segment| segment.closed).map(|segment| segment.msn)
    }

    /// The part that `EXT-X-PRELOAD-HINT` names: the one that comes next if nothing goes wrong.
    pub fn hint(&self) -> Option<Position> {
        if self.ended {
            return None;
        }
        let segment = self.segments.back()?;
        Some(if segment.closed {
            Position { msn: segment.msn.next(), part: PartIndex(0) }
        } else {
            Position { msn: segment.msn, part: PartIndex(segment.parts) }
        })
    }

    /// How long a listed segment lasts, in frames at 48 kHz: what its parts hold, or a whole slot of
    /// silence for a GAP.
    pub fn frames(&self, segment: &Segment) -> u64 {
        if segment.is_gap() {
            Grid::SLOT.ticks()
        } else {
            u64::from(segment.parts) * self.ladder.grid().part().ticks()
        }
    }

    /// Whether the parts of a segment are still listed one by one.
    pub fn lists_parts(&self, segment: &Segment) -> bool {
        let end = |segment: &Segment| segment.msn.start().ticks() + self.frames(segment);
        let edge = self.segments.back().map_or(0, end);
        segment.parts > 0 && end(segment) + PART_FRAMES >= edge
    }

    /// How many segments from the front lie wholly before the skip boundary, `boundary` frames before
    /// the end (RFC 8216bis 6.2.5.1).
    pub fn skippable(&self, boundary: u64) -> usize {
        let mut after = 0;
        let kept = self
            .segments
            .iter()
            .rev()
            .take_while(|segment| {
                let within = after < boundary;
                after += self.frames(segment);
                within
            })
            .count();
        self.segments.len() - kept
    }

    /// How many parts segment `msn` has. 0 for a GAP and for what lies ahead.
    pub fn parts(&self, msn: Msn) -> u16 {
        match msn.0.checked_sub(self.media_sequence().0) {
            None => self.archive.get(msn).map_or(0, |kept| kept.parts),
            Some(place) => {
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                self.segments.get(place).map_or(0, |segment| segment.parts)
            }
        }
    }

    /// The ladder whose rungs these segments are.
    pub const fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// Where the playlist ends on the run's timeline.
    pub fn end_time(&self) -> MediaTime {
        self.segments.back().map_or(MediaTime::default(), |last| {
            last.msn.start() + MediaDuration::from_ticks(self.frames(last))
        })
    }

    /// Lets go of ranges that ended before what is listed now.
    fn drop_ranges(&mut self) {
        let memory = MediaDuration::from_ticks(SKIP_UNTIL * 48_000 + self.ladder.grid().part().ticks());
        self.ranges.leave(self.media_sequence().start(), self.end_time(), memory);
    }

    fn append(&mut self, msn: Msn, closed: bool, discontinuity: bool) -> &mut Segment {
        let date = self.anchor.at(msn.start()).to_string();
        self.segments.push_back(Segment { msn, parts: 0, closed, discontinuity, date });
        self.segments.back_mut().expect("a segment was just pushed")
    }

    fn close_last(&mut self) {
        if let Some(last) = self.segments.back_mut() {
            last.closed = true;
        }
    }

    /// Closes what was being filled, lists every slot before `msn` that has none as GAP, and opens `msn`.
    ///
    /// A discontinuity stands on the first slot after the last sound, GAP or not: the cut segment is short,
    /// so this is where PROGRAM-DATE-TIME leaps, and from there on it runs without a leap.
    fn advance_to(&mut self, msn: Msn, mut discontinuity: bool) -> &mut Segment {
        self.close_last();
        let mut next = self.segments.back().map_or(msn, |last| last.msn.next());
        // What lies more than a window back would be trimmed at once: a run that slept for a month does
        // not pass through every slot of it.
        if msn.0.saturating_sub(next.0) > 2 * WINDOW_SLOTS as u64 {
            while let Some(removed) = self.segments.pop_front() {
                self.keep(&removed);
            }
            if std::mem::take(&mut discontinuity) {
                self.archive.push(Kept { msn: next, parts: 0, discontinuity: true });
                self.discontinuity_sequence += 1;
            }
            next = Msn(msn.0 - 2 * WINDOW_SLOTS as u64);
        }
        while next < msn {
            self.append(next, true, std::mem::take(&mut discontinuity));
            next = next.next();
        }
        self.append(msn, false, discontinuity)
    }

    fn trim(&mut self) {
        while self.segments.iter().filter(|segment| segment.closed).count() > WINDOW_SLOTS {
            if let Some(removed) = self.segments.pop_front() {
                self.keep(&removed);
            }
        }
        self.drop_ranges();
    }

    /// A segment leaves the window.
    fn keep(&mut self, removed: &Segment) {
        self.discontinuity_sequence += u64::from(removed.discontinuity);
        if removed.parts > 0 || removed.discontinuity {
            let Segment { msn, parts, discontinuity, .. } = *removed;
            self.archive.push(Kept { msn, parts, discontinuity });
        }
    }
}

#[cfg(test)]
mod tests {
    use media::AudioProfile;

    use super::*;
    use crate::LatencyMode;

    fn window() -> Window {
        Window::open(Ladder::new(AudioProfile::Standard, LatencyMode::Low), WallClock(0))
    }

    fn at(msn: u64, part: u16) -> Position {
        Position { msn: Msn(msn), part: PartIndex(part) }
    }

    /// Applies every part of the slots `from..to`.
    fn fill(window: &mut Window, from: u64, to: u64) {
        for msn in from..to {
            for part in 0..6 {
                window.apply(at(msn, part), false).unwrap();
            }
        }
    }

    #[test]
    fn t24_a_fresh_run_opens_with_gaps_before_its_first_slot() {
        let window = window();
        assert_eq!(window.segments().len(), 8);
        assert!(window.segments().all(Segment::is_gap));
        assert_eq!(window.hint(), Some(at(8, 0)));
    }

    #[test]
    fn t10_the_sequence_rises_by_one_for_each_segment_removed() {
        let mut window = window();
        fill(&mut window, 8, 16);
        assert_eq!(window.media_sequence(), Msn(0));
        fill(&mut window, 16, 19);
        assert_eq!(window.media_sequence(), Msn(3));
    }

    #[test]
    fn t16_removal_never_leaves_less_than_three_target_durations() {
        let mut window = window();
        fill(&mut window, 8, 60);
        let listed: u64 = window.segments().map(|segment| window.frames(segment)).sum();
        assert!(listed >= 60 * 48_000, "{listed}");
    }

    #[test]
    fn the_parts_of_a_segment_are_known_without_looking() {
        let mut window = window();
        fill(&mut window, 8, 30);
        window.apply(at(30, 0), false).unwrap();
        window.apply(at(32, 0), true).unwrap();
        window.apply(at(32, 1), false).unwrap();
        assert!(window.media_sequence() > Msn(8));
        assert_eq!([8, 29, 30, 31, 32, 33].map(|msn| window.parts(Msn(msn))), [6, 6, 1, 0, 2, 0]);
    }

    #[test]
    fn t20_slots_that_nobody_filled_are_gaps_and_the_cut_segment_is_short() {
        let mut window = window();
        fill(&mut window, 8, 9);
        window.apply(at(9, 0), false).unwrap();
        window.apply(at(12, 0), true).unwrap();
        let tail: Vec<_> = window
            .segments()
            .skip(8)
            .map(|segment| (segment.msn.0, segment.parts, segment.is_gap(), segment.discontinuity))
            .collect();
        assert_eq!(
            tail,
            [
                (8, 6, false, false),
                (9, 1, false, false),
                (10, 0, true, true),
                (11, 0, true, false),
                (12, 1, false, false)
            ]
        );
    }

    #[test]
    fn a_step_that_came_before_is_refused_and_changes_nothing() {
        let mut window = window();
        fill(&mut window, 8, 10);
        for old in [at(9, 5), at(8, 0), at(10, 1)] {
            assert!(window.apply(old, false).is_err(), "{old:?}");
        }
        assert_eq!(window.last(), Some(at(9, 5)));
        assert_eq!(window.hint(), Some(at(10, 0)));
    }

    #[test]
    fn t11_a_discontinuity_that_is_removed_is_counted() {
        let mut window = window();
        window.apply(at(8, 0), false).unwrap();
        window.apply(at(9, 0), true).unwrap();
        for part in 1..6 {
            window.apply(at(9, part), false).unwrap();
        }
        fill(&mut window, 10, 24);
        assert_eq!(window.discontinuity_sequence(), 0);
        fill(&mut window, 24, 27);
        assert_eq!(window.discontinuity_sequence(), 1);
    }

    #[test]
    fn a_restored_window_equals_the_one_that_was_lost() {
        let mut live = window();
        fill(&mut live, 8, 30);
        live.apply(at(32, 0), true).unwrap();
        let mut stored: Vec<_> = (8..30).map(|msn| (Msn(msn), 6)).collect();
        stored.push((Msn(32), 1));
        let ladder = *live.ladder();
        let restored = Window::restore(ladder, WallClock(0), &stored, &[Msn(32)], false);
        assert!(restored.segments().eq(live.segments()));
        assert_eq!(restored.hint(), live.hint());
        assert_eq!(restored.discontinuity_sequence(), live.discontinuity_sequence());
    }

    #[test]
    fn t11_a_discontinuity_older_than_what_is_stored_stays_counted() {
        let stored: Vec<_> = (100..140).map(|msn| (Msn(msn), 6)).collect();
        let ladder = *window().ladder();
        let restored = Window::restore(ladder, WallClock(0), &stored, &[Msn(12), Msn(40), Msn(120)], false);
        assert_eq!(restored.discontinuity_sequence(), 2 + 1, "120 has left the window of 16 as well");
    }

    #[test]
    fn t11_a_discontinuity_whose_slot_the_disk_lost_stands_on_the_next() {
        let ladder = *window().ladder();
        let stored = [(Msn(8), 2), (Msn(11), 1)];
        let restored = Window::restore(ladder, WallClock(0), &stored, &[Msn(10)], false);
        let marked: Vec<_> = restored.segments().filter(|s| s.discontinuity).map(|s| s.msn).collect();
        assert_eq!(marked, [Msn(9)]);
    }

    #[test]
    fn a_run_that_slept_for_a_year_does_not_list_the_year() {
        let mut window = window();
        fill(&mut window, 8, 9);
        window.apply(at(8_000_000, 0), true).unwrap();
        assert!(window.segments().len() <= 17);
        assert_eq!(window.media_sequence(), Msn(8_000_000 - 16));
    }

    #[test]
    fn an_ended_run_takes_nothing_more() {
        let mut window = window();
        window.apply(at(8, 0), false).unwrap();
        window.end();
        assert!(window.hint().is_none());
        assert!(window.apply(at(8, 1), false).is_err());
        assert_eq!(window.last_closed(), Some(Msn(8)));
    }

    #[test]
    fn d08_what_touches_the_last_24_seconds_is_not_skippable() {
        let mut window = window();
        fill(&mut window, 8, 20);
        let kept = window.segments().len() - window.skippable(24 * 48_000);
        assert_eq!(kept, 7, "seven slots of 3.84 s cover 24 s, six do not");
    }
}
