//! Who may publish, with what, and what those who may not are told.

use super::ear::is_tone;
use super::listener::Listener;
use super::station::{AAC, Station, until};

/// A tone as a cheap encoder makes it.
const MONO_44100: &str = "sine=frequency=440:sample_rate=44100,volume=4,aformat=channel_layouts=mono";

fn is_heard(coding: &[&str]) {
    let station = Station::start(&[]);
    let _host = station.publish_to(&station.ingest(), MONO_44100, coding);
    let listener = Listener::join(&station, "studio");
    let (_, part) = listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    assert!(is_tone(&listener.sound("opus", &[part.uri.replace("main", "opus")]), 440.0));
}

#[test]
fn mp3_at_44_1_khz_in_mono_is_heard_at_its_own_pitch() {
    is_heard(&["-c:a", "libmp3lame", "-b:a", "96k", "-ar", "44100"]);
}

#[test]
fn aac_at_44_1_khz_in_mono_is_heard_at_its_own_pitch() {
    is_heard(&["-c:a", "aac", "-b:a", "96k", "-ar", "44100"]);
}

#[test]
fn a_publisher_who_may_not_is_told_why() {
    let station = Station::start(&["--demo"]);
    let at = |name: &str| format!("rtmp://{}/live/{name}", station.rtmp);
    let words = station.publish_to(&at("studio?token=wrong"), MONO_44100, AAC).refusal();
    assert!(words.to_lowercase().contains("key"), "{words}");
    let words = station.publish_to(&at("nowhere?token=wrong"), MONO_44100, AAC).refusal();
    assert!(words.to_lowercase().contains("broadcast"), "{words}");
    let words = station.publish_to(&at("demo?token=wrong"), MONO_44100, AAC).refusal();
    assert!(words.to_lowercase().contains("key"), "{words}");

    let _host = station.publish_tone(440);
    until("the host is there", || {
        (station.metric("onair_publishers{protocol=\"rtmp\"}") == 1.0).then_some(())
    });
    let words = station.publish_to(&station.ingest(), MONO_44100, AAC).refusal();
    assert!(words.to_lowercase().contains("already"), "{words}");
    let failures = |reason: &str| {
        station.metric(&format!("onair_join_failures_total{{side=\"publish\",reason=\"{reason}\"}}"))
    };
    assert_eq!(["bad_key", "unknown_broadcast", "already_publishing"].map(failures), [2.0, 1.0, 1.0]);
    let listener = Listener::join(&station, "studio");
    listener.hear("main", "the host goes on", |sound| is_tone(sound, 440.0));
}

#[test]
fn a_ghost_never_blocks_its_own_return() {
    let station = Station::start(&[]);
    let ghost = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    let (left, _) = listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    ghost.freeze();
    // Whoever comes back at once is told that the place is taken; OBS tries again, and so is done here.
    let _host = until("the host is back", || {
        let mut host = station.publish_tone(660);
        until("an answer", || {
            if host.has_stopped() {
                return Some(false);
            }
            station.log().contains("takes its own place over").then_some(true)
        })
        .then_some(host)
    });
    let (returned, _) = listener.hear("main", "the new tone", |sound| is_tone(sound, 660.0));
    assert!(returned > left, "in the same run");
    until("the ghost is gone", || {
        (station.metric("onair_publishers{protocol=\"rtmp\"}") == 1.0).then_some(())
    });
}
