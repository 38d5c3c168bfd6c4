//! PostgreSQL dies in the middle of a live broadcast, and comes back.

use serde_json::json;

use super::ear::is_tone;
use super::listener::Listener;
use super::postgres::Postgres;
use super::station::{AAC, Station, until};

#[test]
fn a_broadcast_goes_on_while_the_database_is_away_and_all_is_written_afterwards() {
    let database = Postgres::start_new();
    let station = Station::start(&["--database-url", &database.database()]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News"}));
    let other = host.create(json!({"title": "Other"}));
    let id = made["id"].as_str().unwrap();
    let address = |broadcast: &serde_json::Value| {
        let ingest = |field: &str| broadcast["ingest"][field].as_str().unwrap().to_owned();
        format!("{}/{}", ingest("rtmpUrl"), ingest("rtmpStreamKey"))
    };
    let tone =
        |hz: u32| format!("sine=frequency={hz}:sample_rate=48000,volume=4,aformat=channel_layouts=stereo");
    let publisher = station.publish_to(&address(&made), &tone(440), AAC);
    let listener = Listener::join(&station, id);
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));

    database.stop();
    let away = until("the API notices", || {
        Some(host.send("GET", &format!("/api/broadcasts/{id}"), None)).filter(|reply| reply.status != 200)
    });
    assert_eq!((away.status, away.header("content-type")), (503, Some("application/problem+json")));
    assert!(away.header("retry-after").is_some());
    listener.hear("main", "the tone goes on", |sound| is_tone(sound, 440.0));
    // A broadcast that is not on air cannot be looked up: its publisher is told to try again.
    let words = station.publish_to(&address(&other), &tone(880), AAC).refusal();
    assert!(words.contains("Try again"), "{words}");
    publisher.kill();
    let _host = until("the host is back", || {
        let mut host = station.publish_to(&address(&made), &tone(660), AAC);
        let heard = || station.health(id)["sources"].as_array().filter(|all| !all.is_empty()).map(|_| ());
        until("an answer", || heard().map(|()| true).or_else(|| host.has_stopped().then_some(false)))
            .then_some(host)
    });
    let (_, part) = listener.hear("main", "the new tone in the same run", |sound| is_tone(sound, 660.0));
    assert!(!part.uri.is_empty());
    // Heartbeats are counted, and no session is lost by it.
    let beat = station.send(
        "POST",
        &format!("/api/broadcasts/{id}/heartbeat"),
        None,
        Some(&json!({"session": "ear"})),
    );
    assert_eq!(beat.status, 204);

    database.start();
    let told = until("the API is back", || {
        let reply = host.send("GET", &format!("/api/broadcasts/{id}"), None);
        (reply.status == 200).then(|| serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap())
    });
    assert_eq!(told["status"], "live");
    host.done("POST", &format!("/api/broadcasts/{id}/end"), None);
    // What happened meanwhile is in the database: the list is the store's own.
    until("the end is written", || {
        let ended = host.get("/api/broadcasts?status=ended");
        ended["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["id"] == id && item["peakListeners"] == 1)
            .then_some(())
    });
}
