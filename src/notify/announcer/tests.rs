//! From what a host asks for to what people find in their lists, over a real store.

use std::time::Duration;

use serde_json::{Value, json};
use store::{Block, Database, Slice};

use super::*;
use crate::api::testing::{Desk, Person};
use crate::both::on_both;

const DAY: u64 = 24 * 3_600;

/// So many seconds from now, on the second.
fn ahead(seconds: u64) -> String {
    let at = Timestamp::now().plus(Duration::from_secs(seconds)).as_millis() / 1_000;
    jiff::Timestamp::from_second(at).unwrap().to_string()
}

/// Does what is to be announced, until nothing is. `times` is how often each is done.
async fn announce(desk: &Desk, times: usize) {
    let announcer =
        Announcer::new(desk.store.clone(), Teller::new(desk.store.clone(), desk.channels.clone()));
    loop {
        let (batch, now) = (store::id(), Timestamp::now());
        let until = now.plus(Duration::from_mins(2));
        let jobs = desk.store.jobs().claim(JobKind::Announcement, &batch, now, until, 50).await.unwrap();
        if jobs.is_empty() {
            return;
        }
        for job in jobs {
            let payload: Announcement = serde_json::from_str(&job.payload).unwrap();
            for _ in 0..times {
                let task = Task { key: job.key.clone(), payload: payload.clone(), due_at: now, attempt: 1 };
                assert_eq!(announcer.run(vec![task]).await, [Outcome::Done]);
            }
            desk.store.jobs().settle(&batch, &[(job.id, store::Outcome::Done)], now).await.unwrap();
        }
    }
}

/// What is new in somebody's list, oldest first: kind and title. It is read by that.
async fn news(desk: &Desk, person: &Person) -> Vec<(String, String)> {
    let told = desk.ask(person.asks("GET", "/api/notifications?unread=true")).await.must_be(200);
    desk.ask(person.asks("POST", "/api/notifications/read")).await.must_be(204);
    let text = |it: &Value, field: &str| it[field].as_str().unwrap().to_owned();
    let items = told["items"].as_array().unwrap();
    items.iter().rev().map(|it| (text(it, "kind"), text(it, "title"))).collect()
}

fn one(kind: &str, title: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), title.to_owned())]
}

async fn follow(desk: &Desk, person: &Person, host: &Person) {
    desk.ask(person.asks("PUT", format!("/api/users/{}/follow", host.id))).await.must_be(204);
}

async fn change(desk: &Desk, host: &Person, path: &str, fields: Value) {
    desk.ask(host.asks("PATCH", format!("/api/broadcasts/{path}")).json(fields)).await.must_be(200);
}

async fn remind(desk: &Desk, person: &Person, broadcast: &str, offsets: Value) {
    let ask = person.asks("PUT", format!("/api/broadcasts/{broadcast}/reminder"));
    desk.ask(ask.json(json!({"offsets": offsets}))).await.must_be(200);
}

async fn followers_hear_of_a_plan_once(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (ada, bob, eve) = (desk.person("ada").await, desk.person("bob").await, desk.person("eve").await);
    follow(&desk, &bob, &ada).await;
    follow(&desk, &eve, &ada).await;
    desk.ask(eve.asks("PATCH", format!("/api/users/{}/follow", ada.id)).json(json!({"notify": false})))
        .await
        .must_be(200);
    desk.broadcast(&ada, json!({"title": "Some day"})).await;
    let hidden = json!({"title": "Ours", "visibility": "unlisted", "scheduledStartTime": ahead(DAY)});
    let hidden = desk.broadcast(&ada, hidden).await;
    announce(&desk, 1).await;
    assert_eq!(news(&desk, &bob).await, [], "there is nothing that all may come to");
    change(&desk, &ada, &hidden, json!({"visibility": "public"})).await;
    let again = json!({"visibility": "unlisted"});
    announce(&desk, 2).await;
    change(&desk, &ada, &hidden, again).await;
    change(&desk, &ada, &hidden, json!({"visibility": "public", "title": "Everybody's"})).await;
    announce(&desk, 1).await;
    assert_eq!(news(&desk, &bob).await, one("hostPlanned", "ada has planned Ours"));
    let weekly = json!({
        "title": "News", "scheduledStartTime": ahead(2 * DAY), "timezone": "UTC", "recurrence": "FREQ=WEEKLY",
    });
    let first = desk.broadcast(&ada, weekly).await;
    announce(&desk, 1).await;
    // The next occurrences are made by and by.
    let row = desk.store.broadcasts().load(&first).await.unwrap().unwrap().broadcast;
    let extend = crate::schedule::Extend {
        store: desk.store.clone(),
        clock: std::sync::Arc::new(|| Timestamp::now().plus(Duration::from_secs(30 * DAY))),
    };
    let payload = store::Extension { series_id: row.series_id.unwrap() };
    let task = Task { key: String::new(), payload, due_at: Timestamp::now(), attempt: 1 };
    assert!(matches!(extend.run(vec![task]).await[..], [Outcome::Again(_)]));
    announce(&desk, 1).await;
    let told = desk.ask(bob.asks("GET", "/api/notifications?unread=true")).await.must_be(200);
    let body = told["items"][0]["body"].as_str().unwrap().to_owned();
    assert!(body.ends_with("(UTC), and again after that"), "{body}");
    assert_eq!(news(&desk, &bob).await, one("hostPlanned", "ada has planned News"));
    assert_eq!(news(&desk, &eve).await, [], "she wants to hear nothing");
}

async fn who_waits_hears_that_it_is_moved_and_that_it_is_called_off(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let ada = desk.person("ada").await;
    let [asked, told, follows, refuses, blocked, stranger] = [
        desk.person("asked").await,
        desk.person("told").await,
        desk.person("follows").await,
        desk.person("refuses").await,
        desk.person("blocked").await,
        desk.person("stranger").await,
    ];
    let start = ahead(DAY);
    let fields = json!({"title": "News", "scheduledStartTime": start, "reminderOffsets": [3600]});
    let id = desk.broadcast(&ada, fields).await;
    announce(&desk, 1).await;
    for person in [&follows, &refuses, &blocked] {
        follow(&desk, person, &ada).await;
    }
    remind(&desk, &asked, &id, json!([60, 120])).await;
    remind(&desk, &told, &id, json!([60])).await;
    remind(&desk, &refuses, &id, json!([])).await;
    desk.store
        .reminders()
        .mark_sent(&id, 60, std::slice::from_ref(&told.id), Timestamp::now())
        .await
        .unwrap();
    let block = Block {
        broadcast_id: id.clone(),
        user_id: blocked.id.clone(),
        blocked_by: None,
        reason: None,
        created_at: Timestamp::now(),
    };
    desk.store.blocks().put(&block).await.unwrap();
    let (hear, deaf) = ([&asked, &told, &follows], [&ada, &refuses, &blocked, &stranger]);

    change(&desk, &ada, &id, json!({"scheduledStartTime": ahead(2 * DAY)})).await;
    announce(&desk, 2).await;
    for person in hear {
        assert_eq!(news(&desk, person).await, one("moved", "News has another hour"));
    }
    // Of two moves that nobody has heard of yet, the second is told.
    change(&desk, &ada, &id, json!({"scheduledStartTime": ahead(3 * DAY)})).await;
    change(&desk, &ada, &id, json!({"scheduledStartTime": start, "title": "New news"})).await;
    announce(&desk, 1).await;
    for person in hear {
        assert_eq!(news(&desk, person).await, one("moved", "New news has another hour"));
    }
    change(&desk, &ada, &id, json!({"description": "What is new"})).await;
    desk.ask(ada.asks("DELETE", format!("/api/broadcasts/{id}"))).await.must_be(204);
    announce(&desk, 2).await;
    for person in hear {
        assert_eq!(news(&desk, person).await, one("cancelled", "New news was cancelled"));
    }
    for person in deaf {
        assert_eq!(news(&desk, person).await, []);
    }
    let slice = Slice::first(9);
    let over = desk.store.jobs().list(Some(store::JobState::Waiting), Some(JobKind::Announcement), &slice);
    assert_eq!(over.await.unwrap().total, 4, "who waited is forgotten after a while");
}

async fn who_waits_for_several_of_a_series_hears_of_their_move_once(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (ada, asked, follows) =
        (desk.person("ada").await, desk.person("asked").await, desk.person("follows").await);
    let start = ahead(DAY);
    let daily = json!({
        "title": "News", "scheduledStartTime": start, "timezone": "UTC", "recurrence": "FREQ=DAILY;COUNT=4",
        "reminderOffsets": [3600],
    });
    let first = desk.broadcast(&ada, daily).await;
    announce(&desk, 1).await;
    follow(&desk, &follows, &ada).await;
    let series = desk.store.broadcasts().load(&first).await.unwrap().unwrap().broadcast.series_id.unwrap();
    let all = desk.store.all_series().occurrences(&series, Timestamp::from_millis(0), 10).await.unwrap();
    for row in &all[1..] {
        remind(&desk, &asked, &row.id, json!([60])).await;
    }
    // Of one alone the follower wants to hear nothing.
    remind(&desk, &follows, &all[0].id, json!([])).await;
    change(&desk, &ada, &format!("{first}?scope=all"), json!({"scheduledStartTime": ahead(DAY + 3_600)}))
        .await;
    announce(&desk, 1).await;
    for person in [&asked, &follows] {
        assert_eq!(news(&desk, person).await, one("moved", "News has another hour"));
    }
    desk.ask(ada.asks("DELETE", format!("/api/broadcasts/{}?scope=following", all[2].id))).await.must_be(204);
    announce(&desk, 1).await;
    for person in [&asked, &follows] {
        assert_eq!(news(&desk, person).await, one("cancelled", "News was cancelled"));
    }
    change(&desk, &ada, &all[0].id, json!({"scheduledStartTime": ahead(DAY + 7_200)})).await;
    announce(&desk, 1).await;
    assert_eq!(news(&desk, &asked).await, []);
    assert_eq!(news(&desk, &follows).await, [], "of this one they want to hear nothing");
}

async fn who_waits_hears_that_no_host_came(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (ada, bob) = (desk.person("ada").await, desk.person("bob").await);
    let id = desk.broadcast(&ada, json!({"title": "News", "scheduledStartTime": ahead(3_600)})).await;
    remind(&desk, &bob, &id, json!([60])).await;
    let start = desk.store.broadcasts().load(&id).await.unwrap().unwrap().broadcast.scheduled_start.unwrap();
    let other = start.plus(Duration::from_secs(1));
    assert_eq!(desk.store.broadcasts().miss(&id, other).await.unwrap().unwrap().status, Status::Scheduled);
    assert_eq!(desk.store.broadcasts().miss(&id, start).await.unwrap().unwrap().status, Status::Cancelled);
    announce(&desk, 1).await;
    assert_eq!(news(&desk, &bob).await, one("cancelled", "News does not take place"));
}

on_both! {
    followers_hear_of_a_plan_once
    who_waits_hears_that_it_is_moved_and_that_it_is_called_off
    who_waits_for_several_of_a_series_hears_of_their_move_once
    who_waits_hears_that_no_host_came
}
