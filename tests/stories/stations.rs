//! One room in two stations, by a real Redis.

use serde_json::json;

use super::participant::Participant;
use super::redis::Redis;
use super::station::Station;

const PASSWORD: &str = "long and only the admin's";

#[test]
fn people_in_two_stations_are_in_one_room_and_go_on_without_redis() {
    let redis = Redis::start_new();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("shared.db").display());
    let arguments = ["--redis-url", &redis.url(), "--database-url", &database, "--admin-password", PASSWORD];
    let (one, other) = (Station::start(&arguments), Station::start(&arguments));
    let amy = one.register("amy");
    let made = amy.create(json!({"title": "News"}));
    let id = made["id"].as_str().unwrap();

    let mut here = Participant::join(&one, id, Some(&amy));
    let mut there = Participant::join(&other, id, None);
    // The rooms hear of each other within seconds of being opened.
    for participant in [&mut here, &mut there] {
        while participant.told("listenerCount")["people"] != 2 {}
    }
    here.ask(&json!({"type": "chatMessage", "message": "from here"}));
    let said = there.told("chatMessage");
    assert_eq!(said["message"]["text"], "from here");
    assert_eq!(said["at"], here.told("chatMessage")["at"], "said once, and at one time");
    here.ask(&json!({"type": "setRules", "links": false}));
    assert_eq!(there.told("rulesChanged")["rules"]["links"], false);

    let bob = one.register("bob");
    let at_the_other = other.sign_in("bob@example.org", "a long enough secret");
    let mut far = Participant::join(&other, id, Some(&at_the_other));
    let bob = bob.get("/api/auth/me")["id"].as_str().unwrap().to_owned();
    let member = format!("/api/broadcasts/{id}/members/{bob}");
    amy.done("PUT", &member, Some(&json!({"role": "moderator"})));
    assert_eq!(far.told("roleChanged")["user"]["role"], "moderator", "wherever they are");
    let admin = one.sign_in("admin@localhost", PASSWORD);
    let suspended = json!({"suspended": true, "reason": "lies"});
    admin.done("PATCH", &format!("/api/admin/users/{bob}"), Some(&suspended));
    assert_eq!(far.ended()["type"], "removed", "with the next look of that station");

    redis.stop();
    here.ask(&json!({"type": "chatMessage", "message": "while it is away"}));
    assert_eq!(here.told("chatMessage")["message"]["text"], "while it is away", "its own people hear it");
    redis.start();
    assert_eq!(
        there.told("chatMessage")["message"]["text"],
        "while it is away",
        "and the others once it is back"
    );
    // Who comes later to a third opening finds the room as it is.
    let late = Participant::join(&other, id, None);
    assert_eq!(late.joined["room"]["rules"]["links"], false);
    let words: Vec<_> =
        late.joined["room"]["messages"].as_array().unwrap().iter().map(|one| &one["text"]).collect();
    assert_eq!(words, ["from here", "while it is away"]);
    assert_eq!(late.joined["room"]["messages"][0]["at"], said["at"]);
    here.ask(&json!({"type": "ban", "userId": there.joined["you"]["id"]}));
    assert_eq!(there.ended()["type"], "removed", "wherever they are");
}
