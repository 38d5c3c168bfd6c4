//! Playback that is signed: who shows nothing hears nothing, and who is barred hears nothing more.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::ear::is_tone;
use super::listener::Listener;
use super::station::{AAC, Person, Station, fetch, until};

/// Longest that the end of a stream is waited for; it comes with the next part.
const PATIENCE: Duration = Duration::from_secs(40);

/// Below which address somebody hears a broadcast, as they are told.
fn below(listener: &Person<'_>, id: &str) -> String {
    let told = listener.get(&format!("/api/broadcasts/{id}/playback"));
    let url = told["hlsUrl"].as_str().unwrap();
    assert!(url.starts_with("/s/") && told["token"].is_string() && told["expiresAt"].is_string(), "{told}");
    url.strip_suffix("/index.m3u8").unwrap().to_owned()
}

/// Plays an endless stream; how many bytes it had is told when it ends.
fn play(station: &Station, path: String) -> mpsc::Receiver<usize> {
    let (web, (ended, over)) = (station.web.clone(), mpsc::channel());
    std::thread::spawn(move || {
        let played = fetch(&web, &path).map_or(0, |reply| reply.body.len());
        // A test that has failed meanwhile does not wait for it.
        ended.send(played).ok();
    });
    over
}

#[test]
fn without_a_token_nothing_of_a_signed_broadcast_is_served() {
    let station = Station::start(&["--signed-playback", "always", "--demo"]);
    for path in ["index.m3u8", "standard.m3u8", "stream.aac", "stream.opus", "20260101T000000Z/main.m3u8"] {
        let refused = station.get(&format!("/live/demo/{path}"));
        let problem: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
        assert_eq!(refused.status, 403, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("/playback"), "{path}: {problem}");
        assert_eq!(refused.header("cache-control"), Some("no-store"));
        let wrong = station.get(&format!("/s/{}/live/demo/{path}", "A".repeat(60)));
        assert_eq!(wrong.status, 403, "{path}");
    }
    assert_eq!(station.get("/live/nothing/index.m3u8").status, 404);
    let told = station.json("/api/broadcasts/demo/playback");
    let index = station.get(told["hlsUrl"].as_str().unwrap());
    assert_eq!((index.status, index.header("cache-control")), (200, Some("public, max-age=2")));
}

#[test]
fn a_private_broadcast_is_heard_by_members_until_they_are_barred() {
    let station = Station::start(&[]);
    let (host, ann, eve) = (station.register("amy"), station.register("ann"), station.register("eve"));
    let account = |person: &Person<'_>| person.get("/api/auth/me")["id"].as_str().unwrap().to_owned();
    let (ann_id, eve_id) = (account(&ann), account(&eve));
    let made = host.create(json!({"title": "Family", "visibility": "private"}));
    let id = made["id"].as_str().unwrap();
    let of = |what: &str, user: &str| format!("/api/broadcasts/{id}/{what}/{user}");
    host.done("PUT", &of("members", &ann_id), Some(&json!({"role": "listener"})));
    assert_eq!(eve.send("PUT", &of("members", &eve_id), Some(&json!({"role": "listener"}))).status, 404);
    let ingest = |field: &str| made["ingest"][field].as_str().unwrap().to_owned();
    let url = format!("{}/{}", ingest("rtmpUrl"), ingest("rtmpStreamKey"));
    let _publisher = station.publish_to(&url, "sine=frequency=440:sample_rate=48000,volume=4", AAC);
    until("it is on air", || (host.get(&format!("/api/broadcasts/{id}"))["status"] == "live").then_some(()));

    assert_eq!(eve.send("GET", &format!("/api/broadcasts/{id}/playback"), None).status, 404);
    assert_eq!(station.get(&format!("/live/{id}/index.m3u8")).status, 404, "as if it were not there");
    let listener = Listener::at(&station, &below(&ann, id));
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));

    let signed = below(&ann, id);
    let radio = play(&station, format!("{signed}/stream.aac"));
    until("the radio plays", || (station.metric("onair_listeners{transport=\"aac\"}") == 1.0).then_some(()));
    host.done("PUT", &of("blocks", &ann_id), Some(&json!({"reason": "shouts"})));
    let played = radio.recv_timeout(PATIENCE).expect("the stream of somebody who is barred ends");
    assert!(played > 1_000, "it had played: {played} bytes");
    assert_eq!(station.get(&format!("{signed}/index.m3u8")).status, 403, "with a token that is still good");
    for path in ["", "/playback", "/viewers"] {
        assert_eq!(ann.send("GET", &format!("/api/broadcasts/{id}{path}"), None).status, 403, "{path}");
    }
    let blocked = host.get(&format!("/api/broadcasts/{id}/blocks"));
    assert_eq!(blocked["items"][0]["user"]["username"], "ann");
    assert_eq!(blocked["items"][0]["reason"], "shouts");

    host.done("DELETE", &of("blocks", &ann_id), None);
    let signed = below(&ann, id);
    assert_eq!(station.get(&format!("{signed}/index.m3u8")).status, 200);
    host.done("DELETE", &of("members", &ann_id), None);
    assert_eq!(station.get(&format!("{signed}/index.m3u8")).status, 403, "a stranger's token is void");
    assert_eq!(ann.send("GET", &format!("/api/broadcasts/{id}/playback"), None).status, 404);
    assert_eq!(host.send("PUT", &of("blocks", &account(&host)), Some(&json!({}))).status, 409, "their own");

    host.done("PUT", &of("blocks", &ann_id), Some(&json!({})));
    let (host_token, ann_token) = (host.token.clone(), ann.token.clone());
    let station = station.killed_and_started_again();
    assert_eq!(station.get(&format!("/live/{id}/index.m3u8")).status, 404, "still private");
    let ann = station.signed_in(ann_token);
    assert_eq!(ann.send("GET", &format!("/api/broadcasts/{id}"), None).status, 403, "still blocked");
    let again = below(&station.signed_in(host_token), id);
    assert_eq!(station.get(&format!("{again}/index.m3u8")).status, 200, "it goes on for the others");
}
