//! `studio`: the broadcast that is there from the first start.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::station::Station;

const PASSWORD: &str = "long and only the admin's";

/// What the admin sees of it.
fn studio(station: &Station) -> Value {
    station.sign_in("admin@localhost", PASSWORD).get("/api/broadcasts/studio")
}

fn settings(studio: &Value) -> [&Value; 3] {
    ["latencyMode", "audioProfile", "publisherGraceSeconds"].map(|field| &studio[field])
}

#[test]
fn what_was_changed_of_studio_stays_unless_the_operator_says_otherwise() {
    let station = Station::start(&["--admin-password", PASSWORD, "--publisher-grace-seconds", "60"]);
    assert_eq!(settings(&studio(&station)), [&json!("low"), &json!("standard"), &json!(60)]);
    let admin = station.sign_in("admin@localhost", PASSWORD);
    let change = json!({"title": "Cellar", "latencyMode": "ultra", "publisherGraceSeconds": 7});
    admin.done("PATCH", "/api/broadcasts/studio", Some(&change));
    let station = station.stopped_and_started_with(&["--studio-audio-profile", "music"]);
    let told = studio(&station);
    assert_eq!(told["title"], "Cellar");
    assert_eq!(settings(&told), [&json!("ultra"), &json!("music"), &json!(60)], "what was set is set again");
}

#[test]
fn the_key_of_studio_is_told_as_it_is() {
    let station = Station::start(&["--admin-password", PASSWORD]);
    let file = station.folder().join("data/studio.key");
    let told = |station: &Station| {
        let written = std::fs::read_to_string(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let key = studio(station)["ingest"]["streamKey"].as_str().unwrap().to_owned();
        assert_eq!(written.trim(), key, "the file tells it");
        key
    };
    let first = told(&station);
    assert_eq!(station.key, format!("studio?token={first}"));
    let admin = station.sign_in("admin@localhost", PASSWORD);
    admin.done("POST", "/api/broadcasts/studio/stream-key", None);
    let second = told(&station);
    assert_ne!(second, first);
    // Somebody puts a backup of the file back.
    std::fs::write(&file, format!("{first}\n")).unwrap();
    let station = station.stopped_and_started_with(&[]);
    assert_eq!(told(&station), second);
    assert_eq!(station.key, format!("studio?token={second}"), "and the banner");
}
