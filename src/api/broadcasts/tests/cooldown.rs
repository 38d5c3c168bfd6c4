use serde_json::json;
use store::Database;

use crate::api::testing::{Answer, Desk, Person};
use crate::both::on_both;
use crate::settings::table::Key;

/// More requests than any account may make at once; some become free again while a slow machine works.
const MANY: usize = 1_000;

/// Makes broadcasts until they may make no more, and answers with what they are told then.
async fn refused(desk: &Desk, host: &Person) -> Answer {
    for _ in 0..MANY {
        let answer = desk.ask(host.asks("POST", "/api/broadcasts").json(json!({ "title": "Again" }))).await;
        if answer.status != 201 {
            return answer;
        }
    }
    panic!("nobody makes broadcasts without end");
}

async fn one_account_makes_and_starts_only_so_many_broadcasts(database: Database) {
    // What is meant here is the cooldown, not the rate of all requests.
    let rate = [(Key::ApiRatePerAddress, "1000000"), (Key::ApiRatePerUser, "1000000")];
    let desk = Desk::open(database, &rate).await;
    let (host, other) = (desk.person("amy").await, desk.person("rory").await);
    let id = desk.broadcast(&host, json!({ "title": "News" })).await;
    let answer = refused(&desk, &host).await;
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    assert!(answer.refused(429).contains("try again in"));

    let start = format!("/api/broadcasts/{id}/start");
    let mut tries = 0..MANY;
    let answer = loop {
        let answer = desk.ask(host.asks("POST", &start)).await;
        if answer.status != 200 {
            break answer;
        }
        tries.next().expect("nobody starts broadcasts without end");
        desk.ask(host.asks("POST", format!("/api/broadcasts/{id}/end"))).await.must_be(200);
        refused(&desk, &host).await;
    };
    assert!(answer.headers.contains_key("retry-after"));
    answer.must_be(429);
    desk.ask(host.asks("PATCH", format!("/api/broadcasts/{id}")).json(json!({ "title": "Weather" })))
        .await
        .must_be(200);
    desk.broadcast(&other, json!({ "title": "Others are not held up" })).await;
}

on_both! {
    one_account_makes_and_starts_only_so_many_broadcasts
}
