//! Plans by API, and what is done at the hour.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use store::{Broadcast, Database, JobKind, JobState, PlannedEnd, PlannedStart, Slice, Status, Timestamp};

use crate::api::testing::{Ask, Desk, Person};
use crate::both::on_both;
use crate::jobs::{Clock, Outcome, Task, Work};
use crate::schedule::{Announcement, Closes, Ends, HostPatience, House, Late, Opens, Town};

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

/// So long from now, on the second.
fn ahead(time: Duration) -> String {
    let at = Timestamp::now().plus(time).as_millis() / 1_000;
    jiff::Timestamp::from_second(at).unwrap().to_string()
}

async fn make(desk: &Desk, host: &Person, fields: Value) -> Value {
    desk.ask(host.asks("POST", "/api/broadcasts").json(fields)).await.must_be(201)
}

async fn change(desk: &Desk, host: &Person, path: &str, fields: Value) -> Value {
    desk.ask(host.asks("PATCH", format!("/api/broadcasts/{path}")).json(fields)).await.must_be(200)
}

fn weekly(start: &str) -> Value {
    json!({"title": "News", "scheduledStartTime": start, "timezone": "UTC", "recurrence": "FREQ=WEEKLY"})
}

/// The occurrences of the series of a broadcast: their ids, titles and starts.
async fn occurrences(desk: &Desk, host: &Person, made: &Value) -> Vec<(String, String, String)> {
    let series = made["seriesId"].as_str().unwrap();
    let told = desk.get(&format!("/api/series/{series}"), &host.token).await.must_be(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |it: &Value| (text(&it["id"]), text(&it["title"]), text(&it["scheduledStartTime"]));
    told["occurrences"].as_array().unwrap().iter().filter(|it| it["status"] == "scheduled").map(of).collect()
}

async fn a_plan_that_does_not_fit_is_told_why(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.person("amy").await;
    let (week, tomorrow) = (ahead(7 * DAY), ahead(DAY));
    for (field, fields) in [
        ("scheduledStartTime", json!({"scheduledStartTime": "2020-01-01T00:00:00Z"})),
        ("scheduledStartTime", json!({"scheduledStartTime": ahead(800 * DAY)})),
        ("recurrence", json!({"scheduledStartTime": week, "timezone": "UTC", "recurrence": "FREQ=HOURLY"})),
        ("timezone", json!({"scheduledStartTime": week, "recurrence": "FREQ=DAILY"})),
        ("scheduledStartTime", json!({"timezone": "UTC", "recurrence": "FREQ=DAILY"})),
        ("durationSeconds", json!({"scheduledStartTime": tomorrow, "endOnTime": true})),
    ] {
        let mut body = fields.clone();
        body["title"] = "News".into();
        let refused = desk.ask(amy.asks("POST", "/api/broadcasts").json(body)).await.must_be(422);
        assert_eq!(refused["errors"][0]["field"], field, "{fields}");
    }
}

async fn what_is_planned_for_the_same_time_is_told(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.person("amy").await;
    let hour = Duration::from_hours(1);
    let plan = |title: &str, at: Duration| json!({"title": title, "scheduledStartTime": ahead(at), "durationSeconds": 7200});
    let first = make(&desk, &amy, plan("First", DAY)).await;
    assert_eq!(first["overlaps"], Value::Null);
    let second = make(&desk, &amy, plan("Second", DAY + hour)).await;
    assert_eq!(
        (second["overlaps"][0]["id"].clone(), second["overlaps"].as_array().unwrap().len()),
        (first["id"].clone(), 1)
    );
    let apart = make(&desk, &amy, plan("Apart", DAY + 4 * hour)).await;
    assert_eq!(apart["overlaps"], Value::Null);
    let id = apart["id"].as_str().unwrap();
    let moved = change(&desk, &amy, id, json!({"scheduledStartTime": ahead(DAY)})).await;
    assert_eq!(moved["overlaps"].as_array().unwrap().len(), 2);
    let rory = desk.person("rory").await;
    assert_eq!(make(&desk, &rory, plan("Another's", DAY)).await["overlaps"], Value::Null);
}

async fn a_series_is_changed_one_by_one_from_here_on_and_as_a_whole(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.person("amy").await;
    let start = ahead(DAY);
    let made = make(&desk, &amy, weekly(&start)).await;
    let all = occurrences(&desk, &amy, &made).await;
    assert_eq!(all.len(), 8);
    assert_eq!(
        (&all[0].0, all[0].2[..19].to_owned()),
        (&made["id"].as_str().unwrap().to_owned(), start[..19].to_owned())
    );

    let alone = change(&desk, &amy, &all[1].0, json!({"title": "Special"})).await;
    assert_eq!(
        (alone["title"].clone(), alone["seriesId"].clone()),
        (json!("Special"), made["seriesId"].clone())
    );
    let titles = |all: &[(String, String, String)]| all.iter().map(|it| it.1.clone()).collect::<Vec<_>>();
    assert_eq!(titles(&occurrences(&desk, &amy, &made).await)[..3], ["News", "Special", "News"]);
    let ask =
        amy.asks("PATCH", format!("/api/broadcasts/{}", all[1].0)).json(json!({"recurrence": "FREQ=DAILY"}));
    assert_eq!(desk.ask(ask).await.must_be(422)["errors"][0]["field"], "recurrence");

    let path = format!("{}?scope=following", all[4].0);
    let split = change(&desk, &amy, &path, json!({"title": "Late news"})).await;
    assert_ne!(split["seriesId"], made["seriesId"]);
    assert_eq!(occurrences(&desk, &amy, &made).await.len(), 4);
    let follow = occurrences(&desk, &amy, &split).await;
    assert_eq!(titles(&follow), ["Late news"; 4]);
    assert_eq!(follow[0].0, all[4].0);

    change(&desk, &amy, &format!("{}?scope=all", all[0].0), json!({"durationSeconds": 1800})).await;
    let told = desk.get(&format!("/api/broadcasts/{}", all[2].0), &amy.token).await.must_be(200);
    assert_eq!(told["durationSeconds"], 1800);
}

async fn what_is_deleted_of_a_series_does_not_come_back(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.person("amy").await;
    let made = make(&desk, &amy, weekly(&ahead(DAY))).await;
    let all = occurrences(&desk, &amy, &made).await;
    let delete =
        async |path: String| desk.ask(amy.asks("DELETE", format!("/api/broadcasts/{path}"))).await.status;
    assert_eq!(delete(all[1].0.clone()).await, 204);
    let series = made["seriesId"].as_str().unwrap();
    let told = desk.get(&format!("/api/series/{series}"), &amy.token).await.must_be(200);
    assert_eq!(told["exceptions"], json!([all[1].2]));
    assert_eq!(delete(format!("{}?scope=following", all[5].0)).await, 204);
    let left = occurrences(&desk, &amy, &made).await;
    assert_eq!(left.iter().map(|it| &it.0).collect::<Vec<_>>(), [&all[0].0, &all[2].0, &all[3].0, &all[4].0]);
    let told = desk.get(&format!("/api/series/{series}"), &amy.token).await.must_be(200);
    assert!(told["recurrence"].as_str().unwrap().starts_with("FREQ=WEEKLY;UNTIL="), "{told}");
    assert_eq!(desk.get("/api/series/none", &amy.token).await.status, 404);
}

async fn a_broadcast_that_was_planned_once_may_repeat(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.person("amy").await;
    let made = make(&desk, &amy, json!({"title": "News", "scheduledStartTime": ahead(DAY)})).await;
    let id = made["id"].as_str().unwrap();
    let rule = json!({"timezone": "Europe/Berlin", "recurrence": "FREQ=DAILY;COUNT=3"});
    let repeats = change(&desk, &amy, id, rule).await;
    let all = occurrences(&desk, &amy, &repeats).await;
    assert_eq!((all.len(), all[0].0.as_str()), (3, id));
}

async fn listeners_choose_their_reminders(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (amy, eve) = (desk.person("amy").await, desk.person("eve").await);
    let made = make(&desk, &amy, json!({"title": "News", "scheduledStartTime": ahead(DAY)})).await;
    let path = format!("/api/broadcasts/{}/reminder", made["id"].as_str().unwrap());
    let put = async |offsets: Value| {
        desk.ask(eve.asks("PUT", path.clone()).json(json!({"offsets": offsets}))).await
    };
    let theirs = put(json!([3600, 900])).await.must_be(200);
    let offsets: Vec<_> =
        theirs["items"].as_array().unwrap().iter().map(|it| it["offsetSeconds"].clone()).collect();
    assert_eq!(offsets, [json!(3600), json!(900)]);
    for wrong in [json!([61]), json!([172_800]), json!(vec![60; 11])] {
        assert_eq!(put(wrong.clone()).await.status, 422, "{wrong}");
    }
    let list = desk.get("/api/reminders", &eve.token).await.must_be(200);
    assert_eq!((list["total"].clone(), list["items"][0]["offsetSeconds"].clone()), (json!(2), json!(3600)));
    assert_eq!(desk.get("/api/reminders", &amy.token).await.must_be(200)["total"], 0);
    let none = json!({"items": [], "none": true});
    assert_eq!(put(json!([])).await.must_be(200), none);
    assert_eq!(desk.get(&path, &eve.token).await.must_be(200), none);
    assert_eq!(put(json!([900])).await.must_be(200)["none"], false);
    assert_eq!(desk.ask(eve.asks("DELETE", path.clone())).await.status, 204);
    assert_eq!(desk.get(&path, &eve.token).await.must_be(200), json!({"items": [], "none": false}));
    assert_eq!(desk.get("/api/reminders", &eve.token).await.must_be(200)["total"], 0);
    assert_eq!(desk.ask(Ask::new("PUT", &path).json(json!({"offsets": [60]}))).await.status, 401);
    let undated = make(&desk, &amy, json!({"title": "Some day"})).await;
    let path = format!("/api/broadcasts/{}/reminder", undated["id"].as_str().unwrap());
    assert_eq!(desk.ask(eve.asks("PUT", path).json(json!({"offsets": [60]}))).await.status, 409);
}

async fn admins_see_jobs_and_have_them_tried_again(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (admin, amy) = (desk.admin().await, desk.person("amy").await);
    make(&desk, &amy, json!({"title": "News", "scheduledStartTime": ahead(DAY)})).await;
    let list = desk.get("/api/admin/jobs?state=waiting&kind=missed", &admin.token).await.must_be(200);
    assert_eq!((list["total"].clone(), list["items"][0]["kind"].clone()), (json!(1), json!("missed")));
    assert_eq!(desk.get("/api/admin/jobs", &amy.token).await.status, 403);
    assert_eq!(desk.get("/api/admin/jobs?kind=chores", &admin.token).await.status, 422);
    let path = |id: &str| format!("/api/admin/jobs/{id}/retry");
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(desk.ask(admin.asks("POST", path(&id))).await.status, 409, "it was not given up");
    assert_eq!(desk.ask(admin.asks("POST", path("none"))).await.status, 404);
    let far = Timestamp::now().plus(2 * DAY);
    desk.store.jobs().claim(JobKind::Missed, "batch", far, far.plus(DAY), 1).await.unwrap();
    let failed = [(id.clone(), store::Outcome::Failed("no".to_owned()))];
    desk.store.jobs().settle("batch", &failed, far).await.unwrap();
    let list = desk.get("/api/admin/jobs?state=failed", &admin.token).await.must_be(200);
    assert_eq!(list["items"][0]["lastError"], "no");
    assert_eq!(desk.ask(amy.asks("POST", path(&id))).await.status, 403);
    let again = desk.ask(admin.asks("POST", path(&id))).await.must_be(202);
    assert_eq!((again["state"].clone(), again["attempts"].clone()), (json!("waiting"), json!(0)));
    assert!(desk.audited().await.contains(&"job.retried".to_owned()));
    assert_eq!(
        desk.store.jobs().list(Some(JobState::Failed), None, &Slice::first(5)).await.unwrap().total,
        0
    );
}

/// Keeps what was announced.
#[derive(Clone, Default)]
struct Square(Arc<Mutex<Vec<Announcement>>>);

impl Town for Square {
    async fn announce(&self, _: &str, _: &Broadcast, announcement: Announcement) -> Result<(), String> {
        self.0.lock().unwrap().push(announcement);
        Ok(())
    }
}

const PATIENCE: HostPatience = HostPatience { late: Duration::from_mins(2), missed: Duration::from_mins(20) };

/// What jobs need, so much later.
fn house(desk: &Desk, later: Duration) -> House {
    let clock: Clock = Arc::new(move || Timestamp::now().plus(later));
    House { store: desk.store.clone(), hall: desk.hall.clone(), clock, patience: PATIENCE }
}

fn task<P>(payload: P) -> Vec<Task<P>> {
    vec![Task { key: "key".to_owned(), payload, due_at: Timestamp::now(), attempt: 1 }]
}

async fn row(desk: &Desk, id: &str) -> Broadcast {
    desk.store.broadcasts().load(id).await.unwrap().unwrap().broadcast
}

async fn a_broadcast_goes_on_air_at_its_hour_and_off_when_its_time_is_over(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.person("amy").await;
    let hour = Duration::from_hours(1);
    let fields = json!({
        "title": "News", "scheduledStartTime": ahead(hour), "durationSeconds": 600,
        "startOnTime": true, "endOnTime": true,
    });
    let made = make(&desk, &amy, fields).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let start = row(&desk, &id).await.scheduled_start.unwrap();
    let planned = PlannedStart { broadcast_id: id.clone(), start };
    let moved = PlannedStart { start: start.plus(hour), ..planned.clone() };
    let opens = Opens(house(&desk, hour));
    assert_eq!(opens.run(task(moved)).await, [Outcome::Done]);
    assert!(desk.hall.live(&id).is_none(), "that date is not this one's");
    assert_eq!(opens.run(task(planned.clone())).await, [Outcome::Done]);
    let run = desk.hall.live(&id).unwrap().run.to_string();
    assert_eq!(opens.run(task(planned.clone())).await, [Outcome::Done], "twice is once");
    assert_eq!(desk.hall.live(&id).unwrap().run.to_string(), run);

    let square = Square::default();
    let late = Late { house: house(&desk, hour + 3 * MINUTE), town: square.clone() };
    assert_eq!(late.run(task(planned)).await, [Outcome::Done]);
    assert_eq!(*square.0.lock().unwrap(), [Announcement::HostLate { closes_at: None }], "nobody is there");

    // The store learns of it a moment later, and plans the end.
    while row(&desk, &id).await.status != Status::Live {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let ends =
        desk.store.jobs().list(Some(JobState::Waiting), Some(JobKind::End), &Slice::first(5)).await.unwrap();
    assert_eq!(ends.total, 1);
    let end: PlannedEnd = serde_json::from_str(&ends.items[0].payload).unwrap();
    let other = PlannedEnd { run: "another".to_owned(), ..end.clone() };
    let off = Ends(house(&desk, hour));
    assert_eq!(off.run(task(other)).await, [Outcome::Done]);
    assert!(desk.hall.live(&id).is_some(), "that run is not this one");
    assert_eq!(off.run(task(end)).await, [Outcome::Done]);
    assert!(desk.hall.live(&id).is_none());
    assert_eq!(desk.hall.ending(&id).unwrap().why.name(), "planned");
}

async fn a_broadcast_to_which_no_host_comes_is_closed(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.person("amy").await;
    let hour = Duration::from_hours(1);
    let made =
        make(&desk, &amy, json!({"title": "News", "scheduledStartTime": ahead(hour), "autoStart": false}))
            .await;
    let id = made["id"].as_str().unwrap().to_owned();
    let start = row(&desk, &id).await.scheduled_start.unwrap();
    let planned = PlannedStart { broadcast_id: id.clone(), start };
    let square = Square::default();
    let late = |minutes| Late { house: house(&desk, hour + minutes * MINUTE), town: square.clone() };
    let closes = |minutes| Closes { house: house(&desk, hour + minutes * MINUTE), town: square.clone() };
    assert_eq!(late(1).run(task(planned.clone())).await, [Outcome::Again(start.plus(PATIENCE.late))]);
    assert_eq!(closes(19).run(task(planned.clone())).await, [Outcome::Again(start.plus(PATIENCE.missed))]);
    assert!(square.0.lock().unwrap().is_empty());
    assert_eq!(late(18).run(task(planned.clone())).await, [Outcome::Done], "that is no news any more");
    let (late, closes) = (late(3), closes(21));
    assert_eq!(late.run(task(planned.clone())).await, [Outcome::Done]);
    // A host in a preview has come.
    let sink = desk.publish(&id, &desk.stream_key(&amy, &id).await).await.unwrap();
    assert!(matches!(closes.run(task(planned.clone())).await[..], [Outcome::Again(_)]));
    assert_eq!(late.run(task(planned.clone())).await, [Outcome::Done]);
    drop(sink);
    desk.hall.end(&id, crate::live::EndReason::ByHost).await.unwrap();
    assert_eq!(closes.run(task(planned.clone())).await, [Outcome::Done]);
    assert_eq!(row(&desk, &id).await.status, Status::Cancelled);
    let closes_at = Some(start.plus(PATIENCE.missed));
    assert_eq!(*square.0.lock().unwrap(), [Announcement::HostLate { closes_at }, Announcement::Missed]);
    assert_eq!(closes.run(task(planned)).await, [Outcome::Done]);
    assert_eq!(square.0.lock().unwrap().len(), 2, "it is closed once");
}

on_both! {
    a_plan_that_does_not_fit_is_told_why
    what_is_planned_for_the_same_time_is_told
    a_series_is_changed_one_by_one_from_here_on_and_as_a_whole
    what_is_deleted_of_a_series_does_not_come_back
    a_broadcast_that_was_planned_once_may_repeat
    listeners_choose_their_reminders
    admins_see_jobs_and_have_them_tried_again
    a_broadcast_goes_on_air_at_its_hour_and_off_when_its_time_is_over
    a_broadcast_to_which_no_host_comes_is_closed
}
