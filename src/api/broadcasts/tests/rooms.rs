use std::time::Instant;

use room::Role;
use serde_json::{Value, json};
use store::Database;

use crate::api::testing::{Ask, Desk, Person};
use crate::auth::grant::Grant;
use crate::auth::now;
use crate::auth::room_token::Refused;
use crate::auth::ticket::LIFE;
use crate::both::on_both;

impl Desk {
    async fn ticket(&self, who: Option<&Person>, broadcast: &str) -> String {
        let path = format!("/api/broadcasts/{broadcast}/ticket");
        let ask = who.map_or_else(|| Ask::new("POST", &path), |who| who.asks("POST", &path));
        self.ask(ask).await.must_be(200)["ticket"].as_str().unwrap().to_owned()
    }

    /// What a token of this answer lets its holder do.
    fn opened(&self, answer: &Value) -> Result<Grant, Refused> {
        self.auth.room_tokens.verify(answer["token"].as_str().unwrap(), now())
    }
}

async fn a_ticket_opens_the_room_once_within_a_minute(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, other) = (desk.person("amy").await, desk.person("rory").await);
    let id = desk.broadcast(&host, json!({ "title": "News" })).await;
    let at = Instant::now();
    let ticket = desk.ticket(Some(&host), &id).await;
    let taken = desk.auth.tickets.take(&ticket, at).unwrap();
    assert_eq!(taken.pass.as_ref().map(|pass| &pass.user), Some(&host.id), "it is their own sign-in");
    assert_eq!(Grant { pass: None, ..taken }, Grant::of(Role::Owner, &id, &host.id));
    assert_eq!(desk.auth.tickets.take(&ticket, at), None, "it was used");
    let late = desk.ticket(Some(&other), &id).await;
    assert_eq!(desk.auth.tickets.take(&late, Instant::now() + LIFE), None, "it has run out");

    let known = desk.ticket(Some(&other), &id).await;
    let known = desk.auth.tickets.take(&known, at).unwrap();
    assert_eq!((known.role, known.subject, known.can_publish), (Role::Host, other.id, false));
    let guest = desk.ticket(None, &id).await;
    let guest = desk.auth.tickets.take(&guest, at).unwrap();
    assert!(guest.role == Role::Guest && guest.subject.starts_with("guest-"), "{guest:?}");
    assert_eq!(guest.pass, None);
    let another = desk.ticket(None, &id).await;
    assert_ne!(desk.auth.tickets.take(&another, at).unwrap().subject, guest.subject);
}

async fn a_room_token_says_what_its_holder_may_do_and_is_good_once(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, admin) = (desk.person("amy").await, desk.admin().await);
    let id = desk.broadcast(&host, json!({ "title": "News" })).await;
    let path = format!("/api/broadcasts/{id}/token");
    let (speaker, moderator) = (desk.person("ann").await, desk.person("bob").await);
    let stranger = desk.person("eve").await;
    desk.let_in(&host, &id, &speaker, "speaker").await;
    desk.let_in(&host, &id, &moderator, "moderator").await;
    for (who, role, publishes) in [
        (&host, "host", true),
        (&admin, "admin", true),
        (&moderator, "moderator", true),
        (&speaker, "speaker", true),
        (&stranger, "listener", false),
    ] {
        let told = desk.ask(who.asks("POST", &path).json(json!({ "name": "Me" }))).await.must_be(200);
        assert_eq!((&told["role"], &told["canPublish"]), (&json!(role), &json!(publishes)), "{role}");
        assert_eq!((&told["canSubscribe"], &told["canPublishData"]), (&json!(true), &json!(true)), "{role}");
        let grant = desk.opened(&told).unwrap();
        assert_eq!((grant.broadcast.as_str(), &grant.subject, grant.role.room_name()), (&*id, &who.id, role));
        assert_eq!((grant.name.as_deref(), grant.can_publish), (Some("Me"), publishes));
        assert_eq!(desk.opened(&told), Err(Refused::Used), "{role}");
    }
    let nobody = desk.ask(Ask::new("POST", &path).json(json!({}))).await;
    assert!(nobody.refused(401).contains("sign in"));
}

async fn tokens_for_others_are_minted_by_whoever_may(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, stranger) = (desk.person("amy").await, desk.person("eve").await);
    let moderator = desk.person("bob").await;
    let id = desk.broadcast(&host, json!({ "title": "News" })).await;
    desk.let_in(&host, &id, &moderator, "moderator").await;
    let path = format!("/api/broadcasts/{id}/token");
    let mint = |who: &Person, body: Value| desk.ask(who.asks("POST", &path).json(body));
    for (role, publishes) in [("speaker", true), ("moderator", true), ("listener", false), ("guest", false)] {
        let told = mint(&host, json!({ "subject": "caller-7", "role": role })).await.must_be(200);
        assert_eq!((&told["role"], &told["canPublish"]), (&json!(role), &json!(publishes)));
        assert_eq!(desk.opened(&told).unwrap().subject, "caller-7");
    }
    let told = mint(&host, json!({ "subject": "caller-7" })).await.must_be(200);
    assert_eq!(told["role"], "listener", "where nothing is said");
    for who in [&stranger, &moderator] {
        assert_eq!(mint(who, json!({ "subject": "caller-7" })).await.status, 403);
        assert_eq!(mint(who, json!({ "role": "host" })).await.status, 403, "nor more for oneself");
    }
    assert_eq!(mint(&host, json!({ "role": "admin" })).await.status, 403, "an owner is no admin");
    for (body, field) in [
        (json!({ "role": "king" }), "role"),
        (json!({ "subject": "" }), "subject"),
        (json!({ "subject": "x".repeat(65) }), "subject"),
        (json!({ "name": "x".repeat(81) }), "name"),
        (json!({ "canPublish": true }), "canPublish"),
    ] {
        assert_eq!(mint(&host, body).await.must_be(422)["errors"][0]["field"], field);
    }
}

async fn servers_mint_room_tokens_with_an_api_key(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, admin) = (desk.person("amy").await, desk.admin().await);
    let of_host = desk.broadcast(&host, json!({ "title": "News" })).await;
    let of_admin = desk.broadcast(&admin, json!({ "title": "House" })).await;
    let mut keys = Vec::new();
    for role in ["admin", "host"] {
        let make = admin.asks("POST", "/api/admin/api-keys").json(json!({ "name": "robot", "role": role }));
        keys.push(desk.ask(make).await.must_be(201));
    }
    let mint = |key: &Value, broadcast: &str, role: &str| {
        let ask = Ask::new("POST", format!("/api/broadcasts/{broadcast}/token"))
            .header("x-api-key", key["key"].as_str().unwrap())
            .header("x-api-secret", key["secret"].as_str().unwrap());
        desk.ask(ask.json(json!({ "subject": "caller-7", "name": "Caller", "role": role })))
    };
    for broadcast in [&of_host, &of_admin] {
        let told = mint(&keys[0], broadcast, "speaker").await.must_be(200);
        let grant = desk.opened(&told).unwrap();
        assert_eq!((grant.subject.as_str(), grant.role), ("caller-7", Role::Speaker));
        assert!(grant.can_publish && grant.broadcast == *broadcast);
    }
    mint(&keys[0], &of_host, "admin").await.must_be(200);
    // A host's key acts for the account that made it, in that account's broadcasts.
    mint(&keys[1], &of_admin, "speaker").await.must_be(200);
    assert_eq!(mint(&keys[1], &of_admin, "admin").await.status, 403);
    assert_eq!(mint(&keys[1], &of_host, "speaker").await.status, 403);
}

on_both! {
    a_ticket_opens_the_room_once_within_a_minute
    a_room_token_says_what_its_holder_may_do_and_is_good_once
    tokens_for_others_are_minted_by_whoever_may
    servers_mint_room_tokens_with_an_api_key
}
