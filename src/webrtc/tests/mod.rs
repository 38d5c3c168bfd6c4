//! The endpoints over a real hall and a real port on loopback.

use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::{Value, json};
use store::Database;

use super::negotiation::SDP;
use crate::api::testing::{Answer, Ask, Desk, Person};
use crate::settings::table::Key;

#[path = "../../../rtc/tests/client/mod.rs"]
mod client;
mod http;
mod listeners;
mod publishers;
mod sessions;
mod stage;

const PUBLISHER: &str = include_str!("../../../rtc/tests/offers/chromium-publisher.sdp");
const LISTENER: &str = include_str!("../../../rtc/tests/offers/chromium-listener.sdp");

/// A station with a WebRTC port, and `host` who may broadcast.
async fn open(settings: &[(Key, &str)]) -> (Desk, Person) {
    let settings = [&[(Key::RtcListen, "127.0.0.1:0")][..], settings].concat();
    let desk = Desk::open(Database::Sqlite, &settings).await;
    let host = desk.person("amy").await;
    (desk, host)
}

/// An offer to `/whip/…` or `/whep/…`.
fn offer(path: impl Into<String>, sdp: &'static str) -> Ask {
    Ask::new("POST", path).bytes(SDP, sdp)
}

/// What a session's maker is told of it.
struct Made {
    url: String,
    tag: String,
    headers: HeaderMap,
    answer: String,
}

impl Made {
    #[track_caller]
    fn of(answer: Answer) -> Self {
        assert_eq!(answer.status, 201, "{}", answer.body);
        let text = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        Self {
            url: text("location"),
            tag: text("etag"),
            answer: String::from_utf8(answer.bytes.to_vec()).unwrap(),
            headers: answer.headers,
        }
    }
}

impl Desk {
    /// A broadcast of theirs that is on air, and nobody publishes.
    async fn on_air(&self, host: &Person, fields: Value) -> String {
        let id = self.broadcast(host, fields).await;
        self.ask(host.asks("POST", format!("/api/broadcasts/{id}/start"))).await.must_be(200);
        id
    }

    /// Waits until what everybody is told of listeners is so.
    async fn until_listeners(&self, who: &Person, id: &str, expected: u64) {
        let path = format!("/api/broadcasts/{id}/viewers");
        while self.get(&path, &who.token).await.must_be(200)["webrtc"] != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a session is gone.
    async fn until_gone(&self, url: &str) {
        let fragment = "a=end-of-candidates\r\n";
        loop {
            let ask =
                Ask::new("PATCH", url).header("if-match", "*").bytes(super::negotiation::FRAGMENT, fragment);
            match self.ask(ask).await.status.as_u16() {
                204 => tokio::time::sleep(Duration::from_millis(20)).await,
                status => return assert_eq!(status, 404),
            }
        }
    }
}

fn untitled() -> Value {
    json!({ "title": "Evening" })
}
