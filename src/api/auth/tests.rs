use room::Role;
use serde_json::{Value, json};
use store::{Database, Timestamp};

use super::super::testing::{Answer, Ask, Desk};
use super::*;
use crate::both::on_both;
use crate::settings::table::Key;

fn amy() -> Value {
    json!({ "email": "Amy@Radio.example", "username": "Amy", "password": "correct horse", "displayName": "Amy Pond" })
}

impl Desk {
    async fn register(&self, person: Value) -> Value {
        self.post("/api/auth/register", person).await.must_be(201)
    }

    async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", json!({ "email": email, "password": password })).await
    }

    async fn refresh(&self, session: &Value) -> Answer {
        self.post("/api/auth/refresh", json!({ "refreshToken": session["refreshToken"] })).await
    }

    /// Changes an account as an admin would.
    async fn change(&self, session: &Value, edit: impl FnOnce(&mut User) + Send) {
        let id = session["user"]["id"].as_str().unwrap();
        let user = self.store.users().update(id, edit).await.unwrap().unwrap();
        self.auth.account_changed(&user);
    }
}

fn access(session: &Value) -> &str {
    session["accessToken"].as_str().unwrap()
}

async fn who_registers_is_signed_in(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let session = desk.register(amy()).await;
    assert_eq!(session["user"]["email"], "amy@radio.example");
    assert_eq!(session["user"]["role"], "host");
    assert_eq!(session["expiresIn"], 900);
    let me = desk.get("/api/auth/me", access(&session)).await.must_be(200);
    assert_eq!(me, session["user"]);
    assert_eq!(me["displayName"], "Amy Pond");
    assert_eq!(desk.audited().await, ["auth.registered"]);
    let stored = desk.store.users().load(me["id"].as_str().unwrap()).await.unwrap().unwrap();
    assert!(stored.password_hash.unwrap().expose().starts_with("$argon2id$"));
}

async fn every_field_that_does_not_fit_is_named(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let wrong = json!({ "email": "amy", "username": "a", "password": "short", "displayName": "" });
    let problem = desk.post("/api/auth/register", wrong).await.must_be(422);
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["email", "username", "displayName", "password"]);
    let mut own_address = amy();
    own_address["password"] = json!("amy@radio.example");
    let problem = desk.post("/api/auth/register", own_address).await.must_be(422);
    assert_eq!(problem["errors"][0]["field"], "password");
    assert!(desk.audited().await.is_empty());
}

async fn an_address_and_a_username_are_taken_once(database: Database) {
    let desk = Desk::open(database, &[]).await;
    desk.register(amy()).await;
    let mut other = amy();
    other["username"] = json!("rory");
    assert_eq!(
        desk.post("/api/auth/register", other).await.refused(409),
        "this email is taken; choose another"
    );
    let mut other = amy();
    other["email"] = json!("rory@radio.example");
    let refused = desk.post("/api/auth/register", other).await.refused(409);
    assert_eq!(refused, "this username is taken; choose another");
}

async fn a_wrong_password_and_an_unknown_address_are_told_alike(database: Database) {
    let desk = Desk::open(database, &[]).await;
    desk.register(amy()).await;
    let wrong = desk.sign_in("amy@radio.example", "wrong horse").await.refused(401);
    let unknown = desk.sign_in("rory@radio.example", "correct horse").await.refused(401);
    let nonsense = desk.sign_in("rory", "correct horse").await.refused(401);
    assert_eq!((&wrong, &wrong), (&unknown, &nonsense));
    let session = desk.sign_in(" AMY@radio.example", "correct horse").await.must_be(200);
    desk.get("/api/auth/me", access(&session)).await.must_be(200);
    let failed = "auth.sign_in_failed";
    assert_eq!(desk.audited().await, ["auth.registered", failed, failed, failed, "auth.signed_in"]);
}

async fn one_account_is_tried_only_so_often_and_others_are_not_held_up(database: Database) {
    let desk = Desk::open(database, &[]).await;
    desk.register(amy()).await;
    desk.register(json!({ "email": "rory@radio.example", "username": "rory", "password": "correct horse" }))
        .await;
    let addresses = ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"];
    let mut last = 0;
    for turn in 0..11 {
        let tried = json!({ "email": "amy@radio.example", "password": "wrong horse" });
        let ask = Ask::new("POST", "/api/auth/login").from(addresses[turn % 3]).json(tried);
        let answer = desk.ask(ask).await;
        last = answer.status.as_u16();
        if last == 429 {
            assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
        }
    }
    assert_eq!(last, 429);
    assert_eq!(desk.sign_in("amy@radio.example", "correct horse").await.status, 429, "nor the right one");
    desk.sign_in("rory@radio.example", "correct horse").await.must_be(200);
}

async fn a_refresh_token_is_good_once(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let first = desk.register(amy()).await;
    let second = desk.refresh(&first).await.must_be(200);
    assert_ne!(second["refreshToken"], first["refreshToken"]);
    desk.get("/api/auth/me", access(&second)).await.must_be(200);
    desk.refresh(&second).await.must_be(200);
    assert_eq!(desk.post("/api/auth/refresh", json!({ "refreshToken": "nonsense" })).await.status, 401);
    assert_eq!(desk.post("/api/auth/refresh", json!({})).await.status, 401);
}

async fn an_answer_that_was_lost_is_given_again(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let first = desk.register(amy()).await;
    let lost = desk.refresh(&first).await.must_be(200);
    let again = desk.refresh(&first).await.must_be(200);
    assert_eq!(again["refreshToken"], lost["refreshToken"]);
    desk.refresh(&again).await.must_be(200);
}

async fn a_refresh_token_that_is_used_after_its_successor_ends_the_sign_in(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let first = desk.register(amy()).await;
    let other = desk.sign_in("amy@radio.example", "correct horse").await.must_be(200);
    let second = desk.refresh(&first).await.must_be(200);
    let third = desk.refresh(&second).await.must_be(200);
    assert_eq!(desk.refresh(&first).await.status, 401);
    assert_eq!(desk.refresh(&third).await.status, 401, "the whole family is revoked");
    assert_eq!(desk.get("/api/auth/me", access(&third)).await.status, 401, "and its access tokens are void");
    assert!(desk.audited().await.contains(&"auth.refresh_token_reused".to_owned()));
    desk.refresh(&other).await.must_be(200);
}

async fn a_browser_has_its_refresh_token_in_a_cookie_that_other_sites_cannot_use(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let browser =
        |path| Ask::new("POST", path).header("x-onair-client", "browser").header("host", "radio.example");
    let answer = desk.ask(browser("/api/auth/register").json(amy())).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert_eq!(answer.must_be(201)["refreshToken"], Value::Null);
    assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/api/auth"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();

    let refresh = || browser("/api/auth/refresh").header("cookie", pair).json(json!({}));
    let forged = Ask::new("POST", "/api/auth/refresh").header("cookie", pair).json(json!({}));
    assert!(desk.ask(forged).await.refused(403).contains("X-OnAir-Client"));
    assert_eq!(desk.ask(refresh().header("origin", "http://evil.example")).await.status, 403);
    assert_eq!(desk.ask(refresh().header("sec-fetch-site", "cross-site")).await.status, 403);
    let answer = desk.ask(refresh().header("origin", "http://radio.example")).await;
    assert_ne!(answer.headers["set-cookie"].to_str().unwrap(), cookie);
    assert_eq!(answer.must_be(200)["refreshToken"], Value::Null);

    let out = desk.ask(browser("/api/auth/logout").header("cookie", pair).json(json!({}))).await;
    assert!(out.headers["set-cookie"].to_str().unwrap().ends_with("Max-Age=0"));
    assert_eq!(out.status, 204);
    assert_eq!(desk.ask(refresh()).await.status, 401);
}

async fn who_signs_out_is_out_at_once(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let session = desk.register(amy()).await;
    let other = desk.sign_in("amy@radio.example", "correct horse").await.must_be(200);
    let out = Ask::new("POST", "/api/auth/logout").by(access(&session)).json(json!({}));
    assert_eq!(desk.ask(out).await.status, 204);
    assert_eq!(desk.get("/api/auth/me", access(&session)).await.status, 401);
    assert_eq!(desk.refresh(&session).await.status, 401);
    desk.get("/api/auth/me", access(&other)).await.must_be(200);

    let out = json!({ "refreshToken": other["refreshToken"] });
    let stale = Ask::new("POST", "/api/auth/logout").by("stale").json(out);
    assert_eq!(desk.ask(stale).await.status, 204, "a stale access token is no reason to stay");
    assert_eq!(desk.refresh(&other).await.status, 401);
    let actions = desk.audited().await;
    assert_eq!(actions.iter().filter(|action| *action == "auth.signed_out").count(), 2);
}

async fn a_profile_is_changed_field_by_field(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let session = desk.register(amy()).await;
    let patch = |body| desk.ask(Ask::new("PATCH", "/api/auth/me").by(access(&session)).json(body));
    let me = patch(json!({ "avatarUrl": "https://pictures.example/amy.png" })).await.must_be(200);
    assert_eq!(
        (&me["displayName"], &me["avatarUrl"]),
        (&json!("Amy Pond"), &json!("https://pictures.example/amy.png"))
    );
    let me = patch(json!({ "displayName": " Amelia ", "avatarUrl": null })).await.must_be(200);
    assert_eq!((&me["displayName"], &me["avatarUrl"]), (&json!("Amelia"), &Value::Null));
    let problem = patch(json!({ "displayName": "", "avatarUrl": "javascript:1" })).await.must_be(422);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    assert_eq!(desk.ask(Ask::new("GET", "/api/auth/me")).await.status, 401);
}

async fn a_new_password_ends_every_other_sign_in(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let session = desk.register(amy()).await;
    let other = desk.sign_in("amy@radio.example", "correct horse").await.must_be(200);
    let change = |current: &str, new: &str| {
        let body = json!({ "currentPassword": current, "newPassword": new });
        desk.ask(Ask::new("POST", "/api/auth/password").by(access(&session)).json(body))
    };
    for (current, new, field) in [
        ("wrong horse", "battery staple", "currentPassword"),
        ("correct horse", "short", "newPassword"),
        ("correct horse", "correct horse", "newPassword"),
    ] {
        assert_eq!(change(current, new).await.must_be(422)["errors"][0]["field"], field);
    }
    let fresh = change("correct horse", "battery staple").await.must_be(200);
    desk.get("/api/auth/me", access(&fresh)).await.must_be(200);
    for old in [&session, &other] {
        assert_eq!(desk.get("/api/auth/me", access(old)).await.status, 401);
        assert_eq!(desk.refresh(old).await.status, 401);
    }
    assert_eq!(desk.sign_in("amy@radio.example", "correct horse").await.status, 401);
    desk.sign_in("amy@radio.example", "battery staple").await.must_be(200);
}

async fn the_first_admin_changes_the_password_before_anything_else(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let first = desk.first_admin.clone().unwrap();
    assert_eq!(first.email.as_str(), "admin@localhost");
    let made = first.password.unwrap().into_inner();
    let session = desk.sign_in("admin@localhost", &made).await.must_be(200);
    assert_eq!(session["user"]["mustChangePassword"], true);
    let refused = desk.get("/api/admin/api-keys", access(&session)).await.refused(403);
    assert!(refused.contains("/api/auth/password"), "{refused}");
    desk.get("/api/auth/me", access(&session)).await.must_be(200);
    let refreshed = desk.refresh(&session).await.must_be(200);
    assert_eq!(desk.get("/api/admin/api-keys", access(&refreshed)).await.status, 403);

    let change = json!({ "currentPassword": made, "newPassword": "battery staple" });
    let ask = Ask::new("POST", "/api/auth/password").by(access(&refreshed)).json(change);
    let session = desk.ask(ask).await.must_be(200);
    assert_eq!(session["user"]["mustChangePassword"], false);
    desk.get("/api/admin/api-keys", access(&session)).await.must_be(200);

    let desk = desk.restart(&[]).await;
    assert!(desk.first_admin.is_none(), "a second start makes no second admin");
    desk.get("/api/admin/api-keys", access(&session)).await.must_be(200);
}

async fn an_operator_gives_the_first_admin_a_password(database: Database) {
    let settings = [(Key::AdminEmail, "boss@radio.example"), (Key::AdminPassword, "open sesame 42")];
    let desk = Desk::open(database, &settings).await;
    assert!(desk.first_admin.as_ref().unwrap().password.is_none());
    let session = desk.sign_in("boss@radio.example", "open sesame 42").await.must_be(200);
    assert_eq!(
        (&session["user"]["role"], &session["user"]["mustChangePassword"]),
        (&json!("admin"), &json!(false))
    );
}

async fn nobody_registers_where_registration_is_closed(database: Database) {
    let desk = Desk::open(database, &[(Key::Registration, "closed")]).await;
    assert!(desk.post("/api/auth/register", amy()).await.refused(403).contains("ask an admin"));
}

async fn an_invitation_lets_one_person_in(database: Database) {
    let settings = [(Key::Registration, "invitation"), (Key::RegistrationRole, "listener")];
    let desk = Desk::open(database, &settings).await;
    let admin = desk.admin().await.token;
    assert_eq!(desk.post("/api/auth/register", amy()).await.status, 403);
    let invite = |body| desk.ask(Ask::new("POST", "/api/admin/invitations").by(&admin).json(body));
    let with = |code: &Value| {
        let mut person = amy();
        person["invitation"] = code.clone();
        person
    };
    let other = invite(json!({ "email": "rory@radio.example" })).await.must_be(201);
    assert_eq!(desk.post("/api/auth/register", with(&other["code"])).await.status, 422, "it is for another");
    let invitation = invite(json!({ "role": "host", "days": 1 })).await.must_be(201);
    let session = desk.register(with(&invitation["code"])).await;
    assert_eq!(session["user"]["role"], "host");
    let mut third = with(&invitation["code"]);
    third["email"] = json!("river@radio.example");
    third["username"] = json!("river");
    assert_eq!(desk.post("/api/auth/register", third).await.status, 422, "it has been used");

    let path = format!("/api/admin/invitations/{}", other["id"].as_str().unwrap());
    assert_eq!(desk.ask(Ask::new("DELETE", &path).by(&admin)).await.status, 204);
    assert_eq!(desk.ask(Ask::new("DELETE", &path).by(&admin)).await.status, 404);
    let list = desk.get("/api/admin/invitations?limit=1", &admin).await.must_be(200);
    assert_eq!((&list["total"], &list["items"][0]["usedBy"]), (&json!(2), &session["user"]["id"]));
    assert_eq!(list["items"][0].get("code"), None);
    assert_eq!(desk.get("/api/admin/invitations", access(&session)).await.status, 403);
}

async fn who_is_suspended_loses_access_at_once(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let session = desk.register(amy()).await;
    desk.change(&session, |user| user.suspended_at = Some(Timestamp::now())).await;
    assert_eq!(desk.get("/api/auth/me", access(&session)).await.status, 401);
    assert_eq!(desk.refresh(&session).await.refused(403), "this account is suspended");
    assert_eq!(desk.sign_in("amy@radio.example", "correct horse").await.status, 403);
    assert_eq!(desk.sign_in("amy@radio.example", "wrong horse").await.status, 401, "only the owner is told");
}

async fn another_role_holds_from_the_next_refresh_and_the_old_one_no_longer(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let session = desk.register(amy()).await;
    assert_eq!(desk.get("/api/admin/api-keys", access(&session)).await.status, 403);
    desk.change(&session, |user| user.role = Role::Admin).await;
    assert_eq!(desk.get("/api/admin/api-keys", access(&session)).await.status, 401);
    let session = desk.refresh(&session).await.must_be(200);
    desk.get("/api/admin/api-keys", access(&session)).await.must_be(200);
}

async fn somebody_is_known_with_the_database_away(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let session = desk.register(amy()).await;
    desk.store.close().await;
    assert_eq!(desk.get("/api/admin/api-keys", access(&session)).await.status, 403, "known, and no admin");
    let away = desk.sign_in("amy@radio.example", "correct horse").await;
    assert!(away.headers.contains_key("retry-after"));
    assert_eq!(away.status, 503);
    assert_eq!(desk.get("/api/auth/me", access(&session)).await.status, 503);
    assert_eq!(desk.refresh(&session).await.status, 503);
}

async fn an_api_key_opens_the_door_until_it_is_revoked(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let admin = desk.admin().await.token;
    let make = |body| desk.ask(Ask::new("POST", "/api/admin/api-keys").by(&admin).json(body));
    let key = make(json!({ "name": "robot", "role": "admin" })).await.must_be(201);
    let weak = make(json!({ "name": "studio", "role": "host" })).await.must_be(201);
    let shown = |key: &Value| {
        let text = |field: &str| key[field].as_str().unwrap().to_owned();
        Ask::new("GET", "/api/admin/api-keys")
            .header("x-api-key", &text("key"))
            .header("x-api-secret", &text("secret"))
    };
    let list = desk.ask(shown(&key)).await.must_be(200);
    assert_eq!(list["total"], 2);
    assert_eq!(list["items"][0].get("secret"), None);
    assert_eq!(desk.ask(shown(&weak)).await.status, 403);
    let mut wrong = key.clone();
    wrong["secret"] = json!("guess");
    assert_eq!(desk.ask(shown(&wrong)).await.status, 401);
    assert_eq!(desk.ask(Ask::new("GET", "/api/admin/api-keys")).await.status, 401);

    let desk = desk.restart(&[]).await;
    desk.ask(shown(&key)).await.must_be(200);
    let path = format!("/api/admin/api-keys/{}", weak["key"].as_str().unwrap());
    assert_eq!(desk.ask(Ask::new("DELETE", &path).by(&admin)).await.status, 204);
    assert_eq!(desk.ask(shown(&weak)).await.status, 401);
    let desk = desk.restart(&[]).await;
    assert_eq!(desk.ask(shown(&weak)).await.status, 401);
    let actions = desk.audited().await;
    assert_eq!(actions.iter().filter(|action| action.starts_with("api_key.")).count(), 3);
}

async fn an_api_key_holds_for_as_long_as_whoever_made_it_is_an_admin(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let boss = desk.register(amy()).await;
    desk.change(&boss, |user| user.role = Role::Admin).await;
    let boss = desk.refresh(&boss).await.must_be(200);
    let body = json!({ "name": "robot", "role": "admin" });
    let make = Ask::new("POST", "/api/admin/api-keys").by(access(&boss)).json(body);
    let key = desk.ask(make).await.must_be(201);
    let shown = || {
        let text = |field: &str| key[field].as_str().unwrap();
        Ask::new("GET", "/api/admin/api-keys")
            .header("x-api-key", text("key"))
            .header("x-api-secret", text("secret"))
    };
    desk.ask(shown()).await.must_be(200);
    desk.change(&boss, |user| user.role = Role::Host).await;
    assert_eq!(desk.ask(shown()).await.status, 401);
    let desk = desk.restart(&[]).await;
    assert_eq!(desk.ask(shown()).await.status, 401, "also after a restart");
    desk.change(&boss, |user| user.role = Role::Admin).await;
    desk.ask(shown()).await.must_be(200);
}

async fn a_host_makes_keys_that_do_what_a_host_does(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.register(amy()).await;
    let rory = json!({ "email": "rory@radio.example", "username": "rory", "password": "correct horse" });
    let rory = desk.register(rory).await;
    let keys = "/api/auth/api-keys";
    let make = |who: &Value| Ask::new("POST", keys).by(access(who)).json(json!({ "name": "robot" }));
    let key = desk.ask(make(&amy)).await.must_be(201);
    assert_eq!(key["role"], "host");
    let shown = |method, path: &str| {
        let text = |field: &str| key[field].as_str().unwrap();
        Ask::new(method, path).header("x-api-key", text("key")).header("x-api-secret", text("secret"))
    };
    // What it makes is hers; keys it makes none.
    let new = json!({ "title": "By robot" });
    let made = desk.ask(shown("POST", "/api/broadcasts").json(new.clone())).await.must_be(201);
    assert_eq!(made["host"]["id"], amy["user"]["id"]);
    assert_eq!(desk.ask(shown("POST", keys).json(json!({ "name": "another" }))).await.status, 403);
    assert_eq!(desk.ask(shown("GET", "/api/admin/overview")).await.status, 403);

    assert_eq!(desk.get(keys, access(&amy)).await.must_be(200)["items"][0]["key"], key["key"]);
    assert_eq!(desk.get(keys, access(&rory)).await.must_be(200)["total"], 0);
    let path = format!("{keys}/{}", key["key"].as_str().unwrap());
    assert_eq!(desk.ask(Ask::new("DELETE", &path).by(access(&rory))).await.status, 404, "not hers");

    desk.change(&amy, |user| user.role = Role::Listener).await;
    assert_eq!(desk.ask(shown("POST", "/api/broadcasts").json(new.clone())).await.status, 401);
    let listener = desk.refresh(&amy).await.must_be(200);
    assert_eq!(desk.ask(make(&listener)).await.status, 403);
    desk.change(&amy, |user| user.role = Role::Host).await;
    desk.ask(shown("POST", "/api/broadcasts").json(new.clone())).await.must_be(201);

    let host = desk.refresh(&listener).await.must_be(200);
    for _ in 1..20 {
        desk.ask(make(&host)).await.must_be(201);
    }
    desk.ask(make(&host)).await.refused(409);
    assert_eq!(desk.ask(Ask::new("DELETE", &path).by(access(&host))).await.status, 204);
    assert_eq!(desk.ask(shown("POST", "/api/broadcasts").json(new)).await.status, 401);
    desk.ask(make(&host)).await.must_be(201);
}

async fn who_is_signed_in_in_several_places_ends_what_they_want(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let first = desk.register(amy()).await;
    let sign_in = |device: &str| {
        let body = json!({ "email": "amy@radio.example", "password": "correct horse" });
        Ask::new("POST", "/api/auth/login").header("user-agent", device).json(body)
    };
    let phone = desk.ask(sign_in("A phone")).await.must_be(200);
    let tablet = desk.ask(sign_in("A tablet")).await.must_be(200);
    let list = desk.get("/api/auth/sessions", access(&phone)).await.must_be(200);
    let told: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|one| (&one["device"], &one["current"])).collect();
    let (no, yes) = (&json!(false), &json!(true));
    assert_eq!(told, [(&json!("A tablet"), no), (&json!("A phone"), yes), (&json!(null), no)]);
    assert!(list["items"][0]["signedInAt"].is_string());

    let rory = json!({ "email": "rory@radio.example", "username": "rory", "password": "correct horse" });
    let rory = desk.register(rory).await;
    let end = |who: &Value, id: &Value| {
        Ask::new("DELETE", format!("/api/auth/sessions/{}", id.as_str().unwrap())).by(access(who))
    };
    let on_tablet = &list["items"][0]["id"];
    assert_eq!(desk.ask(end(&rory, on_tablet)).await.status, 404, "hers alone");
    desk.get("/api/auth/me", access(&tablet)).await.must_be(200);
    assert_eq!(desk.ask(end(&phone, on_tablet)).await.status, 204);
    assert_eq!(desk.get("/api/auth/me", access(&tablet)).await.status, 401);
    assert_eq!(desk.refresh(&tablet).await.status, 401);
    assert_eq!(desk.ask(end(&phone, on_tablet)).await.status, 404, "it is over");

    let others = Ask::new("DELETE", "/api/auth/sessions").by(access(&phone));
    assert_eq!(desk.ask(others).await.status, 204);
    assert_eq!(desk.refresh(&first).await.status, 401);
    let phone = desk.refresh(&phone).await.must_be(200);
    let list = desk.get("/api/auth/sessions", access(&phone)).await.must_be(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!((&list["items"][0]["device"], &list["items"][0]["current"]), (&json!("A phone"), yes));
    assert_eq!(desk.audited().await.iter().filter(|action| *action == "auth.signed_out").count(), 2);
}

async fn an_api_key_of_the_settings_acts_for_the_first_admin(database: Database) {
    let secret = "K8z3vPq0Lw7Xn2Ty5Rb9Jd4Gf6Hs1AcMe";
    let desk = Desk::open(database, &[(Key::ApiKey, "APIrobot"), (Key::ApiSecret, secret)]).await;
    let ask =
        |method, path| Ask::new(method, path).header("x-api-key", "APIrobot").header("x-api-secret", secret);
    let made =
        desk.ask(ask("POST", "/api/admin/api-keys").json(json!({ "name": "a", "role": "host" }))).await;
    let admin = desk.store.users().load_by_email("admin@localhost").await.unwrap().unwrap();
    assert_eq!(made.must_be(201)["createdBy"], admin.id);
    assert_eq!(desk.ask(ask("GET", "/api/auth/me")).await.status, 403, "a server has no account");
}

async fn a_proxy_tells_who_it_is_only_where_it_is_trusted(database: Database) {
    let desk = Desk::open(database, &[(Key::TrustedProxies, "10.0.0.0/8")]).await;
    let session = desk.register(amy()).await;
    let id = session["user"]["id"].as_str().unwrap();
    let told = |from, id: &str| desk.ask(Ask::new("GET", "/api/auth/me").from(from).header("x-user-id", id));
    assert_eq!(told("10.1.2.3:80", id).await.must_be(200)["id"], id);
    assert_eq!(told("192.0.2.1:80", id).await.status, 401);
    assert_eq!(told("10.1.2.3:80", "nobody").await.status, 401);
    desk.change(&session, |user| user.suspended_at = Some(Timestamp::now())).await;
    assert_eq!(told("10.1.2.3:80", id).await.status, 403);
    let untrusting = desk.restart(&[]).await;
    let ask = Ask::new("GET", "/api/auth/me").from("10.1.2.3:80").header("x-user-id", id);
    assert_eq!(untrusting.ask(ask).await.status, 401, "nobody is trusted by default");
}

async fn people_follow_others_and_not_themselves(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let amy = desk.register(amy()).await;
    let rory = json!({ "email": "rory@radio.example", "username": "rory", "password": "correct horse" });
    let rory = desk.register(rory).await;
    let follow =
        |method, id: &str| desk.ask(Ask::new(method, format!("/api/users/{id}/follow")).by(access(&rory)));
    let id = amy["user"]["id"].as_str().unwrap();
    assert_eq!(follow("PUT", id).await.status, 204);
    assert_eq!(follow("PUT", id).await.status, 204);
    let followers = desk.store.follows().followers(id, &store::Slice::first(10)).await.unwrap();
    assert_eq!(followers.items.len(), 1);
    let hears = |notify: bool| {
        let ask = Ask::new("PATCH", format!("/api/users/{id}/follow")).by(access(&rory));
        desk.ask(ask.json(json!({"notify": notify})))
    };
    assert_eq!(hears(false).await.must_be(200)["notify"], false);
    let told = follow("GET", id).await.must_be(200);
    assert_eq!((told["following"].clone(), told["notify"].clone()), (json!(true), json!(false)));
    let shown =
        async |path: &str, by: &Value| desk.get(path, access(by)).await.must_be(200)["following"].clone();
    let news =
        desk.ask(Ask::new("POST", "/api/broadcasts").by(access(&amy)).json(json!({"title": "News"}))).await;
    let news = format!("/api/broadcasts/{}", news.must_be(201)["id"].as_str().unwrap());
    for path in ["/api/users/amy", news.as_str()] {
        assert_eq!(shown(path, &rory).await, true, "{path}");
        assert_eq!(shown(path, &amy).await, false, "{path}");
        let anybody = desk.ask(Ask::new("GET", path)).await.must_be(200);
        assert_eq!(anybody["following"], Value::Null, "{path}");
    }
    assert_eq!(desk.ask(Ask::new("GET", "/api/users/nobody")).await.status, 404);
    assert_eq!(follow("DELETE", id).await.status, 204);
    assert_eq!(hears(true).await.status, 404);
    assert_eq!(follow("GET", id).await.must_be(200)["since"], Value::Null);
    assert_eq!(follow("DELETE", id).await.status, 204);
    let followers = desk.store.follows().followers(id, &store::Slice::first(10)).await.unwrap();
    assert!(followers.items.is_empty());
    assert_eq!(follow("PUT", "nobody").await.status, 404);
    assert_eq!(follow("PUT", rory["user"]["id"].as_str().unwrap()).await.status, 409);
}

on_both! {
    who_registers_is_signed_in
    every_field_that_does_not_fit_is_named
    an_address_and_a_username_are_taken_once
    a_wrong_password_and_an_unknown_address_are_told_alike
    one_account_is_tried_only_so_often_and_others_are_not_held_up
    a_refresh_token_is_good_once
    an_answer_that_was_lost_is_given_again
    a_refresh_token_that_is_used_after_its_successor_ends_the_sign_in
    a_browser_has_its_refresh_token_in_a_cookie_that_other_sites_cannot_use
    who_signs_out_is_out_at_once
    a_profile_is_changed_field_by_field
    a_new_password_ends_every_other_sign_in
    the_first_admin_changes_the_password_before_anything_else
    an_operator_gives_the_first_admin_a_password
    nobody_registers_where_registration_is_closed
    an_invitation_lets_one_person_in
    who_is_suspended_loses_access_at_once
    another_role_holds_from_the_next_refresh_and_the_old_one_no_longer
    somebody_is_known_with_the_database_away
    an_api_key_opens_the_door_until_it_is_revoked
    an_api_key_holds_for_as_long_as_whoever_made_it_is_an_admin
    a_host_makes_keys_that_do_what_a_host_does
    who_is_signed_in_in_several_places_ends_what_they_want
    an_api_key_of_the_settings_acts_for_the_first_admin
    a_proxy_tells_who_it_is_only_where_it_is_trusted
    people_follow_others_and_not_themselves
}
