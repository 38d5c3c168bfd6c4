//! Recordings by API, on both databases.

use std::sync::atomic::Ordering;
use std::time::Duration;

use packager::{DateRange, Detail, RangeClass};
use serde_json::{Value, json};
use store::{ChatMessage, Database, Journal, ReactionSum, RecordingStatus, Timestamp};

use crate::api::testing::{Answer, Ask, Desk, Person};
use crate::both::on_both;
use crate::recordings::Retention;
use crate::recordings::testing::{ANCHOR, instant, note};

/// A host with a broadcast, of which second 10 to 40 and 50 to 80 of the run `r1` are recorded as `rec`.
struct Scene {
    desk: Desk,
    host: Person,
    broadcast: String,
}

mod transcripts;

const REC: &str = "/api/recordings/rec";

impl Scene {
    async fn open(database: Database, broadcast: Value) -> Self {
        let desk = Desk::open(database, &[]).await;
        let host = desk.person("ada").await;
        let broadcast = desk.broadcast(&host, broadcast).await;
        desk.kept.keep(&desk.store, "rec", (&broadcast, "r1"), &[(10, 40), (50, 80)]).await;
        Self { desk, host, broadcast }
    }

    async fn news(database: Database) -> Self {
        Self::open(database, json!({"title": "News"})).await
    }

    async fn get(&self, path: &str) -> Value {
        self.desk.ask(self.host.asks("GET", path)).await.must_be(200)
    }

    async fn change(&self, changes: Value) -> Value {
        self.desk.ask(self.host.asks("PATCH", REC).json(changes)).await.must_be(200)
    }

    /// What a list answers whoever asks, by id.
    async fn listed(&self, who: Option<&Person>, query: &str) -> Vec<String> {
        let path = format!("/api/recordings?{query}");
        let ask = who.map_or_else(|| Ask::new("GET", &path), |who| who.asks("GET", &path));
        let page = self.desk.ask(ask).await.must_be(200);
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn said(&self, second: u64, text: &str) -> ChatMessage {
        let at = Timestamp::from_millis(((ANCHOR + second) * 1_000) as i64);
        let message = ChatMessage {
            id: store::id(),
            broadcast_id: self.broadcast.clone(),
            user_id: None,
            author_name: "Eve".to_owned(),
            author_role: "listener".to_owned(),
            message: text.to_owned(),
            reply_to: None,
            sent_at: at.plus(Duration::from_secs(2)),
            program_time: Some(at),
            pinned_at: None,
            deleted_at: None,
            deleted_by: None,
        };
        self.desk.store.chat().insert(&message).await.unwrap();
        message
    }
}

async fn a_recording_is_told_with_its_addresses_and_its_pieces(database: Database) {
    let scene = Scene::news(database).await;
    let told = scene.desk.ask(Ask::new("GET", REC)).await.must_be(200);
    let hls = format!("/live/{}/r1/rec/rec/index.m3u8", scene.broadcast);
    assert_eq!(told["hlsUrl"], hls);
    assert_eq!(told["downloadUrl"], "/api/recordings/rec/download.m4a");
    assert_eq!(
        (&told["title"], &told["durationSeconds"], &told["sizeBytes"]),
        (&json!("News"), &json!(60.0), &json!(720_000))
    );
    assert_eq!(
        (&told["status"], &told["kind"], &told["published"]),
        (&json!("ready"), &json!("recording"), &json!(true))
    );
    let pieces = json!([
        {"position": 0.0, "programTime": "2023-11-14T22:13:30.000Z", "duration": 30.0},
        {"position": 30.0, "programTime": "2023-11-14T22:14:10.000Z", "duration": 30.0},
    ]);
    assert_eq!(told["pieces"], pieces);
    assert_eq!(told.get("cut"), None, "how it is cut is its host's to know");
    let cut = json!({"startSeconds": 0.0, "endSeconds": 60.0, "recordedSeconds": 60.0});
    assert_eq!(scene.get(REC).await["cut"], cut);
    assert_eq!(scene.desk.ask(Ask::new("GET", "/api/recordings/none")).await.status, 404);
}

async fn trimming_changes_what_plays_and_is_undone_by_null(database: Database) {
    let scene = Scene::news(database).await;
    let cut = |it: &Value| {
        (it["cut"]["startSeconds"].clone(), it["cut"]["endSeconds"].clone(), it["durationSeconds"].clone())
    };
    let told = scene.change(json!({"startSeconds": 20, "endSeconds": 45.5, "title": " Short "})).await;
    assert_eq!(cut(&told), (json!(20.0), json!(45.5), json!(25.5)));
    assert_eq!((&told["title"], &told["pieces"][1]["position"]), (&json!("Short"), &json!(10.0)));
    // What is not named stays.
    let told = scene.change(json!({"endSeconds": 30})).await;
    assert_eq!(cut(&told), (json!(20.0), json!(30.0), json!(10.0)));
    let told = scene.change(json!({"startSeconds": null})).await;
    assert_eq!(cut(&told), (json!(0.0), json!(30.0), json!(30.0)));
    let told = scene.change(json!({"endSeconds": null, "startSeconds": null})).await;
    assert_eq!(cut(&told), (json!(0.0), json!(60.0), json!(60.0)));
    for (changes, field) in [
        (json!({"startSeconds": -1}), "startSeconds"),
        (json!({"startSeconds": 60}), "startSeconds"),
        (json!({"endSeconds": 61}), "endSeconds"),
        (json!({"startSeconds": 5, "endSeconds": 5.5}), "endSeconds"),
        (json!({"title": " "}), "title"),
        (json!({"title": "a\nb"}), "title"),
    ] {
        let refused = scene.desk.ask(scene.host.asks("PATCH", REC).json(changes.clone())).await.must_be(422);
        assert_eq!(refused["errors"][0]["field"], field, "{changes}");
    }
}

async fn what_is_not_published_is_its_hosts_alone(database: Database) {
    let scene = Scene::news(database).await;
    let (other, admin) = (scene.desk.person("eve").await, scene.desk.admin().await);
    let told = scene.change(json!({"published": false})).await;
    let key = told["hlsUrl"].as_str().unwrap().to_owned();
    assert!(
        key.starts_with(&format!("/live/{}/r1/rec/", scene.broadcast)) && !key.contains("/rec/rec/"),
        "{key}"
    );
    for who in [None, Some(&other)] {
        let get = |path: &str| who.map_or_else(|| Ask::new("GET", path), |who| who.asks("GET", path));
        for path in [REC.to_owned(), format!("{REC}/replay"), format!("{REC}/chapters.json")] {
            assert_eq!(scene.desk.ask(get(&path)).await.status, 404, "{path}");
        }
        assert!(scene.listed(who, "").await.is_empty());
        assert!(scene.listed(who, &format!("broadcast={}", scene.broadcast)).await.is_empty());
    }
    for who in [&scene.host, &admin] {
        assert_eq!(scene.desk.ask(who.asks("GET", REC)).await.must_be(200)["hlsUrl"], key);
        assert_eq!(scene.listed(Some(who), "").await, ["rec"]);
        assert_eq!(scene.listed(Some(who), &format!("broadcast={}", scene.broadcast)).await, ["rec"]);
    }
    // A key that was told once is not the next one.
    assert!(scene.change(json!({"published": true})).await["hlsUrl"].as_str().unwrap().contains("/rec/rec/"));
    assert_eq!(scene.listed(None, "").await, ["rec"]);
    assert_ne!(scene.change(json!({"published": false})).await["hlsUrl"], key);
}

async fn who_may_hear_a_broadcast_may_hear_its_recordings(database: Database) {
    let scene = Scene::open(database, json!({"title": "Ours", "visibility": "private"})).await;
    let (desk, host) = (&scene.desk, &scene.host);
    let (member, other) = (desk.person("mia").await, desk.person("eve").await);
    desk.let_in(host, &scene.broadcast, &member, "listener").await;
    let of_it = format!("broadcast={}", scene.broadcast);
    for who in [None, Some(&other)] {
        let ask = who.map_or_else(|| Ask::new("GET", REC), |who| who.asks("GET", REC));
        assert_eq!(desk.ask(ask).await.status, 404);
        assert!(scene.listed(who, &of_it).await.is_empty());
        assert!(scene.listed(who, "").await.is_empty());
    }
    let answer = desk.ask(member.asks("GET", REC)).await;
    assert!(answer.headers.contains_key("set-cookie"), "a page of this station plays the plain address");
    let signed = answer.must_be(200)["hlsUrl"].as_str().unwrap().to_owned();
    assert!(
        signed.starts_with("/s/") && signed.ends_with(&format!("/{}/r1/rec/rec/index.m3u8", scene.broadcast)),
        "{signed}"
    );
    assert_eq!(scene.listed(Some(&member), &of_it).await, ["rec"]);

    // Unlisted: whoever has the address, and no list.
    let unlisted = json!({"visibility": "unlisted"});
    let path = format!("/api/broadcasts/{}", scene.broadcast);
    desk.ask(host.asks("PATCH", &path).json(unlisted)).await.must_be(200);
    assert_eq!(desk.ask(Ask::new("GET", REC)).await.status, 200);
    assert!(scene.listed(None, "").await.is_empty());
    assert_eq!(scene.listed(None, &of_it).await, ["rec"]);

    // Who is barred from it is barred from what remains of it, wherever they ask.
    let block = host.asks("PUT", format!("{path}/blocks/{}", member.id)).json(json!({}));
    assert_eq!(desk.ask(block).await.status, 204);
    desk.ask(host.asks("PATCH", &path).json(json!({"visibility": "public"}))).await.must_be(200);
    for path in [
        REC.to_owned(),
        format!("{REC}/replay"),
        format!("{REC}/chapters.json"),
        format!("/api/recordings?{of_it}"),
    ] {
        assert_eq!(desk.ask(member.asks("GET", &path)).await.status, 403, "{path}");
    }
    assert!(scene.listed(Some(&member), "").await.is_empty());
    assert_eq!(scene.listed(Some(&other), "").await, ["rec"]);
}

async fn who_may_do_what_to_a_recording(database: Database) {
    let scene = Scene::news(database).await;
    let (desk, host, id) = (&scene.desk, &scene.host, &scene.broadcast);
    let (moderator, other, admin) = (desk.person("max").await, desk.person("eve").await, desk.admin().await);
    desk.let_in(host, id, &moderator, "moderator").await;
    let clip = || json!({"startSeconds": 0, "endSeconds": 5, "title": "A clip"});
    let cuts = [
        ("PATCH", REC.to_owned(), json!({"title": "Mine"})),
        ("POST", format!("{REC}/split"), json!({"atSeconds": 10})),
        ("POST", format!("/api/broadcasts/{id}/record/start"), Value::Null),
        ("POST", format!("/api/broadcasts/{id}/record/stop"), Value::Null),
        ("DELETE", REC.to_owned(), Value::Null),
    ];
    for (method, path, body) in &cuts {
        let with = |ask: Ask| if body.is_null() { ask } else { ask.json(body.clone()) };
        assert_eq!(desk.ask(with(Ask::new(method, path))).await.status, 401, "{method} {path}");
        for who in [&moderator, &other] {
            assert_eq!(desk.ask(with(who.asks(method, path))).await.status, 403, "{method} {path}");
        }
    }
    let clips = format!("{REC}/clips");
    assert_eq!(desk.ask(Ask::new("POST", &clips).json(clip())).await.status, 401);
    assert_eq!(desk.ask(other.asks("POST", &clips).json(clip())).await.status, 403);
    for who in [host, &moderator, &admin] {
        assert_eq!(desk.ask(who.asks("POST", &clips).json(clip())).await.status, 201);
    }
    assert_eq!(scene.listed(None, "kind=recording").await, ["rec"], "nothing was done");
    assert_eq!(scene.get(REC).await["title"], "News");
    assert_eq!(desk.ask(admin.asks("DELETE", REC)).await.status, 204);
    // What is in the journal is in the store after a restart.
    let audited = scene.desk.restart(&[]).await.audited().await;
    let count = |action: &str| audited.iter().filter(|it| *it == action).count();
    assert_eq!(
        (count("recording.clipped"), count("recording.deleted"), count("recording.changed")),
        (3, 1, 0)
    );
}

async fn a_recording_is_split_without_a_gap(database: Database) {
    let scene = Scene::news(database).await;
    let split = scene.host.asks("POST", format!("{REC}/split")).json(json!({"atSeconds": 20}));
    let parts = scene.desk.ask(split).await.must_be(201);
    let (first, second) = (&parts["first"], &parts["second"]);
    assert_eq!((&first["id"], &first["durationSeconds"]), (&json!("rec"), &json!(20.0)));
    assert_eq!((&second["parentId"], &second["durationSeconds"]), (&json!("rec"), &json!(40.0)));
    assert_eq!(
        (&first["endedAt"], &second["startedAt"]),
        (&json!("2023-11-14T22:13:50.000Z"), &json!("2023-11-14T22:13:50.000Z"))
    );
    let path = format!("/api/recordings/{}", second["id"].as_str().unwrap());
    let told = scene.get(&path).await;
    assert_eq!(
        (&told["cut"]["recordedSeconds"], &told["pieces"][0]["duration"]),
        (&json!(40.0), &json!(10.0))
    );
    // What went with the second part is no longer the first's to get back.
    let told = scene.change(json!({"endSeconds": null})).await;
    assert_eq!(told["durationSeconds"], 20.0);
    for (at, status) in [(0.5, 422), (19.5, 422), (21.0, 422), (10.0, 201)] {
        let again = scene.host.asks("POST", format!("{REC}/split")).json(json!({"atSeconds": at}));
        assert_eq!(scene.desk.ask(again).await.status, status, "at {at}");
    }
}

async fn a_clip_has_an_address_of_its_own_and_outlives_its_recording(database: Database) {
    let scene = Scene::news(database).await;
    scene.change(json!({"startSeconds": 10})).await;
    let clip = json!({"startSeconds": 5, "endSeconds": 25, "title": "The best of it"});
    let ask = scene.host.asks("POST", format!("{REC}/clips")).json(clip);
    let answer = scene.desk.ask(ask).await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let clip = answer.must_be(201);
    assert_eq!(
        (&clip["kind"], &clip["parentId"], &clip["durationSeconds"]),
        (&json!("clip"), &json!("rec"), &json!(20.0))
    );
    // Second 15 of what was recorded: the 25th of the run.
    assert_eq!(clip["startedAt"], "2023-11-14T22:13:45.000Z");
    assert_eq!(scene.desk.ask(scene.host.asks("DELETE", REC)).await.status, 204);
    let told = scene.desk.ask(Ask::new("GET", &location)).await.must_be(200);
    assert_eq!((&told["title"], &told["parentId"]), (&json!("The best of it"), &Value::Null));
    assert_eq!(told["pieces"].as_array().unwrap().len(), 2);
    assert_eq!(scene.listed(None, "kind=clip&q=best").await.len(), 1);
    assert!(scene.listed(None, "kind=recording").await.is_empty());
}

async fn what_is_being_made_is_its_hosts_and_cannot_be_cut(database: Database) {
    let scene = Scene::news(database).await;
    let (desk, host, id) = (&scene.desk, &scene.host, &scene.broadcast);
    note(&desk.store, "now", (id, "r2"), 0, None).await;
    let path = "/api/recordings/now";
    assert_eq!(desk.ask(Ask::new("GET", path)).await.status, 404);
    assert_eq!(scene.listed(None, "").await, ["rec"]);
    assert_eq!(scene.listed(Some(host), "status=recording").await, ["now"]);
    let told = scene.get(path).await;
    assert_eq!(
        (&told["hlsUrl"], &told["durationSeconds"], told.get("cut")),
        (&Value::Null, &Value::Null, None)
    );
    for ask in [
        host.asks("PATCH", path).json(json!({"title": "Now"})),
        host.asks("POST", format!("{path}/split")).json(json!({"atSeconds": 1})),
        host.asks("POST", format!("{path}/clips"))
            .json(json!({"startSeconds": 0, "endSeconds": 2, "title": "x"})),
        host.asks("DELETE", path),
    ] {
        let detail = desk.ask(ask).await.refused(409);
        assert!(detail.contains("record/stop"), "{detail}");
    }

    let record = |what: &str| host.asks("POST", format!("/api/broadcasts/{id}/record/{what}"));
    assert!(desk.ask(record("start")).await.refused(409).contains("not on air"));
    desk.kept.on_air.store(true, Ordering::Relaxed);
    assert!(desk.ask(record("stop")).await.refused(409).contains("not being recorded"));
    let started = desk.ask(record("start")).await.must_be(201);
    assert_eq!((&started["broadcastId"], &started["endedAt"]), (&json!(id), &Value::Null));
    assert!(desk.ask(record("start")).await.refused(409).contains("already"));
    let stopped = desk.ask(record("stop")).await.must_be(200);
    assert_eq!((&stopped["id"], &stopped["durationSeconds"]), (&started["id"], &json!(2.0)));
}

async fn what_was_said_comes_back_with_the_sound_of_its_moment(database: Database) {
    let scene = Scene::news(database).await;
    let desk = &scene.desk;
    for (second, text) in [(5, "before"), (12, "first"), (45, "in the gap"), (52, "later"), (85, "after")] {
        scene.said(second, text).await;
    }
    let gone = scene.said(13, "gone").await;
    desk.store.chat().delete(&gone.id, None, Timestamp::now()).await.unwrap();
    let sum = ReactionSum {
        broadcast_id: scene.broadcast.clone(),
        interval_start: Timestamp::from_millis(((ANCHOR + 20) * 1_000) as i64),
        emoji: "👏".to_owned(),
        amount: 7,
    };
    desk.store.reactions().add(&sum).await.unwrap();
    let details = [(Detail::Name, "Eve".to_owned()), (Detail::Role, "speaker".to_owned())];
    let on_stage = DateRange::open(RangeClass::Speaker, "eve", instant(5), &details).closed(instant(55));
    let title = [(Detail::Title, "Weather".to_owned())];
    let chapter = DateRange::open(RangeClass::Chapter, "c1", instant(60), &title);
    for range in [on_stage, chapter] {
        desk.kept.note(&scene.broadcast, "r1", range);
    }

    let replay = scene.get(&format!("{REC}/replay?to=600")).await;
    let said = |replay: &Value| -> Vec<(f64, String)> {
        let messages = replay["messages"].as_array().unwrap().iter();
        let told = |it: &Value| (it["position"].as_f64().unwrap(), it["text"].as_str().unwrap().to_owned());
        messages.map(told).collect()
    };
    // The gap is left out: what was said in it comes where the sound goes on.
    let all = [(2.0, "first".to_owned()), (30.0, "in the gap".to_owned()), (32.0, "later".to_owned())];
    assert_eq!(said(&replay), all);
    assert_eq!(
        (&replay["from"], &replay["to"], &replay["nextCursor"]),
        (&json!(0.0), &json!(60.0), &Value::Null)
    );
    assert_eq!(replay["reactions"], json!([{"position": 10.0, "emoji": "👏", "amount": 7}]));
    let ranges = json!([
        {"class": "speaker", "key": "eve", "position": 0.0, "end": 35.0, "name": "Eve", "role": "speaker"},
        {"class": "chapter", "key": "c1", "position": 40.0, "end": null, "text": "Weather"},
    ]);
    assert_eq!(replay["ranges"], ranges);

    let page = scene.get(&format!("{REC}/replay?to=600&limit=1")).await;
    assert_eq!(said(&page), all[..1]);
    let cursor = page["nextCursor"].as_str().unwrap();
    let page = scene.get(&format!("{REC}/replay?to=600&limit=1&cursor={cursor}")).await;
    assert_eq!(said(&page), all[1..2]);
    assert_eq!(
        (&page["reactions"], &page["ranges"]),
        (&json!([]), &json!([])),
        "they came with the first page"
    );

    // Stretch by stretch everything comes once.
    let mut heard = Vec::new();
    for from in [0, 15, 30, 45] {
        let page = scene.get(&format!("{REC}/replay?from={from}&to={}", from + 15)).await;
        heard.extend(said(&page));
    }
    assert_eq!(heard, all);
    assert_eq!(scene.get(&format!("{REC}/replay?from=36&to=38")).await["ranges"], json!([]));
    for bad in ["from=-1", "from=10&to=9", "to=601", "from=NaN", "limit=0", "limit=101"] {
        assert_eq!(desk.ask(Ask::new("GET", format!("{REC}/replay?{bad}"))).await.status, 422, "{bad}");
    }

    let answer = desk.ask(Ask::new("GET", format!("{REC}/chapters.json"))).await;
    assert_eq!(answer.headers["content-type"], "application/json+chapters");
    let chapters = json!({
        "version": "1.2.0",
        "title": "News",
        "chapters": [{"startTime": 40.0, "title": "Weather"}],
    });
    let told = |answer: Answer| serde_json::from_slice::<Value>(&answer.bytes).unwrap();
    assert_eq!(told(answer), chapters);
    scene.change(json!({"startSeconds": 50})).await;
    let chapters = told(desk.ask(Ask::new("GET", format!("{REC}/chapters.json"))).await);
    assert_eq!(chapters["chapters"][0]["startTime"], 0.0, "it began before what plays now");
}

async fn what_is_older_than_it_is_kept_is_deleted_and_nothing_else(database: Database) {
    let scene = Scene::news(database).await;
    let store = &scene.desk.store;
    note(store, "now", (&scene.broadcast, "r2"), 0, None).await;
    let folder = tempfile::tempdir().unwrap();
    let (journal, keeper) = Journal::open(&folder.path().join("journal"), store).unwrap();
    let keep = |days: u64| Some(Duration::from_secs(days * 86_400));
    let sweep = |keep| Retention { store: store.clone(), journal: journal.clone(), keep };
    let in_ten_days = Timestamp::now().plus(Duration::from_secs(10 * 86_400));
    assert_eq!(sweep(None).sweep(in_ten_days).await.unwrap(), 0);
    assert_eq!(sweep(keep(11)).sweep(in_ten_days).await.unwrap(), 0, "it was made today");
    assert_eq!(sweep(keep(9)).sweep(in_ten_days).await.unwrap(), 1);
    assert_eq!(sweep(keep(9)).sweep(in_ten_days).await.unwrap(), 0);
    assert!(store.recordings().load("rec").await.unwrap().is_none());
    let now = store.recordings().load("now").await.unwrap().unwrap();
    assert_eq!(now.status, RecordingStatus::Recording);
    keeper.finish().await;
    assert_eq!(scene.desk.audited().await.last().unwrap(), "recording.deleted");
}

on_both! {
    a_recording_is_told_with_its_addresses_and_its_pieces
    trimming_changes_what_plays_and_is_undone_by_null
    what_is_not_published_is_its_hosts_alone
    who_may_hear_a_broadcast_may_hear_its_recordings
    who_may_do_what_to_a_recording
    a_recording_is_split_without_a_gap
    a_clip_has_an_address_of_its_own_and_outlives_its_recording
    what_is_being_made_is_its_hosts_and_cannot_be_cut
    what_was_said_comes_back_with_the_sound_of_its_moment
    what_is_older_than_it_is_kept_is_deleted_and_nothing_else
}
