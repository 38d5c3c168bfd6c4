//! What remains of a broadcast: recorded while it is on air, played where it was heard, cut and withdrawn by its host.

use serde_json::json;

use super::ear::{self, is_tone};
use super::listener::Listener;
use super::station::{AAC, Person, Station, until};

/// Where a broadcast is published, as its owner is told.
pub(crate) fn address(broadcast: &serde_json::Value) -> String {
    let ingest = |field: &str| broadcast["ingest"][field].as_str().unwrap().to_owned();
    format!("{}/{}", ingest("rtmpUrl"), ingest("rtmpStreamKey"))
}

pub(crate) const TONE: &str = "sine=frequency=440:sample_rate=48000,volume=4,aformat=channel_layouts=stereo";

/// The recordings of a broadcast once there are so many that can be played, the newest first.
pub(crate) fn ready(host: &Person<'_>, broadcast: &str, count: usize) -> Vec<serde_json::Value> {
    until("the recordings can be played", || {
        let told = host.get(&format!("/api/recordings?broadcast={broadcast}&status=ready"));
        Some(told["items"].as_array().unwrap().clone()).filter(|items| items.len() == count)
    })
}

/// What a Media Playlist plays: its URLs from the top, and how many seconds they are.
fn plays(station: &Station, multivariant: &str) -> (Vec<String>, f64, String) {
    let folder = |url: &str| url.rsplit_once('/').unwrap().0.to_owned();
    let index = station.text(multivariant);
    let main = index.lines().find(|line| !line.starts_with('#')).unwrap();
    let list_url = format!("{}/{main}", folder(multivariant));
    let list = station.text(&list_url);
    let mut urls = Vec::new();
    for line in list.lines().filter_map(|line| line.strip_prefix("../../")) {
        urls.push(format!("{}/{line}", folder(&folder(&folder(&list_url)))));
    }
    let seconds = list.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    let seconds = seconds.map(|line| line.trim_end_matches(',').parse::<f64>().unwrap()).sum();
    (urls, seconds, list)
}

fn sound(station: &Station, urls: &[String]) -> Vec<f32> {
    let init = format!("{}/init.mp4", urls[0].rsplit_once('/').unwrap().0);
    let files = [init].into_iter().chain(urls.iter().cloned());
    ear::decode(&files.flat_map(|url| station.get(&url).body).collect::<Vec<_>>())
}

#[test]
fn a_broadcast_is_its_recording_when_it_ends_though_the_station_died_in_its_middle() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News", "latencyMode": "low"}));
    let (id, token) = (made["id"].as_str().unwrap().to_owned(), host.token.clone());
    let publisher = station.publish_to(&address(&made), TONE, AAC);
    let listener = Listener::join(&station, &id);
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    let whole = listener.segment_after("main", 8);
    let (below, live) = (listener.below.clone(), listener.fetch(whole.uri.as_ref().unwrap()));
    publisher.kill();

    let station = station.killed_and_started_again();
    let host = station.signed_in(token);
    let now = host.get(&format!("/api/broadcasts/{id}"));
    let _publisher = station.publish_to(&address(&now), TONE, AAC);
    let listener = Listener::join(&station, &id);
    let mark = listener.follow("main", "sound after the death", |list| {
        let mark = list.segments.iter().find(|segment| segment.discontinuity)?.msn;
        list.last_part().filter(|last| last.0 > mark + 1).map(|_| mark)
    });
    listener.hear("main", "the tone again", |sound| is_tone(sound, 440.0));
    host.done("POST", &format!("/api/broadcasts/{id}/end"), None);

    let index = format!("/live/{id}/index.m3u8");
    until("its address plays the recording", || {
        station.text(&index).lines().any(|line| line.contains("/rec/")).then_some(())
    });
    let recordings = ready(&host, &id, 1);
    let recording = &recordings[0];
    let folder = format!("{below}/rec/{}", recording["id"].as_str().unwrap());
    let (urls, seconds, list) = plays(&station, &format!("{folder}/index.m3u8"));
    assert!(list.ends_with("#EXT-X-ENDLIST\n"), "{list}");
    assert_eq!(recording["hlsUrl"], json!(format!("{folder}/index.m3u8")));
    let told = recording["durationSeconds"].as_f64().unwrap();
    assert!((told - seconds).abs() < 0.01, "{told} and {seconds}");
    assert_eq!(urls[0], format!("{below}/main/8.m4s"), "it begins with the first sound");
    let again =
        urls.iter().position(|url| *url >= format!("{below}/main/{mark}.m4s")).unwrap_or(urls.len() - 1);
    assert!(list.matches("#EXT-X-DISCONTINUITY\n").count() == 1 && !list.contains("GAP"), "{list}");
    let kept = format!("{below}/{}", whole.uri.unwrap());
    assert!(urls.contains(&kept));
    assert_eq!(station.get(&kept).body, live, "what was heard on air is what is kept");
    assert!(is_tone(&sound(&station, &urls[1..2]), 440.0));
    assert!(is_tone(&sound(&station, &urls[again..][urls[again..].len() - 2..][..1]), 440.0));
    let one = host.get(&format!("/api/recordings/{}", recording["id"].as_str().unwrap()));
    assert_eq!(one["pieces"].as_array().unwrap().len(), 2, "{one}");
}

#[test]
fn a_host_records_cuts_clips_withdraws_and_deletes() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News", "latencyMode": "ultra", "recordingEnabled": false}));
    let id = made["id"].as_str().unwrap().to_owned();
    let _publisher = station.publish_to(&address(&made), TONE, AAC);
    let listener = Listener::join(&station, &id);
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    let record = |what: &str| host.send("POST", &format!("/api/broadcasts/{id}/record/{what}"), None).status;
    assert_eq!(record("stop"), 409, "nothing is being recorded");
    assert_eq!(record("start"), 201);
    assert_eq!(record("start"), 409, "it is already");
    let from = listener.playlist("main").last_part().unwrap();
    listener.follow("main", "a few seconds", |list| list.last_part().filter(|last| last.0 > from.0 + 2));
    assert_eq!(record("stop"), 200);
    let recording = ready(&host, &id, 1).remove(0);
    let path = format!("/api/recordings/{}", recording["id"].as_str().unwrap());
    let length = recording["durationSeconds"].as_f64().unwrap();
    assert!(length > 3.84, "{recording}");

    // Trimmed by a second at both ends, to the sample: what HLS plays begins with the part around it.
    host.done(
        "PATCH",
        &path,
        Some(&json!({"startSeconds": 1.0, "endSeconds": length - 1.0, "title": "Cut"})),
    );
    let hls = host.get(&path)["hlsUrl"].as_str().unwrap().to_owned();
    let (_, seconds, list) = until("the cut is played", || {
        Some(plays(&station, &hls)).filter(|(.., list)| list.contains("#EXT-X-PLAYLIST-TYPE:VOD\n"))
    });
    assert!((length - 2.0..length - 2.0 + 0.26).contains(&seconds), "{seconds} of {length}");
    assert!(list.contains("#EXT-X-BYTERANGE:"), "{list}");

    let clip = host.done(
        "POST",
        &format!("{path}/clips"),
        Some(&json!({"startSeconds": 0.5, "endSeconds": 1.5, "title": "The best of it"})),
    );
    let clip_hls = clip["hlsUrl"].as_str().unwrap().to_owned();
    until("the clip is played", || (station.get(&clip_hls).status == 200).then_some(()));

    host.done("PATCH", &path, Some(&json!({"published": false})));
    until("it is withdrawn", || (station.get(&hls).status == 404).then_some(()));
    assert_eq!(station.get(&path).status, 404, "nobody else learns of it");
    let own = host.get(&path)["hlsUrl"].as_str().unwrap().to_owned();
    assert_ne!(own, hls);
    until("its host hears it", || (station.get(&own).status == 200).then_some(()));
    host.done("DELETE", &path, None);
    until("it is gone", || (station.get(&own).status == 404).then_some(()));
    assert_eq!(station.get(&clip_hls).status, 200, "the clip stays");
}
