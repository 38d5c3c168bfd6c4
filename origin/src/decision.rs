//! What becomes of a playlist request: served now, held, or refused. Pure.

use packager::playlist::Kind;
use packager::{Grid, Msn, PartIndex, Position, Window};

use crate::directives::Directives;

/// What a playlist request waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// A part is listed, or anything later.
    Part(Position),
    /// A whole segment is listed.
    Closed(Msn),
}

/// What becomes of a playlist request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// The playlist has what was asked for.
    Now,
    /// It will have it soon.
    Hold(Until),
    /// It lies farther ahead than a player that follows this playlist can ask for (RFC 8216bis 6.2.5.2).
    TooFar,
}

/// Judges one request against what is listed.
pub fn decide(window: &Window, kind: Kind, directives: &Directives) -> Decision {
    let Some(msn) = directives.msn else { return Decision::Now };
    if window.ended() {
        return Decision::Now;
    }
    let last_closed = window.last_closed().map_or(0, |msn| msn.0);
    if msn.0 > last_closed.saturating_add(2) {
        return Decision::TooFar;
    }
    let until = match directives.part {
        Some(part) if kind.lists_parts(window.ladder().grid().mode()) => {
            Until::Part(normalise(window, msn, part))
        }
        _ => Until::Closed(msn),
    };
    if satisfied(window, until) {
        return Decision::Now;
    }
    match until {
        Until::Part(position) if beyond_advance_limit(window, position) => Decision::TooFar,
        until => Decision::Hold(until),
    }
}

/// Whether what was waited for is listed, or will never be because the run has ended.
pub fn satisfied(window: &Window, until: Until) -> bool {
    let closed = |msn| window.last_closed().is_some_and(|last| last >= msn);
    window.ended()
        || match until {
            Until::Closed(msn) => closed(msn),
            Until::Part(position) => {
                closed(position.msn) || window.last().is_some_and(|last| last >= position)
            }
        }
}

/// A part past the end of its segment is the first of the next one (RFC 8216bis 6.2.5.2), and so is one
/// that a cut segment never got.
fn normalise(window: &Window, msn: Msn, part: u64) -> Position {
    let full = u64::from(window.ladder().grid().parts_per_slot());
    let parts = window
        .segments()
        .find(|segment| segment.msn == msn && segment.closed)
        .map_or(full, |segment| u64::from(segment.parts));
    if part < parts {
        Position { msn, part: PartIndex(part as u16) }
    } else {
        Position { msn: msn.next(), part: PartIndex(0) }
    }
}

/// Advance Part Limit: three seconds' worth of parts, rounded up (RFC 8216bis 6.2.5.2).
fn beyond_advance_limit(window: &Window, position: Position) -> bool {
    let grid: Grid = window.ladder().grid();
    let limit = (3 * 48_000_u64).div_ceil(grid.part().ticks());
    let next = window.hint().map_or(0, |hint| grid.ordinal(hint));
    grid.ordinal(position) >= next + limit
}

#[cfg(test)]
mod tests {
    use media::AudioProfile;
    use packager::playlist::Skip;
    use packager::{Ladder, LatencyMode, WallClock};

    use super::*;

    /// `low`; slots 8 and 9 whole, two parts of slot 10.
    fn window() -> Window {
        let mut window = Window::open(Ladder::new(AudioProfile::Standard, LatencyMode::Low), WallClock(0));
        for (msn, parts) in [(8, 6), (9, 6), (10, 2)] {
            for part in 0..parts {
                window.apply(at(msn, part), false).unwrap();
            }
        }
        window
    }

    fn at(msn: u64, part: u16) -> Position {
        Position { msn: Msn(msn), part: PartIndex(part) }
    }

    fn ask(window: &Window, msn: u64, part: Option<u64>) -> Decision {
        decide(window, Kind::Parts, &Directives { msn: Some(Msn(msn)), part, skip: Skip::No })
    }

    #[test]
    fn d01_a_segment_is_awaited_whole() {
        assert_eq!(ask(&window(), 10, None), Decision::Hold(Until::Closed(Msn(10))));
        assert_eq!(ask(&window(), 9, None), Decision::Now);
    }

    #[test]
    fn d02_a_part_or_anything_later_will_do() {
        let mut window = window();
        assert_eq!(ask(&window, 10, Some(2)), Decision::Hold(Until::Part(at(10, 2))));
        assert!(!satisfied(&window, Until::Part(at(10, 2))));
        window.apply(at(10, 2), false).unwrap();
        assert!(satisfied(&window, Until::Part(at(10, 2))));
        assert!(satisfied(&window, Until::Part(at(10, 1))));
    }

    #[test]
    fn d03_a_part_past_the_end_is_the_first_of_the_next_segment() {
        assert_eq!(ask(&window(), 9, Some(6)), Decision::Now);
        assert_eq!(ask(&window(), 10, Some(6)), Decision::Hold(Until::Part(at(11, 0))));
    }

    #[test]
    fn d03_a_part_that_a_cut_segment_never_got_is_the_first_of_the_next() {
        let mut window = window();
        window.apply(at(12, 0), true).unwrap();
        assert_eq!(ask(&window, 10, Some(2)), Decision::Now);
        assert_eq!(ask(&window, 12, Some(1)), Decision::Hold(Until::Part(at(12, 1))));
    }

    #[test]
    fn d04_what_left_the_window_is_answered_at_once() {
        assert_eq!(ask(&window(), 0, Some(0)), Decision::Now);
        assert_eq!(ask(&window(), 8, Some(5)), Decision::Now);
    }

    #[test]
    fn d06_too_far_ahead_is_refused() {
        assert_eq!(ask(&window(), 12, None), Decision::TooFar);
        assert_eq!(ask(&window(), u64::MAX, Some(0)), Decision::TooFar);
        assert_eq!(ask(&window(), 11, Some(0)), Decision::Hold(Until::Part(at(11, 0))));
        assert_eq!(ask(&window(), 11, Some(1)), Decision::TooFar, "five parts past the next one");
    }

    #[test]
    fn t21_after_the_end_nothing_is_held() {
        let mut window = window();
        window.end();
        assert_eq!(ask(&window, 99, Some(3)), Decision::Now);
        assert!(satisfied(&window, Until::Part(at(99, 0))));
    }

    #[test]
    fn without_parts_a_reload_waits_for_the_segment() {
        let asked = Directives { msn: Some(Msn(10)), part: Some(0), skip: Skip::No };
        assert_eq!(decide(&window(), Kind::Whole, &asked), Decision::Hold(Until::Closed(Msn(10))));
    }
}
