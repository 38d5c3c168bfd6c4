//! Broadcasts by API, on both databases.

use serde_json::Value;

use crate::api::testing::{Desk, Person};

mod cooldown;
mod covers;
mod hosts;
mod lists;
mod private;
mod rooms;
mod schedule;
mod treatment;

impl Desk {
    /// Makes a broadcast of theirs, and answers with its id.
    pub(crate) async fn broadcast(&self, host: &Person, fields: Value) -> String {
        let made = self.ask(host.asks("POST", "/api/broadcasts").json(fields)).await.must_be(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// The stream key of a broadcast, as its host is told.
    pub(crate) async fn stream_key(&self, host: &Person, broadcast: &str) -> String {
        let told = self.get(&format!("/api/broadcasts/{broadcast}"), &host.token).await.must_be(200);
        told["ingest"]["streamKey"].as_str().unwrap().to_owned()
    }

    /// Makes somebody a member of a broadcast.
    pub(crate) async fn let_in(&self, host: &Person, broadcast: &str, person: &Person, role: &str) {
        let path = format!("/api/broadcasts/{broadcast}/members/{}", person.id);
        let ask = host.asks("PUT", path).json(serde_json::json!({ "role": role }));
        assert_eq!(self.ask(ask).await.status, 204);
    }
}
