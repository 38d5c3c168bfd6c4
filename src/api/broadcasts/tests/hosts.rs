use ingest::{CloseReason, Refusal};
use serde_json::{Value, json};
use store::Database;

use crate::api::testing::{Ask, Desk, Person};
use crate::both::on_both;

/// Changes an account as an admin does.
async fn change(desk: &Desk, admin: &Person, user: &Person, body: Value) {
    let ask = admin.asks("PATCH", format!("/api/admin/users/{}", user.id)).json(body);
    desk.ask(ask).await.must_be(200);
}

async fn who_may_not_broadcast_any_more_is_off_the_air_and_not_let_in(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, admin) = (desk.person("amy").await, desk.admin().await);
    let ways = [
        (json!({ "role": "listener" }), json!({ "role": "host" })),
        (json!({ "suspended": true, "reason": "lies" }), json!({ "suspended": false })),
    ];
    let mut shows = Vec::new();
    for title in ["On air", "Not yet", "Afterwards", "On air too", "Not yet either", "Afterwards too"] {
        let id = desk.broadcast(&host, json!({ "title": title })).await;
        shows.push((desk.stream_key(&host, &id).await, id));
    }
    for ((worse, better), shows) in ways.into_iter().zip(shows.chunks(3)) {
        let [(key, on_air), (other_key, not_yet), (last_key, afterwards)] = shows else { unreachable!() };
        let mut publisher = desk.publish(on_air, key).await.unwrap();
        change(&desk, &admin, &host, worse.clone()).await;
        let told = desk.ask(Ask::new("GET", format!("/api/broadcasts/{on_air}"))).await.must_be(200);
        assert_eq!(told["status"], "ended", "{worse}");
        assert_eq!(publisher.closed().await, CloseReason::Ended, "{worse}");
        let refused = desk.publish(not_yet, other_key).await.unwrap_err();
        assert_eq!(refused, Refusal::UnknownBroadcast, "{worse}");
        change(&desk, &admin, &host, better).await;
        desk.publish(afterwards, last_key).await.unwrap();
    }
}

on_both! {
    who_may_not_broadcast_any_more_is_off_the_air_and_not_let_in
}
