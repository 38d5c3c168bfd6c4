//! Where a moment of a programme is in its recording, and what was heard at a position.
//!
//! A run's timeline goes on while nothing is made: the process was away. Such stretches are left out of a recording, so
//! a position in it is the sound before, counted in frames at 48 kHz, and not the time that has passed.

use media::{MediaDuration, MediaTime, Timescale};
use packager::WallClock;

/// A stretch of a run that holds sound throughout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Piece {
    /// Its first frame on the run's timeline.
    pub from: MediaTime,
    /// How many frames at 48 kHz it has.
    pub frames: u64,
    /// The programme's clock at `from`.
    pub wall: WallClock,
}

/// The pieces of a recording, one after another.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Timeline {
    pieces: Vec<Placed>,
}

/// A piece and its position in the recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Placed {
    piece: Piece,
    position: u64,
}

impl Piece {
    /// Its first frame, and the one after its last.
    const fn ends(self) -> (u64, u64) {
        (self.from.ticks(), self.from.ticks() + self.frames)
    }

    /// What of it lies between two instants of its run.
    fn within(self, from: MediaTime, to: MediaTime) -> Option<Self> {
        let (first, end) = self.ends();
        let (start, end) = (first.max(from.ticks()), end.min(to.ticks()));
        (start < end).then(|| Self {
            from: MediaTime::from_ticks(start),
            frames: end - start,
            wall: WallClock(self.wall.0 + micros(start - first)),
        })
    }
}

impl Timeline {
    /// Of pieces that follow each other and do not overlap. Empty ones are left out.
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut position = 0;
        let placed = pieces.into_iter().filter(|piece| piece.frames > 0).map(|piece| {
            let placed = Placed { piece, position };
            position += piece.frames;
            placed
        });
        Self { pieces: placed.collect() }
    }

    /// What of it lies between two instants of its run.
    #[must_use]
    pub fn within(&self, from: MediaTime, to: MediaTime) -> Self {
        Self::new(self.pieces.iter().filter_map(|placed| placed.piece.within(from, to)))
    }

    /// How long it plays.
    pub fn duration(&self) -> MediaDuration {
        let end = self.pieces.last().map_or(0, |last| last.position + last.piece.frames);
        MediaDuration::from_ticks(end)
    }

    /// Each piece with its position in the recording.
    pub fn pieces(&self) -> impl Iterator<Item = (MediaDuration, Piece)> + '_ {
        self.pieces.iter().map(|placed| (MediaDuration::from_ticks(placed.position), placed.piece))
    }

    /// Where the run's instant `at` is heard; what happened while there was no sound is where the sound goes on.
    /// `None` before the first frame, and from the end on.
    pub fn position(&self, at: MediaTime) -> Option<MediaDuration> {
        let (first, last) = (self.pieces.first()?, self.pieces.last()?);
        let inside = at >= first.piece.from && at.ticks() < last.piece.ends().1;
        inside.then(|| self.position_near(at))
    }

    /// The same; what was before is at the beginning, and what was later at the end.
    pub fn position_near(&self, at: MediaTime) -> MediaDuration {
        let next = self.pieces.iter().find(|placed| at.ticks() < placed.piece.ends().1);
        next.map_or_else(
            || self.duration(),
            |placed| {
                MediaDuration::from_ticks(
                    placed.position + at.ticks().saturating_sub(placed.piece.from.ticks()),
                )
            },
        )
    }

    /// The run's instant when the programme's clock said `wall`. What the clock said while there was no sound is
    /// taken for the instant at which the sound goes on. `None` before the first frame, and from the end on.
    pub fn instant(&self, wall: WallClock) -> Option<MediaTime> {
        let first = self.pieces.first()?;
        if wall < first.piece.wall {
            return None;
        }
        self.pieces.iter().find_map(|Placed { piece, .. }| {
            let into = wall.0.saturating_sub(piece.wall.0);
            let into = u128::from(into) * u128::from(Timescale::PROGRAMME.hz()) / 1_000_000;
            let into = u64::try_from(into).ok().filter(|frames| *frames < piece.frames)?;
            Some(MediaTime::from_ticks(piece.from.ticks() + into))
        })
    }

    /// Where the moment when the programme's clock said `wall` is heard, as [`Timeline::position`] says.
    pub fn position_of(&self, wall: WallClock) -> Option<MediaDuration> {
        self.instant(wall).and_then(|at| self.position(at))
    }

    /// What is heard from `position` on: its instant in the run; `None` from the end on.
    pub fn instant_from(&self, position: MediaDuration) -> Option<MediaTime> {
        let at = position.ticks();
        let found = self.pieces.iter().find(|placed| at < placed.position + placed.piece.frames)?;
        Some(MediaTime::from_ticks(found.piece.from.ticks() + (at - found.position)))
    }

    /// What is heard up to `position`: the instant in the run after its last frame; `None` at the beginning, and
    /// past the end.
    pub fn instant_to(&self, position: MediaDuration) -> Option<MediaTime> {
        let last = position.ticks().checked_sub(1)?;
        let last = self.instant_from(MediaDuration::from_ticks(last))?;
        Some(MediaTime::from_ticks(last.ticks() + 1))
    }

    /// What the programme's clock said at `position`; at the end what it said there.
    pub fn wall(&self, position: MediaDuration) -> Option<WallClock> {
        let at = position.ticks();
        let last = self.pieces.len().checked_sub(1)?;
        let found = self.pieces.iter().enumerate().find(|(index, placed)| {
            let end = placed.position + placed.piece.frames;
            at < end || (*index == last && at == end)
        })?;
        let Placed { piece, position } = found.1;
        Some(WallClock(piece.wall.0 + micros(at - position)))
    }
}

/// Frames at 48 kHz in microseconds, rounded down.
fn micros(frames: u64) -> u64 {
    let micros = u128::from(frames) * 1_000_000 / u128::from(Timescale::PROGRAMME.hz());
    u64::try_from(micros).unwrap_or(u64::MAX)
}

/// A length in seconds, to the frame.
pub fn seconds(length: MediaDuration) -> f64 {
    length.ticks() as f64 / f64::from(Timescale::PROGRAMME.hz())
}

/// So many seconds to the nearest frame; `None` unless they are 0 or more, and less than a thousand years.
pub fn frames(seconds: f64) -> Option<MediaDuration> {
    /// Far more than a run lasts, and exact as a float.
    const MOST: f64 = 3.2e10;
    (0.0..MOST)
        .contains(&seconds)
        .then(|| MediaDuration::from_ticks((seconds * f64::from(Timescale::PROGRAMME.hz())).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 48_000;

    /// Ten seconds of sound from the run's fifth second on, five without, and ten more. The run was anchored at
    /// 1000 s.
    fn timeline() -> Timeline {
        Timeline::new([piece(5, 10), piece(7, 0), piece(20, 10)])
    }

    fn piece(at: u64, seconds: u64) -> Piece {
        Piece { from: instant(at), frames: seconds * SECOND, wall: clock(1_000 + at) }
    }

    fn instant(second: u64) -> MediaTime {
        MediaTime::from_ticks(second * SECOND)
    }

    fn position(second: u64) -> MediaDuration {
        MediaDuration::from_ticks(second * SECOND)
    }

    fn clock(second: u64) -> WallClock {
        WallClock(second * 1_000_000)
    }

    #[test]
    fn what_has_no_sound_is_left_out() {
        let timeline = timeline();
        assert_eq!(timeline.duration(), position(20));
        let placed: Vec<_> = timeline.pieces().collect();
        assert_eq!(placed, [(position(0), piece(5, 10)), (position(10), piece(20, 10))]);
        for (at, expected) in
            [(5, Some(0)), (14, Some(9)), (15, Some(10)), (17, Some(10)), (20, Some(10)), (29, Some(19))]
        {
            assert_eq!(timeline.position(instant(at)), expected.map(position), "at {at} s of the run");
            assert_eq!(
                timeline.position_of(clock(1_000 + at)),
                expected.map(position),
                "at {at} s by the clock"
            );
        }
    }

    #[test]
    fn what_was_before_and_after_is_nowhere_or_at_the_ends() {
        let timeline = timeline();
        for (at, near) in [(0, 0), (4, 0), (30, 20), (99, 20)] {
            assert_eq!(timeline.position(instant(at)), None, "{at}");
            assert_eq!(timeline.position_of(clock(1_000 + at)), None, "{at}");
            assert_eq!(timeline.position_near(instant(at)), position(near), "{at}");
        }
        assert_eq!(timeline.instant(clock(3)), None);
    }

    #[test]
    fn a_position_is_found_again_on_the_runs_timeline() {
        let timeline = timeline();
        for (at, expected) in [(0, Some(5)), (9, Some(14)), (10, Some(20)), (19, Some(29)), (20, None)] {
            assert_eq!(timeline.instant_from(position(at)), expected.map(instant), "from {at} on");
        }
        // What ends where a piece ends does not reach over what has no sound.
        for (at, expected) in
            [(0, None), (1, Some(6)), (10, Some(15)), (11, Some(21)), (20, Some(30)), (21, None)]
        {
            assert_eq!(timeline.instant_to(position(at)), expected.map(instant), "up to {at}");
        }
        for (at, expected) in [(0, Some(1_005)), (10, Some(1_020)), (20, Some(1_030)), (21, None)] {
            assert_eq!(timeline.wall(position(at)), expected.map(clock), "the clock at {at}");
        }
    }

    #[test]
    fn there_and_back_is_the_same_frame() {
        let timeline = timeline();
        for at in (0..20 * SECOND).step_by(997) {
            let position = MediaDuration::from_ticks(at);
            let instant = timeline.instant_from(position).unwrap();
            assert_eq!(timeline.position(instant), Some(position));
            // The clock counts microseconds, and a frame has 20.8 of them.
            let again = timeline.position_of(timeline.wall(position).unwrap()).unwrap().ticks();
            assert!(at - again <= 1, "{at} became {again}");
            assert_eq!(frames(seconds(position)), Some(position));
        }
    }

    #[test]
    fn a_part_of_it_has_positions_of_its_own() {
        let part = timeline().within(instant(10), instant(25));
        let placed: Vec<_> = part.pieces().collect();
        assert_eq!(placed, [(position(0), piece(10, 5)), (position(5), piece(20, 5))]);
        assert_eq!(timeline().within(instant(15), instant(20)), Timeline::default());
        assert_eq!(timeline().within(instant(0), instant(99)), timeline());
    }

    #[test]
    fn nothing_has_no_positions() {
        let nothing = Timeline::default();
        assert_eq!(nothing.duration(), position(0));
        assert_eq!((nothing.position(instant(0)), nothing.instant_from(position(0))), (None, None));
        assert_eq!((nothing.wall(position(0)), nothing.position_near(instant(3))), (None, position(0)));
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for bad in [-0.001, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(frames(bad), None, "{bad}");
        }
        assert_eq!(frames(1.5), Some(MediaDuration::from_ticks(72_000)));
    }
}
