//! Webhooks and their deliveries.

use store::{Attempt, DeliveryStatus, Secret, Slice, Store, Webhook, id};

use crate::made::{at, host};
use crate::on_both;

fn webhook() -> Webhook {
    Webhook {
        id: id(),
        owner_id: None,
        broadcast_id: None,
        url: "https://example.org/hook".to_owned(),
        secret: Secret::new("whsec"),
        events: vec!["room_started".to_owned()],
        enabled: true,
        created_at: at(0),
        updated_at: at(0),
    }
}

async fn enqueue(store: &Store, webhook: &Webhook, second: i64) -> String {
    let body = |number| format!("{{\"sequence\":{number}}}");
    let made = store.deliveries().enqueue(&id(), &webhook.id, "room_started", at(second), body).await;
    made.unwrap().unwrap().id
}

const fn attempt(status: DeliveryStatus, second: i64, next: i64) -> Attempt {
    Attempt { status, answer: Some(500), error: None, at: at(second), next_attempt_at: at(next) }
}

on_both! {
    async fn a_webhook_is_changed_and_keeps_its_count(store: Store) {
        let mut hook = webhook();
        hook.owner_id = Some(host(&store, "ada").await.id);
        store.webhooks().insert(&hook).await.unwrap();
        enqueue(&store, &hook, 1).await;
        let changed = store.webhooks().update(&hook.id, |it| it.enabled = false).await.unwrap().unwrap();
        assert!(!changed.enabled);
        let loaded = store.webhooks().load(&hook.id).await.unwrap().unwrap();
        assert_eq!((loaded.secret.expose(), loaded.events.len(), loaded.enabled), ("whsec", 1, false));
        assert_eq!(store.webhooks().list(hook.owner_id.as_deref(), &Slice::first(5)).await.unwrap().total, 1);
        assert_eq!(store.webhooks().list(Some("other"), &Slice::first(5)).await.unwrap().total, 0);
        enqueue(&store, &hook, 2).await;
        let page = store.deliveries().list(&hook.id, None, &Slice::first(5)).await.unwrap();
        assert_eq!(page.items.iter().map(|it| it.sequence).collect::<Vec<_>>(), [2, 1]);
        assert!(store.webhooks().delete(&hook.id).await.unwrap());
        assert!(store.deliveries().load(&page.items[0].id).await.unwrap().is_none());
    }

    async fn deliveries_keep_their_order(store: Store) {
        let (one, other) = (webhook(), webhook());
        store.webhooks().insert(&one).await.unwrap();
        store.webhooks().insert(&other).await.unwrap();
        let first = enqueue(&store, &one, 1).await;
        let second = enqueue(&store, &one, 2).await;
        let elsewhere = enqueue(&store, &other, 3).await;
        let deliveries = store.deliveries();
        let due = async |second| -> Vec<String> {
            deliveries.due(at(second), 10).await.unwrap().into_iter().map(|it| it.id).collect()
        };
        assert_eq!(due(0).await, Vec::<String>::new());
        assert_eq!(due(9).await, [first.clone(), elsewhere.clone()]);
        assert_eq!(deliveries.next_due().await.unwrap(), Some(at(1)));

        assert!(deliveries.note(&first, &attempt(DeliveryStatus::Pending, 9, 20)).await.unwrap());
        assert_eq!(due(10).await, std::slice::from_ref(&elsewhere), "the second waits for the first");
        assert_eq!(due(20).await, [elsewhere.clone(), first.clone()]);
        assert!(deliveries.note(&first, &attempt(DeliveryStatus::Delivered, 20, 20)).await.unwrap());
        assert!(!deliveries.note(&first, &attempt(DeliveryStatus::Failed, 21, 21)).await.unwrap());
        assert_eq!(due(21).await, [second.clone(), elsewhere.clone()]);
        let done = deliveries.load(&first).await.unwrap().unwrap();
        assert_eq!((done.attempts, done.delivered_at, done.last_status), (2, Some(at(20)), Some(500)));

        store.webhooks().update(&other.id, |it| it.enabled = false).await.unwrap();
        assert_eq!(due(21).await, std::slice::from_ref(&second), "who is switched off is told nothing");
        deliveries.replay(&first, at(30)).await.unwrap().unwrap();
        assert_eq!(due(40).await, std::slice::from_ref(&first));
        deliveries.note(&first, &attempt(DeliveryStatus::Delivered, 40, 40)).await.unwrap();
        assert_eq!(deliveries.delete_before(at(2)).await.unwrap(), 1);
        let left = deliveries.list(&one.id, Some(DeliveryStatus::Pending), &Slice::first(5)).await.unwrap();
        assert_eq!(left.items.iter().map(|it| &it.id).collect::<Vec<_>>(), [&second]);
    }

    async fn an_event_is_enqueued_once(store: Store) {
        let hook = webhook();
        store.webhooks().insert(&hook).await.unwrap();
        let deliveries = store.deliveries();
        let name = id();
        let first = deliveries.enqueue(&name, &hook.id, "room_started", at(1), |_| "a".to_owned()).await;
        let again = deliveries.enqueue(&name, &hook.id, "room_started", at(2), |_| "b".to_owned()).await;
        assert_eq!(first.unwrap(), again.unwrap());
        let next = deliveries.enqueue(&id(), &hook.id, "room_started", at(3), |_| "c".to_owned()).await;
        assert_eq!(next.unwrap().unwrap().sequence, 2, "no number is left out");
        let none = deliveries.enqueue(&id(), "none", "room_started", at(3), |_| "d".to_owned()).await;
        assert_eq!(none.unwrap(), None);
    }
}
