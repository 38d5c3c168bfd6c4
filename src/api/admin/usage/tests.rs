//! Usage, on both databases.

use std::time::Duration;

use serde_json::json;
use store::{Database, Entry, ListenerMinute, Timestamp};

use crate::api::testing::{Ask, Desk};
use crate::both::on_both;

async fn admins_see_how_much_was_listened(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (admin, host) = (desk.admin().await, desk.person("ada").await);
    let id = desk.broadcast(&host, json!({"title": "News", "latencyMode": "standard"})).await;
    let now = Timestamp::now();
    let minute = async |ago: u64, webrtc, hls| {
        let entry = ListenerMinute {
            broadcast_id: id.clone(),
            minute: now.minus(Duration::from_hours(24 * ago)),
            station: "a".to_owned(),
            webrtc,
            hls,
            people: 0,
            joins: 0,
            joins_failed: 0,
        };
        // On disk, so that it is among what is waited for.
        desk.journal.append_synced(Entry::Listeners(entry)).await.unwrap();
    };
    minute(0, 2, 100).await;
    minute(1, 0, 50).await;
    minute(40, 9, 9).await;
    desk.journal.applied().await;
    let usage = |days: &str| admin.asks("GET", format!("/api/admin/usage?days={days}"));
    let told = desk.ask(usage("3")).await.must_be(200);
    let days = told["days"].as_array().unwrap();
    let told_of = |field: &str| days.iter().map(|day| day[field].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(told_of("hlsMinutes"), [0, 50, 100]);
    assert_eq!(told_of("webrtcMinutes"), [0, 0, 2]);
    assert_eq!(told_of("minutes"), [0, 1, 1]);
    let total = &told["total"];
    assert_eq!((&total["hlsMinutes"], &total["webrtcMinutes"]), (&json!(150), &json!(2)));
    // 150 minutes of 96 kb/s are 108 MB, and what stands around them; 2 of 64 kb/s are not 1 MB and more than that.
    let bytes = |field: &str| total[field].as_f64().unwrap();
    assert!((108e6..140e6).contains(&bytes("hlsBytes")), "{total}");
    assert!((0.96e6..1.5e6).contains(&bytes("webrtcBytes")), "{total}");
    assert!(total["dollars"].as_f64().unwrap() > 0.108 * 0.085, "{total}");

    for wrong in ["0", "32", "x"] {
        assert_eq!(desk.ask(usage(wrong)).await.status, 422, "{wrong}");
    }
    assert_eq!(desk.ask(host.asks("GET", "/api/admin/usage")).await.status, 403);
    assert_eq!(desk.ask(Ask::new("GET", "/api/admin/usage")).await.status, 401);
}

on_both! {
    admins_see_how_much_was_listened
}
