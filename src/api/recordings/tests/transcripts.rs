//! What was said, attached and cut.

use axum::body::Bytes;

use super::*;

const TRANSCRIPT: &str = "/api/recordings/rec/transcript";

const VTT: &str = "WEBVTT\n\n00:00:05.000 --> 00:00:08.000\n<v Ada>Good morning.\n\n\
    00:00:29.000 --> 00:00:31.000\n<v Bob>The weather.\n\n00:00:50.000 --> 00:00:52.500\n<v Bob>Good night.\n";

/// What is attached by its host, and what comes back.
async fn attached(scene: &Scene, kind: &'static str, words: &'static str) -> Answer {
    scene.desk.ask(scene.host.asks("PUT", TRANSCRIPT).bytes(kind, words)).await
}

async fn text(scene: &Scene, path: &str) -> String {
    let answer = scene.desk.ask(Ask::new("GET", path)).await;
    assert_eq!(answer.status, 200, "{path}");
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

async fn what_is_said_goes_with_the_cut(database: Database) {
    let scene = Scene::news(database).await;
    let clips = format!("{REC}/clips");
    let clip = json!({"startSeconds": 20, "endSeconds": 35, "title": "The weather"});
    assert_eq!(scene.get(REC).await["transcriptUrl"], Value::Null);
    assert_eq!(scene.desk.ask(Ask::new("GET", TRANSCRIPT)).await.status, 404);
    let told = attached(&scene, "text/vtt; charset=utf-8", VTT).await.must_be(200);
    assert_eq!(told["transcriptUrl"], TRANSCRIPT);
    let answer = scene.desk.ask(Ask::new("GET", TRANSCRIPT)).await;
    assert_eq!(answer.headers["content-type"], "text/vtt; charset=utf-8");
    assert_eq!(answer.bytes, VTT);
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();
    let again = scene.desk.ask(Ask::new("GET", TRANSCRIPT).header("if-none-match", &tag)).await;
    assert_eq!(again.status, 304);

    let made = scene.desk.ask(scene.host.asks("POST", &clips).json(clip)).await.must_be(201);
    let clip = made["transcriptUrl"].as_str().unwrap().to_owned();
    // What it says lies over the gap in the sound, and comes nine seconds after the clip begins.
    let said = "WEBVTT\n\n00:00:09.000 --> 00:00:11.000\n<v Bob>The weather.\n";
    assert_eq!(text(&scene, &clip).await, said);
    scene.change(json!({"startSeconds": 6, "endSeconds": 30})).await;
    let cut = "Ada: Good morning.\nBob: The weather.\n";
    assert_eq!(text(&scene, &format!("{TRANSCRIPT}?format=txt")).await, cut);
    let srt = text(&scene, &format!("{TRANSCRIPT}?format=srt")).await;
    assert!(
        srt.starts_with("1\n00:00:00,000 --> 00:00:02,000\nAda: Good morning.\n\n2\n00:00:23,000"),
        "{srt}"
    );
    scene.change(json!({"startSeconds": null, "endSeconds": null})).await;
    let split = scene.host.asks("POST", format!("{REC}/split")).json(json!({"atSeconds": 40}));
    let parts = scene.desk.ask(split).await.must_be(201);
    let second = parts["second"]["transcriptUrl"].as_str().unwrap().to_owned();
    assert_eq!(text(&scene, &second).await, "WEBVTT\n\n00:00:10.000 --> 00:00:12.500\n<v Bob>Good night.\n");
    let first = scene.get(&format!("{TRANSCRIPT}?format=json")).await;
    assert_eq!(first["segments"].as_array().unwrap().len(), 2);
    let segment = json!({"speaker": "Bob", "startTime": 29.0, "endTime": 31.0, "body": "The weather."});
    assert_eq!(first["segments"][1], segment);

    // Others keep what they share.
    for expected in [204, 404] {
        assert_eq!(scene.desk.ask(scene.host.asks("DELETE", TRANSCRIPT)).await.status, expected);
    }
    assert_eq!(scene.get(REC).await["transcriptUrl"], Value::Null);
    assert_eq!(text(&scene, &clip).await, said);
    let (clip, second) = (clip.trim_end_matches("/transcript"), second.trim_end_matches("/transcript"));
    for path in [clip, second] {
        assert_eq!(scene.desk.ask(scene.host.asks("DELETE", path)).await.status, 204);
    }
    let in_ten_days = Timestamp::now().plus(Duration::from_secs(10 * 86_400));
    let left = scene.desk.store.transcripts().sweep(in_ten_days).await.unwrap();
    assert_eq!(left, 0, "what is deleted takes its words along");
}

async fn a_transcript_without_times_is_text_and_stays_with_its_recording(database: Database) {
    let scene = Scene::news(database).await;
    attached(&scene, "text/plain", "Good morning.\r\nGood night.").await.must_be(200);
    let answer = scene.desk.ask(Ask::new("GET", TRANSCRIPT)).await;
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.bytes, "Good morning.\nGood night.\n");
    let refused = scene.desk.ask(Ask::new("GET", format!("{TRANSCRIPT}?format=vtt"))).await.refused(404);
    assert!(refused.contains("format=txt"), "{refused}");
    let clip = json!({"startSeconds": 0, "endSeconds": 5, "title": "A clip"});
    let made = scene.desk.ask(scene.host.asks("POST", format!("{REC}/clips")).json(clip)).await.must_be(201);
    assert_eq!(made["transcriptUrl"], Value::Null);
    let split = scene.host.asks("POST", format!("{REC}/split")).json(json!({"atSeconds": 20}));
    let parts = scene.desk.ask(split).await.must_be(201);
    assert_eq!(
        (&parts["first"]["transcriptUrl"], &parts["second"]["transcriptUrl"]),
        (&json!(TRANSCRIPT), &Value::Null)
    );
}

async fn what_is_no_transcript_is_refused_with_its_line(database: Database) {
    let scene = Scene::news(database).await;
    for (kind, words, status, why) in [
        ("text/vtt", "WEBVTT\n\n00:01.000 --> soon\nx", 422, "line 3"),
        ("text/vtt", "WEBVTT\n\n01:00.000 --> 01:01.000\nx", 422, "the recording ends at 60 s"),
        ("application/x-subrip", "1\n00:00:01 --> 00:00:02\nx", 422, "line 2"),
        ("application/json", "{\"segments\": 1}", 422, "expected a sequence"),
        ("text/plain", " ", 422, "nothing"),
        ("text/html", "<p>x</p>", 415, "text/vtt"),
    ] {
        let detail = attached(&scene, kind, words).await.refused(status);
        assert!(detail.contains(why), "{kind}: {detail}");
    }
    let long = Bytes::from(vec![b'x'; 2 * 1024 * 1024 + 1]);
    let long = scene.desk.ask(scene.host.asks("PUT", TRANSCRIPT).bytes("text/plain", long)).await;
    assert_eq!(long.status, 413);
    let path = format!("{TRANSCRIPT}?language=e");
    let told = scene.desk.ask(scene.host.asks("PUT", path).bytes("text/plain", "x")).await.must_be(422);
    assert_eq!(told["errors"][0]["field"], "language");
    assert_eq!(scene.get(REC).await["transcriptUrl"], Value::Null);
}

async fn a_transcript_is_its_hosts_to_attach_and_its_listeners_to_read(database: Database) {
    let scene = Scene::open(database, json!({"title": "Ours", "visibility": "private"})).await;
    let (desk, host) = (&scene.desk, &scene.host);
    let (member, moderator, other) =
        (desk.person("mia").await, desk.person("max").await, desk.person("eve").await);
    desk.let_in(host, &scene.broadcast, &member, "listener").await;
    desk.let_in(host, &scene.broadcast, &moderator, "moderator").await;
    attached(&scene, "text/vtt", VTT).await.must_be(200);
    for who in [&member, &moderator] {
        assert_eq!(desk.ask(who.asks("GET", TRANSCRIPT)).await.status, 200);
        assert_eq!(desk.ask(who.asks("PUT", TRANSCRIPT).bytes("text/vtt", VTT)).await.status, 403);
        assert_eq!(desk.ask(who.asks("DELETE", TRANSCRIPT)).await.status, 403);
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(desk.ask(other.asks(method, TRANSCRIPT)).await.status, 404);
    }
    assert_eq!(desk.ask(Ask::new("PUT", TRANSCRIPT).bytes("text/vtt", VTT)).await.status, 401);
    note(&desk.store, "now", (&scene.broadcast, "r2"), 0, None).await;
    let now = host.asks("PUT", "/api/recordings/now/transcript").bytes("text/vtt", VTT);
    assert!(desk.ask(now).await.refused(409).contains("record/stop"));
}

on_both! {
    what_is_said_goes_with_the_cut
    a_transcript_without_times_is_text_and_stays_with_its_recording
    what_is_no_transcript_is_refused_with_its_line
    a_transcript_is_its_hosts_to_attach_and_its_listeners_to_read
}
