use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::Database;

use crate::api::testing::{Ask, Desk};
use crate::both::on_both;

impl Desk {
    async fn list(&self, query: &str) -> Value {
        self.ask(Ask::new("GET", format!("/api/broadcasts?{query}"))).await.must_be(200)
    }

    /// The titles on the first page of a list, in alphabetical order.
    async fn titles(&self, query: &str) -> Vec<String> {
        let page = self.list(query).await;
        let mut titles: Vec<_> = titles(&page).collect();
        titles.sort();
        assert_eq!(page["total"], titles.len(), "{query}");
        titles
    }
}

fn titles(page: &Value) -> impl Iterator<Item = String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned())
}

async fn a_list_is_narrowed_by_status_host_tag_and_words(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (amy, rory) = (desk.person("amy").await, desk.person("rory").await);
    desk.broadcast(&amy, json!({ "title": "Morning news", "tags": ["news", "talk"] })).await;
    let jazz = desk.broadcast(&amy, json!({ "title": "Jazz at night", "tags": ["music"] })).await;
    desk.broadcast(&rory, json!({ "title": "Évening newsreel", "tags": ["talk"] })).await;
    let quiz = desk.broadcast(&rory, json!({ "title": "Quiz", "tags": ["games"] })).await;
    let all = ["Jazz at night", "Morning news", "Quiz", "Évening newsreel"];
    assert_eq!(desk.titles("").await, all);
    assert_eq!(desk.titles("status=scheduled").await, all);
    assert_eq!(desk.titles(&format!("host={}", rory.id)).await, ["Quiz", "Évening newsreel"]);
    assert_eq!(desk.titles("tag=talk").await, ["Morning news", "Évening newsreel"]);
    assert_eq!(desk.titles("tag=tal").await, Vec::<String>::new(), "a tag is whole");
    assert_eq!(desk.titles("q=news").await, ["Morning news", "Évening newsreel"]);
    assert_eq!(desk.titles("q=NEWS+morn").await, ["Morning news"], "every word counts");
    assert_eq!(desk.titles("q=rory").await, ["Quiz", "Évening newsreel"], "the host's name too");
    assert_eq!(desk.titles(&format!("tag=talk&q=news&host={}", amy.id)).await, ["Morning news"]);
    assert_eq!(desk.titles("q=nothing").await, Vec::<String>::new());

    desk.ask(rory.asks("POST", format!("/api/broadcasts/{quiz}/end"))).await.must_be(200);
    assert_eq!(desk.titles("status=cancelled").await, ["Quiz"]);
    desk.ask(amy.asks("POST", format!("/api/broadcasts/{jazz}/start"))).await.must_be(200);
    // The store learns of it by the journal.
    while desk.list("status=live").await["total"] != 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(desk.titles("status=live").await, ["Jazz at night"]);
    assert_eq!(desk.titles("status=scheduled").await, ["Morning news", "Évening newsreel"]);
    let own = desk.get("/api/broadcasts?status=live", &amy.token).await.must_be(200);
    assert!(own["items"][0]["ingest"]["streamKey"].is_string(), "its owner sees the key in a list");
    assert!(desk.list("status=live").await["items"][0].get("ingest").is_none());
}

async fn a_cursor_leads_through_a_list_that_grows(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let host = desk.person("amy").await;
    let expected: BTreeSet<String> = (0..7).map(|number| format!("Show {number}")).collect();
    for title in &expected {
        desk.broadcast(&host, json!({ "title": title })).await;
    }
    let mut page = desk.list("q=show&limit=3").await;
    assert_eq!(page["total"], 7);
    desk.broadcast(&host, json!({ "title": "Show that came later" })).await;
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        sizes.push(page["items"].as_array().unwrap().len());
        seen.extend(titles(&page));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        page = desk.list(&format!("q=show&limit=3&cursor={cursor}")).await;
    }
    assert_eq!(sizes, [3, 3, 1]);
    assert_eq!(seen.len(), 7, "none twice");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
}

async fn what_no_list_is_narrowed_by_is_named(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let long = format!("q={}", "x".repeat(201));
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("status=asleep", "status"),
        ("colour=blue", "colour"),
        ("cursor=nonsense", "cursor"),
        (long.as_str(), "q"),
    ] {
        let problem = desk.ask(Ask::new("GET", format!("/api/broadcasts?{query}"))).await.must_be(422);
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
}

on_both! {
    a_list_is_narrowed_by_status_host_tag_and_words
    a_cursor_leads_through_a_list_that_grows
    what_no_list_is_narrowed_by_is_named
}
