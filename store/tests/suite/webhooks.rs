//! Webhooks and their deliveries.

use store::{Attempt, Delivery, DeliveryStatus, Retired, Secret, Slice, Store, Webhook, id};

use crate::made::{at, host};
use crate::on_both;

fn webhook() -> Webhook {
    Webhook {
        id: id(),
        owner_id: None,
        broadcast_id: None,
        url: "https://example.org/hook".to_owned(),
        secret: Secret::new("whsec"),
        retired: None,
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
            deliveries.due("one", at(second), 10).await.unwrap().into_iter().map(|it| it.id).collect()
        };
        let brought = async |id: &str, attempt: Attempt| {
            let delivery = deliveries.load(id).await.unwrap().unwrap();
            let until = at(attempt.at.as_millis() / 1_000 + 60);
            deliveries.claim(&delivery, "one", attempt.at, until).await.unwrap()
                && deliveries.note(id, "one", &attempt).await.unwrap()
        };
        assert_eq!(due(0).await, Vec::<String>::new());
        assert_eq!(due(9).await, [first.clone(), elsewhere.clone()]);

        assert!(brought(&first, attempt(DeliveryStatus::Pending, 9, 20)).await);
        assert_eq!(due(10).await, std::slice::from_ref(&elsewhere), "the second waits for the first");
        assert_eq!(due(20).await, [elsewhere.clone(), first.clone()]);
        assert!(brought(&first, attempt(DeliveryStatus::Delivered, 20, 20)).await);
        assert!(!brought(&first, attempt(DeliveryStatus::Failed, 21, 21)).await);
        assert_eq!(due(21).await, [second.clone(), elsewhere.clone()]);
        let done = deliveries.load(&first).await.unwrap().unwrap();
        assert_eq!((done.attempts, done.delivered_at, done.last_status), (2, Some(at(20)), Some(500)));

        store.webhooks().update(&other.id, |it| it.enabled = false).await.unwrap();
        assert_eq!(due(21).await, std::slice::from_ref(&second), "who is switched off is told nothing");
        deliveries.replay(&first, at(30)).await.unwrap().unwrap();
        assert_eq!(due(40).await, std::slice::from_ref(&first));
        assert!(brought(&first, attempt(DeliveryStatus::Delivered, 40, 40)).await);
        assert_eq!(deliveries.delete_before(at(2)).await.unwrap(), 1);
        let left = deliveries.list(&one.id, Some(DeliveryStatus::Pending), &Slice::first(5)).await.unwrap();
        assert_eq!(left.items.iter().map(|it| &it.id).collect::<Vec<_>>(), [&second]);
    }

    async fn a_delivery_is_one_stations_until_it_is_brought_or_the_station_is_given_up(store: Store) {
        let hook = webhook();
        store.webhooks().insert(&hook).await.unwrap();
        enqueue(&store, &hook, 1).await;
        let deliveries = store.deliveries();
        let due = async |station: &str, second| deliveries.due(station, at(second), 10).await.unwrap().pop();
        let claim = async |delivery: &Delivery, station: &str, second| {
            deliveries.claim(delivery, station, at(second), at(second + 60)).await.unwrap()
        };
        let first = due("one", 5).await.unwrap();
        assert_eq!(due("two", 5).await.as_ref(), Some(&first), "nobody has claimed it");
        assert!(claim(&first, "one", 5).await);
        assert!(!claim(&first, "two", 5).await, "it saw it too, and was slower");
        assert_eq!(due("two", 64).await, None);
        assert!(due("one", 64).await.is_some() && claim(&first, "one", 6).await, "its own is not lost to it");

        // The first one is away for longer than it may be; the second one takes over and fails.
        assert!(claim(&due("two", 66).await.unwrap(), "two", 66).await);
        assert!(!deliveries.note(&first.id, "one", &attempt(DeliveryStatus::Pending, 67, 99)).await.unwrap());
        assert!(deliveries.note(&first.id, "two", &attempt(DeliveryStatus::Pending, 68, 70)).await.unwrap());
        assert!(!claim(&first, "one", 70).await, "it is not as it was then");
        let waiting = deliveries.load(&first.id).await.unwrap().unwrap();
        assert!(!claim(&waiting, "one", 69).await, "its time has not come");
        let again = due("one", 70).await.unwrap();
        assert_eq!(again.attempts, 1);
        assert!(claim(&again, "one", 70).await);
        assert_eq!(deliveries.release("two").await.unwrap(), 0);
        assert_eq!(deliveries.release("one").await.unwrap(), 1);
        assert!(claim(&due("two", 71).await.unwrap(), "two", 71).await);
        // It had been taken, and only the note was late.
        assert!(deliveries.note(&first.id, "one", &attempt(DeliveryStatus::Delivered, 72, 72)).await.unwrap());
        assert!(!deliveries.note(&first.id, "two", &attempt(DeliveryStatus::Delivered, 73, 73)).await.unwrap());
        let brought = deliveries.load(&first.id).await.unwrap().unwrap();
        assert!(!claim(&brought, "two", 99).await, "it was brought");
    }

    async fn two_stations_never_claim_the_same(store: Store) {
        let hook = webhook();
        store.webhooks().insert(&hook).await.unwrap();
        enqueue(&store, &hook, 1).await;
        let first = store.deliveries().due("one", at(5), 1).await.unwrap().remove(0);
        let tries: Vec<_> = ["one", "two", "three", "four"]
            .map(|station| {
                let (store, first) = (store.clone(), first.clone());
                tokio::spawn(async move { store.deliveries().claim(&first, station, at(5), at(60)).await })
            })
            .into_iter()
            .collect();
        let mut taken = 0;
        for each in tries {
            taken += u32::from(each.await.unwrap().unwrap());
        }
        assert_eq!(taken, 1);
    }

    async fn a_former_secret_is_kept_with_its_end(store: Store) {
        let hook = webhook();
        store.webhooks().insert(&hook).await.unwrap();
        let edit = |it: &mut Webhook| {
            let secret = std::mem::replace(&mut it.secret, Secret::new("new"));
            it.retired = Some(Retired { secret, until: at(9) });
        };
        store.webhooks().update(&hook.id, edit).await.unwrap().unwrap();
        let loaded = store.webhooks().load(&hook.id).await.unwrap().unwrap();
        let retired = loaded.retired.unwrap();
        let kept = (loaded.secret.expose(), retired.secret.expose(), retired.until);
        assert_eq!(kept, ("new", "whsec", at(9)));
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
