//! Delivery directives as strangers write them, judged against a broadcast at any point of its life.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::AudioProfile;
use origin::decision::{Decision, Until, decide, satisfied};
use origin::directives::Directives;
use packager::playlist::Kind;
use packager::{Grid, Ladder, LatencyMode, Msn, PartIndex, Position, WallClock, Window};

// The first bytes make the broadcast: its mode, how many slots it has, how much of the last, what is missing
// between, and whether it is over. What follows is the query.
fuzz_target!(|bytes: &[u8]| {
    let [mode, slots, parts, gap, flags, query @ ..] = bytes else { return };
    let Ok(query) = std::str::from_utf8(query) else { return };
    let mode = LatencyMode::ALL[usize::from(mode % 3)];
    let kind = if flags & 1 == 0 { Kind::Parts } else { Kind::Whole };
    let mut window = broadcast(mode, u64::from(slots % 24), u16::from(*parts), u64::from(gap % 40));
    if flags & 2 != 0 {
        window.end();
    }
    let Ok(asked) = Directives::parse(query) else { return };
    // C03: what is accepted has one spelling, so writing it again and reading that changes nothing.
    assert_eq!(Directives::parse(&written(&asked)), Ok(asked));
    match decide(&window, kind, &asked) {
        Decision::Now => {}
        Decision::TooFar => assert!(asked.blocking() && !window.ended(), "D04, T21"),
        Decision::Hold(until) => {
            assert!(asked.blocking() && !window.ended(), "D01, T21");
            assert!(!satisfied(&window, until), "D13: it is not listed yet");
            // D06, D07: it comes before two more slots are full, which is long before anybody gives up.
            let mut next = window.hint().expect("it is live");
            for _ in 0..2 * window.ladder().grid().parts_per_slot() {
                window.apply(next, false).expect("it follows");
                next = window.ladder().grid().after(next);
            }
            assert!(satisfied(&window, until), "{until:?} is near");
            if let Until::Part(position) = until {
                assert!(position.part.0 < window.ladder().grid().parts_per_slot(), "D03");
            }
            assert_eq!(decide(&window, kind, &asked), Decision::Now, "D04");
        }
    }
});

/// `slots` whole slots, `gap` slots of nothing, `parts` parts.
fn broadcast(mode: LatencyMode, slots: u64, parts: u16, gap: u64) -> Window {
    let mut window = Window::open(Ladder::new(AudioProfile::Standard, mode), WallClock(0));
    let grid = Grid::new(mode);
    let mut next = Position { msn: Grid::FIRST, part: PartIndex(0) };
    for _ in 0..slots * u64::from(grid.parts_per_slot()) {
        window.apply(next, false).expect("it follows");
        next = grid.after(next);
    }
    next = Position { msn: Msn(next.msn.0 + gap), part: PartIndex(0) };
    for _ in 0..parts % (grid.parts_per_slot() + 1) {
        window.apply(next, gap > 0 && next.part.0 == 0).expect("it follows");
        next = grid.after(next);
    }
    window
}

/// The query that a player sends for these directives.
fn written(asked: &Directives) -> String {
    let mut query = String::new();
    if let Some(msn) = asked.msn {
        query += &format!("_HLS_msn={msn}&");
    }
    if let Some(part) = asked.part {
        query += &format!("_HLS_part={part}&");
    }
    match asked.skip {
        packager::playlist::Skip::No => {}
        packager::playlist::Skip::Yes => query += "_HLS_skip=YES",
        packager::playlist::Skip::Ranges => query += "_HLS_skip=v2",
    }
    query
}
