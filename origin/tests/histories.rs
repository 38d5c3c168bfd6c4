//! Random lives of a broadcast: sound, interruptions, deaths of the process, and an end. Whatever happens,
//! a playlist changes only in the ways that players are promised (RFC 8216bis 6.2.1).

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod air;
#[path = "../../packager/tests/reader/mod.rs"]
mod reader;

use air::{Air, BELOW};
use http::{Method, StatusCode};
use media::RungId;
use origin::view::View;
use packager::playlist::{Kind, Skip};
use packager::{Detail, LatencyMode, RangeClass};
use proptest::prelude::*;
use reader::Playlist;

/// What happens to a broadcast.
#[derive(Clone, Debug)]
enum Act {
    /// So many parts are released.
    Sound(usize),
    /// The encoders start anew after so many slots without sound.
    Interruption(u64),
    /// The process dies; another goes on after so many slots.
    Death(u64),
    /// A message, so long.
    Say(usize),
    /// A range begins.
    Open(RangeClass, &'static str),
    /// It is over.
    Close(RangeClass, &'static str),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let silence = || prop_oneof![6 => 0..4_u64, 2 => 4..24_u64, 1 => 24..90_u64];
    let range = || (prop::sample::select(&RangeClass::ALL[..]), prop::sample::select(&["a", "b"][..]));
    let act = prop_oneof![
        6 => (1..60_usize).prop_map(Act::Sound),
        1 => (200..400_usize).prop_map(Act::Sound),
        2 => silence().prop_map(Act::Interruption),
        3 => silence().prop_map(Act::Death),
        2 => (1..1_600_usize).prop_map(Act::Say),
        3 => range().prop_map(|(class, key)| Act::Open(class, key)),
        2 => range().prop_map(|(class, key)| Act::Close(class, key)),
    ];
    prop::collection::vec(act, 1..18)
}

/// Every playlist of a run, as it stands.
struct Seen(Vec<(RungId, Kind, Playlist)>);

impl Seen {
    fn of(view: &View) -> Self {
        let mut seen = Vec::new();
        for rung in view.window.ladder().listed() {
            for kind in [Kind::Parts, Kind::Whole] {
                let read = |skip| {
                    let text = view.playlist(rung.id, kind, skip, false);
                    let text = std::str::from_utf8(&text).unwrap();
                    Playlist::read(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
                };
                let full = read(Skip::No);
                full.holds_together().unwrap_or_else(|error| panic!("{} {kind:?}: {error}", rung.id));
                assert_eq!(read(Skip::Yes).applied_to(&full), full, "D08: {} {kind:?}", rung.id);
                assert_eq!(read(Skip::Ranges).applied_to(&full), full, "D09: {} {kind:?}", rung.id);
                seen.push((rung.id, kind, full));
            }
        }
        Self(seen)
    }

    fn follows(&self, before: &Self) {
        for ((rung, kind, now), (.., then)) in self.0.iter().zip(&before.0) {
            now.follows(then).unwrap_or_else(|error| panic!("{rung} {kind:?}: {error}\n{then:#?}\n{now:#?}"));
        }
    }

    /// T07, T25: the rungs of one kind agree in all but names.
    fn agree(&self) {
        for (rung, kind, list) in &self.0 {
            let (.., main) = self.0.iter().find(|(_, other, _)| other == kind).unwrap();
            let cut = |list: &Playlist| -> Vec<_> {
                let segments = list.segments.iter();
                segments.map(|s| (s.msn, s.date, s.duration, s.parts.len(), s.gap, s.discontinuity)).collect()
            };
            assert_eq!(cut(list), cut(main), "{rung}");
            assert_eq!(
                (&list.constant, list.discontinuity_sequence, &list.ranges),
                (&main.constant, main.discontinuity_sequence, &main.ranges)
            );
        }
    }
}

/// P01: everything that is listed can be fetched, and has the bytes that its name stands for.
async fn is_fetchable(air: &Air, seen: &Seen) {
    for (.., list) in &seen.0 {
        for uri in list.uris() {
            let reply = air.ask(Method::GET, &format!("{BELOW}/{uri}"), &[]).await;
            assert_eq!(reply.status, StatusCode::OK, "{uri} is listed");
        }
        for segment in list.segments.iter().filter(|segment| segment.uri.is_some() && !segment.gap) {
            let uri = segment.uri.as_ref().unwrap();
            let whole = air.get(uri).await.body;
            let stem = uri.strip_suffix(".m4s").unwrap();
            let mut parts = Vec::new();
            for index in 0..segment.duration * 48 / (100 * air.grid.part().ticks()) {
                parts.extend(air.get(&format!("{stem}.{index}.m4s")).await.body);
            }
            assert_eq!(whole, parts, "P06: {uri} is its parts");
        }
    }
}

fn live(mode: LatencyMode, acts: &[Act], ends: bool) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut air = Air::open(mode);
    let mut before = Seen::of(&air.shelf.view());
    let mut look = |air: &Air| {
        let now = Seen::of(&air.shelf.view());
        now.follows(&before);
        now.agree();
        before = now;
    };
    for act in acts {
        match *act {
            Act::Sound(parts) => {
                // Thousands of parts of `ultra` say nothing that hundreds do not.
                for _ in 0..parts {
                    air.release(1);
                    look(&air);
                }
            }
            Act::Interruption(slots) => air.interrupt(slots),
            Act::Say(length) => {
                let now = air.grid.start(air.next);
                // One that finds no room is left out, whatever its length.
                air.annotations.moment("x".repeat(length), None, now).ok();
            }
            Act::Open(class, key) => {
                let now = air.grid.start(air.next);
                air.annotations.open(class, key, &[], None, now).ok();
            }
            Act::Close(class, key) => {
                let now = air.grid.start(air.next);
                air.annotations.close(class, key, None, now);
            }
            Act::Death(slots) => {
                air.restart(slots);
                look(&air);
                runtime.block_on(is_fetchable(&air, &Seen::of(&air.shelf.view())));
            }
        }
    }
    if ends {
        air.end();
        look(&air);
        let ended = Seen::of(&air.shelf.view());
        air.restart(0);
        assert!(air.shelf.view().window.ended(), "T21: an end is for ever");
        Seen::of(&air.shelf.view()).follows(&ended);
    }
    runtime.block_on(is_fetchable(&air, &Seen::of(&air.shelf.view())));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn t19_whatever_happens_a_playlist_changes_only_as_players_are_promised(
        acts in acts(), mode in prop::sample::select(&LatencyMode::ALL[..]), ends in any::<bool>(),
    ) {
        live(mode, &acts, ends);
    }
}

#[test]
fn t11_a_discontinuity_that_left_is_still_counted_after_a_restart() {
    live(
        LatencyMode::Low,
        &[Act::Sound(3), Act::Interruption(1), Act::Sound(330), Act::Death(0), Act::Sound(2)],
        true,
    );
}

#[test]
fn t26_ranges_are_the_same_after_a_death_but_nobody_is_on_stage() {
    let mut air = Air::open(LatencyMode::Low);
    for class in RangeClass::ALL {
        let now = air.grid.start(air.next);
        air.annotations.open(class, "a", &[(Detail::Name, "\"Änn\"".into())], None, now).unwrap();
    }
    air.release(9);
    let ranges = |air: &Air| Seen::of(&air.shelf.view()).0.remove(0).2.ranges;
    let before = ranges(&air);
    air.restart(1);
    assert_eq!(ranges(&air), before);
    air.release(1);
    let after = ranges(&air);
    let over: Vec<_> = after.keys().filter(|id| after[*id].end.is_some()).collect();
    assert!(before.len() == 3 && over.len() == 1 && over[0].starts_with("speaker."), "{after:?}");
    air.end();
    air.restart(0);
    assert_eq!(ranges(&air), after, "its end is served from disk");
}

#[test]
fn d09_what_left_long_before_a_death_is_not_named_after_it() {
    let mut air = Air::open(LatencyMode::Low);
    let turn = |air: &mut Air| {
        let now = air.grid.start(air.next);
        air.annotations.open(RangeClass::Speaker, "a", &[], None, now).unwrap();
        air.annotations.close(RangeClass::Speaker, "a", None, now);
        air.release(1);
    };
    turn(&mut air);
    air.release(130);
    turn(&mut air);
    air.restart(0);
    air.release(1);
    let text = air.shelf.view().playlist(RungId::Main, Kind::Parts, Skip::Ranges, false);
    let update = Playlist::read(std::str::from_utf8(&text).unwrap()).unwrap();
    assert_eq!((update.removed.as_deref(), update.ranges.len()), (Some(&[][..]), 1));
}

#[test]
fn t26_an_end_that_was_told_late_is_told_as_long_after_another_death() {
    let acts = [Act::Open(RangeClass::Speaker, "a"), Act::Sound(1), Act::Death(20), Act::Sound(1)];
    live(LatencyMode::Low, &acts, true);
}

#[test]
fn p01_the_parts_of_a_segment_that_a_death_cut_can_be_fetched_at_once() {
    live(LatencyMode::Low, &[Act::Sound(9), Act::Death(2)], false);
}
