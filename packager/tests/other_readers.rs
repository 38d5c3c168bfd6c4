//! What other people's parsers make of our playlists.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

use media::{AudioProfile, RungId};
use packager::playlist::{Kind, MediaPlaylist, Skip};
use packager::{Grid, Ladder, LatencyMode, Msn, PartIndex, Position, WallClock, Window};
use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

/// Twenty slots, a gap of four, and the beginning of the next.
fn window(mode: LatencyMode) -> Window {
    let mut window =
        Window::open(Ladder::new(AudioProfile::Standard, mode), WallClock(1_795_000_000_000_000));
    let grid = Grid::new(mode);
    let mut next = Position { msn: Grid::FIRST, part: PartIndex(0) };
    for _ in 0..20 * grid.parts_per_slot() {
        window.apply(next, false).unwrap();
        next = grid.after(next);
    }
    window.apply(Position { msn: Msn(32), part: PartIndex(0) }, true).unwrap();
    window
}

/// Every playlist of every mode.
fn playlists() -> Vec<(LatencyMode, Kind, Skip, String)> {
    let mut all = Vec::new();
    for mode in LatencyMode::ALL {
        let window = window(mode);
        for kind in [Kind::Parts, Kind::Whole] {
            for skip in [Skip::No, Skip::Yes] {
                all.push((mode, kind, skip, MediaPlaylist { rung: RungId::Main, kind }.write(&window, skip)));
            }
        }
    }
    all
}

#[test]
fn quick_m3u8_knows_every_tag_and_value() {
    for (mode, kind, skip, text) in playlists() {
        let options = ParsingOptionsBuilder::new().with_parsing_for_all_tags().build();
        let mut reader = Reader::from_str(&text, options);
        let (mut parts, mut segments, mut hints, mut reports, mut skipped) = (0, 0, 0, 0, 0);
        while let Some(line) = reader.read_line().unwrap() {
            match line {
                HlsLine::KnownTag(KnownTag::Hls(tag)) => match tag {
                    Tag::Part(part) => {
                        assert!(part.independent() && part.duration() <= 0.64);
                        parts += 1;
                    }
                    Tag::Inf(_) => segments += 1,
                    Tag::PreloadHint(_) => hints += 1,
                    Tag::RenditionReport(report) => {
                        assert_eq!(report.last_part(), (kind == Kind::Parts).then_some(0));
                        reports += 1;
                    }
                    Tag::Skip(skip) => skipped = skip.skipped_segments(),
                    _ => {}
                },
                HlsLine::Uri(_) => {}
                other => panic!("{mode} {kind:?} {skip:?}: {other:?}"),
            }
        }
        // The newest, four gaps before it: parts are listed of the newest only.
        assert_eq!((parts, hints), if kind == Kind::Parts { (1, 1) } else { (0, 0) });
        assert_eq!(reports, if mode == LatencyMode::Ultra { 1 } else { 2 });
        assert_eq!(segments + skipped, 16);
        assert_eq!(skipped > 0, skip == Skip::Yes);
    }
}

#[test]
fn m3u8_rs_reads_the_same_segments() {
    for (_, _, skip, text) in playlists() {
        let (rest, list) = m3u8_rs::parse_media_playlist(text.as_bytes()).unwrap();
        assert!(rest.is_empty());
        assert_eq!((list.version, list.target_duration, list.end_list), (Some(10), 4, false));
        assert_eq!((list.media_sequence, list.discontinuity_sequence), (16, 0));
        let closed: Vec<_> = list.segments.iter().filter(|segment| !segment.uri.is_empty()).collect();
        assert_eq!(closed.last().unwrap().uri, "main/31.m4s");
        assert!(closed.iter().all(|s| (s.duration - 3.84).abs() < 1e-6 && s.program_date_time.is_some()));
        assert_eq!(closed.iter().filter(|segment| segment.discontinuity).count(), 1);
        assert_eq!(closed.len() == 16, skip == Skip::No);
    }
}
