//! Latency modes, audio profiles and versions of HTTP.

use std::process::Command;

use super::ear::is_tone;
use super::listener::Listener;
use super::station::Station;

#[test]
fn ultra_lists_parts_of_six_frames_and_no_opus() {
    let station = Station::start(&["--studio-latency-mode", "ultra", "--studio-audio-profile", "voice"]);
    let _host = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    let (_, part) = listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    assert_eq!(part.duration, 12_800);
    let list = listener.playlist("low");
    assert_eq!(list.attribute("#EXT-X-SERVER-CONTROL", "PART-HOLD-BACK"), Some("0.38400"));
    assert_eq!(list.reports.len(), 1);
    assert_eq!(station.get(&format!("{}/opus.m3u8", listener.below)).status, 404);
    let index = station.text("/live/studio/index.m3u8");
    assert!(index.contains("mp4a.40.2") && !index.contains("Opus"), "{index}");
    // A part of 6,144 frames, and mono: `voice` has one channel in every rung.
    let sound = listener.sound("main", &[part.uri]);
    assert_eq!(sound.len(), 6_144);
    let health = station.health("studio");
    assert_eq!((&health["latencyMode"], &health["audioProfile"]), (&"ultra".into(), &"voice".into()));
}

#[test]
fn standard_lists_whole_segments_only() {
    let station = Station::start(&["--studio-latency-mode", "standard", "--studio-audio-profile", "music"]);
    let _host = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    let index = station.text("/live/studio/index.m3u8");
    assert!(index.contains("main.standard.m3u8") && !index.contains("main.m3u8"), "{index}");
    assert_eq!(station.get(&format!("{}/main.m3u8", listener.below)).status, 404);
    let heard = listener.follow("main.standard", "the tone", |list| {
        assert_eq!((list.hint.as_ref(), list.tag("#EXT-X-PART-INF")), (None, None));
        let segment = list.segments.iter().rfind(|segment| !segment.gap)?;
        let sound = listener.sound("main", &[segment.uri.clone()?]);
        is_tone(&sound[sound.len() - 48_000..], 440.0).then(|| segment.clone())
    });
    assert_eq!(heard.duration, 384_000);
}

#[test]
fn h01_the_same_bytes_come_by_http_1_and_http_2() {
    let station = Station::start(&["--demo"]);
    let listener = Listener::join(&station, "demo");
    let uri =
        listener.follow("main", "a part", |list| Some(list.segments.last()?.parts.first()?.uri.clone()));
    let bytes = listener.fetch(&uri);
    for (flag, version) in [("--http1.1", "1.1"), ("--http2-prior-knowledge", "2")] {
        let reply = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--max-time", "20", flag])
            .args(["--write-out", "%{stderr}%{http_version}"])
            .arg(format!("http://{}{}/{uri}", station.web, listener.below))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&reply.stderr), version);
        assert_eq!(reply.stdout, bytes, "HTTP/{version}");
    }
}
