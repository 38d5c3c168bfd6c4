//! Podcasts, on both databases.

use serde_json::json;
use store::Database;

use crate::api::testing::{Answer, Ask, Desk};
use crate::both::on_both;
use crate::settings::table::Key;

const FEED: &str = "/podcasts/ada.xml";

async fn ask(desk: &Desk, ask: Ask) -> Answer {
    desk.ask(ask.header("host", "radio.example")).await
}

async fn feed(desk: &Desk) -> String {
    let answer = ask(desk, Ask::new("GET", FEED)).await;
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

async fn a_podcast_has_what_its_host_published_for_everybody(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, other) = (desk.person("ada").await, desk.person("eve").await);
    let news = desk.broadcast(&host, json!({"title": "News", "description": "What is new"})).await;
    let ours = desk.broadcast(&host, json!({"title": "Ours", "visibility": "unlisted"})).await;
    let theirs = desk.broadcast(&other, json!({"title": "Theirs"})).await;
    for (id, broadcast) in [("first", &news), ("second", &news), ("hidden", &ours), ("other", &theirs)] {
        desk.kept.keep(&desk.store, id, (broadcast, "r1"), &[(0, 60)]).await;
    }
    let clip = json!({"startSeconds": 0, "endSeconds": 5, "title": "A clip"});
    desk.ask(host.asks("POST", "/api/recordings/first/clips").json(clip)).await.must_be(201);
    let told = feed(&desk).await;
    for id in ["first", "second"] {
        assert!(
            told.contains(&format!(
                "url=\"http://radio.example/api/recordings/{id}/download.m4a\" length=\"720000\""
            )),
            "{told}"
        );
    }
    assert_eq!(told.matches("<item>").count(), 2, "{told}");
    assert!(told.contains("<description>What is new</description>"), "{told}");
    assert!(!told.contains("podcast:transcript"), "{told}");
    let attach = |id: &str, query: &str, kind: &'static str, words: &'static str| {
        let path = format!("/api/recordings/{id}/transcript{query}");
        host.asks("PUT", path).bytes(kind, words)
    };
    let vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nYes.\n";
    desk.ask(attach("first", "?language=de", "text/vtt", vtt)).await.must_be(200);
    desk.ask(attach("second", "", "text/plain", "Yes.")).await.must_be(200);
    let told = feed(&desk).await;
    for (id, format, kind, language) in [
        ("first", "vtt", "text/vtt", "de"),
        ("first", "srt", "application/x-subrip", "de"),
        ("first", "json", "application/json", "de"),
        ("second", "txt", "text/plain", "en"),
    ] {
        let url = format!("http://radio.example/api/recordings/{id}/transcript?format={format}");
        let tag = format!("<podcast:transcript url=\"{url}\" type=\"{kind}\" language=\"{language}\"/>");
        assert!(told.contains(&tag), "{tag} is not in\n{told}");
    }
    let withdrawn = host.asks("PATCH", "/api/recordings/first").json(json!({"published": false}));
    desk.ask(withdrawn).await.must_be(200);
    let told = feed(&desk).await;
    assert!(!told.contains("first") && told.contains("second"), "{told}");
    for none in ["/podcasts/nobody.xml", "/podcasts/ada", "/podcasts/ada.json"] {
        assert_eq!(ask(&desk, Ask::new("GET", none)).await.status, 404, "{none}");
    }
}

async fn a_feed_that_is_known_is_not_sent_again(database: Database) {
    let desk = Desk::open(database, &[(Key::PublicUrl, "https://radio.example")]).await;
    let host = desk.person("ada").await;
    let news = desk.broadcast(&host, json!({"title": "News"})).await;
    desk.kept.keep(&desk.store, "rec", (&news, "r1"), &[(0, 60)]).await;
    let first = ask(&desk, Ask::new("GET", FEED)).await;
    assert!(String::from_utf8(first.bytes.to_vec()).unwrap().contains("https://radio.example/api/"));
    let header = |name: &str| first.headers[name].to_str().unwrap().to_owned();
    let (tag, modified) = (header("etag"), header("last-modified"));
    let status = async |name: &'static str, value: &str| {
        ask(&desk, Ask::new("GET", FEED).header(name, value)).await.status.as_u16()
    };
    assert_eq!(status("if-none-match", &format!("\"x\", W/{tag}")).await, 304);
    assert_eq!(status("if-modified-since", &modified).await, 304);
    assert_eq!(status("if-none-match", "\"x\"").await, 200);
    desk.ask(host.asks("PATCH", "/api/recordings/rec").json(json!({"published": false}))).await.must_be(200);
    assert_eq!(status("if-none-match", &tag).await, 200, "what was taken back is gone");
}

async fn a_show_is_told_as_its_host_asks_for_it(database: Database) {
    let desk = Desk::open(database, &[]).await;
    desk.person("ada").await;
    let asked = format!("{FEED}?language=pt-BR&category=TV+%26+Film&explicit=true");
    let answer = ask(&desk, Ask::new("GET", asked)).await;
    let told = String::from_utf8(answer.bytes.to_vec()).unwrap();
    for part in [
        "<language>pt-BR</language>",
        "<itunes:category text=\"TV &amp; Film\"/>",
        "<itunes:explicit>true</itunes:explicit>",
        "ada.xml?language=pt-BR&amp;category=TV+%26+Film&amp;explicit=true\" rel=\"self\"",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    for bad in ["language=e", "language=en_GB", "category=Gossip", "explicit=maybe", "colour=blue"] {
        assert_eq!(ask(&desk, Ask::new("GET", format!("{FEED}?{bad}"))).await.status, 422, "{bad}");
    }
    for bad in ["radio.example/evil", "a@b", ""] {
        let answer = desk.ask(Ask::new("GET", FEED).header("host", bad)).await;
        assert_eq!(answer.status, 400, "{bad:?}");
    }
}

on_both! {
    a_podcast_has_what_its_host_published_for_everybody
    a_feed_that_is_known_is_not_sent_again
    a_show_is_told_as_its_host_asks_for_it
}
