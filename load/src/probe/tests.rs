use std::fmt::Write as _;

use super::*;
use crate::fragment::tests::{TRACK, moof};

/// Ticks of a part: thirty samples of 1024, 0.64 s at 48 kHz.
const TICKS: u64 = 30 * 1024;

/// A playlist of `parts` parts, six to a segment, the first at four o'clock.
fn playlist(parts: u64) -> String {
    let mut text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=0.64\n\
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.92\n#EXT-X-MAP:URI=\"init.mp4\"\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:00:00.000Z\n"
        .to_owned();
    for part in 0..parts {
        let (msn, index) = (part / 6, part % 6);
        writeln!(text, "#EXT-X-PART:DURATION=0.64000,URI=\"{msn}.{index}.m4s\"").unwrap();
        if index == 5 {
            writeln!(text, "#EXTINF:3.84000,\n{msn}.m4s").unwrap();
        }
    }
    text
}

/// A judge that has seen `parts` parts listed and hears on from there.
struct Story {
    judge: Judge,
    asked: Position,
}

impl Story {
    fn from(parts: u64) -> Self {
        let text = playlist(parts);
        let list = MediaPlaylist::parse(text.as_bytes()).unwrap();
        Self { judge: Judge::new(TRACK, text.as_bytes(), &list), asked: list.next }
    }

    /// Hears what is new in `text`; part number n has the bytes that `bytes` gives it, told `wall`
    /// seconds after the programme began.
    fn hears(&mut self, text: &str, wall: f64, bytes: impl Fn(u64) -> Vec<u8>) {
        let list = MediaPlaylist::parse(text.as_bytes()).unwrap();
        for part in self.judge.update(text.as_bytes(), &list, self.asked) {
            let number = part.position.msn * 6 + part.position.part;
            let wall = 1_795_233_600.0 + wall;
            self.judge.part(&part, &bytes(number), Duration::from_millis(2), wall, &list);
        }
        for segment in self.judge.closed(&list) {
            let parts = segment.position.msn * 6..(segment.position.msn + 1) * 6;
            self.judge.segment(&segment, &parts.flat_map(&bytes).collect::<Vec<_>>());
        }
        self.asked = list.next;
    }

    /// Hears parts up to number `to`, each told as it ends.
    fn hears_parts(&mut self, from: u64, to: u64) {
        for parts in from + 1..=to {
            self.hears(&playlist(parts), parts as f64 * 0.64, right);
        }
    }

    fn finding(&self) -> &str {
        let findings = &self.judge.heard.findings;
        assert_eq!(findings.len(), 1, "{findings:#?}");
        &findings[0]
    }
}

fn right(part: u64) -> Vec<u8> {
    moof((part * TICKS) as u32, 30)
}

#[test]
fn a_stream_in_order_has_no_findings() {
    let mut story = Story::from(6);
    story.hears_parts(6, 31);
    assert_eq!(story.judge.heard.findings, [""; 0]);
    assert_eq!((story.judge.heard.parts, story.judge.heard.segments), (25, 4));
}

#[test]
fn a_gap_and_an_overlap_are_found() {
    for (shift, found) in [(1024, "a gap of 1024 ticks before part 1.3"), (-1024, "an overlap of 1024")] {
        let mut story = Story::from(6);
        story.hears_parts(6, 9);
        story.hears(&playlist(10), 6.4, |part| moof((part as i64 * TICKS as i64 + shift) as u32, 30));
        assert!(story.finding().starts_with(found), "{}", story.finding());
    }
}

#[test]
fn a_changed_tag_is_found() {
    let mut story = Story::from(6);
    story.hears(&playlist(7).replace("HOLD-BACK=1.92", "HOLD-BACK=1.93"), 4.48, right);
    assert!(story.finding().starts_with("constant tags changed"));
}

#[test]
fn a_late_part_is_found() {
    let mut story = Story::from(6);
    story.hears_parts(6, 9);
    story.hears(&playlist(10), 6.4 + 1.3, right);
    assert!(story.finding().contains("1.302 s after its release: a player stalls"), "{}", story.finding());
}

#[test]
fn a_renamed_part_is_found() {
    let mut story = Story::from(7);
    story.hears(&playlist(8).replace("1.0.m4s", "1.x.m4s"), 5.12, right);
    assert!(story.finding().contains("was changed to"));
}

#[test]
fn a_wrong_duration_is_found() {
    let mut story = Story::from(7);
    story.hears(&playlist(8), 5.12, |part| moof((part * TICKS) as u32, 29));
    assert_eq!(
        story.finding(),
        format!("part 1.1 is listed with 0.64 s and lasts {} s", (29 * 1024) as f64 / 48_000.0)
    );
}

#[test]
fn a_part_that_was_skipped_over_is_found() {
    let mut story = Story::from(7);
    story.asked.part += 1;
    story.judge.end = None;
    story.hears(&playlist(8).replace("#EXT-X-PART:DURATION=0.64000,URI=\"1.1.m4s\"\n", ""), 5.12, right);
    assert_eq!(story.finding(), "the reload for 1.2 came back with 1.1 next");
}

#[test]
fn a_segment_that_is_not_its_parts_is_found() {
    let mut story = Story::from(6);
    story.hears_parts(6, 11);
    let text = playlist(12);
    let list = MediaPlaylist::parse(text.as_bytes()).unwrap();
    let new = story.judge.update(text.as_bytes(), &list, story.asked);
    story.judge.part(&new[0], &right(11), Duration::ZERO, 1_795_233_600.0 + 7.68, &list);
    let closed = story.judge.closed(&list);
    let mut other: Vec<u8> = (6..12).flat_map(right).collect();
    *other.last_mut().unwrap() ^= 1;
    story.judge.segment(&closed[0], &other);
    assert!(story.finding().starts_with("segment 1 is not its parts"), "{}", story.finding());
}
