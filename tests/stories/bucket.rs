//! Whoever has the bucket alone: what was on air, and what remains of it.

use std::path::Path;
use std::process::Command;

use cdn::Access;
use serde_json::json;

use super::ear::{is_tone, samples};
use super::recordings::{TONE, address, ready};
use super::s3_server::S3Server;
use super::station::{AAC, Station, until};

/// What a player hears that is given a playlist in a folder.
fn hear(playlist: &Path) -> Vec<f32> {
    let heard = Command::new("ffmpeg")
        .args([
            "-hide_banner",
            "-nostats",
            "-loglevel",
            "error",
            "-allowed_extensions",
            "ALL",
            "-live_start_index",
            "0",
        ])
        .arg("-i")
        .arg(playlist)
        .args(["-t", "8", "-ac", "1", "-ar", "48000", "-f", "f32le", "pipe:1"])
        .output()
        .unwrap();
    assert!(heard.status.success(), "{}", String::from_utf8_lossy(&heard.stderr));
    samples(&heard.stdout)
}

#[test]
fn whoever_has_the_bucket_alone_hears_what_was_on_air_and_its_recording() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(S3Server::start());
    let bucket = server.bucket();
    let Access::Keys { id: key, secret, .. } = S3Server::access() else { panic!("it has keys") };
    let station = Station::start(&[
        "--s3-bucket",
        &bucket.name,
        "--s3-endpoint",
        bucket.endpoint.as_deref().unwrap(),
        "--s3-access-key-id",
        &key,
        "--s3-secret-access-key",
        &secret,
    ]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News", "latencyMode": "low"}));
    let (id, token) = (made["id"].as_str().unwrap().to_owned(), host.token.clone());
    let publisher = station.publish_to(&address(&made), TONE, AAC);
    let index = server.file(&format!("live/{id}/index.m3u8"));
    let run =
        || server.names().iter().find_map(|name| Some(name.strip_suffix("/heard/0/main.m3u8")?.to_owned()));
    let run = until("the run is listed", run);
    let list = server.file(&format!("{run}/heard/0/main.m3u8"));
    until("five slots are listed", || {
        let text = std::fs::read_to_string(&list).unwrap();
        (text.matches("#EXTINF").count() >= 5).then_some(())
    });
    publisher.kill();

    // The station is gone, and the bucket is all there is.
    let station = station.killed();
    let sound = hear(&index);
    assert!(sound.len() > 6 * 48_000 && is_tone(&sound[48_000 * 4..], 440.0), "{} samples", sound.len());
    let before = std::fs::read_to_string(&list).unwrap();
    assert!(before.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n") && !before.contains("ENDLIST"), "{before}");

    let station = station.started_again();
    let host = station.signed_in(token);
    host.done("POST", &format!("/api/broadcasts/{id}/end"), None);
    until("the list has ended", || {
        let text = std::fs::read_to_string(&list).unwrap();
        assert!(text.starts_with(&before), "it only grows");
        text.ends_with("#EXT-X-ENDLIST\n").then_some(())
    });
    let recording = ready(&host, &id, 1).remove(0);
    let kept = format!("{run}/rec/{}/main.m3u8", recording["id"].as_str().unwrap());
    until("its recording is listed", || {
        let text = std::fs::read_to_string(&index).unwrap_or_default();
        (text.contains("/rec/") && server.file(&kept).exists()).then_some(())
    });
    let served = station.text(&kept.replacen("live/", "/live/", 1));
    assert_eq!(std::fs::read_to_string(server.file(&kept)).unwrap(), served, "as the station serves it");
    let sound = hear(&index);
    assert!(is_tone(&sound[48_000 * 4..], 440.0));

    host.done("DELETE", &format!("/api/recordings/{}", recording["id"].as_str().unwrap()), None);
    until("it is gone from the bucket", || {
        let main = server.file(&format!("{run}/main"));
        let left = std::fs::read_dir(main).map_or(0, Iterator::count);
        (left == 0 && !server.file(&kept).exists()).then_some(())
    });
}
