//! The generator against a server that is right, and against one that is wrong in a known way.

mod station;

use std::collections::HashMap;
use std::time::Duration;

use load::catalog::Diet;
use load::fault::Fault;
use load::report::Report;
use load::{flood, hls};
use station::{Mishap, Running, on_air};

/// Long enough never to be waited for: the broadcasts here end by themselves.
const LONG: Duration = Duration::from_mins(5);

fn options(station: &Running, listeners: usize) -> hls::Options {
    hls::Options {
        url: station.url("index.m3u8"),
        listeners,
        duration: LONG,
        ramp: Duration::ZERO,
        diet: Diet::Parts,
        rung: None,
        watch: None,
        two_connections: true,
    }
}

/// Twenty listeners to parts 3 to 20, with something going wrong.
fn heard(mishap: Mishap) -> Report {
    let station = on_air(20, 3, 20, mishap);
    hls::run(&options(&station, 20)).expect("the station is there")
}

/// Part number `part` of `rung` as it is fetched.
fn path(rung: &str, part: u64) -> String {
    format!("{rung}/{}.{}.m4s", part / station::PARTS, part % station::PARTS)
}

#[test]
fn every_listener_fetches_every_part_exactly_once() {
    for two_connections in [true, false] {
        let station = on_air(50, 9, 40, Mishap::None);
        let report = hls::run(&hls::Options { two_connections, ..options(&station, 50) }).unwrap();
        assert_eq!(report.errors(), 0, "{}", report.table());
        assert!(report.passed());
        assert_eq!((report.ended, report.reconnects), (50, 0));
        // 1.92 s of hold-back are the three parts before the edge, 6 to 8; then all to the end.
        let expected: HashMap<_, _> =
            (6..=40).map(|part| (path("main", part), 50)).chain([("init.mp4".to_owned(), 50)]).collect();
        assert_eq!(station.fetched(), expected);
        assert_eq!(report.media.since_first.figures().count, 50 * 32, "parts 9 to 40 were waited for");
        assert_eq!(report.playlists.since_first.figures().count, 50 * 32);
    }
}

#[test]
fn the_asked_rung_is_the_one_that_is_fetched() {
    let station = on_air(5, 3, 8, Mishap::None);
    let report = hls::run(&hls::Options { rung: Some("low".to_owned()), ..options(&station, 5) }).unwrap();
    assert!(report.passed(), "{}", report.table());
    assert_eq!(station.fetched().get(&path("low", 5)), Some(&5));
    assert_eq!(station.fetched().get(&path("main", 5)), None);
}

#[test]
fn a_lost_part_is_an_error_for_each_listener_and_they_hear_on() {
    let report = heard(Mishap::Lost(10));
    assert_eq!((report.count(Fault::Status(404)), report.errors()), (20, 20));
    assert_eq!(report.ended, 20);
    assert!(!report.passed());
}

#[test]
fn a_part_of_another_length_is_noticed() {
    let report = heard(Mishap::Ragged(10));
    assert!(report.count(Fault::Length) >= 10, "{}", report.table());
    assert_eq!(report.errors(), report.count(Fault::Length));
}

#[test]
fn a_part_that_breaks_off_is_noticed_and_the_connection_is_opened_again() {
    let report = heard(Mishap::Cut(10));
    assert_eq!((report.count(Fault::Closed), report.errors()), (20, 20), "{}", report.table());
    assert_eq!((report.reconnects, report.ended), (20, 20));
}

#[test]
fn a_reload_answered_without_its_part_is_early() {
    let station = on_air(1, 3, 20, Mishap::Early(10));
    let report = hls::run(&options(&station, 1)).unwrap();
    assert_eq!((report.count(Fault::Early), report.errors()), (1, 1), "{}", report.table());
    assert_eq!(report.ended, 1, "it rested and heard on");
}

#[test]
fn a_refused_reload_is_counted_and_not_hammered() {
    let station = on_air(1, 3, 20, Mishap::Busy(10));
    let report = hls::run(&options(&station, 1)).unwrap();
    assert_eq!((report.count(Fault::Status(503)), report.errors()), (1, 1), "{}", report.table());
    assert_eq!(report.ended, 1, "it rested and heard on");
}

#[test]
fn without_parts_whole_segments_are_fetched() {
    let station = on_air(3, 36, 30, Mishap::None);
    let url = station.url("standard.m3u8");
    let report = hls::run(&hls::Options { url, diet: Diet::Segments, ..options(&station, 3) }).unwrap();
    assert_eq!((report.errors(), report.ended), (0, 3), "{}", report.table());
    let expected: HashMap<_, _> =
        (2..6).map(|msn| (format!("whole/{msn}.m4s"), 3)).chain([("init.mp4".to_owned(), 3)]).collect();
    assert_eq!(station.fetched(), expected);
}

#[test]
fn nobody_there_is_an_error_and_no_hang() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let station = on_air(2, 3, 4, Mishap::None);
    let url = format!("http://{closed}/live/demo/index.m3u8");
    let duration = Duration::from_millis(100);
    let report = hls::run(&hls::Options { url, duration, ..options(&station, 2) }).unwrap();
    assert_eq!((report.count(Fault::Connect), report.errors()), (2, 2), "{}", report.table());
    assert!(!report.passed());
}

#[test]
fn a_flood_counts_what_was_answered() {
    let station = on_air(1, 3, 20, Mishap::None);
    let flood = flood::run(&station.url("7/main/0.1.m4s"), 8, Duration::from_millis(200), None).unwrap();
    let served = station.fetched()["main/0.1.m4s"] as u64;
    assert!(flood.requests > 0 && flood.errors == 0);
    assert!((flood.requests..=flood.requests + 8).contains(&served), "{served} served, {flood:?}");
    assert_eq!(flood.bytes, flood.requests * 20 * "main/0.1.m4s".len() as u64);
    let wrong = flood::run(&station.url("7/none/index.m3u9/x"), 1, Duration::ZERO, None).unwrap();
    assert_eq!(wrong.requests, 0);
}
