//! Recordings and DVR over HTTP, from a run's first step until it is read from disk.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod air;

use std::sync::Arc;

use air::Air;
use http::StatusCode;
use media::{MediaTime, RungId};
use origin::{Origin, Recorded};
use packager::{LatencyMode, Msn, Span};

/// Below `/live/`, a recording called `a`.
const RECORDING: &str = "studio/0run/rec/a";

fn record(air: &Air, recorded: Recorded) {
    air.shelf.change_recordings(|recordings| recordings.push(recorded)).unwrap();
}

fn whole(id: &str) -> Recorded {
    Recorded::open(id.into(), MediaTime::default())
}

async fn get(air: &Air, path: &str) -> air::Reply {
    air.ask(http::Method::GET, path, &[]).await
}

fn uris(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[tokio::test]
async fn a_recording_is_played_where_it_was_heard_from_the_moment_it_ends() {
    let mut air = Air::with(LatencyMode::Low, 30, 2);
    record(&air, whole("a"));
    let live = get(&air, "studio/index.m3u8").await.text();
    assert_eq!(uris(&live), ["0run/main.m3u8", "0run/low.m3u8", "0run/opus.m3u8"]);
    let growing = get(&air, &format!("{RECORDING}/main.m3u8")).await;
    assert_eq!(growing.header("cache-control"), Some("public, max-age=2"));
    air.end();
    let over = get(&air, "studio/index.m3u8").await.text();
    assert_eq!(uris(&over), ["main", "low", "opus"].map(|rung| format!("0run/rec/a/{rung}.m3u8")));
    let list = get(&air, &format!("{RECORDING}/main.m3u8")).await;
    assert!(list.text().starts_with(&growing.text()), "it only grew");
    assert!(list.text().ends_with("#EXT-X-ENDLIST\n"));
    assert_eq!(list.header("cache-control"), Some("public, max-age=60"));
    let text = list.text();
    let names: Vec<_> = (8..39).map(|msn| format!("../../main/{msn}.m4s")).collect();
    assert_eq!(uris(&text), names);
    for name in ["main/8.m4s", "main/38.m4s", "main/init.mp4"] {
        assert_eq!(get(&air, &format!("studio/0run/{name}")).await.status, StatusCode::OK, "{name}");
    }
    let index = get(&air, &format!("{RECORDING}/index.m3u8")).await.text();
    assert_eq!(uris(&index), ["main.m3u8", "low.m3u8", "opus.m3u8"]);
}

#[tokio::test]
async fn of_a_run_on_disk_only_what_is_recorded_is_played() {
    let mut air = Air::with(LatencyMode::Low, 60, 2);
    let span = Span { from: Msn(20).start(), to: Some(Msn(24).start()) };
    record(&air, Recorded { span, kept: span, ..whole("a") });
    air.end();
    let origin = Origin::with_library(8, air.root());
    let status = async |path: &str| air::ask(&origin, http::Method::GET, path, &[]).await.status;
    assert_eq!(status(&format!("{RECORDING}/opus.m3u8")).await, StatusCode::OK);
    assert_eq!(status("studio/0run/opus/19.m4s").await, StatusCode::NOT_FOUND);
    assert_eq!(status("studio/0run/opus/20.m4s").await, StatusCode::OK);
    assert_eq!(status("studio/0run/opus/24.m4s").await, StatusCode::NOT_FOUND);
    assert_eq!(
        status("studio/0run/opus/68.m4s").await,
        StatusCode::OK,
        "who heard the end may still fetch it"
    );
    let shelf = origin.shelf("studio", air.shelf.run()).unwrap();
    shelf.change_recordings(|recordings| recordings[0].folder = "secret".into()).unwrap();
    assert_eq!(status(&format!("{RECORDING}/opus.m3u8")).await, StatusCode::NOT_FOUND, "it was withdrawn");
    assert_eq!(
        status("studio/0run/rec/secret/opus.m3u8").await,
        StatusCode::OK,
        "its host knows where it is"
    );
    assert_eq!(Arc::clone(&shelf).files().read_recordings().unwrap()[0].folder, "secret");
    let index = air::ask(&origin, http::Method::GET, "studio/index.m3u8", &[]).await.text();
    assert_eq!(uris(&index)[0], "0run/main.m3u8", "and is not what everybody gets");
}

#[tokio::test]
async fn a_cut_plays_the_parts_that_it_touches() {
    let mut air = Air::with(LatencyMode::Low, 10, 0);
    let at = |slot: u64, part: u64, more: u64| MediaTime::from_ticks(slot * 184_320 + part * 30_720 + more);
    let span = Span { from: at(10, 2, 4_800), to: Some(at(12, 1, 0)) };
    record(&air, Recorded { span, ..whole("a") });
    air.end();
    let text = get(&air, &format!("{RECORDING}/low.m3u8")).await.text();
    assert!(
        text.contains("#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-START:TIME-OFFSET=0.100000,PRECISE=YES\n"),
        "{text}"
    );
    assert_eq!(uris(&text), ["../../low/10.m4s", "../../low/11.m4s", "../../low/12.m4s"]);
    let ranges: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("#EXT-X-BYTERANGE:")?.split_once('@')).collect();
    let mut played = Vec::new();
    for (segment, (length, offset)) in [10, 12].into_iter().zip(ranges) {
        let (length, offset): (u64, u64) = (length.parse().unwrap(), offset.parse().unwrap());
        let range = format!("bytes={offset}-{}", offset + length - 1);
        let path = format!("studio/0run/low/{segment}.m4s");
        let reply = air.ask(http::Method::GET, &path, &[("range", &range)]).await;
        assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT);
        played.push(reply.body.len());
    }
    let part = |msn, part| {
        let position = packager::Position { msn: Msn(msn), part: packager::PartIndex(part) };
        air::part_bytes(RungId::Low, position).len()
    };
    assert_eq!(played, [(2..6).map(|index| part(10, index)).sum::<usize>(), part(12, 0)]);
}

#[tokio::test]
async fn an_earlier_run_stays_where_it_was_while_the_next_is_on_air() {
    let mut air = Air::with(LatencyMode::Low, 3, 0);
    record(&air, whole("a"));
    air.end();
    let origin = Origin::with_library(8, air.root());
    let next = Air::named(LatencyMode::Ultra, "1run");
    origin.channel_for("studio").open(next.shelf.clone());
    let get = async |path: &str| air::ask(&origin, http::Method::GET, path, &[]).await;
    let over = get(&format!("{RECORDING}/main.m3u8")).await.text();
    assert_eq!(uris(&over).len(), 3);
    let live = get("studio/index.m3u8").await.text();
    assert_eq!(uris(&live)[0], "1run/main.m3u8");
    assert_eq!(get("studio/2run/rec/a/main.m3u8").await.status, StatusCode::NOT_FOUND);
    let shelf = origin.shelf("studio", air.shelf.run()).unwrap();
    origin.retire("studio", &shelf);
    assert!(origin.shelf("studio", air.shelf.run()).is_none());
    assert!(origin.shelf("studio", next.shelf.run()).is_some());
    assert_eq!(get(&format!("{RECORDING}/main.m3u8")).await.status, StatusCode::OK, "it is found again");
}

#[tokio::test]
async fn dvr_reaches_back_and_ends_with_the_run() {
    let mut air = Air::with(LatencyMode::Low, 60, 2);
    let first = |text: &str| uris(text).first().map(|uri| (*uri).to_owned());
    let dvr = get(&air, "studio/0run/main.dvr.m3u8").await.text();
    assert_eq!(first(&dvr).as_deref(), Some("main/8.m4s"), "all that is kept");
    assert!(dvr.contains("#EXT-X-PART:"));
    let index = get(&air, "studio/dvr.m3u8").await.text();
    assert_eq!(uris(&index)[0], "0run/main.dvr.m3u8");
    let delta = get(&air, "studio/0run/main.dvr.m3u8?_HLS_skip=YES").await.text();
    assert!(delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=54\n"), "{delta}");
    assert_eq!(get(&air, "studio/0run/main/8.m4s").await.status, StatusCode::OK);
    air.end();
    let over = get(&air, "studio/0run/main.dvr.m3u8").await.text();
    assert!(over.ends_with("#EXT-X-ENDLIST\n"));
}
