//! Strangers at the doors: those who listen do not notice.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::ear;
use super::listener::Listener;
use super::reader::Playlist;
use super::station::{AAC, Station, fetch, until};

/// Bytes that look like nothing; the same in every run of the test.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

#[test]
fn nonsense_at_the_rtmp_door_does_not_disturb_who_listens() {
    let station = Station::start(&["--demo"]);
    let listener = Listener::join(&station, "demo");
    let before = listener.follow("main", "a part", |list| list.last_part().map(|_| list.clone()));
    // Some send a byte and stay, some say nothing, some send noise of many lengths.
    let slow: Vec<_> = (0..10)
        .map(|n| {
            let mut line = TcpStream::connect(&station.rtmp).unwrap();
            if n % 2 == 0 {
                line.write_all(&[3]).unwrap();
            }
            line
        })
        .collect();
    until("the slow ones are counted", || (station.metric("onair_rtmp_connections") >= 10.0).then_some(()));
    for seed in 1..60_u64 {
        let mut line = TcpStream::connect(&station.rtmp).unwrap();
        let mut bytes = noise(seed, 40 * seed as usize);
        if seed % 2 == 0 {
            bytes[0] = 3;
        }
        // A door that shuts early is as good as one that listens to the end.
        line.write_all(&bytes).ok();
        line.shutdown(Shutdown::Write).ok();
        line.read_to_end(&mut Vec::new()).ok();
    }
    until("nonsense is counted", || {
        let dropped = |reason: &str| {
            let series = format!("onair_connections_dropped_total{{protocol=\"rtmp\",reason=\"{reason}\"}}");
            station.metric(&series)
        };
        (dropped("handshake") + dropped("protocol") >= 1.0).then_some(())
    });
    let after = listener.follow("main", "the next segment", |list| {
        let later = list.last_part()? >= (before.segments.last()?.msn + 1, 1);
        later.then(|| list.clone())
    });
    assert!(after.segments.iter().all(|segment| !segment.discontinuity && segment.gap == (segment.msn < 8)));
    let newest = after.segments.last().unwrap().parts.last().unwrap();
    assert!(ear::level(&listener.sound("main", &[&newest.uri])) > 0.000_1);
    drop(slow);
    let host = station.publish_to(&station.ingest(), "sine=frequency=440,volume=4", AAC);
    let studio = Listener::join(&station, "studio");
    studio.hear("main", "whoever has the key gets in", |sound| ear::is_tone(sound, 440.0));
    drop(host);
}

#[test]
fn two_broadcasts_do_not_hear_each_other() {
    let station = Station::start(&["--demo"]);
    let demo = Listener::join(&station, "demo");
    let host = station.publish_tone(440);
    let studio = Listener::join(&station, "studio");
    studio.hear("main", "the tone", |sound| ear::is_tone(sound, 440.0));
    let (_, part) = demo.hear("main", "the demo", |sound| ear::level(sound) > 0.000_1);
    assert!(!ear::is_tone(&demo.sound("main", &[part.uri]), 440.0));
    let before = demo.playlist("main");
    host.kill();
    studio.hear("main", "silence", ear::is_silent);
    let after = demo.playlist("main");
    after.follows(&before).unwrap();
    assert!(after.segments.iter().all(|segment| !segment.discontinuity));
    assert_eq!(station.metric("onair_broadcasts{state=\"live\"}"), 2.0);
}

#[test]
fn what_listeners_do_moves_the_metrics() {
    let station = Station::start(&["--demo"]);
    let listener = Listener::join(&station, "demo");
    listener.follow("main", "a part", Playlist::last_part);
    let egress = |path: &str| station.metric(&format!("onair_egress_bytes_total{{path=\"{path}\"}}"));
    let playback = |reason: &str| {
        station.metric(&format!("onair_join_failures_total{{side=\"playback\",reason=\"{reason}\"}}"))
    };
    for (path, uri) in [("init", "main/init.mp4"), ("part", "main/8.0.m4s"), ("playlist", "low.m3u8")] {
        let before = egress(path);
        let bytes = listener.fetch(uri).len() as f64;
        assert!(egress(path) >= before + bytes, "{path}");
    }
    let below = &listener.below;
    let refusals = ["bad_directive", "too_far", "not_found"];
    let before = refusals.map(playback);
    assert_eq!(station.get(&format!("{below}/main.m3u8?_HLS_part=1")).status, 400);
    assert_eq!(station.get(&format!("{below}/main.m3u8?_HLS_msn=9999")).status, 400);
    assert_eq!(station.get(&format!("{below}/main/9999.m4s")).status, 404);
    assert_eq!(refusals.map(playback), before.map(|count| count + 1.0));

    let later = listener.playlist("main").last_msn().unwrap() + 2;
    let (web, path) = (station.web.clone(), format!("{below}/main.m3u8?_HLS_msn={later}"));
    let held = std::thread::spawn(move || fetch(&web, &path));
    until("one is held", || (station.metric("onair_held_requests") == 1.0).then_some(()));
    assert_eq!(held.join().unwrap().unwrap().status, 200);
    until("none is held", || (station.metric("onair_held_requests") == 0.0).then_some(()));
    assert!(station.metric("onair_part_release_delay_seconds_count") >= 2.0);
}
