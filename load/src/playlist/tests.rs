use super::*;
use proptest::prelude::*;

const LIVE: &str = "#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,HOLD-BACK=12,PART-HOLD-BACK=1.92
#EXT-X-PART-INF:PART-TARGET=0.64
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI=\"low/init.mp4\"
#EXT-X-GAP
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:00:00.000Z
#EXTINF:3.84,
low/7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:00:03.840Z
#EXT-X-PART:DURATION=1.92,URI=\"low/8.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.92,URI=\"low/8.1.m4s\",INDEPENDENT=YES
#EXTINF:3.84,
low/8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:00:07.680Z
#EXT-X-PART:DURATION=0.64,URI=\"low/9.0.m4s\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"low/9.1.m4s\"
#EXT-X-RENDITION-REPORT:URI=\"main.m3u8\",LAST-MSN=9,LAST-PART=0
";

/// 2026-11-21T04:00:00Z, as `date -u -d … +%s` says it.
const FOUR_O_CLOCK: f64 = 1_795_233_600.0;

fn at(msn: u64, part: u64) -> Position {
    Position { msn, part }
}

#[test]
fn a_live_playlist_tells_what_is_there_and_what_comes_next() {
    let list = MediaPlaylist::parse(LIVE.as_bytes()).unwrap();
    assert_eq!((list.target_duration, list.part_target, list.part_hold_back), (4, Some(0.64), Some(1.92)));
    assert!(list.can_block_reload && list.can_skip && !list.ended);
    assert_eq!(list.init.as_deref(), Some("low/init.mp4"));
    let positions: Vec<_> = list.parts.iter().map(|part| part.position).collect();
    assert_eq!(positions, [at(8, 0), at(8, 1), at(9, 0)]);
    assert_eq!(list.next, at(9, 1));
    assert_eq!(list.parts[2].uri, "low/9.0.m4s");
    let gaps: Vec<_> = list.segments.iter().map(|segment| segment.gap).collect();
    assert_eq!(gaps, [true, false]);
    assert_eq!(list.distance(), 1.92);
}

#[test]
fn the_end_of_a_part_is_its_date_plus_all_parts_up_to_it() {
    let list = MediaPlaylist::parse(LIVE.as_bytes()).unwrap();
    let ends: Vec<_> = list.parts.iter().map(|part| part.end.unwrap() - FOUR_O_CLOCK).collect();
    for (end, expected) in ends.iter().zip([5.76, 7.68, 8.32]) {
        assert!((end - expected).abs() < 1e-6, "{end} is not {expected}");
    }
    assert!((list.segments[1].end.unwrap() - FOUR_O_CLOCK - 7.68).abs() < 1e-6);
}

#[test]
fn a_date_with_a_zone_is_the_same_instant() {
    let zoned = LIVE.replace("2026-11-21T04:00:07.680Z", "2026-11-21T01:30:07.680-02:30");
    let (list, zoned) = (MediaPlaylist::parse(LIVE.as_bytes()), MediaPlaylist::parse(zoned.as_bytes()));
    assert_eq!(list.unwrap().parts[2].end, zoned.unwrap().parts[2].end);
}

#[test]
fn a_delta_update_counts_from_what_it_skipped() {
    let delta = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:100\n\
        #EXT-X-SKIP:SKIPPED-SEGMENTS=9\n#EXTINF:3.84,\n109.m4s\n#EXT-X-PART:DURATION=0.64,URI=\"110.0\"\n";
    let list = MediaPlaylist::parse(delta.as_bytes()).unwrap();
    assert_eq!(list.segments[0].position, at(109, 0));
    assert_eq!((list.parts[0].position, list.next), (at(110, 0), at(110, 1)));
}

#[test]
fn a_closed_segment_makes_the_next_one_come_next() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:3.84,\n0.m4s\n#EXT-X-ENDLIST\n";
    let list = MediaPlaylist::parse(text.as_bytes()).unwrap();
    assert_eq!((list.next, list.ended, list.distance()), (at(1, 0), true, 12.0));
}

#[test]
fn what_is_no_playlist_is_refused_with_its_line() {
    assert_eq!(MediaPlaylist::parse(b"<html>"), Err(PlaylistError::Header));
    assert_eq!(MediaPlaylist::parse(b"#EXTM3U\n\xff"), Err(PlaylistError::Text));
    assert_eq!(MediaPlaylist::parse(b"#EXTM3U\n"), Err(PlaylistError::Missing("EXT-X-TARGETDURATION")));
    let endless = format!("#EXTM3U\n{}", "\n".repeat(LINES_MAX + 1));
    assert_eq!(MediaPlaylist::parse(endless.as_bytes()), Err(PlaylistError::Text));
}

#[test]
fn a_multivariant_playlist_gives_its_variants_in_order() {
    let text = "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n\
        #EXT-X-STREAM-INF:BANDWIDTH=110000,CODECS=\"mp4a.40.2\",STABLE-VARIANT-ID=\"first\"\n7/main.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=60000,CODECS=\"mp4a.40.2\"\n7/low.m3u8?x=y/z.m3u8\n";
    let variants = parse_multivariant(text.as_bytes()).unwrap();
    assert!(variants[0].is_called("main") && variants[0].is_called("first"));
    assert!(variants[1].is_called("low") && !variants[1].is_called("main"));
    assert_eq!(parse_multivariant(LIVE.as_bytes()), Err(PlaylistError::Missing("EXT-X-STREAM-INF")));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(#EXT[A-Z:=\"0-9.,T-]{0,40}\n|[a-z0-9./]{0,9}\n){0,30}") {
        let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{text}");
        let _ = MediaPlaylist::parse(text.as_bytes());
        let _ = parse_multivariant(text.as_bytes());
    }
}
