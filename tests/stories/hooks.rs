//! What other programs are told and asked.

use serde_json::json;

use super::receiver::Receiver;
use super::station::{AAC, Station, until};

const SECRET: &str = "a-secret-of-two-programs";

fn publish(station: &Station, broadcast: &serde_json::Value) -> super::station::Publisher {
    let ingest = |field: &str| broadcast["ingest"][field].as_str().unwrap().to_owned();
    let url = format!("{}/{}", ingest("rtmpUrl"), ingest("rtmpStreamKey"));
    station.publish_to(&url, "sine=frequency=440:sample_rate=48000", AAC)
}

#[test]
fn a_hosts_webhook_is_told_of_the_hosts_broadcasts_in_order() {
    let (own, station_wide) = (Receiver::open(204), Receiver::open(204));
    let url = station_wide.url();
    let station =
        Station::start(&["--webhook-private-targets", "--webhook-url", &url, "--webhook-secret", SECRET]);
    let (amy, rory) = (station.register("amy"), station.register("rory"));
    let made = amy.done("POST", "/api/webhooks", Some(&json!({"url": own.url()})));
    let hook = made["id"].as_str().unwrap();
    assert!(made["secret"].as_str().unwrap().len() >= 32);
    assert!(amy.get(&format!("/api/webhooks/{hook}")).get("secret").is_none(), "shown once");
    assert_eq!(rory.send("GET", &format!("/api/webhooks/{hook}"), None).status, 404, "not theirs");

    let broadcast = amy.create(json!({"title": "Evening"}));
    let id = broadcast["id"].as_str().unwrap();
    let _publisher = publish(&station, &broadcast);
    let started = own.next();
    assert!(started.signature.starts_with("t=") && started.signature.contains(",v1="));
    let host = amy.get("/api/auth/me")["id"].clone();
    assert_eq!(started.body["broadcast"], json!({"id": id, "title": "Evening", "hostId": host}));
    let mut told = vec![(started.body["sequence"].clone(), started.body["event"].clone())];
    told.extend([own.next()].map(|it| (it.body["sequence"].clone(), it.body["event"].clone())));
    amy.done("POST", &format!("/api/broadcasts/{id}/end"), None);
    let last = [own.next(), own.next(), own.next()];
    told.extend(last.map(|it| (it.body["sequence"].clone(), it.body["event"].clone())));
    let events =
        ["room_started", "participant_joined", "participant_left", "room_finished", "recording_ready"];
    let expected: Vec<_> = (1..).zip(events).map(|(number, event)| (json!(number), json!(event))).collect();
    assert_eq!(told, expected);
    for event in events {
        assert_eq!(station_wide.next().body["event"], event, "the webhook of the settings hears of all");
    }

    let list = format!("/api/webhooks/{hook}/deliveries");
    let taken = until("every delivery is noted as taken", || {
        Some(amy.get(&format!("{list}?status=delivered"))).filter(|page| page["total"] == 5)
    });
    let first = &taken["items"][4];
    assert_eq!((&first["sequence"], &first["attempts"]), (&json!(1), &json!(1)));
    let delivery = first["id"].as_str().unwrap();
    assert_eq!(delivery, started.body["id"]);
    amy.done("POST", &format!("{list}/{delivery}/replay"), None);
    assert_eq!(own.next().body, started.body, "the same once more");
    assert_eq!(rory.send("POST", &format!("{list}/{delivery}/replay"), None).status, 404);
}

#[test]
fn a_webhook_that_points_to_a_machine_nearby_is_refused() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    for url in ["http://127.0.0.1:9/", "http://[::1]/", "http://169.254.169.254/latest", "ftp://example.org/"]
    {
        let refused = host.send("POST", "/api/webhooks", Some(&json!({ "url": url })));
        assert_eq!(refused.status, 422, "{url}");
        assert!(String::from_utf8_lossy(&refused.body).contains("\"field\":\"url\""), "{url}");
    }
    let anonymous =
        station.send("POST", "/api/webhooks", None, Some(&json!({"url": "https://example.org/"})));
    assert_eq!(anonymous.status, 401);
}

#[test]
fn another_program_decides_who_publishes() {
    let hook = Receiver::open(403);
    let url = hook.url();
    let station =
        Station::start(&["--on-publish-url", &url, "--on-unpublish-url", &url, "--webhook-secret", SECRET]);
    let words = station.publish_tone(440).refusal();
    assert!(words.contains("does not let you publish"), "{words}");
    let asked = hook.next().body;
    assert_eq!(
        (&asked["event"], &asked["publisher"]["broadcastId"]),
        (&json!("on_publish"), &json!("studio"))
    );
    assert!(!asked.to_string().contains(station.key.rsplit('=').next().unwrap()), "the key is nobody's");

    hook.answer_with(200);
    let publisher = station.publish_tone(440);
    let session = hook.next().body["publisher"]["session"].clone();
    until("it is on air", || (station.get("/live/studio/index.m3u8").status == 200).then_some(()));
    publisher.kill();
    let gone = hook.next().body;
    assert_eq!((&gone["event"], &gone["publisher"]["session"]), (&json!("on_unpublish"), &session));
}
