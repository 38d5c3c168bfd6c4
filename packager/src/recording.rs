//! Which segments a recording plays: a stretch of a run's timeline, laid over what is kept.

use std::ops::Range;

use media::{MediaDuration, MediaTime};

use crate::{Grid, Kept, Msn, PartIndex, Position, Window};

/// A stretch of a run's timeline.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// Where it begins.
    pub from: MediaTime,
    /// Where it ends; `None` while it goes on, and of a run that has ended all there is.
    pub to: Option<MediaTime>,
}

impl Span {
    /// Whether any of the slot `msn` lies in it.
    pub fn touches(&self, msn: Msn) -> bool {
        msn.next().start() > self.from && self.to.is_none_or(|to| msn.start() < to)
    }
}

/// A segment, or some of its parts, as a recording plays it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// Which segment.
    pub msn: Msn,
    /// Which of its parts.
    pub parts: Range<u16>,
    /// Whether these are all that it holds.
    pub whole: bool,
    /// Whether sound is missing before it, or the encoders were started anew.
    pub discontinuity: bool,
    /// Whether it cannot be fetched where the playlist lies (`EXT-X-GAP`).
    pub gap: bool,
}

impl Piece {
    /// Where it begins on the run's timeline.
    pub fn start(&self, grid: Grid) -> MediaTime {
        grid.start(Position { msn: self.msn, part: PartIndex(self.parts.start) })
    }

    /// How long it plays.
    pub fn duration(&self, grid: Grid) -> MediaDuration {
        MediaDuration::from_ticks(self.parts.len() as u64 * grid.part().ticks())
    }

    /// Where it ends.
    pub fn end(&self, grid: Grid) -> MediaTime {
        self.start(grid) + self.duration(grid)
    }
}

/// What of `window` and all that left it lies in `span`, in order: complete segments, at both ends of the span
/// only the parts that it touches. Slots without sound are left out.
pub fn pieces(window: &Window, span: Span) -> Vec<Piece> {
    lay(window, span, window.whole())
}

/// The same, and of the segment that is being filled what there is.
pub fn pieces_so_far(window: &Window, span: Span) -> Vec<Piece> {
    lay(window, span, window.heard())
}

/// How many frames at 48 kHz play of `span`: to the sample, without what nobody heard.
pub fn frames(window: &Window, span: Span) -> u64 {
    let grid = window.ladder().grid();
    let within = |piece: &Piece| {
        let end = span.to.map_or(piece.end(grid), |to| to.min(piece.end(grid)));
        end.ticks().saturating_sub(piece.start(grid).max(span.from).ticks())
    };
    pieces_so_far(window, span).iter().map(within).sum()
}

fn lay(window: &Window, span: Span, heard: impl Iterator<Item = Kept>) -> Vec<Piece> {
    let grid = window.ladder().grid();
    let part = grid.part().ticks();
    let mut pieces: Vec<Piece> = Vec::new();
    for kept in heard.filter(|kept| span.touches(kept.msn)) {
        let start = kept.msn.start().ticks();
        let first = span.from.ticks().saturating_sub(start) / part;
        let last = span.to.map_or(u64::MAX, |to| to.ticks().saturating_sub(start).div_ceil(part));
        // Both lie within a slot, which has few parts.
        let parts = first.min(u64::from(kept.parts)) as u16..last.min(u64::from(kept.parts)) as u16;
        if parts.is_empty() {
            continue;
        }
        let whole = parts == (0..kept.parts);
        let mut piece = Piece { msn: kept.msn, parts, whole, discontinuity: false, gap: false };
        piece.discontinuity =
            pieces.last().is_some_and(|before| kept.discontinuity || before.end(grid) != piece.start(grid));
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use media::AudioProfile;

    use super::*;
    use crate::{Ladder, LatencyMode, WallClock};

    /// `low`: slots 8 to 39 whole, two parts of slot 40, nothing until 43, which begins anew, one part of slot 50.
    fn window() -> Window {
        let mut window = Window::open(Ladder::new(AudioProfile::Standard, LatencyMode::Low), WallClock(0));
        let filled =
            (8..40).map(|msn| (msn, 6)).chain([(40, 2)]).chain((43..50).map(|msn| (msn, 6))).chain([(50, 1)]);
        for (msn, parts) in filled {
            for part in 0..parts {
                let position = Position { msn: Msn(msn), part: PartIndex(part) };
                window.apply(position, msn == 43).unwrap();
            }
        }
        window
    }

    fn at(seconds: f64) -> MediaTime {
        MediaTime::from_ticks((seconds * 48_000.0).round() as u64)
    }

    #[test]
    fn all_of_a_run_is_played_without_what_nobody_heard() {
        let span = Span { from: MediaTime::default(), to: None };
        let pieces = pieces(&window(), span);
        assert!(
            pieces.iter().map(|piece| piece.msn.0).eq((8..41).chain(43..50)),
            "the open one is not complete"
        );
        let anew: Vec<_> = pieces.iter().filter(|piece| piece.discontinuity).map(|piece| piece.msn).collect();
        assert_eq!(anew, [Msn(43)]);
        assert_eq!(pieces[32].parts, 0..2, "it was cut");
        assert!(pieces.iter().all(|piece| piece.whole));
        let mut ended = window();
        ended.end();
        assert_eq!(super::pieces(&ended, span).last().unwrap().msn, Msn(50));
    }

    #[test]
    fn a_cut_is_made_at_the_parts_around_it() {
        let grid = window().ladder().grid();
        let span = Span { from: at(3.84 * 20.0 + 0.7), to: Some(at(3.84 * 22.0 + 1.28)) };
        let pieces = pieces(&window(), span);
        let cut: Vec<_> =
            pieces.iter().map(|piece| (piece.msn.0, piece.parts.clone(), piece.whole)).collect();
        assert_eq!(cut, [(20, 1..6, false), (21, 0..6, true), (22, 0..2, false)]);
        assert_eq!(pieces[0].start(grid), at(3.84 * 20.0 + 0.64));
        assert_eq!(pieces[2].end(grid), span.to.unwrap());
        assert_eq!(frames(&window(), span), span.to.unwrap().ticks() - span.from.ticks());
        let over_the_gap = Span { from: at(3.84 * 40.0 + 1.0), to: Some(at(3.84 * 43.0 + 0.1)) };
        assert_eq!(frames(&window(), over_the_gap), 13_440 + 4_800);
    }

    #[test]
    fn a_span_of_silence_holds_nothing() {
        assert_eq!(pieces(&window(), Span { from: at(3.84 * 41.0), to: Some(at(3.84 * 43.0)) }), []);
    }
}
