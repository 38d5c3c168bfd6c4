//! A station that was killed, and one whose disk fails: what was listed stays, and sound goes on.

use std::process::Command;

use super::ear;
use super::listener::Listener;
use super::reader::Playlist;
use super::station::{Station, until};

#[test]
fn t10_a_killed_station_goes_on_in_the_same_run() {
    let station = Station::start(&["--demo"]);
    let listener = Listener::join(&station, "demo");
    listener.follow("main", "a whole segment and some parts", |list| {
        list.last_part().filter(|&last| last >= (9, 1))
    });
    let names = ["main", "low", "opus", "main.standard", "opus.standard"];
    let before = names.map(|name| listener.playlist(name));
    let media: Vec<_> = before.iter().flat_map(Playlist::uris).collect();
    let bytes: Vec<_> = media.iter().map(|uri| listener.fetch(uri)).collect();
    let below = listener.below.clone();

    let station = station.killed_and_started_again();
    let listener = Listener::join(&station, "demo");
    assert_eq!(listener.below, below, "the addresses are the same");
    for (name, before) in names.iter().zip(&before) {
        listener.playlist(name).follows(before).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for (uri, bytes) in media.iter().zip(&bytes) {
        assert_eq!(&listener.fetch(uri), bytes, "{uri}");
    }
    let marks = |list: &Playlist| -> Vec<u64> {
        list.segments.iter().filter(|segment| segment.discontinuity).map(|segment| segment.msn).collect()
    };
    let resumed = listener.follow("main", "sound after the discontinuity", |list| {
        let mark = *marks(list).first()?;
        list.last_part().filter(|last| last.0 >= mark).map(|_| list.clone())
    });
    resumed.follows(&before[0]).unwrap();
    let mark = match marks(&resumed)[..] {
        [mark] => mark,
        ref marks => panic!("one restart is one discontinuity: {marks:?}"),
    };
    assert!(mark > before[0].segments.last().unwrap().msn, "the segment that was cut is not gone on with");
    let gaps: Vec<_> =
        resumed.segments.iter().filter(|s| s.gap && s.msn >= 8).map(|segment| segment.msn).collect();
    assert!(
        gaps.iter().copied().eq(mark..mark + gaps.len() as u64),
        "GAP from {mark} to the sound: {gaps:?}"
    );
    for name in &names[1..] {
        let marked = listener
            .follow(name, "the discontinuity", |list| Some(marks(list)).filter(|marked| !marked.is_empty()));
        assert_eq!(marked, [mark], "{name}");
    }
    for rung in ["main", "low", "opus"] {
        let list = listener.playlist(rung);
        let cut: Vec<_> = list
            .segments
            .iter()
            .filter(|s| !s.gap && s.uri.is_some())
            .filter_map(|s| s.uri.clone())
            .collect();
        assert!(ear::level(&listener.sound(rung, &cut)) > 0.001, "what a death cut is whole parts");
        let newest = list.segments.iter().rev().find_map(|s| s.parts.last()).unwrap();
        assert!(ear::level(&listener.sound(rung, &[&newest.uri])) > 0.000_1, "{rung} sounds again");
    }
}

#[test]
fn a_disk_that_fails_does_not_silence_the_broadcast() {
    let station = Station::start(&["--demo"]);
    let listener = Listener::join(&station, "demo");
    listener.follow("main", "a part", Playlist::last_part);
    let run = listener.below.rsplit('/').next().unwrap();
    std::fs::remove_dir_all(station.folder().join("data/live/demo").join(run)).unwrap();
    // The slot that is open goes on in files that nobody sees; the next one cannot be begun.
    until("the failure is told", || {
        station.health("demo")["diskFailures"].as_u64().filter(|&failures| failures > 0)
    });
    let last = listener.playlist("main").last_msn().unwrap();
    let segment = listener.segment_after("main", last);
    for rung in ["main", "opus"] {
        let uri = segment.uri.clone().unwrap().replace("main", rung);
        assert_eq!(listener.sound(rung, &[uri]).len(), 184_320, "{rung} is heard from memory");
    }
    assert!(station.log().contains("is not kept on disk"));
}

#[test]
fn a_folder_that_cannot_be_made_is_one_line_and_no_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "not a folder").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_onair"))
        .args([
            "serve",
            "--http",
            "127.0.0.1:0",
            "--rtmp",
            "127.0.0.1:0",
            "--rtc",
            "127.0.0.1:0",
            "--data-dir",
            "file/data",
        ])
        .current_dir(&folder)
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), words.lines().count()), (Some(1), 1), "{words}");
    assert!(words.contains("file/data"), "{words}");
}
