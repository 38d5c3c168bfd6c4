//! The rules of Low-Latency HLS that a playlist's text can keep or break, over every mode, rung and kind.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod reader;

use bytes::Bytes;
use media::{AccessUnit, AudioProfile, MediaDuration, RungId};
use mp4_atom::{Decode, Moof};
use packager::playlist::{Kind, MediaPlaylist, Skip, multivariant, part_name};
use packager::{
    Grid, GridStep, InitSection, Ladder, LatencyMode, Msn, Packager, PartIndex, Position, RunId, WallClock,
    Window, fragment,
};
use reader::Playlist;

const ANCHOR: WallClock = WallClock(1_795_248_930_120_000);

/// One broadcast as it stands: whole slots from the first, then a few parts of the next.
fn window(mode: LatencyMode, slots: u64, parts: u16) -> Window {
    let mut window = Window::open(Ladder::new(AudioProfile::Standard, mode), ANCHOR);
    let full = window.ladder().grid().parts_per_slot();
    for msn in Grid::FIRST.0..Grid::FIRST.0 + slots {
        add(&mut window, msn, full, false);
    }
    add(&mut window, Grid::FIRST.0 + slots, parts, false);
    window
}

/// The first `parts` parts of slot `msn`.
fn add(window: &mut Window, msn: u64, parts: u16, discontinuity: bool) {
    for part in 0..parts {
        let position = Position { msn: Msn(msn), part: PartIndex(part) };
        window.apply(position, discontinuity && part == 0).unwrap();
    }
}

/// The kinds of playlist that a run in `mode` has.
fn kinds(mode: LatencyMode) -> &'static [Kind] {
    if mode == LatencyMode::Standard {
        &[Kind::Whole, Kind::Dvr]
    } else {
        &[Kind::Parts, Kind::Whole, Kind::Dvr]
    }
}

fn read(window: &Window, rung: RungId, kind: Kind, skip: Skip) -> Playlist {
    let text = MediaPlaylist { rung, kind }.write(window, skip);
    Playlist::read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Every playlist that players can see of a long run: full ones, with their rung and kind.
fn everywhere(see: impl Fn(LatencyMode, RungId, Kind, &Window, &Playlist)) {
    for mode in LatencyMode::ALL {
        for (slots, parts) in [(0, 0), (0, 1), (1, 0), (3, 2), (30, 0), (30, 1), (31, 5)] {
            let window = window(mode, slots, parts);
            for rung in window.ladder().listed() {
                for &kind in kinds(mode) {
                    see(mode, rung.id, kind, &window, &read(&window, rung.id, kind, Skip::No));
                }
            }
        }
    }
}

fn seconds(text: Option<&str>) -> f64 {
    text.expect("the attribute is there").parse().unwrap()
}

#[test]
fn t01_every_playlist_begins_with_its_format_and_is_version_10() {
    everywhere(|_, _, _, _, list| assert_eq!(list.tag("#EXT-X-VERSION"), Some("10")));
    for mode in LatencyMode::ALL {
        let text = multivariant::write(
            &RunId::parse("r").unwrap(),
            &Ladder::new(AudioProfile::Music, mode),
            Kind::of(mode),
        );
        assert!(text.starts_with("#EXTM3U\n#EXT-X-VERSION:10\n"), "{text}");
    }
}

#[test]
fn t02_the_target_duration_is_constant_and_no_segment_is_longer() {
    everywhere(|_, _, _, _, list| {
        assert_eq!(list.tag("#EXT-X-TARGETDURATION"), Some("4"));
        list.holds_together().unwrap();
    });
}

#[test]
fn t03_the_part_target_stands_where_parts_do() {
    everywhere(|mode, _, kind, _, list| {
        let expected = match (kind.lists_parts(mode), mode) {
            (false, _) => None,
            (true, LatencyMode::Ultra) => Some("0.12800"),
            (true, _) => Some("0.64000"),
        };
        assert_eq!(list.attribute("#EXT-X-PART-INF", "PART-TARGET"), expected);
        assert!(kind.lists_parts(mode) || list.segments.iter().all(|segment| segment.parts.is_empty()));
    });
}

#[test]
fn t04_every_part_is_as_long_as_the_part_target() {
    everywhere(|mode, _, kind, _, list| {
        if kind.lists_parts(mode) {
            let target = (seconds(list.attribute("#EXT-X-PART-INF", "PART-TARGET")) * 1e5).round() as u64;
            assert!(list.segments.iter().flat_map(|s| &s.parts).all(|part| part.duration == target));
        }
    });
}

#[test]
fn t05_hold_backs_are_three_parts_and_three_target_durations() {
    everywhere(|mode, _, kind, _, list| {
        let control = |name| list.attribute("#EXT-X-SERVER-CONTROL", name);
        assert_eq!(control("CAN-BLOCK-RELOAD"), Some("YES"));
        assert_eq!(seconds(control("HOLD-BACK")), 12.0);
        if kind.lists_parts(mode) {
            let part = seconds(list.attribute("#EXT-X-PART-INF", "PART-TARGET"));
            assert!((seconds(control("PART-HOLD-BACK")) - 3.0 * part).abs() < 1e-9);
        } else {
            assert_eq!(control("PART-HOLD-BACK"), None);
        }
    });
}

#[test]
fn t06_six_target_durations_are_never_skipped() {
    everywhere(|_, _, _, _, list| {
        let until = seconds(list.attribute("#EXT-X-SERVER-CONTROL", "CAN-SKIP-UNTIL"));
        assert!(until >= 6.0 * seconds(list.tag("#EXT-X-TARGETDURATION")));
        let dates = list.attribute("#EXT-X-SERVER-CONTROL", "CAN-SKIP-DATERANGES");
        assert_eq!(dates, Some("YES"));
    });
}

#[test]
fn t07_all_rungs_of_a_multivariant_offer_the_same() {
    everywhere(|_, _, kind, window, list| {
        for other in window.ladder().listed() {
            assert_eq!(read(window, other.id, kind, Skip::No).constant, list.constant);
        }
    });
}

#[test]
fn t08_dates_count_samples_from_one_anchor_in_every_rung() {
    everywhere(|_, _, _, _, list| {
        for segment in &list.segments {
            assert_eq!(segment.date, ANCHOR.0 / 1_000 + segment.msn * 3_840);
        }
    });
}

#[test]
fn t09_a_date_stands_before_every_segment() {
    let text = MediaPlaylist { rung: RungId::Main, kind: Kind::Parts }
        .write(&window(LatencyMode::Low, 20, 2), Skip::No);
    let count = |tag: &str| text.lines().filter(|line| line.starts_with(tag)).count();
    assert_eq!(count("#EXT-X-PROGRAM-DATE-TIME:"), count("#EXTINF:") + 1, "one more is being filled");
    let undated: String = text.split_inclusive('\n').filter(|line| !line.contains("DATE")).collect();
    assert!(Playlist::read(&undated).is_err(), "the reader misses them");
}

#[test]
fn t11_the_discontinuity_is_where_the_date_leaps() {
    let mut window = window(LatencyMode::Low, 2, 3);
    add(&mut window, 14, 2, true);
    for kind in [Kind::Parts, Kind::Whole] {
        let list = read(&window, RungId::Main, kind, Skip::No);
        list.holds_together().unwrap();
        let marked: Vec<_> = list.segments.iter().filter(|s| s.discontinuity).map(|s| s.msn).collect();
        assert_eq!(marked, [11], "slot 10 is short, and 11 the first after it");
    }
}

#[test]
fn t12_the_map_stands_before_the_first_part() {
    everywhere(|_, rung, _, _, list| assert_eq!(list.map, Some(format!("{rung}/init.mp4"))));
}

#[test]
fn t12_the_init_section_is_the_same_for_every_run_of_a_rung() {
    for rung in AudioProfile::Standard.rungs() {
        let section = InitSection::new(&rung, &[0x11, 0x90]);
        assert_eq!(section, InitSection::new(&rung, &[0x11, 0x90]));
    }
}

#[test]
fn t13_the_hint_is_the_address_of_the_part_that_comes() {
    for mode in [LatencyMode::Low, LatencyMode::Ultra] {
        let mut window = window(mode, 0, 0);
        let grid = window.ladder().grid();
        let mut next = Position { msn: Grid::FIRST, part: PartIndex(0) };
        for _ in 0..3 * grid.parts_per_slot() {
            let hint = read(&window, RungId::Low, Kind::Parts, Skip::No).hint;
            assert_eq!(hint.as_deref(), Some(part_name(RungId::Low, next).as_str()));
            window.apply(next, false).unwrap();
            let listed = read(&window, RungId::Low, Kind::Parts, Skip::No);
            assert_eq!(hint, listed.uris().into_iter().rfind(|uri| uri.matches('.').count() == 2));
            next = grid.after(next);
        }
        window.end();
        assert_eq!(read(&window, RungId::Low, Kind::Parts, Skip::No).hint, None);
    }
    everywhere(|mode, _, kind, _, list| assert_eq!(list.hint.is_some(), kind.lists_parts(mode)));
}

#[test]
fn t14_reports_are_as_fresh_as_the_playlist_they_stand_in() {
    everywhere(|mode, rung, kind, window, list| {
        let others: Vec<_> = window.ladder().listed().filter(|other| other.id != rung).collect();
        assert_eq!(list.reports.len(), others.len());
        for (other, (uri, msn, part)) in others.into_iter().zip(&list.reports) {
            assert_eq!(*uri, packager::playlist::playlist_name(other.id, kind));
            let its_own = read(window, other.id, kind, Skip::No);
            match (kind.lists_parts(mode), its_own.last_part()) {
                (true, Some((last, index))) => assert_eq!((*msn, *part), (last, Some(index))),
                (true, None) | (false, _) => {
                    assert_eq!((Some(*msn), *part), (its_own.last_msn(), None));
                }
            }
        }
    });
}

#[test]
fn t15_parts_stay_listed_for_three_target_durations_and_then_leave() {
    for mode in [LatencyMode::Low, LatencyMode::Ultra] {
        let full = Grid::new(mode).parts_per_slot();
        for parts in 0..=full {
            let list = read(&window(mode, 20, parts), RungId::Main, Kind::Parts, Skip::No);
            let mut after = 0;
            for segment in list.segments.iter().rev() {
                assert_eq!(segment.parts.is_empty(), after > 1_200_000, "{} at {after}", segment.msn);
                after += segment.duration;
            }
        }
    }
}

#[test]
fn t18_a_playlist_that_loses_segments_has_no_type() {
    let text = MediaPlaylist { rung: RungId::Main, kind: Kind::Whole }
        .write(&window(LatencyMode::Standard, 40, 0), Skip::No);
    assert!(!text.contains("PLAYLIST-TYPE") && !text.contains("MEDIA-SEQUENCE:0\n"), "{text}");
}

#[test]
fn t19_nothing_that_was_listed_is_changed_by_what_follows() {
    for mode in LatencyMode::ALL {
        for &kind in kinds(mode) {
            let mut window = window(mode, 0, 0);
            let mut before = read(&window, RungId::Main, kind, Skip::No);
            let mut next = Position { msn: Grid::FIRST, part: PartIndex(0) };
            for _ in 0..22 * Grid::new(mode).parts_per_slot() {
                window.apply(next, false).unwrap();
                next = Grid::new(mode).after(next);
                let list = read(&window, RungId::Main, kind, Skip::No);
                list.follows(&before).unwrap();
                before = list;
            }
        }
    }
}

#[test]
fn t20_gaps_add_up_to_the_time_that_was_lost() {
    let mut window = window(LatencyMode::Low, 3, 0);
    add(&mut window, 15, 1, true);
    let list = read(&window, RungId::Opus, Kind::Parts, Skip::No);
    let gaps: Vec<_> =
        list.segments.iter().filter(|s| s.gap && s.msn > 8).map(|s| (s.msn, s.duration)).collect();
    assert_eq!(gaps, [(11, 384_000), (12, 384_000), (13, 384_000), (14, 384_000)]);
}

#[test]
fn t21_the_end_is_said_in_every_playlist_and_changes_no_more() {
    for mode in LatencyMode::ALL {
        for (slots, parts) in [(0, 0), (0, 1), (20, 3)] {
            let mut window = window(mode, slots, parts);
            window.end();
            for rung in window.ladder().listed() {
                for &kind in kinds(mode) {
                    let list = read(&window, rung.id, kind, Skip::No);
                    assert!(list.ended && list.reports.is_empty());
                    assert!(list.segments.iter().all(|segment| segment.uri.is_some()), "all are closed");
                }
            }
        }
    }
}

#[test]
fn t23_the_multivariant_says_what_each_rung_is_and_needs() {
    let run = RunId::parse("0abc").unwrap();
    for profile in AudioProfile::ALL {
        let ladder = Ladder::new(profile, LatencyMode::Low);
        let text = multivariant::write(&run, &ladder, Kind::Parts);
        assert!(text.contains("#EXT-X-INDEPENDENT-SEGMENTS\n"));
        let (_, list) = m3u8_rs::parse_master_playlist(text.as_bytes()).unwrap();
        let codecs: Vec<_> = list.variants.iter().map(|v| v.codecs.as_deref().unwrap()).collect();
        assert_eq!(codecs, ["mp4a.40.2", "mp4a.40.2", "Opus"], "AAC first: not every player takes Opus");
        for (variant, rung) in list.variants.iter().zip(ladder.listed()) {
            assert_eq!(variant.uri, format!("0abc/{}.m3u8", rung.id));
            let average = variant.average_bandwidth.unwrap();
            assert!(average >= u64::from(rung.bit_rate) && variant.bandwidth > average);
            let named = |name: &str| variant.other_attributes.as_ref().unwrap()[name].to_string();
            assert_eq!(named("NAME"), format!("\"{}\"", rung.id));
            assert_eq!(named("STABLE-VARIANT-ID"), format!("\"{}\"", rung.id));
        }
    }
}

#[test]
fn t24_a_fresh_run_lists_enough_segments_for_a_player_to_start() {
    let list = read(&window(LatencyMode::Low, 0, 1), RungId::Main, Kind::Parts, Skip::No);
    assert!(list.segments.iter().filter(|segment| segment.uri.is_some()).count() >= 7);
    assert!(list.segments.iter().filter(|segment| segment.gap).all(|segment| segment.msn < 8));
}

#[test]
fn t25_variants_cut_at_the_same_instants() {
    everywhere(|_, _, kind, window, list| {
        let cut = |list: &Playlist| -> Vec<_> {
            list.segments
                .iter()
                .map(|s| (s.msn, s.date, s.duration, s.parts.len(), s.discontinuity))
                .collect()
        };
        for other in window.ladder().listed() {
            let other = read(window, other.id, kind, Skip::No);
            assert_eq!(cut(&other), cut(list));
            assert_eq!(other.discontinuity_sequence, list.discontinuity_sequence);
        }
    });
}

#[test]
fn d08_a_delta_update_keeps_all_that_is_not_older_than_the_boundary() {
    everywhere(|_, rung, kind, window, full| {
        let delta = read(window, rung, kind, Skip::Yes);
        let mut after = 0;
        for segment in full.segments.iter().rev() {
            let kept = delta.segments.iter().any(|kept| kept.msn == segment.msn);
            assert!(kept || after >= 2_400_000, "{} ends {after} before the end", segment.msn);
            after += segment.duration;
        }
        if after > 2_400_000 + 2 * 384_000 {
            assert!(delta.skipped.is_some(), "something lies behind the boundary");
        }
        assert_eq!(delta.applied_to(full), *full);
    });
}

#[test]
fn d08_a_delta_update_of_an_older_playlist_gives_the_new_one() {
    let mut window = window(LatencyMode::Low, 12, 0);
    for msn in 20..45 {
        let before = read(&window, RungId::Main, Kind::Parts, Skip::No);
        add(&mut window, msn, 6, false);
        let delta = read(&window, RungId::Main, Kind::Parts, Skip::Yes);
        assert_eq!(delta.applied_to(&before), read(&window, RungId::Main, Kind::Parts, Skip::No));
    }
}

#[test]
fn d10_after_the_end_a_delta_update_is_the_whole_playlist() {
    let mut window = window(LatencyMode::Low, 30, 2);
    window.end();
    for rung in RungId::ALL {
        let list = MediaPlaylist { rung, kind: Kind::Parts };
        assert_eq!(list.write(&window, Skip::Yes), list.write(&window, Skip::No));
    }
}

#[test]
fn d11_a_delta_update_keeps_both_sequence_numbers() {
    let mut window = window(LatencyMode::Low, 4, 2);
    add(&mut window, 14, 6, true);
    for msn in 15..40 {
        add(&mut window, msn, 6, false);
    }
    for kind in [Kind::Parts, Kind::Whole] {
        let full = read(&window, RungId::Main, kind, Skip::No);
        let delta = read(&window, RungId::Main, kind, Skip::Yes);
        assert!(delta.skipped.is_some());
        assert_eq!(full.discontinuity_sequence, 1);
        assert_eq!(
            (delta.media_sequence, delta.discontinuity_sequence),
            (full.media_sequence, full.discontinuity_sequence)
        );
    }
}

#[test]
fn p04_every_part_has_an_address_of_its_own() {
    everywhere(|_, _, _, _, list| {
        let mut uris = list.uris();
        let count = uris.len();
        uris.sort();
        uris.dedup();
        assert_eq!(uris.len(), count);
    });
}

/// `slots` slots of a run, as the packager makes them.
fn steps(mode: LatencyMode, slots: u64) -> Vec<GridStep> {
    let rungs = AudioProfile::Standard.rungs();
    let run = RunId::parse("r").unwrap();
    let mut packager = Packager::new(run, 1, Grid::new(mode), &rungs, Grid::FIRST, false);
    let mut steps = Vec::new();
    for slot in 0..slots {
        for rung in rungs {
            let per_slot = Grid::SLOT.ticks() / rung.unit_frames();
            for n in slot * per_slot..(slot + 1) * per_slot {
                let time = Grid::FIRST.start() + MediaDuration::from_ticks(n * rung.unit_frames());
                let duration = MediaDuration::from_ticks(rung.unit_frames());
                packager
                    .push(rung.id, AccessUnit { time, duration, data: vec![n as u8; 40].into() })
                    .unwrap();
            }
        }
        steps.extend(std::iter::from_fn(|| packager.poll_output()));
    }
    steps
}

/// Where a part begins, and what it holds, by an independent reader.
fn decoded(part: &Bytes) -> (u64, usize) {
    let moof = Moof::decode(&mut part.as_ref()).unwrap();
    let run = &moof.traf[0].trun[0];
    (moof.traf[0].tfdt.as_ref().unwrap().base_media_decode_time, run.samples.len())
}

#[test]
fn p06_decode_times_run_on_from_part_to_part_and_over_segments() {
    for mode in LatencyMode::ALL {
        for rung in AudioProfile::Standard.rungs() {
            let mut next = Grid::FIRST.start().ticks();
            for step in steps(mode, 3) {
                let (begin, units) = decoded(step.rung(rung.id).unwrap());
                assert_eq!(begin, next, "{mode} {} {:?}", rung.id, step.position);
                next += units as u64 * rung.unit_frames();
            }
            assert_eq!(next, Msn(Grid::FIRST.0 + 3).start().ticks(), "slots end on a frame of every codec");
        }
    }
}

#[test]
fn p06_a_segment_is_its_parts_one_after_the_other() {
    let parts: Vec<Bytes> =
        steps(LatencyMode::Low, 1).iter().map(|step| step.rung(RungId::Main).unwrap().clone()).collect();
    assert_eq!(fragment::split_parts(&parts.concat().into()), parts);
}

#[test]
fn p08_the_timeline_starts_above_zero() {
    let first = &steps(LatencyMode::Low, 1)[0];
    assert_eq!(decoded(first.rung(RungId::Opus).unwrap()).0, 8 * 184_320);
}

#[test]
fn dvr_reaches_back_as_far_as_it_says_and_lists_what_nobody_heard_as_gap() {
    for mode in LatencyMode::ALL {
        let full = Grid::new(mode).parts_per_slot();
        let mut window = window(mode, 60, 2).with_dvr(50);
        for msn in 200..230 {
            add(&mut window, msn, full, msn == 200);
        }
        let list = read(&window, RungId::Main, Kind::Dvr, Skip::No);
        list.holds_together().unwrap();
        let gaps = list.segments.iter().filter(|segment| segment.gap).count();
        assert_eq!((list.media_sequence, list.segments.len(), gaps), (179, 51, 21));
        assert_eq!(list.discontinuity_sequence, 1, "it stands where the sound broke off");
        let all = read(&window.clone().with_dvr(10_000), RungId::Main, Kind::Dvr, Skip::No);
        all.holds_together().unwrap();
        assert_eq!((all.media_sequence, all.discontinuity_sequence), (8, 0));
        let delta = read(&window, RungId::Main, Kind::Dvr, Skip::Yes);
        assert_eq!(delta.applied_to(&list), list);
        window.forget(Msn(150));
        assert_eq!(read(&window, RungId::Main, Kind::Dvr, Skip::No).segments, list.segments);
    }
}
