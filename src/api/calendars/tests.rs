//! Calendars, on both databases.

use serde_json::json;
use store::{Database, Timestamp};

use crate::api::testing::{Answer, Ask, Desk, Person};
use crate::both::on_both;

/// So many days from now, at a full second.
fn in_days(days: i64) -> String {
    let at = Timestamp::now().as_millis() / 1_000 * 1_000 + days * 86_400_000;
    super::rfc3339(Timestamp::from_millis(at))
}

async fn ask(desk: &Desk, ask: Ask) -> Answer {
    desk.ask(ask.header("host", "radio.example")).await
}

async fn text(desk: &Desk, path: &str) -> String {
    let answer = ask(desk, Ask::new("GET", path)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    String::from_utf8(answer.bytes.to_vec()).unwrap().replace("\r\n ", "")
}

async fn planned(desk: &Desk, host: &Person, title: &str, days: i64) -> String {
    let plan = json!({
        "title": title, "scheduledStartTime": in_days(days), "timezone": "Europe/Berlin",
        "reminderOffsets": [900],
    });
    desk.broadcast(host, plan).await
}

/// The value of a property that stands once in a document.
fn value<'a>(document: &'a str, name: &str) -> &'a str {
    let mut found = document.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.next().unwrap_or_else(|| panic!("no {name} in {document}"))
}

async fn a_date_keeps_its_name_and_counts_its_changes(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let host = desk.person("ada").await;
    let id = planned(&desk, &host, "News", 2).await;
    let path = format!("/api/broadcasts/{id}/calendar.ics");
    let before = text(&desk, &path).await;
    assert_eq!(value(&before, "UID"), format!("{id}@onair"));
    assert_eq!(value(&before, "URL"), format!("http://radio.example/listen/{id}"));
    assert_eq!((value(&before, "STATUS"), value(&before, "TRIGGER")), ("CONFIRMED", "-PT900S"));
    let moved = json!({"scheduledStartTime": in_days(3)});
    desk.ask(host.asks("PATCH", format!("/api/broadcasts/{id}")).json(moved)).await.must_be(200);
    let after = text(&desk, &path).await;
    assert_eq!(value(&after, "UID"), value(&before, "UID"));
    let sequence = |document: &str| value(document, "SEQUENCE").parse::<i64>().unwrap();
    assert!(sequence(&after) > sequence(&before), "{after}");
    let start = |document: &str| value(document, "DTSTART;TZID=Europe/Berlin").to_owned();
    assert_ne!(start(&after), start(&before));
    let links = ask(&desk, Ask::new("GET", format!("/api/broadcasts/{id}/calendar"))).await.must_be(200);
    assert_eq!(links["icsUrl"], format!("http://radio.example{path}"));
    for (link, there) in
        [("googleUrl", "https://calendar.google.com/"), ("outlookUrl", "https://outlook.live.com/")]
    {
        assert!(links[link].as_str().unwrap().starts_with(there), "{links}");
    }
    let undated = desk.broadcast(&host, json!({"title": "Some day"})).await;
    let none = ask(&desk, Ask::new("GET", format!("/api/broadcasts/{undated}/calendar.ics"))).await;
    assert_eq!(none.refused(404), "this broadcast has no date");
}

async fn the_occurrences_of_a_series_keep_their_names_when_they_are_moved_and_called_off(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let host = desk.person("ada").await;
    let daily = json!({
        "title": "News", "scheduledStartTime": in_days(2), "timezone": "UTC", "recurrence": "FREQ=DAILY;COUNT=3",
        "durationSeconds": 1800,
    });
    let first = desk.broadcast(&host, daily).await;
    let dates = async || {
        let calendar = text(&desk, "/api/users/ada/calendar.ics").await;
        let events = calendar.split("BEGIN:VEVENT").skip(1);
        let fields = |event: &str| {
            ["UID", "STATUS", "DTSTART", "DTEND", "SEQUENCE"].map(|name| value(event, name).to_owned())
        };
        events.map(fields).collect::<Vec<_>>()
    };
    let ics = |at: String| at[..19].replace(['-', ':'], "") + "Z";
    let before = dates().await;
    let second = before[1][0].strip_suffix("@onair").unwrap().to_owned();
    let at = |text: &str| jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).unwrap();
    for date in &before {
        assert_eq!(
            at(&date[2]).duration_until(at(&date[3])),
            jiff::SignedDuration::from_mins(30),
            "{date:?}"
        );
    }
    let change = async |path: String, fields: serde_json::Value| {
        desk.ask(host.asks("PATCH", format!("/api/broadcasts/{path}")).json(fields)).await.must_be(200);
    };
    change(format!("{first}?scope=all"), json!({"durationSeconds": 3600})).await;
    change(second.clone(), json!({"scheduledStartTime": in_days(9)})).await;
    desk.ask(host.asks("POST", format!("/api/broadcasts/{first}/end"))).await.must_be(200);
    let after = dates().await;
    let named = |uid: &str| after.iter().find(|date| date[0] == uid).unwrap();
    for date in &before {
        let now = named(&date[0]);
        assert_eq!(at(&now[2]).duration_until(at(&now[3])), jiff::SignedDuration::from_hours(1));
        let number = |date: &[String; 5]| date[4].parse::<i64>().unwrap();
        assert!(number(now) > number(date), "{date:?} became {now:?}");
    }
    assert_eq!(named(&format!("{first}@onair"))[1], "CANCELLED");
    assert_eq!(named(&before[1][0])[2][..8], ics(in_days(9))[..8]);
}

async fn a_host_has_a_calendar_and_everybody_a_feed(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (ada, eve) = (desk.person("ada").await, desk.person("eve").await);
    let (news, hers) = (planned(&desk, &ada, "News", 2).await, planned(&desk, &eve, "Hers", 1).await);
    let hidden = json!({"title": "Ours", "scheduledStartTime": in_days(1), "visibility": "unlisted"});
    desk.broadcast(&ada, hidden).await;
    let calendar = text(&desk, "/api/users/ada/calendar.ics").await;
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 1, "{calendar}");
    assert!(calendar.contains(&format!("UID:{news}@onair")), "{calendar}");
    let feed = text(&desk, "/api/schedule.atom").await;
    let place = |id: &str| feed.find(&format!("<id>http://radio.example/listen/{id}</id>")).unwrap();
    assert!(place(&hers) < place(&news) && !feed.contains("Ours"), "{feed}");
    let first = ask(&desk, Ask::new("GET", "/api/schedule.atom")).await;
    let again = Ask::new("GET", "/api/schedule.atom")
        .header("if-none-match", first.headers["etag"].to_str().unwrap());
    assert_eq!(ask(&desk, again).await.status, 304);
    assert_eq!(ask(&desk, Ask::new("GET", "/api/users/nobody/calendar.ics")).await.status, 404);
}

async fn what_somebody_follows_is_at_a_secret_address_until_they_take_it_away(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (ada, eve, bob) = (desk.person("ada").await, desk.person("eve").await, desk.person("bob").await);
    let news = planned(&desk, &ada, "News", 2).await;
    planned(&desk, &eve, "Hers", 2).await;
    desk.ask(bob.asks("PUT", format!("/api/users/{}/follow", ada.id))).await.must_be(204);
    let address = async || ask(&desk, bob.asks("GET", "/api/calendar")).await.must_be(200);
    assert!(address().await["since"].is_null());
    let make = async || {
        let made = ask(&desk, bob.asks("POST", "/api/calendar")).await.must_be(201);
        let url = made["url"].as_str().unwrap().to_owned();
        url.strip_prefix("http://radio.example").unwrap().to_owned()
    };
    let first = make().await;
    let calendar = text(&desk, &first).await;
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 1, "{calendar}");
    assert!(calendar.contains(&format!("UID:{news}@onair")), "{calendar}");
    let headers = ask(&desk, Ask::new("GET", first.as_str())).await.headers;
    assert_eq!(headers["cache-control"], "private, no-cache");
    let second = make().await;
    assert_eq!(ask(&desk, Ask::new("GET", first)).await.status, 404);
    assert!(address().await["since"].is_string());
    text(&desk, &second).await;
    ask(&desk, bob.asks("DELETE", "/api/calendar")).await.must_be(204);
    assert_eq!(ask(&desk, Ask::new("GET", second)).await.status, 404);
    for nobody in ["/api/calendars/x.ics", "/api/calendars/x"] {
        assert_eq!(ask(&desk, Ask::new("GET", nobody)).await.status, 404);
    }
    assert_eq!(ask(&desk, Ask::new("POST", "/api/calendar")).await.status, 401);
}

on_both! {
    a_date_keeps_its_name_and_counts_its_changes
    the_occurrences_of_a_series_keep_their_names_when_they_are_moved_and_called_off
    a_host_has_a_calendar_and_everybody_a_feed
    what_somebody_follows_is_at_a_secret_address_until_they_take_it_away
}
