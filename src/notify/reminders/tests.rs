use std::sync::Arc;

use serde_json::json;
use store::Database;

use super::*;
use crate::api::testing::Desk;
use crate::both::on_both;

async fn who_is_reminded_finds_it_once_and_again_after_a_move(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (ada, bob, eve) = (desk.person("ada").await, desk.person("bob").await, desk.person("eve").await);
    let start = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let news = desk.broadcast(&ada, json!({"title": "News", "scheduledStartTime": start})).await;
    let teller = Teller::new(desk.store.clone(), desk.channels.clone());
    let reminders = Reminders::new(desk.store.clone(), teller);
    let remind = async |offset_seconds| {
        let broadcast = Arc::new(desk.store.broadcasts().load(&news).await.unwrap().unwrap().broadcast);
        let due = [&bob, &eve].map(|person| Reminding {
            key: person.id.clone(),
            broadcast: broadcast.clone(),
            user_id: person.id.clone(),
            offset_seconds,
        });
        assert_eq!(reminders.remind(&due).await, [Outcome::Done, Outcome::Done]);
    };
    let titles = async |person: &crate::api::testing::Person| {
        let told = desk.ask(person.asks("GET", "/api/notifications")).await.must_be(200);
        let items = told["items"].as_array().unwrap();
        items.iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    remind(600).await;
    remind(600).await;
    for person in [&bob, &eve] {
        assert_eq!(titles(person).await, ["Soon: News"]);
    }
    assert!(titles(&ada).await.is_empty());
    let later = start + jiff::SignedDuration::from_hours(2);
    let moved =
        ada.asks("PATCH", format!("/api/broadcasts/{news}")).json(json!({"scheduledStartTime": later}));
    desk.ask(moved).await.must_be(200);
    remind(600).await;
    assert_eq!(titles(&bob).await, ["Soon: News", "Soon: News"]);
}

on_both! {
    who_is_reminded_finds_it_once_and_again_after_a_move
}
