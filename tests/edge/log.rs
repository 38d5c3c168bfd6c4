//! `onair edge-log` on logs that real edges wrote.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::cache::Edge;
use super::station::{Station, until};

/// What an edge wrote, once it wrote of `last`. Logs are written when they come to it.
pub(crate) fn whole(edge: &Edge, last: &str) -> String {
    until("the edge writes its log", || fs::read_to_string(&edge.log).ok().filter(|log| log.contains(last)))
}

/// After `a_cache_is_one_listener_to_the_station`: what was asked and answered there.
pub(crate) fn tells_what_happened(edge: &Edge) {
    // The last that was asked for there.
    whole(edge, "/healthz");
    let output = Command::new(env!("CARGO_BIN_EXE_onair"))
        .args(["edge-log", "--json"])
        .arg(&edge.log)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let demo = &told["broadcasts"]["demo"];
    let class = |name: &str, figure: &str| demo["classes"][name][figure].as_u64().unwrap();
    // The hinted part came once from the station, and the range of it and its second listener from the copy.
    assert!(class("part", "hits") >= 2 && class("part", "misses") >= 1, "{demo:#}");
    assert_eq!(class("part", "refused"), 1, "the one that was too early: {demo:#}");
    assert_eq!(class("playlist", "refused"), 3, "{demo:#}");
    assert!(class("playlist", "bytes") > 1_000 && class("playlist", "misses") >= 2, "{demo:#}");
    assert_eq!(told["unreadable"], 0, "{told:#}");
    assert!(told["elsewhere"].as_u64().unwrap() >= 1, "{told:#}");
    assert_eq!(demo["starvations"], 0, "a buffer that ran empty counts with its session's name: {demo:#}");
    assert_eq!(demo["sessions"].as_f64(), Some(1.0), "{demo:#}");
    assert!(demo["listenersPeak"].as_f64().unwrap() >= 2.0, "a session, and somebody without one: {demo:#}");
}

/// A log as CloudFront documents it.
#[test]
fn a_log_of_cloudfront_is_told() {
    let head = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem \
                sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type\n";
    let line = |second: u32, name: &str, status: u16, query: &str, result: &str| {
        format!(
            "2026-11-21\t20:15:{second:02}\tFRA56-P1\t1000\t192.0.2.9\tGET\td1.cloudfront.net\t/live/evening/r1/{name}\t\
             {status}\t-\tMozilla/5.0\t{query}\t-\t{result}\n"
        )
    };
    let bs = "_HLS_msn=8&_HLS_part=1&CMCD=bs%252Csid%253D%2522b%2522";
    let log = head.to_owned()
        + &line(1, "main.m3u8", 200, bs, "Hit")
        + &line(1, "main/8.1.m4s", 200, "-", "OriginShieldHit")
        + &line(2, "main/8.2.m4s", 200, "-", "Miss")
        + &line(3, "main/8.9.m4s", 404, "-", "Error")
        + &line(4, "main/7.m4s", 0, "-", "Error");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("E1.2026-11-21-20.abcd");
    fs::write(&file, log).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_onair")).arg("edge-log").arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |name: &str| {
        let line =
            text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{text}"));
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("part"), ["3", "0.5000", "0.00", "1", "0", "0"], "{text}");
    assert_eq!(row("segment"), ["1", "-", "0.00", "0", "0", "1"], "{text}");
    assert!(
        text.contains("listeners a minute: 2 on average, 2 at most, at 2026-11-21T20:15:00.000Z"),
        "{text}"
    );
    assert!(text.contains("sessions by CMCD: 1; ran out of sound: 1 of them, 1 times"), "{text}");
}

/// While listeners are served, the station that follows their edge's log says about how many they are.
#[test]
fn a_station_that_follows_its_edges_log_estimates_who_listens() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("edge.log");
    fs::write(&log, "").unwrap();
    let station = Station::start(&["--demo", "--edge-log", log.to_str().unwrap()]);
    let estimate = || station.json("/api/broadcasts/demo/viewers")["edgeEstimate"].clone();
    until("the log is followed", || (estimate() == 0).then_some(()));
    let lines: Vec<_> = (0..40)
        .map(|listener| format!("1\t192.0.2.{listener}\tGET\t/live/demo/r1/main/8.m4s\t200\t5\tHIT\tx\n"))
        .collect();
    fs::write(&log, lines.concat().repeat(3)).unwrap();
    let seen = until("they are counted", || estimate().as_u64().filter(|seen| *seen > 0));
    assert!((38..=42).contains(&seen), "{seen}");
    assert_eq!(station.metric("onair_edge_listeners_estimated"), seen as f64);
    let viewers = station.json("/api/broadcasts/demo/viewers");
    assert_eq!((&viewers["listeners"], &viewers["hls"]), (&0.into(), &0.into()), "an estimate is no count");
}

#[test]
fn without_a_log_nothing_is_estimated() {
    let station = Station::start(&["--demo"]);
    assert!(station.json("/api/broadcasts/demo/viewers")["edgeEstimate"].is_null());
}
