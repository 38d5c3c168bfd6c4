//! The rules of Low-Latency HLS that concern requests: what is held, refused, cached and compressed.
//! Time is the test's own, so a request that is held for twelve seconds costs none.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod air;
#[path = "../../packager/tests/reader/mod.rs"]
mod reader;

use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use air::{Air, BELOW, Reply, ask, part_bytes};
use http::{Method, StatusCode};
use media::RungId;
use origin::stats::{Egress, Miss};
use packager::{LatencyMode, Msn, PartIndex, Position};
use proptest::prelude::*;
use reader::Playlist;
use tokio::time::{Duration, Instant};

fn list(reply: &Reply) -> Playlist {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    Playlist::read(&reply.text()).unwrap()
}

/// A request that somebody waits for.
struct Waiting<F>(Pin<Box<F>>);

impl<F: Future<Output = Reply>> Waiting<F> {
    fn on(future: F) -> Self {
        Self(Box::pin(future))
    }

    /// Whether it is held as things stand.
    fn is_held(&mut self) -> bool {
        matches!(self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
    }
}

/// A held request for `path` of the run; the run stays free to go on.
fn waiting(air: &Air, path: &str) -> Waiting<impl Future<Output = Reply> + use<>> {
    let (origin, path) = (air.origin.clone(), format!("{BELOW}/{path}"));
    Waiting::on(async move { ask(&origin, Method::GET, &path, &[]).await })
}

#[tokio::test(start_paused = true)]
async fn d01_a_reload_waits_for_its_segment_to_be_whole() {
    let mut air = Air::with(LatencyMode::Low, 3, 4);
    let mut reload = waiting(&air, "main.m3u8?_HLS_msn=11");
    assert!(reload.is_held());
    air.release(1);
    assert!(reload.is_held(), "a part is no segment");
    air.release(1);
    assert_eq!(list(&reload.0.await).last_msn(), Some(11));
}

#[tokio::test(start_paused = true)]
async fn d02_a_reload_waits_for_its_part() {
    let mut air = Air::with(LatencyMode::Low, 3, 4);
    let mut reload = waiting(&air, "main.m3u8?_HLS_msn=11&_HLS_part=5");
    air.release(1);
    assert!(reload.is_held());
    air.release(1);
    let list = list(&reload.0.await);
    assert_eq!((list.last_part(), list.last_msn()), (Some((11, 5)), Some(11)));
}

#[tokio::test(start_paused = true)]
async fn d02_a_reload_is_answered_by_anything_later() {
    let mut air = Air::with(LatencyMode::Low, 3, 4);
    let reload = waiting(&air, "main.m3u8?_HLS_msn=11&_HLS_part=5");
    air.interrupt(1);
    air.release(1);
    assert_eq!(list(&reload.0.await).last_part(), Some((13, 0)));
}

#[tokio::test(start_paused = true)]
async fn d03_a_part_past_the_last_is_the_first_of_the_next_segment() {
    let mut air = Air::with(LatencyMode::Low, 3, 5);
    let mut reload = waiting(&air, "main.m3u8?_HLS_msn=11&_HLS_part=6");
    air.release(1);
    assert!(reload.is_held());
    air.release(1);
    assert_eq!(list(&reload.0.await).last_part(), Some((12, 0)));
}

#[tokio::test(start_paused = true)]
async fn d04_what_is_listed_or_has_left_is_answered_at_once_with_the_whole_playlist() {
    let air = Air::with(LatencyMode::Low, 40, 2);
    let now = air.get("main.m3u8").await.body;
    for old in ["_HLS_msn=0", "_HLS_msn=3&_HLS_part=99", "_HLS_msn=47", "_HLS_msn=48&_HLS_part=1"] {
        assert_eq!(air.get(&format!("main.m3u8?{old}")).await.body, now, "{old}");
    }
}

#[tokio::test(start_paused = true)]
async fn d05_a_part_without_its_segment_is_a_bad_request() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    assert_eq!(air.get("main.m3u8?_HLS_part=0").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(air.origin.stats().misses(Miss::BadDirectives), 1);
}

#[tokio::test(start_paused = true)]
async fn d06_too_far_ahead_is_a_bad_request_at_once() {
    for mode in LatencyMode::ALL {
        let air = Air::with(mode, 3, 0);
        let begun = Instant::now();
        let far = ["13", "14", "99999", "18446744073709551615", "18446744073709551616"];
        for msn in far {
            let reply = air.get(&format!("main.standard.m3u8?_HLS_msn={msn}")).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{mode} {msn}");
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert!(waiting(&air, "main.standard.m3u8?_HLS_msn=12").is_held(), "{mode}");
    }
}

#[tokio::test(start_paused = true)]
async fn d06_the_advance_part_limit_is_three_seconds_of_parts() {
    for (mode, limit) in [(LatencyMode::Low, 5), (LatencyMode::Ultra, 24)] {
        let air = Air::with(mode, 3, 0);
        let nearest = limit - 1;
        assert!(waiting(&air, &format!("main.m3u8?_HLS_msn=11&_HLS_part={nearest}")).is_held(), "{mode}");
        let reply = air.get(&format!("main.m3u8?_HLS_msn=11&_HLS_part={limit}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{mode}");
    }
}

#[tokio::test(start_paused = true)]
async fn d07_after_three_target_durations_a_reload_is_unavailable() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let begun = Instant::now();
    let reply = air.get("main.m3u8?_HLS_msn=11&_HLS_part=2").await;
    assert_eq!((reply.status, begun.elapsed().as_secs()), (StatusCode::SERVICE_UNAVAILABLE, 12));
    assert_eq!((reply.header("retry-after"), air.origin.stats().held()), (Some("1"), 0));
}

#[tokio::test(start_paused = true)]
async fn d07_more_than_can_be_held_are_unavailable_at_once() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let mut held: Vec<_> = (0..8).map(|_| waiting(&air, "main.m3u8?_HLS_msn=11&_HLS_part=2")).collect();
    assert!(held.iter_mut().all(Waiting::is_held));
    let reply = air.get("main.m3u8?_HLS_msn=11&_HLS_part=2").await;
    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (StatusCode::SERVICE_UNAVAILABLE, Some("no-store"))
    );
    assert_eq!(air.get("main.m3u8").await.status, StatusCode::OK, "what need not be held is served");
}

#[tokio::test(start_paused = true)]
async fn d08_a_reload_may_ask_for_a_delta_update() {
    let mut air = Air::with(LatencyMode::Low, 30, 2);
    let before = list(&air.get("main.m3u8").await);
    let delta = waiting(&air, "main.m3u8?_HLS_msn=38&_HLS_part=2&_HLS_skip=YES");
    air.release(1);
    let delta = list(&delta.0.await);
    assert!(delta.skipped.is_some());
    assert_eq!(delta.applied_to(&before), list(&air.get("main.m3u8").await));
}

#[tokio::test(start_paused = true)]
async fn d10_a_skip_that_does_not_apply_changes_nothing() {
    let mut air = Air::with(LatencyMode::Low, 30, 2);
    let plain = air.get("main.m3u8").await.body;
    assert_eq!(air.get("main.m3u8?_HLS_skip=NO").await.body, plain);
    air.end();
    assert_eq!(air.get("main.m3u8?_HLS_skip=YES").await.body, air.get("main.m3u8").await.body);
}

#[tokio::test(start_paused = true)]
async fn d12_one_request_brings_one_answer_and_all_rungs_change_together() {
    let mut air = Air::with(LatencyMode::Low, 3, 2);
    assert_eq!(air.get("main.m3u8").await, air.get("main.m3u8").await);
    let rungs = ["main.m3u8", "low.m3u8", "opus.m3u8", "main.standard.m3u8", "low.standard.m3u8"];
    let reloads = rungs.map(|name| waiting(&air, &format!("{name}?_HLS_msn=11")));
    air.release(4);
    for reload in reloads {
        assert_eq!(list(&reload.0.await).last_msn(), Some(11));
    }
}

#[tokio::test(start_paused = true)]
async fn d13_a_reload_is_never_answered_with_nothing_new() {
    let mut air = Air::with(LatencyMode::Low, 3, 0);
    let mut before = air.get("main.m3u8").await.body;
    for _ in 0..40 {
        let (msn, part) = (air.next.msn, air.next.part);
        let mut reload = waiting(&air, &format!("main.m3u8?_HLS_msn={msn}&_HLS_part={part}"));
        assert!(reload.is_held(), "{msn}.{part}");
        air.release(1);
        let reply = reload.0.await;
        assert_ne!(reply.body, before);
        before = reply.body;
    }
}

#[tokio::test(start_paused = true)]
async fn d14_a_client_that_goes_away_frees_its_place() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let mut held: Vec<_> = (0..8).map(|_| waiting(&air, "main/11.2.m4s")).collect();
    assert!(held.iter_mut().all(Waiting::is_held));
    assert_eq!(air.origin.stats().held(), 8);
    held.clear();
    assert_eq!(air.origin.stats().held(), 0);
}

#[tokio::test(start_paused = true)]
async fn d14_a_server_that_stops_answers_with_the_playlist_as_it_is() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let reload = waiting(&air, "main.m3u8?_HLS_msn=11&_HLS_part=2");
    let part = waiting(&air, "main/11.2.m4s");
    air.origin.drain();
    let reply = reload.0.await;
    assert_eq!(list(&reply).last_part(), Some((11, 1)));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(part.0.await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(air.get("main.m3u8?_HLS_msn=11&_HLS_part=2").await.status, StatusCode::OK, "none is held now");
}

#[tokio::test(start_paused = true)]
async fn d15_other_keys_change_nothing() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let plain = air.get("main.m3u8").await;
    for query in ["a=1", "_HLS_push=1", "_HLS_primary_id=5", "&&&", "=", "session=x&_hls_msn=99"] {
        assert_eq!(air.get(&format!("main.m3u8?{query}")).await, plain, "{query}");
    }
    assert!(!plain.text().contains('?'), "no query finds its way into an address");
}

#[tokio::test(start_paused = true)]
async fn d15_what_players_tell_of_themselves_changes_nothing() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let told =
        "CMCD=bl%3D1900%2Cbs%2Cot%3Da%2Csf%3Dh%2Csid%3D%226e2fb550-c457-11e9-bb97-0800200c9a66%22%2Cst%3Dl";
    for path in ["main.m3u8", "main/8.0.m4s", "main/8.m4s", "main/init.mp4"] {
        let reply = air.get(&format!("{path}?{told}")).await;
        assert_eq!((reply.status, &reply), (StatusCode::OK, &air.get(path).await), "{path}");
    }
    let reload = "main.m3u8?_HLS_msn=8&_HLS_part=1";
    assert_eq!(air.get(&format!("{reload}&{told}")).await, air.get(reload).await);
}

#[tokio::test(start_paused = true)]
async fn c03_a_second_spelling_is_a_bad_request() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let spellings =
        ["_HLS_msn=007", "_HLS_msn=-1", "_HLS_msn=%31", "_HLS_msn=", "_HLS_msn", "_HLS_msn=1&_HLS_msn=1"];
    for query in spellings {
        let reply = air.get(&format!("main.m3u8?{query}")).await;
        assert_eq!(
            (reply.status, reply.header("cache-control")),
            (StatusCode::BAD_REQUEST, Some("no-store"))
        );
    }
}

fn directive() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        8 => Just("_HLS_msn".to_owned()), 8 => Just("_HLS_part".to_owned()), 3 => Just("_HLS_skip".to_owned()),
        1 => "[_A-Za-z]{0,9}",
    ];
    let value = prop_oneof![
        8 => (0..14_u64).prop_map(|n| n.to_string()),
        2 => any::<i128>().prop_map(|n| n.to_string()),
        1 => Just("18446744073709551616".to_owned()), 1 => Just(String::new()),
        2 => Just("YES".to_owned()), 1 => Just("v2".to_owned()), 1 => "0[0-9]{1,4}", 1 => "[ -~]{0,12}",
    ];
    (key, value, any::<bool>())
        .prop_map(|(key, value, bare)| if bare && value.is_empty() { key } else { format!("{key}={value}") })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is asked: at once the playlist as it is, at once 400, or held for something that is near.
    #[test]
    fn d06_no_directives_are_held_for_what_is_far(
        pairs in prop::collection::vec(directive(), 0..5),
        mode in prop::sample::select(&LatencyMode::ALL[..]),
        standard in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let mut air = Air::with(mode, 2, 3);
        let name = if standard || mode == LatencyMode::Standard { "main.standard.m3u8" } else { "main.m3u8" };
        let query = pairs.join("&");
        runtime.block_on(async {
            let mut reload = waiting(&air, &format!("{name}?{query}"));
            if reload.is_held() {
                // Two segments and the Advance Part Limit lie within two slots of what is being filled.
                air.release(2 * usize::from(air.grid.parts_per_slot()));
                assert!(!Waiting::is_held(&mut waiting(&air, name)), "others are served");
                let reply = tokio::time::timeout(Duration::from_millis(1), reload.0).await.expect("it is listed now");
                list(&reply);
            } else {
                let reply = air.get(&format!("{name}?{query}")).await;
                prop_assert!(matches!(reply.status, StatusCode::OK | StatusCode::BAD_REQUEST), "{query}");
                if reply.status == StatusCode::OK {
                    list(&reply);
                }
            }
            assert_eq!(air.origin.stats().held(), 0);
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn t10_a_restart_neither_lowers_the_sequence_nor_changes_an_address() {
    let mut air = Air::with(LatencyMode::Low, 30, 2);
    let before = list(&air.get("main.m3u8").await);
    air.restart(2);
    air.release(1);
    let after = list(&air.get("main.m3u8").await);
    after.follows(&before).unwrap();
    let marked: Vec<_> =
        after.segments.iter().filter(|s| s.discontinuity || s.gap).map(|s| (s.msn, s.gap)).collect();
    assert_eq!(marked, [(39, true), (40, true)], "the discontinuity stands on the first gap");
    assert_eq!(after.segments.iter().filter(|segment| segment.discontinuity).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn t15_a_part_that_left_the_list_can_still_be_fetched() {
    let mut air = Air::with(LatencyMode::Low, 1, 0);
    air.release(6 * 60);
    let position = Position { msn: Msn(8), part: PartIndex(3) };
    let reply = air.get("main/8.3.m4s").await;
    assert_eq!((reply.status, reply.body), (StatusCode::OK, part_bytes(RungId::Main, position)));
}

#[tokio::test(start_paused = true)]
async fn a_part_beyond_the_end_of_its_segment_reads_no_file() {
    let mut air = Air::with(LatencyMode::Low, 1, 0);
    air.release(6 * 60);
    air.interrupt(1);
    air.release(2);
    let newest = air.shelf.view().window.last().unwrap().msn.0;
    // Were they looked for in the files, they would be found there: seven parts each.
    let parts = (0..7).map(|part| part_bytes(RungId::Main, Position { msn: Msn(8), part: PartIndex(part) }));
    let bytes = parts.collect::<Vec<_>>().concat();
    for msn in [8, newest - 1] {
        std::fs::write(air.path().join(format!("main/{msn}.m4s")), &bytes).unwrap();
    }
    assert_eq!(air.get("main/8.5.m4s").await.status, StatusCode::OK, "it comes from the file");
    let gap = newest - 1;
    for path in ["main/8.6.m4s", &format!("main/{gap}.0.m4s"), &format!("main/{gap}.m4s")] {
        assert_eq!(air.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn t17_a_segment_that_left_the_list_can_still_be_fetched() {
    let mut air = Air::with(LatencyMode::Low, 1, 0);
    let listed = air.get("opus/8.m4s").await;
    air.release(6 * 60);
    assert!(list(&air.get("opus.m3u8").await).media_sequence > 8);
    assert!(air.shelf.view().segments().len() < 30, "it comes from disk, memory is bounded");
    assert_eq!(air.get("opus/8.m4s").await, listed);
    air.restart(0);
    assert_eq!(air.get("opus/8.m4s").await, listed);
}

#[tokio::test(start_paused = true)]
async fn t21_the_end_lets_every_held_request_go_and_holds_none() {
    let mut air = Air::with(LatencyMode::Low, 3, 2);
    let reloads =
        ["main", "low", "opus"].map(|rung| waiting(&air, &format!("{rung}.m3u8?_HLS_msn=12&_HLS_part=0")));
    let part = waiting(&air, "main/11.2.m4s");
    air.end();
    for reload in reloads {
        assert!(list(&reload.0.await).ended);
    }
    assert_eq!(part.0.await.status, StatusCode::NOT_FOUND);
    assert!(list(&air.get("main.m3u8?_HLS_msn=999&_HLS_part=9").await).ended);
}

#[tokio::test(start_paused = true)]
async fn p02_a_hinted_part_is_held_and_then_whole() {
    let mut air = Air::with(LatencyMode::Ultra, 2, 7);
    let hint = list(&air.get("low.m3u8").await).hint.unwrap();
    let mut part = waiting(&air, &hint);
    assert!(part.is_held());
    let position = air.next;
    air.release(1);
    let reply = part.0.await;
    assert_eq!(reply.body, part_bytes(RungId::Low, position));
    assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()));
}

#[tokio::test(start_paused = true)]
async fn p03_what_nobody_hinted_at_is_not_found_at_once() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let begun = Instant::now();
    let nothing = [
        "main/11.3.m4s",
        "main/12.0.m4s",
        "main/11.m4s",
        "main/12.m4s",
        "main/3.m4s",
        "main/3.0.m4s",
        "main/8.6.m4s",
        "main/99999999.m4s",
        "main/18446744073709551615.65535.m4s",
        "nothing.m3u8",
        "main/nothing",
        "main.mp4",
    ];
    for path in nothing {
        let reply = air.get(path).await;
        assert_eq!(
            (reply.status, reply.header("cache-control")),
            (StatusCode::NOT_FOUND, Some("no-store")),
            "{path}"
        );
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn p03_a_hint_that_is_not_kept_is_not_found() {
    let mut air = Air::with(LatencyMode::Low, 3, 2);
    let part = waiting(&air, "main/11.2.m4s");
    air.interrupt(0);
    air.release(1);
    assert_eq!(part.0.await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn p04_media_is_served_by_ranges_too() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let path = format!("{BELOW}/main/9.m4s");
    let whole = air.get("main/9.m4s").await.body;
    for (range, expected) in
        [("bytes=3-10", 3..11), ("bytes=5-", 5..whole.len()), ("bytes=-4", whole.len() - 4..whole.len())]
    {
        let reply = air.ask(Method::GET, &path, &[("range", range)]).await;
        assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT);
        let spec = format!("bytes {}-{}/{}", expected.start, expected.end - 1, whole.len());
        assert_eq!(
            (reply.header("content-range"), &reply.body),
            (Some(spec.as_str()), &whole.slice(expected))
        );
    }
    let beyond = air.ask(Method::GET, &path, &[("range", "bytes=99999-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test(start_paused = true)]
async fn h02_playlists_are_gzipped_where_that_is_asked_for() {
    let air = Air::with(LatencyMode::Low, 20, 2);
    for path in ["studio/index.m3u8", "studio/0run/main.m3u8", "studio/0run/low.standard.m3u8"] {
        let plain = air.ask(Method::GET, path, &[]).await;
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
        for accepts in ["gzip", "br, GZIP;q=0.5", "*"] {
            let packed = air.ask(Method::GET, path, &[("accept-encoding", accepts)]).await;
            assert_eq!(packed.header("content-encoding"), Some("gzip"), "{accepts}");
            assert_eq!(packed.header("vary"), Some("accept-encoding"));
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
            assert_eq!(text, plain.body);
        }
        for refuses in ["identity", "gzip;q=0", "br", "", "gzip;q=0, *", "*;q=0"] {
            assert_eq!(air.ask(Method::GET, path, &[("accept-encoding", refuses)]).await, plain, "{refuses}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn h02_a_playlist_is_packed_once_for_everybody() {
    let mut air = Air::with(LatencyMode::Low, 20, 2);
    let ask = async |air: &Air| {
        let reply = air.ask(Method::GET, "studio/0run/main.m3u8", &[("accept-encoding", "gzip")]).await;
        reply.body.as_ptr() as usize
    };
    // The same bytes in memory, not bytes that are the same.
    let (one, other) = (air.shelf.view(), air.shelf.view());
    let packed = |view: &origin::view::View| {
        view.playlist(RungId::Main, packager::playlist::Kind::Parts, packager::playlist::Skip::No, true)
    };
    assert_eq!(packed(&one).as_ptr(), packed(&other).as_ptr());
    assert_eq!(ask(&air).await, packed(&one).as_ptr() as usize);
    air.release(1);
    assert_ne!(ask(&air).await, packed(&one).as_ptr() as usize);
}

#[tokio::test(start_paused = true)]
async fn h03_playlists_are_more_urgent_than_media() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    assert_eq!(air.get("main.m3u8").await.header("priority"), Some("u=1"));
    for media in ["main/init.mp4", "main/9.m4s", "main/11.1.m4s"] {
        assert_eq!(air.get(media).await.header("priority"), Some("u=2"), "{media}");
    }
}

/// Replies of every sort.
async fn replies(air: &Air) -> Vec<(&'static str, Reply)> {
    let mut all = Vec::new();
    let paths = [
        "studio/index.m3u8",
        "studio/standard.m3u8",
        "studio/0run/main.m3u8",
        "studio/0run/main.m3u8?_HLS_msn=9",
        "studio/0run/main/init.mp4",
        "studio/0run/main/9.m4s",
        "studio/0run/main/11.0.m4s",
        "studio/0run/main.m3u8?_HLS_part=1",
        "studio/0run/main.m3u8?_HLS_msn=99",
        "studio/0run/main/99.m4s",
        "studio/0run/main.m3u8?_HLS_msn=11&_HLS_part=2",
        "studio/0old/main.m3u8",
        "nobody/index.m3u8",
        "x",
    ];
    for path in paths {
        all.push((path, air.ask(Method::GET, path, &[]).await));
    }
    all.push(("OPTIONS", air.ask(Method::OPTIONS, "studio/index.m3u8", &[]).await));
    all.push(("POST", air.ask(Method::POST, "studio/index.m3u8", &[]).await));
    all
}

#[tokio::test(start_paused = true)]
async fn h05_the_origin_sets_no_age() {
    for (path, reply) in replies(&Air::with(LatencyMode::Low, 3, 2)).await {
        assert_eq!(reply.header("age"), None, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn h06_replies_are_kept_for_as_long_as_they_are_true() {
    let mut air = Air::with(LatencyMode::Low, 3, 2);
    let kept = async |air: &Air, path: &str| air.get(path).await.header("cache-control").unwrap().to_owned();
    assert_eq!(kept(&air, "main.m3u8").await, "public, max-age=2");
    assert_eq!(kept(&air, "main.m3u8?_HLS_skip=YES").await, "public, max-age=2");
    assert_eq!(kept(&air, "main.m3u8?_HLS_msn=9&_HLS_part=0").await, "public, max-age=24");
    let reload = waiting(&air, "main.m3u8?_HLS_msn=11&_HLS_part=2");
    air.release(1);
    assert_eq!(reload.0.await.header("cache-control"), Some("public, max-age=24"));
    for media in ["main/init.mp4", "main/9.m4s", "main/9.0.m4s", "main/11.2.m4s"] {
        assert_eq!(kept(&air, media).await, "public, max-age=31536000, immutable", "{media}");
    }
}

#[tokio::test(start_paused = true)]
async fn h07_no_error_is_ever_kept() {
    let mut errors = 0;
    for (path, reply) in replies(&Air::with(LatencyMode::Low, 3, 2)).await {
        if reply.status.is_client_error() || reply.status.is_server_error() {
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{path}");
            errors += 1;
        }
    }
    assert_eq!(errors, 8);
}

#[tokio::test(start_paused = true)]
async fn h08_everything_says_what_it_is() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    for (path, expected) in [
        ("main.m3u8", "application/vnd.apple.mpegurl"),
        ("main.standard.m3u8", "application/vnd.apple.mpegurl"),
        ("opus/init.mp4", "audio/mp4"),
        ("main/9.m4s", "audio/mp4"),
        ("main/11.1.m4s", "audio/mp4"),
    ] {
        assert_eq!(air.get(path).await.header("content-type"), Some(expected), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn h09_any_page_may_read_everything_and_see_its_age() {
    for (path, reply) in replies(&Air::with(LatencyMode::Low, 3, 2)).await {
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
        let exposed = reply.header("access-control-expose-headers").unwrap();
        for name in ["Age", "Date", "ETag", "Content-Length"] {
            assert!(exposed.split(", ").any(|given| given == name), "{path}: {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn h10_no_address_carries_anything_of_the_listener() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let plain = air.ask(Method::GET, "studio/index.m3u8", &[]).await;
    let known = air.ask(Method::GET, "studio/index.m3u8?session=me", &[("cookie", "me=1")]).await;
    assert_eq!(known, plain);
    assert_eq!(plain.header("set-cookie"), None);
}

#[tokio::test(start_paused = true)]
async fn media_that_a_player_has_is_not_sent_again() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let path = format!("{BELOW}/main/9.m4s");
    let tag = air.get("main/9.m4s").await.header("etag").unwrap().to_owned();
    let again = air.ask(Method::GET, &path, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let other = air.ask(Method::GET, &path, &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_house_is_counted() {
    let air = Air::with(LatencyMode::Low, 3, 2);
    let playlist = air.get("main.m3u8").await.body.len() as u64;
    let part = air.get("main/11.1.m4s").await.body.len() as u64;
    let stats = air.origin.stats();
    assert_eq!((stats.egress(Egress::Playlist), stats.egress(Egress::Part)), (playlist, part));
}
