//! What people are told and want to be told, on both databases.

use serde_json::{Value, json};
use store::{Database, Notification, Timestamp};

use crate::api::testing::{Ask, Desk, Person};
use crate::both::on_both;
use crate::notify::{Kind, Told};
use crate::settings::table::Key;

const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

/// Tells somebody something, in the second that is named.
async fn tell(desk: &Desk, person: &Person, kind: Kind, about: &str, second: i64) -> String {
    let start = "2026-11-24T19:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let told = Told::of("b1", "News", "Ada", Some(Timestamp::from_millis(start)));
    let notification = Notification {
        id: store::id(),
        user_id: person.id.clone(),
        kind: kind.name().to_owned(),
        about: about.to_owned(),
        payload: told.to_payload(),
        created_at: Timestamp::from_millis(1_700_000_000_000 + second * 1_000),
        read_at: None,
    };
    let id = notification.id.clone();
    assert_eq!(desk.store.notifications().tell(vec![(notification, Vec::new())]).await.unwrap().len(), 1);
    id
}

async fn list(desk: &Desk, person: &Person, query: &str) -> Value {
    desk.ask(person.asks("GET", format!("/api/notifications{query}"))).await.must_be(200)
}

async fn somebody_reads_what_they_were_told(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (bob, eve) = (desk.person("bob").await, desk.person("eve").await);
    let first = tell(&desk, &bob, Kind::HostLive, "live:1", 1).await;
    tell(&desk, &bob, Kind::Moved, "moved:1", 2).await;
    tell(&desk, &eve, Kind::HostLive, "live:1", 1).await;
    let page = list(&desk, &bob, "?limit=1").await;
    assert_eq!((&page["total"], &page["unread"]), (&json!(2), &json!(2)));
    let expected = json!({
        "id": page["items"][0]["id"], "kind": "moved", "title": "News has another hour",
        "body": "News, with Ada. Tuesday, 24 November 2026, 19:00 (UTC)", "link": "/listen/b1",
        "broadcastId": "b1", "createdAt": "2023-11-14T22:13:22.000Z", "readAt": null,
    });
    assert_eq!(page["items"][0], expected);
    let cursor = page["nextCursor"].as_str().unwrap();
    let next = list(&desk, &bob, &format!("?limit=1&cursor={cursor}")).await;
    assert_eq!(next["items"][0]["title"], "Ada is on air");
    let read = format!("/api/notifications/{first}/read");
    assert_eq!(desk.ask(eve.asks("POST", read.as_str())).await.status, 404, "it is not hers");
    desk.ask(bob.asks("POST", read)).await.must_be(204);
    let unread = list(&desk, &bob, "?unread=true").await;
    assert_eq!((unread["items"].as_array().unwrap().len(), &unread["unread"]), (1, &json!(1)));
    desk.ask(bob.asks("POST", "/api/notifications/read")).await.must_be(204);
    assert_eq!(list(&desk, &bob, "").await["unread"], 0);
    assert_eq!(list(&desk, &eve, "").await["unread"], 1);
    assert_eq!(desk.ask(Ask::new("GET", "/api/notifications")).await.status, 401);
}

async fn somebody_says_what_they_want(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let bob = desk.person("bob").await;
    let path = "/api/notifications/preferences";
    let usual = desk.ask(bob.asks("GET", path)).await.must_be(200);
    assert_eq!(usual["channels"]["hostLive"], json!(["push"]));
    assert_eq!(usual["channels"]["reminder"], json!(["email", "push"]));
    let wanted = json!({
        "timezone": "Europe/Berlin", "quietHours": {"from": "22:00", "until": "07:30"}, "digestAt": "08:00",
        "channels": {"hostLive": [], "reply": ["email"]},
    });
    let mut now = desk.ask(bob.asks("PUT", path).json(wanted.clone())).await.must_be(200);
    assert_eq!(now, desk.ask(bob.asks("GET", path)).await.must_be(200));
    let channels = now["channels"].take();
    assert_eq!((&channels["hostLive"], &channels["reply"]), (&json!([]), &json!(["email"])));
    for field in ["timezone", "quietHours", "digestAt"] {
        assert_eq!(now[field], wanted[field]);
    }
    tell(&desk, &bob, Kind::Reminder, "r:1", 1).await;
    let body = list(&desk, &bob, "").await["items"][0]["body"].clone();
    assert_eq!(body, "News, with Ada. Tuesday, 24 November 2026, 20:00 (Europe/Berlin, UTC+01:00)");
    for (field, wrong) in [
        ("timezone", json!({"timezone": "Berlin", "quietHours": null, "digestAt": null, "channels": {}})),
        ("digestAt", json!({"timezone": null, "quietHours": null, "digestAt": "8:00", "channels": {}})),
        (
            "quietHours.until",
            json!({"timezone": null, "quietHours": {"from": "22:00", "until": "24:00"}, "digestAt": null, "channels": {}}),
        ),
        (
            "channels.?",
            json!({"timezone": null, "quietHours": null, "digestAt": null, "channels": {"other": []}}),
        ),
    ] {
        let refused = desk.ask(bob.asks("PUT", path).json(wrong)).await.must_be(422);
        let named = refused["errors"][0]["field"].as_str().unwrap();
        assert!(field.starts_with(named), "{named} for {field}");
    }
}

async fn letters_of_a_kind_end_with_one_click(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let bob = desk.person("bob").await;
    let path = format!("/unsubscribe/{}", desk.unsubscribe.token(&bob.id, Kind::Moved));
    let asked = desk.ask(Ask::new("GET", path.as_str())).await;
    assert_eq!(asked.status, 200);
    assert!(asked.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    let wanted = async || desk.ask(bob.asks("GET", "/api/notifications/preferences")).await.must_be(200);
    assert_eq!(wanted().await["channels"]["moved"], json!(["email", "push"]), "a look changes nothing");
    let click = Ask::new("POST", path.as_str());
    let click = click.bytes("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
    assert_eq!(desk.ask(click).await.status, 200);
    let now = wanted().await;
    assert_eq!(now["channels"]["moved"], json!(["push"]));
    assert_eq!(now["channels"]["cancelled"], json!(["email", "push"]));
    let other = path.replace("moved", "cancelled");
    assert_eq!(desk.ask(Ask::new("POST", other)).await.status, 404, "a token is for one kind");
    assert_eq!(desk.ask(Ask::new("POST", "/unsubscribe/nonsense")).await.status, 404);
}

async fn a_device_is_registered_and_forgotten(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (bob, eve) = (desk.person("bob").await, desk.person("eve").await);
    let config = desk.ask(Ask::new("GET", "/api/config")).await.must_be(200);
    assert_eq!(config["vapidPublicKey"].as_str().unwrap().len(), 87);
    assert_eq!(config["email"], false);
    let browser = |endpoint: &str| {
        json!({
            "channel": "webPush", "name": "Firefox",
            "subscription": {"endpoint": endpoint, "expirationTime": null, "keys": {"p256dh": P256DH, "auth": AUTH}},
        })
    };
    let register =
        async |person: &Person, draft: Value| desk.ask(person.asks("POST", "/api/devices").json(draft)).await;
    let made = register(&bob, browser("https://push.example/1")).await.must_be(201);
    assert_eq!((&made["channel"], &made["name"]), (&json!("webPush"), &json!("Firefox")));
    let again = register(&bob, browser("https://push.example/1")).await.must_be(201);
    assert_eq!(again["id"], made["id"]);
    let devices = async |person: &Person| {
        let listed = desk.ask(person.asks("GET", "/api/devices")).await.must_be(200);
        listed["items"].as_array().unwrap().len()
    };
    assert_eq!(devices(&bob).await, 1);
    let path = format!("/api/devices/{}", made["id"].as_str().unwrap());
    desk.ask(eve.asks("DELETE", path.as_str())).await.must_be(204);
    assert_eq!(devices(&bob).await, 1, "it is not hers");
    register(&eve, browser("https://push.example/1")).await.must_be(201);
    assert_eq!((devices(&bob).await, devices(&eve).await), (0, 1), "it is hers now");
    desk.ask(eve.asks("DELETE", path)).await.must_be(204);
    assert_eq!(devices(&eve).await, 0);
    for n in 0..25 {
        register(&bob, browser(&format!("https://push.example/b{n}"))).await.must_be(201);
    }
    assert_eq!(devices(&bob).await, 20);
    for (draft, field) in [
        (browser("http://push.example/1"), "subscription.endpoint"),
        (browser("https://127.0.0.1/1"), "subscription.endpoint"),
        (browser("https://localhost/1"), "subscription.endpoint"),
        (json!({"channel": "webPush"}), "subscription"),
        // The station has no account with Google.
        (json!({"channel": "fcm", "token": "abc"}), "channel"),
    ] {
        let refused = register(&bob, draft).await.must_be(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
}

async fn a_station_keeps_the_key_that_browsers_subscribed_with(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let key = async |desk: &Desk| {
        desk.ask(Ask::new("GET", "/api/config")).await.must_be(200)["vapidPublicKey"].clone()
    };
    let before = key(&desk).await;
    let mail = [(Key::SmtpUrl, "smtps://mail.example"), (Key::MailFrom, "radio@radio.example")];
    let desk = desk.restart(&mail).await;
    assert_eq!(key(&desk).await, before);
    assert_eq!(desk.ask(Ask::new("GET", "/api/config")).await.must_be(200)["email"], true);
}

async fn an_admin_learns_whether_mail_goes_out(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (admin, bob) = (desk.admin().await, desk.person("bob").await);
    let path = "/api/admin/mail/test";
    assert_eq!(desk.ask(bob.asks("POST", path)).await.status, 403);
    let ask = |person: &Person| person.asks("POST", path).header("host", "radio.example");
    assert!(desk.ask(ask(&admin)).await.refused(409).contains("ONAIR_SMTP_URL"));
    // Nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = format!("smtp://127.0.0.1:{}?tls=none", listener.local_addr().unwrap().port());
    drop(listener);
    let desk = desk.restart(&[(Key::SmtpUrl, &relay), (Key::MailFrom, "radio@radio.example")]).await;
    let session = json!({"email": "admin@localhost", "password": "battery staple"});
    let admin = Person::of(&desk.post("/api/auth/login", session).await.must_be(200));
    assert!(desk.ask(ask(&admin)).await.refused(502).starts_with("the relay has not taken it: "));
}

on_both! {
    an_admin_learns_whether_mail_goes_out
    somebody_reads_what_they_were_told
    somebody_says_what_they_want
    letters_of_a_kind_end_with_one_click
    a_device_is_registered_and_forgotten
    a_station_keeps_the_key_that_browsers_subscribed_with
}
