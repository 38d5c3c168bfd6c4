use ingest::CloseReason;
use room::Role;
use serde_json::{Value, json};
use store::Database;

use super::LOOK;
use crate::api::testing::{Ask, Desk, Person};
use crate::both::on_both;
use crate::settings::table::Key;
use crate::user_command::{self, UserCommand};

/// What stations on one database have in common.
const SECRETS: [(Key, &str); 2] = [
    (Key::JwtSecret, "K8z3vPq0Lw7Xn2Ty5Rb9Jd4Gf6Hs1AcMe"),
    (Key::JwtRefreshSecret, "Zr4Wq8Nc2Vb6Xm0Lk5Jh9Gf3Ds7Ap1Yt"),
];

impl Desk {
    async fn knows(&self, person: &Person) -> bool {
        match self.get("/api/auth/me", &person.token).await.status.as_u16() {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }

    async fn opens(&self, key: &Value) -> bool {
        let ask = Ask::new("GET", "/api/admin/api-keys")
            .header("x-api-key", key["key"].as_str().unwrap())
            .header("x-api-secret", key["secret"].as_str().unwrap());
        self.ask(ask).await.status == 200
    }

    async fn comes_back(&self, name: &str) -> Person {
        let body = json!({ "email": format!("{name}@radio.example"), "password": "correct horse" });
        Person::of(&self.post("/api/auth/login", body).await.must_be(200))
    }
}

async fn what_is_done_to_an_account_at_one_station_holds_at_the_other_with_its_next_look(database: Database) {
    let one = Desk::open(database, &SECRETS).await;
    let mut two = one.beside(&SECRETS).await;
    let (host, admin) = (one.person("amy").await, one.admin().await);
    let steps = [
        (json!({ "role": "listener" }), json!({ "role": "host" })),
        (json!({ "suspended": true, "reason": "lies" }), json!({ "suspended": false })),
    ];
    let change = format!("/api/admin/users/{}", host.id);
    for (worse, better) in steps {
        two.look().await;
        let host = two.comes_back("amy").await;
        let ask = host.asks("POST", "/api/broadcasts").json(json!({ "title": "News" }));
        let made = two.ask(ask).await.must_be(201);
        let (id, key) = (made["id"].as_str().unwrap(), made["ingest"]["streamKey"].as_str().unwrap());
        let mut publisher = two.publish(id, key).await.unwrap();
        one.ask(admin.asks("PATCH", &change).json(worse.clone())).await.must_be(200);
        assert!(!one.knows(&host).await && two.knows(&host).await, "{worse}: not yet there");
        two.look().await;
        assert!(!two.knows(&host).await, "{worse}");
        let told = two.ask(Ask::new("GET", format!("/api/broadcasts/{id}"))).await.must_be(200);
        assert_eq!(told["status"], "ended", "{worse}");
        assert_eq!(publisher.closed().await, CloseReason::Ended, "{worse}");
        assert_eq!(two.gate.bars("any", &host.id), worse.get("suspended").is_some());
        one.ask(admin.asks("PATCH", &change).json(better)).await.must_be(200);
    }
    two.look().await;
    assert!(!two.gate.bars("any", &host.id));
    let host = two.comes_back("amy").await;
    two.look().await;
    assert!(two.knows(&host).await, "what was issued since is good");
}

async fn a_sign_in_that_is_ended_at_one_station_is_over_at_the_other_and_after_a_restart(database: Database) {
    let one = Desk::open(database, &SECRETS).await;
    let mut two = one.beside(&SECRETS).await;
    let (gone, stays) = (one.person("amy").await, one.comes_back("amy").await);
    let out = gone.asks("POST", "/api/auth/logout").json(json!({}));
    assert_eq!(one.ask(out).await.status, 204);
    assert!(two.knows(&gone).await, "not yet");
    two.look().await;
    assert!(!two.knows(&gone).await && two.knows(&stays).await);
    let one = one.restart(&SECRETS).await;
    assert!(!one.knows(&gone).await && one.knows(&stays).await);
}

async fn an_api_key_that_is_made_at_one_station_opens_the_other_until_it_is_revoked(database: Database) {
    let one = Desk::open(database, &SECRETS).await;
    let mut two = one.beside(&SECRETS).await;
    let admin = one.admin().await;
    let make = admin.asks("POST", "/api/admin/api-keys").json(json!({ "name": "robot", "role": "admin" }));
    let key = one.ask(make).await.must_be(201);
    assert!(one.opens(&key).await && !two.opens(&key).await);
    two.look().await;
    assert!(two.opens(&key).await);
    let revoke = admin.asks("DELETE", format!("/api/admin/api-keys/{}", key["key"].as_str().unwrap()));
    assert_eq!(one.ask(revoke).await.status, 204);
    assert!(two.opens(&key).await, "not yet");
    two.look().await;
    assert!(!two.opens(&key).await);
}

async fn a_running_station_learns_what_the_command_line_does(database: Database) {
    assert!(LOOK.as_secs() <= 60, "within a minute at most");
    let mut desk = Desk::open(database, &SECRETS).await;
    let host = desk.person("amy").await;
    let command = UserCommand::SetRole { email: "amy@radio.example".to_owned(), role: Role::Listener };
    let store = desk.store_of_another_process().await;
    user_command::run(&store, command, &mut std::io::empty(), &mut Vec::<u8>::new()).await.unwrap();
    assert!(desk.knows(&host).await, "not yet");
    desk.look().await;
    assert!(!desk.knows(&host).await);
    let again = desk.comes_back("amy").await;
    let me = desk.get("/api/auth/me", &again.token).await.must_be(200);
    assert_eq!(me["role"], "listener");
}

on_both! {
    what_is_done_to_an_account_at_one_station_holds_at_the_other_with_its_next_look
    a_sign_in_that_is_ended_at_one_station_is_over_at_the_other_and_after_a_restart
    an_api_key_that_is_made_at_one_station_opens_the_other_until_it_is_revoked
    a_running_station_learns_what_the_command_line_does
}
