//! What those who run a station see and do.

use std::process::Command;

use serde_json::json;

use super::station::{AAC, Person, Station, until};

const PASSWORD: &str = "long and only the admin's";

fn account(person: &Person<'_>) -> String {
    person.get("/api/auth/me")["id"].as_str().unwrap().to_owned()
}

#[test]
fn admins_see_what_is_on_air_and_end_it_and_suspend_whose_it_is() {
    let station = Station::start(&["--admin-password", PASSWORD]);
    let admin = station.sign_in("admin@localhost", PASSWORD);
    let host = station.register("amy");
    let id = account(&host);
    let made = host.create(json!({"title": "News"}));
    let broadcast = made["id"].as_str().unwrap();
    let ingest = |field: &str| made["ingest"][field].as_str().unwrap().to_owned();
    let url = format!("{}/{}", ingest("rtmpUrl"), ingest("rtmpStreamKey"));
    let tone = "sine=frequency=440:sample_rate=48000";
    let mut publisher = station.publish_to(&url, tone, AAC);
    let seen = until("it is seen on air, and heard", || {
        let seen = admin.get("/api/admin/overview");
        seen["broadcasts"][0]["loudness"]["momentaryLufs"].is_number().then_some(seen)
    });
    assert_eq!((&seen["live"], &seen["publishers"]), (&json!(1), &json!(1)));
    let on_air = &seen["broadcasts"][0];
    assert_eq!((&on_air["id"], &on_air["hostId"]), (&made["id"], &json!(id)));
    assert_eq!(on_air["publishers"][0]["protocol"], "rtmp");
    for path in ["overview", "audit", "users", "reports"] {
        let path = format!("/api/admin/{path}");
        assert_eq!(host.send("GET", &path, None).status, 403, "{path}");
        assert_eq!(station.send("GET", &path, None, None).status, 401, "{path}");
    }

    let end = format!("/api/admin/broadcasts/{broadcast}/end");
    assert_eq!(host.send("POST", &end, Some(&json!({}))).status, 403);
    admin.done("POST", &end, Some(&json!({"reason": "not news"})));
    publisher.stopped();
    assert_eq!(admin.send("POST", &end, Some(&json!({}))).status, 409, "it is over");
    assert_eq!(admin.send("POST", "/api/admin/broadcasts/none/end", Some(&json!({}))).status, 404);

    host.done("POST", &format!("/api/broadcasts/{broadcast}/start"), None);
    let mut publisher = station.publish_to(&url, tone, AAC);
    until("it is on air again", || (admin.get("/api/admin/overview")["publishers"] == 1).then_some(()));
    let change = format!("/api/admin/users/{id}");
    let without_reason = admin.send("PATCH", &change, Some(&json!({"suspended": true})));
    assert_eq!(without_reason.status, 422);
    admin.done("PATCH", &change, Some(&json!({"suspended": true, "reason": "lies"})));
    publisher.stopped();
    assert_eq!(host.send("GET", "/api/auth/me", None).status, 401, "at once");
    assert_eq!(admin.get("/api/admin/overview")["live"], 0);
    station.publish_to(&url, tone, AAC).refusal();
    assert_eq!(admin.get("/api/admin/users?suspended=true")["items"][0]["suspendedReason"], "lies");
    admin.done("PATCH", &change, Some(&json!({"suspended": false, "role": "listener"})));
    let found = admin.get("/api/admin/users?q=amy");
    assert_eq!((&found["total"], &found["items"][0]["role"]), (&json!(1), &json!("listener")));
    station.sign_in("amy@example.org", "a long enough secret");

    let own = format!("/api/admin/users/{}", account(&admin));
    for change in [json!({"role": "host"}), json!({"suspended": true, "reason": "tired"})] {
        assert_eq!(admin.send("PATCH", &own, Some(&change)).status, 409, "the last admin stays");
    }
    let logged = |action: &str, subject: &str| {
        until(action, || {
            let page = admin.get(&format!("/api/admin/audit?action={action}&subject={subject}"));
            (page["total"] == 1).then(|| page["items"][0].clone())
        })
    };
    assert_eq!(logged("broadcast.killed", broadcast)["detail"]["reason"], "not news");
    assert_eq!(logged("user.suspended", &id)["actorId"], account(&admin));
    logged("user.reinstated", &id);
    logged("user.role_changed", &id);
}

#[test]
fn a_guests_report_is_reviewed_and_a_flood_of_them_is_not() {
    let station = Station::start(&["--admin-password", PASSWORD]);
    let admin = station.sign_in("admin@localhost", PASSWORD);
    let report =
        |body: serde_json::Value| station.send("POST", "/api/broadcasts/studio/reports", None, Some(&body));
    assert_eq!(report(json!({"reason": "boring"})).status, 422);
    assert_eq!(report(json!({"reason": "spam", "detail": "buy, buy, buy"})).status, 201);
    let queue = admin.get("/api/admin/reports?state=open");
    let first = &queue["items"][0];
    assert_eq!((&first["detail"], &first["reporterId"]), (&json!("buy, buy, buy"), &json!(null)));
    let path = format!("/api/admin/reports/{}", first["id"].as_str().unwrap());
    let reviewed = admin.done("PATCH", &path, Some(&json!({"state": "upheld", "note": "indeed"})));
    assert_eq!((&reviewed["state"], &reviewed["note"]), (&json!("upheld"), &json!("indeed")));
    assert_eq!(reviewed["reviewerId"], account(&admin));
    assert_eq!(admin.get("/api/admin/reports?state=open")["total"], 0);
    let refused = (0..20).map(|_| report(json!({"reason": "spam"}))).find(|reply| reply.status != 201);
    let refused = refused.expect("nobody reports without end");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
}

#[test]
fn what_an_operator_does_on_the_command_line_holds_in_a_running_station() {
    let station = Station::start(&[]);
    let host = station.register("amy");
    let made = host.create(json!({"title": "News"}));
    let id = made["id"].as_str().unwrap();
    host.done("POST", &format!("/api/broadcasts/{id}/start"), None);
    let output = Command::new(env!("CARGO_BIN_EXE_onair"))
        .args(["user", "set-role", "amy@example.org", "listener", "--data-dir", "data"])
        .current_dir(station.folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    until("the old token is void", || (host.send("GET", "/api/auth/me", None).status == 401).then_some(()));
    until("the broadcast is off the air", || {
        (station.json(&format!("/api/broadcasts/{id}"))["status"] == "ended").then_some(())
    });
    let host = station.sign_in("amy@example.org", "a long enough secret");
    assert_eq!(host.get("/api/auth/me")["role"], "listener");
    assert_eq!(host.send("POST", "/api/broadcasts", Some(&json!({"title": "More"}))).status, 403);
}
