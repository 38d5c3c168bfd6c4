use serde_json::json;
use store::Database;

use crate::api::testing::Desk;
use crate::both::on_both;

async fn what_is_done_to_the_sound_is_switched_by_its_host_at_any_time(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let host = desk.person("amy").await;
    let id = desk.broadcast(&host, json!({ "title": "Evening" })).await;
    let path = format!("/api/broadcasts/{id}");
    let treatment = async || {
        let shown = desk.get(&path, &host.token).await.must_be(200);
        (shown["noiseSuppression"].clone(), shown["levelling"].clone())
    };
    assert_eq!(treatment().await, (json!(false), json!(false)), "the sound is left as it is");
    desk.ask(host.asks("PATCH", path.clone()).json(json!({ "levelling": true }))).await.must_be(200);
    assert_eq!(treatment().await, (json!(false), json!(true)));
    desk.ask(host.asks("POST", format!("{path}/start"))).await.must_be(200);
    let on_air = json!({ "noiseSuppression": true, "levelling": false });
    desk.ask(host.asks("PATCH", path.clone()).json(on_air)).await.must_be(200);
    assert_eq!(treatment().await, (json!(true), json!(false)));
    desk.ask(host.asks("PATCH", path.clone()).json(json!({ "levelling": "loud" }))).await.refused(422);
    let made = json!({ "title": "Morning", "noiseSuppression": true, "levelling": true });
    let id = desk.broadcast(&host, made).await;
    let shown = desk.get(&format!("/api/broadcasts/{id}"), &host.token).await.must_be(200);
    assert_eq!((&shown["noiseSuppression"], &shown["levelling"]), (&json!(true), &json!(true)));
}

on_both! {
    what_is_done_to_the_sound_is_switched_by_its_host_at_any_time
}
