//! oEmbed, on both databases.

use serde_json::json;
use store::Database;

use crate::api::testing::{Answer, Ask, Desk};
use crate::both::on_both;

async fn oembed(desk: &Desk, query: &str) -> Answer {
    desk.ask(Ask::new("GET", format!("/oembed?{query}")).header("host", "radio.example")).await
}

async fn a_page_of_others_shows_what_everybody_may_hear(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let host = desk.person("ada").await;
    let news = desk.broadcast(&host, json!({"title": "\"News\" & more", "roomName": "news"})).await;
    let ours = desk.broadcast(&host, json!({"title": "Ours", "visibility": "private"})).await;
    for name in [&*news, "news"] {
        let told = oembed(&desk, &format!("url=http://radio.example/b/{name}")).await.must_be(200);
        assert_eq!((&told["version"], &told["type"]), (&json!("1.0"), &json!("rich")));
        assert_eq!((&told["title"], &told["author_name"]), (&json!("\"News\" & more"), &json!("ada")));
        assert_eq!((&told["width"], &told["height"]), (&json!(600), &json!(300)));
        let html = told["html"].as_str().unwrap();
        assert!(html.contains(&format!("src=\"http://radio.example/embed/{news}\"")), "{html}");
        assert!(html.contains("title=\"&quot;News&quot; &amp; more\""), "{html}");
    }
    let small = format!("url=http%3A%2F%2Fradio.example%2Fb%2F{news}&maxwidth=320&maxheight=1&format=json");
    let told = oembed(&desk, &small).await.must_be(200);
    assert_eq!((&told["width"], &told["height"]), (&json!(320), &json!(80)));

    desk.kept.keep(&desk.store, "rec", (&news, "r1"), &[(0, 60)]).await;
    let told = oembed(&desk, "url=http://radio.example/r/rec").await.must_be(200);
    assert_eq!((&told["type"], told.get("html")), (&json!("link"), None));
    let withdrawn = host.asks("PATCH", "/api/recordings/rec").json(json!({"published": false}));
    desk.ask(withdrawn).await.must_be(200);

    for none in [
        format!("http://radio.example/b/{ours}"),
        format!("http://elsewhere.example/b/{news}"),
        format!("https://radio.example/b/{news}"),
        "http://radio.example/r/rec".to_owned(),
        "http://radio.example/b/none".to_owned(),
        "http://radio.example/".to_owned(),
        "news".to_owned(),
    ] {
        assert_eq!(oembed(&desk, &format!("url={none}")).await.status, 404, "{none}");
    }
    let xml = format!("url=http://radio.example/b/{news}&format=xml");
    assert_eq!(oembed(&desk, &xml).await.status, 501);
    assert_eq!(oembed(&desk, "").await.status, 422);
}

on_both! {
    a_page_of_others_shows_what_everybody_may_hear
}
