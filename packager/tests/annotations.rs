//! What is said beside the sound of a run, as players find it in its playlists and parts.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod reader;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use media::{AccessUnit, AudioProfile, MediaDuration, MediaTime, RungId};
use mp4_atom::{Decode, Emsg, EmsgTimestamp, Moof};
use packager::moment::PART_MAX;
use packager::playlist::{Kind, MediaPlaylist, Skip};
use packager::{
    Annotations, Detail, Grid, Ladder, LatencyMode, Packager, PartIndex, Position, RangeClass, RunId,
    WallClock, Window, fragment,
};
use proptest::prelude::*;
use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};
use reader::Playlist;

const ANCHOR: WallClock = WallClock(1_795_248_930_120_000);

/// A run whose sound nobody looks at: annotations in, playlists out.
struct Run {
    annotations: Annotations,
    window: Window,
    next: Position,
}

impl Run {
    fn new(mode: LatencyMode) -> Self {
        Self {
            annotations: Annotations::default(),
            window: Window::open(Ladder::new(AudioProfile::Standard, mode), ANCHOR),
            next: Position { msn: Grid::FIRST, part: PartIndex(0) },
        }
    }

    fn grid(&self) -> Grid {
        self.window.ladder().grid()
    }

    fn now(&self) -> MediaTime {
        self.grid().start(self.next)
    }

    fn open(&mut self, class: RangeClass, key: &str, details: &[(Detail, &str)]) {
        let details: Vec<_> = details.iter().map(|&(detail, text)| (detail, text.to_owned())).collect();
        let now = self.now();
        self.annotations.open(class, key, &details, None, now).unwrap();
    }

    fn close(&mut self, class: RangeClass, key: &str) {
        let now = self.now();
        self.annotations.close(class, key, None, now);
    }

    /// The next part, and the `emsg` boxes in it.
    fn part(&mut self) -> Vec<u8> {
        let (boxes, ranges) = self.annotations.take(self.grid(), self.next);
        self.window.apply(self.next, false).unwrap();
        self.window.enter(&ranges);
        self.next = self.grid().after(self.next);
        boxes
    }

    fn slots(&mut self, count: u16) {
        for _ in 0..count * self.grid().parts_per_slot() {
            self.part();
        }
    }

    fn list(&self, skip: Skip) -> Playlist {
        self.list_of(RungId::Main, Kind::Parts, skip)
    }

    fn list_of(&self, rung: RungId, kind: Kind, skip: Skip) -> Playlist {
        let text = MediaPlaylist { rung, kind }.write(&self.window, skip);
        Playlist::read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn ids(&self) -> Vec<String> {
        self.list(Skip::No).ranges.into_keys().collect()
    }
}

/// The `ID` of a range that began with the first sound.
fn first(class: &str, key: &str) -> String {
    format!("{class}.{}.{key}", Grid::FIRST.start().ticks())
}

#[test]
fn m02_a_range_stands_in_every_playlist_with_what_is_told_of_it() {
    let mut run = Run::new(LatencyMode::Low);
    run.slots(20);
    let began = run.now();
    run.open(RangeClass::Speaker, "u1", &[(Detail::Name, "Ann"), (Detail::Role, "host")]);
    assert!(run.list(Skip::No).ranges.is_empty(), "it enters with a step");
    run.part();
    let id = format!("speaker.{}.u1", began.ticks());
    for rung in RungId::ALL {
        for kind in [Kind::Parts, Kind::Whole] {
            for skip in [Skip::No, Skip::Yes, Skip::Ranges] {
                let range = &run.list_of(rung, kind, skip).ranges[&id];
                assert_eq!(range.start, ANCHOR.at(began).0 / 1_000);
                assert_eq!(range.end, None);
                assert_eq!(range.attributes["CLASS"], "org.onair.speaker");
                assert_eq!(range.attributes["X-ORG-ONAIR-NAME"], "Ann");
                assert_eq!(range.attributes["X-ORG-ONAIR-ROLE"], "host");
            }
        }
    }
}

#[test]
fn t26_a_range_ends_by_a_second_tag_and_leaves_with_its_last_segment() {
    let mut run = Run::new(LatencyMode::Low);
    run.open(RangeClass::Speaker, "u1", &[(Detail::Name, "Ann")]);
    run.open(RangeClass::Pin, "m1", &[(Detail::Text, "Hello")]);
    run.slots(2);
    let ended = run.now();
    run.close(RangeClass::Speaker, "u1");
    run.close(RangeClass::Speaker, "somebody else");
    let mut before = run.list(Skip::No);
    run.part();
    let text = MediaPlaylist { rung: RungId::Low, kind: Kind::Parts }.write(&run.window, Skip::No);
    let tags: Vec<_> = text.lines().filter(|line| line.contains("speaker")).collect();
    assert_eq!(tags.len(), 2, "{tags:?}");
    assert!(tags[0].ends_with("X-ORG-ONAIR-NAME=\"Ann\"") && tags[1].contains("END-DATE="), "{tags:?}");
    let (speaker, pin) = (first("speaker", "u1"), first("pin", "m1"));
    // It stays for as long as the segment in which it ended, and the one before, are listed.
    while run.ids().contains(&speaker) {
        let list = run.list(Skip::No);
        list.follows(&before).unwrap();
        assert_eq!(list.ranges[&speaker].end, Some(ANCHOR.at(ended).0 / 1_000));
        before = list;
        run.part();
    }
    assert_eq!(run.window.media_sequence().start().ticks(), ended.ticks() + Grid::SLOT.ticks());
    run.list(Skip::No).follows(&before).unwrap();
    run.slots(40);
    assert_eq!(run.ids(), [pin], "what is not over stays");
}

#[test]
fn t26_a_range_that_comes_again_is_another() {
    let mut run = Run::new(LatencyMode::Ultra);
    for _ in 0..3 {
        // All of it within one tick of the programme.
        run.open(RangeClass::Speaker, "u1", &[]);
        run.open(RangeClass::Speaker, "u1", &[(Detail::Name, "twice")]);
        run.close(RangeClass::Speaker, "u1");
    }
    run.part();
    let list = run.list(Skip::No);
    assert_eq!(list.ranges.len(), 3);
    assert!(list.ranges.values().all(|range| range.end.is_some() && range.attributes.len() == 4));
}

#[test]
fn a_crowd_of_ranges_is_refused_until_others_have_left() {
    let mut run = Run::new(LatencyMode::Low);
    for n in 0..32 {
        run.open(RangeClass::Speaker, &n.to_string(), &[]);
    }
    let open = |run: &mut Run| {
        let now = run.now();
        run.annotations.open(RangeClass::Speaker, "late", &[], None, now).is_ok()
    };
    assert!(!open(&mut run));
    for n in 0..32 {
        run.close(RangeClass::Speaker, &n.to_string());
    }
    assert!(!open(&mut run), "those are listed for a while");
    run.slots(20);
    assert!(open(&mut run));
    run.part();
    assert_eq!(run.ids().len(), 1);
}

#[test]
fn d09_v2_leaves_old_ranges_out_and_tells_which_were_removed() {
    let mut run = Run::new(LatencyMode::Low);
    run.open(RangeClass::Speaker, "old", &[(Detail::Name, "Ann")]);
    run.open(RangeClass::Pin, "kept", &[(Detail::Text, "Hello")]);
    run.part();
    run.close(RangeClass::Speaker, "old");
    run.slots(15);
    let (speaker, pin) = (first("speaker", "old"), first("pin", "kept"));
    let update = run.list(Skip::Ranges);
    assert!(update.skipped.is_some() && update.ranges.is_empty());
    assert_eq!(update.removed.as_deref(), Some(&[][..]));
    assert_eq!(run.list(Skip::Yes).ranges.len(), 2, "YES skips segments alone");

    run.close(RangeClass::Pin, "kept");
    run.slots(2);
    let update = run.list(Skip::Ranges);
    assert_eq!(update.ranges[&pin].attributes.len(), 4, "its second tag is young");
    assert!(!update.ranges[&pin].attributes.contains_key("X-ORG-ONAIR-TEXT"));
    assert_eq!(update.removed.as_deref(), Some(&[speaker][..]));
    run.slots(9);
    assert_eq!(run.list(Skip::Ranges).removed.as_deref(), Some(&[][..]), "that is long ago");
}

#[test]
fn after_the_end_every_range_is_told() {
    let mut run = Run::new(LatencyMode::Low);
    run.open(RangeClass::Chapter, "c", &[(Detail::Title, "One")]);
    run.slots(20);
    run.window.end();
    for skip in [Skip::No, Skip::Ranges] {
        assert_eq!(run.list(skip).ranges.len(), 1);
        assert!(run.list(skip).ended);
    }
}

#[test]
fn who_was_on_stage_is_not_after_a_restart_and_chapters_go_on() {
    let mut run = Run::new(LatencyMode::Low);
    run.open(RangeClass::Speaker, "u1", &[]);
    run.open(RangeClass::Chapter, "c", &[]);
    run.part();
    let broke_off = run.now();
    run.annotations = Annotations::resume(run.window.ranges(), broke_off);
    run.slots(1);
    let list = run.list(Skip::No);
    assert_eq!(list.ranges[&first("speaker", "u1")].end, Some(ANCHOR.at(broke_off).0 / 1_000));
    assert_eq!(list.ranges[&first("chapter", "c")].end, None);
    run.close(RangeClass::Chapter, "c");
    run.part();
    assert!(run.list(Skip::No).ranges[&first("chapter", "c")].end.is_some());
}

/// Every step of a slot of `mode`, with these moments said at its beginning.
fn parts(mode: LatencyMode, texts: &[&str]) -> Vec<BTreeMap<RungId, Bytes>> {
    let rungs = AudioProfile::Standard.rungs();
    let run = RunId::parse("r").unwrap();
    let mut packager = Packager::new(run, 1, Grid::new(mode), &rungs, Grid::FIRST, false);
    for text in texts {
        packager.annotations().moment((*text).to_owned(), None, Grid::FIRST.start()).unwrap();
    }
    for rung in rungs {
        for n in 0..Grid::SLOT.ticks() / rung.unit_frames() {
            let time = Grid::FIRST.start() + MediaDuration::from_ticks(n * rung.unit_frames());
            let duration = MediaDuration::from_ticks(rung.unit_frames());
            packager.push(rung.id, AccessUnit { time, duration, data: vec![n as u8; 40].into() }).unwrap();
        }
    }
    let steps = std::iter::from_fn(|| packager.poll_output());
    steps.map(|step| step.rungs.into_iter().map(|part| (part.rung, part.bytes)).collect()).collect()
}

#[test]
fn m01_every_rung_carries_a_moment_before_the_sound_of_its_part() {
    for mode in LatencyMode::ALL {
        let (plain, told) = (parts(mode, &[]), parts(mode, &["{\"n\":1}", "{\"n\":2}"]));
        for rung in RungId::ALL {
            let mut part = told[0][&rung].as_ref();
            let mut texts = Vec::new();
            for _ in 0..2 {
                let event = Emsg::decode(&mut part).unwrap();
                assert_eq!(event.presentation_time, EmsgTimestamp::Absolute(Grid::FIRST.start().ticks()));
                texts.push((event.id, event.message_data));
            }
            assert_eq!(texts[0].1.len(), texts[1].1.len());
            assert!(texts[0].1.ends_with(b"onair\0{\"n\":1}") && texts[0].0 != texts[1].0);
            assert_eq!(part, plain[0][&rung].as_ref(), "{mode}: the sound is as it was");
            Moof::decode(&mut part).unwrap();
            assert_eq!(fragment::units(&told[0][&rung]), fragment::units(&plain[0][&rung]));
            for (told, plain) in told.iter().zip(&plain).skip(1) {
                assert_eq!(told[&rung], plain[&rung]);
            }
            let segment = told.iter().map(|part| part[&rung].clone()).collect::<Vec<_>>();
            assert_eq!(fragment::split_parts(&segment.concat().into()), segment);
        }
    }
}

/// Something that a room, and the strangers in it, may do.
#[derive(Clone, Debug)]
enum Act {
    Open(RangeClass, String, Vec<(Detail, String)>),
    Close(RangeClass, String),
    Say(String),
    Sound(u16),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let class = || prop::sample::select(&RangeClass::ALL[..]);
    let key = || prop_oneof!["[ab\"\n]{0,2}", any::<String>()];
    let nasty = "[\"\\\\\n\r\t\u{0}{$}a,=#\u{85}\u{2028}é]{0,40}";
    let text = move || prop_oneof![nasty, any::<String>(), "[x\"]{1000,1100}"];
    let details = prop::collection::vec((prop::sample::select(&Detail::ALL[..]), text()), 0..4);
    let act = prop_oneof![
        4 => (class(), key(), details).prop_map(|(class, key, details)| Act::Open(class, key, details)),
        3 => (class(), key()).prop_map(|(class, key)| Act::Close(class, key)),
        2 => text().prop_map(Act::Say),
        4 => (1..40_u16).prop_map(Act::Sound),
    ];
    prop::collection::vec(act, 1..40)
}

/// What other people's readers make of the same text.
fn others_read(text: &str, ranges: usize) {
    let (rest, list) = m3u8_rs::parse_media_playlist(text.as_bytes()).unwrap();
    assert!(rest.is_empty() && !list.segments.is_empty());
    let options = ParsingOptionsBuilder::new().with_parsing_for_all_tags().build();
    let mut reader = Reader::from_str(text, options);
    let mut ids = BTreeSet::new();
    while let Some(line) = reader.read_line().unwrap() {
        match line {
            HlsLine::KnownTag(KnownTag::Hls(Tag::Daterange(range))) => {
                ids.insert(range.id().to_owned());
            }
            HlsLine::KnownTag(_) | HlsLine::Uri(_) => {}
            other => panic!("{other:?}\n{text}"),
        }
    }
    assert_eq!(ids.len(), ranges);
}

fn live(mode: LatencyMode, acts: &[Act]) {
    let mut run = Run::new(mode);
    let kinds = [Kind::Parts, Kind::Whole];
    let see = |run: &Run| kinds.map(|kind| run.list_of(RungId::Main, kind, Skip::No));
    let mut before = see(&run);
    // Those that players have, oldest first: nobody asks for an update who is twelve seconds behind.
    let mut had = vec![before.clone()];
    let behind = (12 * 48_000 / run.grid().part().ticks()) as usize;
    let mut ids = BTreeSet::new();
    for act in acts {
        match act {
            Act::Open(class, key, details) => {
                let now = run.now();
                run.annotations.open(*class, key, details, None, now).ok();
            }
            Act::Close(class, key) => run.close(*class, key),
            Act::Say(text) => {
                let now = run.now();
                run.annotations.moment(text.clone(), None, now).ok();
            }
            Act::Sound(parts) => {
                for _ in 0..*parts {
                    assert!(run.part().len() <= PART_MAX);
                    let now = see(&run);
                    for ((kind, now), before) in kinds.into_iter().zip(&now).zip(&before) {
                        now.holds_together().unwrap();
                        now.follows(before).unwrap();
                        let came = now.ranges.keys().filter(|id| !before.ranges.contains_key(*id));
                        assert!(
                            kind == Kind::Whole || came.cloned().all(|id| ids.insert(id)),
                            "T26: an ID again"
                        );
                        assert_eq!(now.ranges, run.list_of(RungId::Opus, kind, Skip::No).ranges);
                    }
                    had.push(now.clone());
                    before = now;
                }
                for (kind, place) in [(Kind::Parts, 0), (Kind::Whole, 1)] {
                    let text = MediaPlaylist { rung: RungId::Main, kind }.write(&run.window, Skip::No);
                    others_read(&text, before[place].ranges.len());
                    let update = run.list_of(RungId::Main, kind, Skip::Ranges);
                    let oldest = &had[had.len().saturating_sub(behind)][place];
                    assert_eq!(update.applied_to(oldest).ranges, before[place].ranges, "D09");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn t26_whatever_is_said_playlists_are_read_and_no_text_breaks_out(
        acts in acts(), mode in prop::sample::select(&[LatencyMode::Low, LatencyMode::Ultra][..]),
    ) {
        live(mode, &acts);
    }
}
