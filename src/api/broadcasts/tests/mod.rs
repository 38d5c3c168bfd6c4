//! Broadcasts by API, on both databases.

use serde_json::Value;

use crate::api::testing::{Desk, Person};

mod cooldown;
mod covers;
mod lists;
mod private;
mod rooms;

impl Desk {
    /// Makes a broadcast of theirs, and answers with its id.
    async fn broadcast(&self, host: &Person, fields: Value) -> String {
        let made = self.ask(host.asks("POST", "/api/broadcasts").json(fields)).await.must_be(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Makes somebody a member of a broadcast.
    async fn let_in(&self, host: &Person, broadcast: &str, person: &Person, role: &str) {
        let path = format!("/api/broadcasts/{broadcast}/members/{}", person.id);
        let ask = host.asks("PUT", path).json(serde_json::json!({ "role": role }));
        assert_eq!(self.ask(ask).await.status, 204);
    }
}
