//! Broadcasts that people make by the API: published with the key they were given, heard, and ended.

use std::process::{Command, Stdio};

use serde_json::json;

use super::ear::{is_silent, is_tone, share};
use super::listener::Listener;
use super::station::{AAC, Person, Publisher, Station, until};

/// A tone of `hz`, as loud as the others.
fn tone(hz: u32) -> String {
    format!("sine=frequency={hz}:sample_rate=48000,volume=4,aformat=channel_layouts=stereo")
}

/// Where a broadcast is published, as its owner is told.
fn address(broadcast: &serde_json::Value) -> String {
    let ingest = |field: &str| broadcast["ingest"][field].as_str().unwrap().to_owned();
    format!("{}/{}", ingest("rtmpUrl"), ingest("rtmpStreamKey"))
}

fn publish(station: &Station, broadcast: &serde_json::Value, hz: u32) -> Publisher {
    station.publish_to(&address(broadcast), &tone(hz), AAC)
}

/// Waits until the API tells this status.
fn becomes(host: &Person<'_>, id: &str, status: &str) -> serde_json::Value {
    until(&format!("{id} is {status}"), || {
        Some(host.get(&format!("/api/broadcasts/{id}"))).filter(|told| told["status"] == status)
    })
}

#[test]
fn a_script_of_curl_goes_from_registration_to_the_end() {
    let station = Station::start(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/first-broadcast.sh");
    let output = Command::new("bash")
        .args([script, &format!("http://{}", station.web)])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for step in ["registered", "made broadcast", "on air", "heard at", "ended"] {
        assert!(said.contains(step), "{said}");
    }
}

#[test]
fn a_broadcast_goes_from_scheduled_to_live_to_ended_and_needs_a_start_to_come_back() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News", "latencyMode": "low"}));
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["status"], "scheduled");
    assert_eq!(station.get(&format!("/live/{id}/index.m3u8")).status, 404, "nothing is on air");
    let anyone = station.json(&format!("/api/broadcasts/{id}"));
    assert!(anyone.get("ingest").is_none(), "{anyone}");
    let page = station.get(&format!("/b/{id}"));
    let html = page.text();
    assert!(
        html.contains("<meta property=\"og:title\" content=\"News\">"),
        "a link tells what it leads to: {html}"
    );
    assert!(
        page.head.to_lowercase().contains("content-security-policy: default-src 'self'"),
        "{}",
        page.head
    );
    let other = station.register("rory");
    assert!(other.get(&format!("/api/broadcasts/{id}")).get("ingest").is_none());
    assert_eq!(other.send("POST", &format!("/api/broadcasts/{id}/end"), None).status, 403);

    let wrong = address(&made).replace("token=", "token=x");
    let words = station.publish_to(&wrong, &tone(440), AAC).refusal();
    assert!(words.to_lowercase().contains("key"), "{words}");

    let mut publisher = publish(&station, &made, 440);
    becomes(&host, id, "live");
    let listener = Listener::join(&station, id);
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    assert_eq!(host.send("DELETE", &format!("/api/broadcasts/{id}"), None).status, 409);
    host.done("POST", &format!("/api/broadcasts/{id}/end"), None);
    listener.follow("main", "the end", |list| list.ended.then_some(()));
    publisher.stopped();
    let ended = becomes(&host, id, "ended");
    assert!(ended["endedAt"].as_str() > ended["startedAt"].as_str());

    let words = publish(&station, &made, 440).refusal();
    assert!(words.contains("not open"), "{words}");
    host.done("POST", &format!("/api/broadcasts/{id}/start"), None);
    let _again = publish(&station, &made, 660);
    let second = Listener::join(&station, id);
    assert_ne!(second.below, listener.below, "another run");
    second.hear("main", "the new tone", |sound| is_tone(sound, 660.0));
    host.done("POST", &format!("/api/broadcasts/{id}/end"), None);
    assert_eq!(host.send("DELETE", &format!("/api/broadcasts/{id}"), None).status, 204);
    assert_eq!(host.send("GET", &format!("/api/broadcasts/{id}"), None).status, 404);
}

#[test]
fn a_key_that_was_rotated_sends_its_publisher_away() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News"}));
    let id = made["id"].as_str().unwrap();
    let mut publisher = publish(&station, &made, 440);
    let listener = Listener::join(&station, id);
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    let rotated = host.done("POST", &format!("/api/broadcasts/{id}/stream-key"), None);
    publisher.stopped();
    assert!(publisher.words().contains("key was changed"), "{}", publisher.words());
    let words = publish(&station, &made, 440).refusal();
    assert!(words.to_lowercase().contains("key"), "{words}");
    let _host = publish(&station, &rotated, 660);
    listener.hear("main", "the new tone in the same run", |sound| is_tone(sound, 660.0));
}

#[test]
fn a_preview_is_heard_by_its_host_alone_and_goes_on_air_without_reconnecting() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News", "autoStart": false}));
    let id = made["id"].as_str().unwrap();
    let mut publisher = publish(&station, &made, 440);
    let path = until("there is a preview", || {
        let told = host.get(&format!("/api/broadcasts/{id}"));
        assert_eq!(told["status"], "scheduled");
        told["preview"]["hlsUrl"].as_str().map(str::to_owned)
    });
    let preview = Listener::at(&station, path.strip_suffix("/index.m3u8").unwrap());
    preview.hear("main", "the tone, backstage", |sound| is_tone(sound, 440.0));
    assert_eq!(station.get(&format!("/live/{id}/index.m3u8")).status, 404, "nobody else hears it");
    let key = path.split('/').nth(2).unwrap();
    assert_eq!(station.get(&path.replace(key, "guessed")).status, 404);
    assert!(station.json(&format!("/api/broadcasts/{id}")).get("preview").is_none());

    host.done("POST", &format!("/api/broadcasts/{id}/start"), None);
    let listener = Listener::join(&station, id);
    listener.hear("main", "the tone, on air", |sound| is_tone(sound, 440.0));
    assert!(!publisher.has_stopped(), "{}", publisher.words());
    until("the preview is gone", || (station.get(&path).status == 404).then_some(()));
}

#[test]
fn two_publishers_are_mixed_where_there_may_be_two() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "Duo", "singlePublisher": false, "maxSpeakers": 2}));
    let id = made["id"].as_str().unwrap();
    let one = publish(&station, &made, 440);
    let listener = Listener::join(&station, id);
    listener.hear("main", "the first tone", |sound| is_tone(sound, 440.0));
    let _two = publish(&station, &made, 660);
    let both = |sound: &[f32]| share(sound, 440.0) > 0.2 && share(sound, 660.0) > 0.2;
    listener.hear("main", "both tones", both);
    let words = publish(&station, &made, 880).refusal();
    assert!(words.contains("as many publishers"), "{words}");
    one.kill();
    listener.hear("main", "the second alone", |sound| is_tone(sound, 660.0));
}

#[test]
fn a_start_without_a_publisher_is_silence_until_somebody_speaks() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "Early"}));
    let id = made["id"].as_str().unwrap();
    host.done("POST", &format!("/api/broadcasts/{id}/start"), None);
    let listener = Listener::join(&station, id);
    listener.hear("main", "silence", is_silent);
    let _host = publish(&station, &made, 440);
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
}

#[test]
fn with_the_switch_off_nothing_starts_and_what_is_on_air_goes_on() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let (one, two) = (host.create(json!({"title": "One"})), host.create(json!({"title": "Two"})));
    let (on, off) = (one["id"].as_str().unwrap().to_owned(), two["id"].as_str().unwrap().to_owned());
    host.done("POST", &format!("/api/broadcasts/{on}/start"), None);
    let token = host.token.clone();
    let station = station.stopped_and_started_with(&["--go-live=false"]);
    let host = station.signed_in(token);
    assert_eq!(station.json("/api/config")["goLive"], false);
    assert_eq!(host.send("POST", &format!("/api/broadcasts/{off}/start"), None).status, 409);
    becomes(&host, &on, "live");
}
