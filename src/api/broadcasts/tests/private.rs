use axum::http::HeaderMap;
use serde_json::json;
use store::Database;

use crate::api::testing::{Ask, Desk, Person};
use crate::both::on_both;
use crate::playback::credential::split;
use crate::playback::gate::now;
use crate::settings::table::Key;

/// Every way of knowing of a broadcast.
const WAYS: [(&str, &str); 6] = [
    ("GET", ""),
    ("GET", "/playback"),
    ("GET", "/viewers"),
    ("POST", "/ticket"),
    ("POST", "/token"),
    ("POST", "/reports"),
];

impl Desk {
    /// The status of each of [`WAYS`].
    async fn ways(&self, who: Option<&Person>, broadcast: &str) -> Vec<u16> {
        let mut answers = Vec::new();
        for (method, path) in WAYS {
            let path = format!("/api/broadcasts/{broadcast}{path}");
            let ask = who.map_or_else(|| Ask::new(method, &path), |who| who.asks(method, &path));
            let ask = match path.rsplit('/').next() {
                Some("token") => ask.json(json!({})),
                Some("reports") => ask.json(json!({ "reason": "spam" })),
                _ => ask,
            };
            answers.push(self.ask(ask).await.status.as_u16());
        }
        answers
    }

    /// How many broadcasts of this name they find.
    async fn finds(&self, who: Option<&Person>, name: &str) -> usize {
        let path = format!("/api/broadcasts?q={name}");
        let ask = who.map_or_else(|| Ask::new("GET", &path), |who| who.asks("GET", &path));
        self.ask(ask).await.must_be(200)["items"].as_array().unwrap().len()
    }

    /// Whether they would be served the media of a broadcast, by what they are told of it.
    async fn hears(&self, who: &Person, broadcast: &str) -> bool {
        let answer = self.get(&format!("/api/broadcasts/{broadcast}/playback"), &who.token).await;
        if answer.status != 200 {
            return false;
        }
        assert!(answer.headers["set-cookie"].to_str().unwrap().contains("HttpOnly"));
        self.is_served(answer.body["hlsUrl"].as_str().unwrap())
    }

    fn is_served(&self, url: &str) -> bool {
        let (shown, media) = split(url).unwrap();
        let (broadcast, _) = media.split_once('/').unwrap();
        self.gate.admit(broadcast, shown, &HeaderMap::new(), now).is_ok()
    }
}

const KNOWN: [u16; 6] = [200, 200, 200, 200, 200, 201];
const UNKNOWN: [u16; 6] = [404; 6];

async fn a_private_broadcast_is_known_to_those_who_were_let_in(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, admin) = (desk.person("amy").await, desk.admin().await);
    let outsider = desk.person("eve").await;
    let id = desk.broadcast(&host, json!({ "title": "Family", "visibility": "private" })).await;
    assert_eq!(desk.ways(None, &id).await, [404, 404, 404, 404, 401, 404]);
    assert_eq!(desk.ways(Some(&outsider), &id).await, UNKNOWN);
    assert_eq!((desk.finds(None, "family").await, desk.finds(Some(&outsider), "family").await), (0, 0));
    assert!(!desk.hears(&outsider, &id).await);
    let mine = |who: &Person, field: &str| {
        let ask = who.asks("PATCH", format!("/api/broadcasts/{id}")).json(json!({ "title": field }));
        desk.ask(ask)
    };
    for (name, role) in [("ann", "listener"), ("bob", "speaker"), ("cai", "moderator")] {
        let member = desk.person(name).await;
        assert_eq!(desk.ways(Some(&member), &id).await, UNKNOWN, "{role}");
        desk.let_in(&host, &id, &member, role).await;
        assert_eq!(desk.ways(Some(&member), &id).await, KNOWN, "{role}");
        assert!(desk.hears(&member, &id).await, "{role}");
        let shown = desk.get(&format!("/api/broadcasts/{id}"), &member.token).await.must_be(200);
        assert!(shown.get("ingest").is_none() && shown.get("preview").is_none(), "{shown}");
        assert_eq!(mine(&member, "Mine").await.status, 403, "{role}");
    }
    for who in [&host, &admin] {
        assert_eq!(desk.ways(Some(who), &id).await, KNOWN);
        assert_eq!(desk.finds(Some(who), "family").await, 1);
        assert!(desk.hears(who, &id).await);
        let shown = desk.get(&format!("/api/broadcasts/{id}"), &who.token).await.must_be(200);
        assert!(shown["ingest"]["streamKey"].is_string());
        mine(who, "Family").await.must_be(200);
    }
    assert!(!desk.is_served(&format!("/live/{id}/index.m3u8")), "and nobody without a token");
}

async fn who_is_no_member_any_more_knows_and_hears_nothing(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, ann) = (desk.person("amy").await, desk.person("ann").await);
    let id = desk.broadcast(&host, json!({ "title": "Family", "visibility": "private" })).await;
    desk.let_in(&host, &id, &ann, "listener").await;
    let told = desk.get(&format!("/api/broadcasts/{id}/playback"), &ann.token).await.must_be(200);
    let signed = told["hlsUrl"].as_str().unwrap();
    assert!(desk.is_served(signed));
    let members = format!("/api/broadcasts/{id}/members");
    let list = desk.get(&members, &host.token).await.must_be(200);
    assert_eq!((&list["total"], &list["items"][0]["user"]["username"]), (&json!(1), &json!("ann")));
    assert_eq!(desk.get(&members, &ann.token).await.status, 403, "the list is its owner's");
    let of_ann = format!("{members}/{}", ann.id);
    assert_eq!(desk.ask(ann.asks("DELETE", &of_ann)).await.status, 403);
    assert_eq!(desk.ask(host.asks("DELETE", &of_ann)).await.status, 204);
    assert_eq!(desk.ways(Some(&ann), &id).await, UNKNOWN);
    assert!(!desk.is_served(signed), "with a token that has not run out");

    let of_nobody = host.asks("PUT", format!("{members}/nobody")).json(json!({ "role": "listener" }));
    assert_eq!(desk.ask(of_nobody).await.status, 404);
    let of_owner = host.asks("PUT", format!("{members}/{}", host.id)).json(json!({ "role": "listener" }));
    assert_eq!(desk.ask(of_owner).await.status, 409);
}

async fn an_unlisted_broadcast_is_known_to_whoever_has_its_id(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, other) = (desk.person("amy").await, desk.person("rory").await);
    let id = desk.broadcast(&host, json!({ "title": "Rehearsal", "visibility": "unlisted" })).await;
    for who in [None, Some(&other)] {
        assert_eq!(desk.finds(who, "rehearsal").await, 0);
        let ask = Ask::new("GET", format!("/api/broadcasts/{id}/playback"));
        let told = desk.ask(who.map_or(ask, |who| who.asks("GET", format!("/api/broadcasts/{id}/playback"))));
        assert_eq!(told.await.must_be(200)["hlsUrl"], format!("/live/{id}/index.m3u8"));
    }
    assert_eq!(desk.finds(Some(&host), "rehearsal").await, 1);
}

#[tokio::test]
async fn listeners_are_sent_to_the_cdn_with_what_opens_it() {
    const CDN: &str = "https://cdn.radio.example";
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
    let settings = [
        (Key::PublicUrl, "https://radio.example"),
        (Key::CdnUrl, CDN),
        (Key::CloudfrontKeyPairId, "K2JCJMDEHXQW5F"),
        (Key::CloudfrontPrivateKey, pem.as_str()),
    ];
    let desk = Desk::open(Database::Sqlite, &settings).await;
    let host = desk.person("amy").await;
    let open = desk.broadcast(&host, json!({ "title": "Open" })).await;
    let answer = desk.get(&format!("/api/broadcasts/{open}/playback"), &host.token).await;
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(answer.must_be(200)["hlsUrl"], format!("{CDN}/live/{open}/index.m3u8"));
    let shown = desk.get(&format!("/api/broadcasts/{open}"), &host.token).await.must_be(200);
    assert_eq!(shown["playback"]["standardHlsUrl"], format!("{CDN}/live/{open}/standard.m3u8"));

    let private = desk.broadcast(&host, json!({ "title": "Family", "visibility": "private" })).await;
    let shown = desk.get(&format!("/api/broadcasts/{private}"), &host.token).await.must_be(200);
    assert_eq!(
        shown["playback"]["hlsUrl"],
        format!("/live/{private}/index.m3u8"),
        "for the station's cookie"
    );
    let answer = desk.get(&format!("/api/broadcasts/{private}/playback"), &host.token).await;
    let cookies: Vec<_> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().to_owned())
        .collect();
    let told = answer.must_be(200);
    let path = told["hlsUrl"].as_str().unwrap().strip_prefix(CDN).unwrap();
    assert!(desk.is_served(path), "the station knows what the CDN asks it for");
    let below = path.strip_suffix("index.m3u8").unwrap();
    for name in ["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"] {
        let found = cookies.iter().find(|cookie| cookie.starts_with(&format!("CloudFront-{name}="))).unwrap();
        assert!(found.contains(&format!("; Domain=radio.example; Path={below}; ")), "{found}");
    }
    assert_eq!(cookies.len(), 5, "and the station's own");
}

on_both! {
    a_private_broadcast_is_known_to_those_who_were_let_in
    who_is_no_member_any_more_knows_and_hears_nothing
    an_unlisted_broadcast_is_known_to_whoever_has_its_id
}
