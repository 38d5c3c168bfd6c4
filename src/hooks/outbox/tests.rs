use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use store::{Database, Retired, Secret, Slice};
use tokio::task::JoinHandle;

use super::*;
use crate::both::{Home, on_both};
use crate::hooks::testing::{Manner, Receiver, hasty, nobody, patient};
use crate::postgres::Postgres;

const SECRET: &str = "a shared secret";
const START: i64 = 1_800_000_000_000;

/// A store with webhooks, and a clock that the test winds.
struct Post {
    store: Store,
    now: Arc<AtomicI64>,
    home: Home,
}

impl Post {
    async fn open(database: Database) -> Self {
        Self::at(Home::new(database)).await
    }

    async fn at(home: Home) -> Self {
        Self { store: home.store().await, now: Arc::new(AtomicI64::new(START)), home }
    }

    /// An outbox at work that looks for more all the time.
    fn work(&self, courier: Courier, reach: Reach) -> (JoinHandle<()>, CancellationToken) {
        self.work_over(&self.store, courier, reach)
    }

    /// The same at a station of its own, which shares nothing but the database.
    async fn work_elsewhere(&self) -> (JoinHandle<()>, CancellationToken) {
        self.work_over(&self.home.store().await, patient(), Reach::Anywhere)
    }

    fn work_over(
        &self,
        store: &Store,
        courier: Courier,
        reach: Reach,
    ) -> (JoinHandle<()>, CancellationToken) {
        let now = self.now.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
        let outbox = Outbox::new(store.clone(), courier, reach);
        let shutdown = CancellationToken::new();
        let outbox = outbox.with_clock(clock, Duration::from_millis(5)).run(shutdown.clone());
        (tokio::spawn(outbox), shutdown)
    }

    async fn webhook(&self, id: &str, url: &str) {
        let at = Timestamp::from_millis(START);
        let webhook = Webhook {
            id: id.to_owned(),
            owner_id: None,
            broadcast_id: None,
            url: url.to_owned(),
            secret: Secret::new(SECRET),
            retired: None,
            events: vec!["room_started".to_owned()],
            enabled: true,
            created_at: at,
            updated_at: at,
        };
        self.store.webhooks().insert(&webhook).await.unwrap();
    }

    async fn told(&self, webhook: &str, delivery: &str) {
        let at = Timestamp::from_millis(self.now.load(Ordering::SeqCst));
        let body = |_| json!({"run": delivery}).to_string();
        let deliveries = self.store.deliveries();
        deliveries.enqueue(delivery, webhook, "room_started", at, body).await.unwrap().unwrap();
    }

    fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Waits until a delivery is as it should be.
    async fn until(&self, delivery: &str, mut is: impl FnMut(&Delivery) -> bool) -> Delivery {
        loop {
            let found = self.store.deliveries().load(delivery).await.unwrap().unwrap();
            if is(&found) {
                return found;
            }
            sleep(Duration::from_millis(2)).await;
        }
    }
}

fn is_taken(delivery: &Delivery) -> bool {
    delivery.status == DeliveryStatus::Delivered
}

async fn a_receiver_is_told_in_order_by_signed_and_numbered_requests(database: Database) {
    let post = Post::open(database).await;
    let mut receiver = Receiver::open(Manner::Answers(204)).await;
    post.webhook("w", &receiver.url()).await;
    for delivery in ["one", "two", "three"] {
        post.told("w", delivery).await;
    }
    let (outbox, shutdown) = post.work(patient(), Reach::Anywhere);
    for (sequence, delivery) in [(1, "one"), (2, "two"), (3, "three")] {
        let came = receiver.next().await;
        assert!(came.is_signed(SECRET));
        assert_eq!(
            (came.header("x-onair-event"), came.header("x-onair-delivery")),
            ("room_started", delivery)
        );
        let expected = json!({
            "id": delivery, "event": "room_started", "sequence": sequence,
            "createdAt": "2027-01-15T08:00:00.000Z", "run": delivery,
        });
        assert_eq!(came.json(), expected);
        post.until(delivery, is_taken).await;
    }
    shutdown.cancel();
    outbox.await.unwrap();
}

async fn what_is_not_taken_is_tried_again_and_what_follows_waits_for_it(database: Database) {
    let post = Post::open(database).await;
    let mut receiver = Receiver::open(Manner::Answers(503)).await;
    post.webhook("w", &receiver.url()).await;
    post.told("w", "one").await;
    post.told("w", "two").await;
    let (_outbox, _shutdown) = post.work(patient(), Reach::Anywhere);
    assert_eq!(receiver.next().await.json()["id"], "one");
    let failed = post.until("one", |delivery| delivery.attempts == 1).await;
    assert_eq!((failed.status, failed.last_status), (DeliveryStatus::Pending, Some(503)));
    assert_eq!(failed.last_error.as_deref(), Some("the receiver answered 503 Service Unavailable"));
    let wait = failed.next_attempt_at.as_millis() - START;
    assert!((5_000..=6_000).contains(&wait), "{wait}");

    receiver.behave(Manner::Answers(200));
    post.pass(Duration::from_secs(6));
    assert_eq!(receiver.next().await.json()["id"], "one");
    assert_eq!(receiver.next().await.json()["id"], "two");
    let taken = post.until("one", is_taken).await;
    assert_eq!((taken.attempts, taken.last_status, taken.last_error), (2, None, None));
    assert_eq!(post.until("two", is_taken).await.attempts, 1);
}

async fn a_receiver_that_hangs_delays_nobody_else(database: Database) {
    let post = Post::open(database).await;
    let mut hanging = Receiver::open(Manner::Hangs).await;
    let mut brisk = Receiver::open(Manner::Answers(200)).await;
    post.webhook("hanging", &hanging.url()).await;
    post.webhook("brisk", &brisk.url()).await;
    post.told("hanging", "one").await;
    let (_outbox, _shutdown) = post.work(patient(), Reach::Anywhere);
    hanging.next().await;
    for delivery in ["two", "three"] {
        post.told("brisk", delivery).await;
        assert_eq!(brisk.next().await.json()["id"], delivery);
        post.until(delivery, is_taken).await;
    }
    assert_eq!(post.store.deliveries().load("one").await.unwrap().unwrap().attempts, 0);
}

async fn after_a_day_a_delivery_is_given_up_and_the_next_one_goes_out(database: Database) {
    let post = Post::open(database).await;
    post.webhook("w", &nobody().await).await;
    post.told("w", "one").await;
    let (_outbox, _shutdown) = post.work(hasty(), Reach::Anywhere);
    let mut attempts = 0;
    let given_up = loop {
        let tried = post.until("one", |delivery| delivery.attempts > attempts).await;
        attempts = tried.attempts;
        if tried.status != DeliveryStatus::Pending {
            break tried;
        }
        post.now.store(tried.next_attempt_at.as_millis(), Ordering::SeqCst);
    };
    assert_eq!((given_up.status, given_up.last_status), (DeliveryStatus::Failed, None));
    let age = post.now.load(Ordering::SeqCst) - START;
    assert_eq!(age, i64::try_from(backoff::PATIENCE.as_millis()).unwrap());
    let mut receiver = Receiver::open(Manner::Answers(200)).await;
    let url = receiver.url();
    post.store.webhooks().update("w", |webhook| webhook.url = url).await.unwrap().unwrap();
    post.told("w", "two").await;
    assert_eq!(receiver.next().await.json()["sequence"], 2);

    let replayed = post.store.deliveries().replay("one", Timestamp::from_millis(START + age)).await;
    assert!(replayed.unwrap().is_some());
    let again = receiver.next().await.json();
    assert_eq!((&again["id"], &again["sequence"]), (&"one".into(), &1.into()));
    post.until("one", is_taken).await;
}

async fn what_was_under_way_when_the_station_stopped_is_brought_again(database: Database) {
    let post = Post::open(database).await;
    let mut receiver = Receiver::open(Manner::Hangs).await;
    post.webhook("w", &receiver.url()).await;
    post.told("w", "one").await;
    let (outbox, shutdown) = post.work(patient(), Reach::Anywhere);
    let first = receiver.next().await;
    shutdown.cancel();
    outbox.await.unwrap();
    receiver.behave(Manner::Answers(200));
    let (_outbox, _shutdown) = post.work(patient(), Reach::Anywhere);
    let second = receiver.next().await;
    assert_eq!(first.body, second.body);
    assert!(post.until("one", is_taken).await.last_error.is_none());
}

async fn only_the_webhook_of_the_settings_reaches_machines_nearby(database: Database) {
    let post = Post::open(database).await;
    let mut receiver = Receiver::open(Manner::Answers(200)).await;
    post.webhook("w", &receiver.url()).await;
    post.told("w", "one").await;
    let address = url::Url::parse(&receiver.url()).unwrap();
    let secret = Redacted::new(SECRET.to_owned());
    standing::stand(&post.store, Some((&address, &secret))).await.unwrap();
    let (_outbox, _shutdown) = post.work(patient(), Reach::Public);
    let refused = post.until("one", |delivery| delivery.attempts == 1).await;
    assert!(refused.last_error.unwrap().contains("not of the public internet"));
    post.told(standing::ID, "two").await;
    assert_eq!(receiver.next().await.json()["id"], "two");

    standing::stand(&post.store, None).await.unwrap();
    let known = post.store.webhooks().list(None, &Slice::first(10)).await.unwrap();
    let enabled: Vec<_> = known.items.iter().map(|webhook| (&*webhook.id, webhook.enabled)).collect();
    assert!(enabled.contains(&(standing::ID, false)) && enabled.contains(&("w", true)), "{enabled:?}");
}

async fn what_is_older_than_thirty_days_is_removed(database: Database) {
    let post = Post::open(database).await;
    let mut receiver = Receiver::open(Manner::Answers(200)).await;
    post.webhook("w", &receiver.url()).await;
    post.told("w", "one").await;
    let (_outbox, _shutdown) = post.work(patient(), Reach::Anywhere);
    receiver.next().await;
    post.until("one", is_taken).await;
    post.pass(KEPT + Duration::from_secs(1));
    while post.store.deliveries().load("one").await.unwrap().is_some() {
        sleep(Duration::from_millis(2)).await;
    }
}

async fn two_stations_on_one_database_bring_each_delivery_once(database: Database) {
    let post = Post::open(database).await;
    let mut receivers = Vec::new();
    for webhook in ["a", "b", "c"] {
        let receiver = Receiver::open(Manner::Answers(204)).await;
        post.webhook(webhook, &receiver.url()).await;
        for number in 0..15 {
            post.told(webhook, &format!("{webhook}{number}")).await;
        }
        receivers.push((webhook, receiver));
    }
    let (one, stop_one) = post.work(patient(), Reach::Anywhere);
    let (other, stop_other) = post.work_elsewhere().await;
    for (webhook, receiver) in &mut receivers {
        for number in 0..15 {
            assert_eq!(receiver.next().await.json()["id"], format!("{webhook}{number}"));
        }
    }
    for (webhook, _) in &receivers {
        assert_eq!(post.until(&format!("{webhook}14"), is_taken).await.attempts, 1);
    }
    stop_one.cancel();
    stop_other.cancel();
    one.await.unwrap();
    other.await.unwrap();
    assert!(receivers.iter_mut().all(|(_, receiver)| receiver.is_quiet()), "nothing came twice");
}

async fn what_a_dead_station_was_bringing_another_one_brings(database: Database) {
    let post = Post::open(database).await;
    let mut receiver = Receiver::open(Manner::Hangs).await;
    post.webhook("w", &receiver.url()).await;
    post.told("w", "one").await;
    let (dead, _) = post.work_elsewhere().await;
    receiver.next().await;
    dead.abort();
    assert!(dead.await.unwrap_err().is_cancelled());
    receiver.behave(Manner::Answers(204));
    post.webhook("v", &receiver.url()).await;
    post.told("v", "two").await;
    let (_outbox, _shutdown) = post.work(patient(), Reach::Anywhere);
    assert_eq!(receiver.next().await.json()["id"], "two");
    post.until("two", is_taken).await;
    assert_eq!(post.store.deliveries().load("one").await.unwrap().unwrap().attempts, 0, "it waits");
    post.pass(LEASE);
    assert_eq!(receiver.next().await.json()["id"], "one");
    assert_eq!(post.until("one", is_taken).await.attempts, 1);
}

async fn for_a_day_after_a_new_secret_requests_are_signed_with_the_former_one_too(database: Database) {
    let post = Post::open(database).await;
    let mut receiver = Receiver::open(Manner::Answers(204)).await;
    post.webhook("w", &receiver.url()).await;
    let until = Timestamp::from_millis(START).plus(Duration::from_hours(24));
    let edit = |webhook: &mut Webhook| {
        let secret = std::mem::replace(&mut webhook.secret, Secret::new("a newer secret"));
        webhook.retired = Some(Retired { secret, until });
    };
    post.store.webhooks().update("w", edit).await.unwrap().unwrap();
    let (_outbox, _shutdown) = post.work(patient(), Reach::Anywhere);
    post.told("w", "one").await;
    let came = receiver.next().await;
    assert!(came.is_signed(SECRET) && came.is_signed("a newer secret") && !came.is_signed("another"));
    post.until("one", is_taken).await;
    post.pass(Duration::from_hours(24));
    post.told("w", "two").await;
    let came = receiver.next().await;
    assert!(!came.is_signed(SECRET) && came.is_signed("a newer secret"));
}

#[tokio::test]
async fn with_the_database_away_for_a_while_nothing_is_lost_and_nothing_comes_twice() {
    const ALL: usize = 40;
    let server = Postgres::start_new();
    let folder = tempfile::tempdir().unwrap();
    let post = Post::at(Home { folder, database: server.database().parse().unwrap() }).await;
    let mut receiver = Receiver::open(Manner::Answers(204)).await;
    post.webhook("w", &receiver.url()).await;
    for number in 0..ALL {
        post.told("w", &number.to_string()).await;
    }
    let (one, stop_one) = post.work(patient(), Reach::Anywhere);
    let (other, stop_other) = post.work_elsewhere().await;
    // The clock stands still: nobody's lease ends, and what is not noted waits for its note.
    for number in 0..ALL / 4 {
        assert_eq!(receiver.next().await.json()["id"], number.to_string());
    }
    server.stop();
    // Long enough for both stations to find out.
    for _ in 0..20 {
        assert!(post.store.ping().await.unwrap_err().is_unavailable());
        sleep(Duration::from_millis(5)).await;
    }
    server.start();
    for number in ALL / 4..ALL {
        assert_eq!(receiver.next().await.json()["id"], number.to_string());
    }
    while let Err(error) = post.store.ping().await {
        assert!(error.is_unavailable(), "{error}");
        sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(post.until(&(ALL - 1).to_string(), is_taken).await.attempts, 1);
    let noted = post.store.deliveries().list("w", Some(DeliveryStatus::Delivered), &Slice::first(100)).await;
    let noted = noted.unwrap();
    assert_eq!(noted.items.len(), ALL);
    assert!(noted.items.iter().all(|delivery| delivery.attempts == 1), "{noted:?}");
    stop_one.cancel();
    stop_other.cancel();
    one.await.unwrap();
    other.await.unwrap();
    assert!(receiver.is_quiet(), "nothing came twice");
}

on_both! {
    a_receiver_is_told_in_order_by_signed_and_numbered_requests
    what_is_not_taken_is_tried_again_and_what_follows_waits_for_it
    a_receiver_that_hangs_delays_nobody_else
    after_a_day_a_delivery_is_given_up_and_the_next_one_goes_out
    what_was_under_way_when_the_station_stopped_is_brought_again
    only_the_webhook_of_the_settings_reaches_machines_nearby
    what_is_older_than_thirty_days_is_removed
    two_stations_on_one_database_bring_each_delivery_once
    what_a_dead_station_was_bringing_another_one_brings
    for_a_day_after_a_new_secret_requests_are_signed_with_the_former_one_too
}
