use serde_json::{Value, json};
use store::{Database, Timestamp};

use super::secret::OVERLAP;
use crate::api::testing::{Ask, Desk};
use crate::both::on_both;
use crate::hooks::standing;
use crate::settings::table::Key;

async fn a_secret_is_changed_by_whose_webhook_it_is_and_the_former_one_is_kept_for_a_day(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, other, admin) = (desk.person("amy").await, desk.person("eve").await, desk.admin().await);
    let new = host.asks("POST", "/api/webhooks").json(json!({ "url": "https://hooks.example/a" }));
    let made = desk.ask(new).await.must_be(201);
    assert_eq!(made["previousSecretUntil"], Value::Null);
    let path = format!("/api/webhooks/{}", made["id"].as_str().unwrap());
    let rotate = format!("{path}/secret");
    assert_eq!(desk.ask(Ask::new("POST", &rotate)).await.status, 401);
    assert_eq!(desk.ask(other.asks("POST", &rotate)).await.status, 404);

    let mut secrets = vec![made["secret"].as_str().unwrap().to_owned()];
    for who in [&host, &admin] {
        let before = Timestamp::now();
        let changed = desk.ask(who.asks("POST", &rotate)).await.must_be(200);
        let secret = changed["secret"].as_str().unwrap().to_owned();
        assert!(secret.len() >= 32 && !secrets.contains(&secret));
        assert_eq!((&changed["url"], &changed["id"]), (&made["url"], &made["id"]));
        let shown = desk.ask(host.asks("GET", &path)).await.must_be(200);
        assert!(shown.get("secret").is_none(), "shown once");
        assert_eq!(shown["previousSecretUntil"], changed["previousSecretUntil"]);
        let kept = desk.store.webhooks().load(made["id"].as_str().unwrap()).await.unwrap().unwrap();
        assert_eq!(kept.secret.expose(), secret);
        let retired = kept.retired.unwrap();
        assert_eq!(retired.secret.expose(), secrets.last().unwrap(), "the one before, and no older one");
        assert!(retired.until >= before.plus(OVERLAP) && retired.until <= Timestamp::now().plus(OVERLAP));
        secrets.push(secret);
    }
    let rotated = desk.audited().await.into_iter().filter(|action| action == "webhook.secret_rotated");
    assert_eq!(rotated.count(), 2);
    let past = Timestamp::now();
    let edit = |webhook: &mut store::Webhook| {
        webhook.retired = webhook.retired.take().map(|retired| store::Retired { until: past, ..retired });
    };
    desk.store.webhooks().update(made["id"].as_str().unwrap(), edit).await.unwrap();
    let shown = desk.ask(host.asks("GET", &path)).await.must_be(200);
    assert_eq!(shown["previousSecretUntil"], Value::Null, "its day is over");
}

async fn the_secret_of_the_settings_is_changed_there(database: Database) {
    let settings =
        [(Key::WebhookUrl, "https://hooks.example/b"), (Key::WebhookSecret, "a-shared-secret-of-two")];
    let desk = Desk::open(database, &settings).await;
    let secret = crate::logs::Redacted::new("a-shared-secret-of-two".to_owned());
    let address = url::Url::parse("https://hooks.example/b").unwrap();
    standing::stand(&desk.store, Some((&address, &secret))).await.unwrap();
    let admin = desk.admin().await;
    let refused = desk.ask(admin.asks("POST", format!("/api/webhooks/{}/secret", standing::ID))).await;
    assert!(refused.refused(409).contains("ONAIR_WEBHOOK_URL"));
}

on_both! {
    a_secret_is_changed_by_whose_webhook_it_is_and_the_former_one_is_kept_for_a_day
    the_secret_of_the_settings_is_changed_there
}
