use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use store::{Database, JobState, NewJob, Slice};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;
use crate::both::{Home, on_both};
use crate::jobs::Task;
use crate::postgres::Postgres;

const KIND: JobKind = JobKind::Reminder;
const START: i64 = 1_800_000_000_000;

/// A store with jobs, a clock that the test winds, and what was done so far.
struct Shop {
    home: Home,
    store: Store,
    now: Arc<AtomicI64>,
    done: Ledger,
}

/// How often each was tried, by key.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<BTreeMap<String, u32>>>, Arc<Notify>);

impl Ledger {
    fn note(&self, key: &str) {
        *self.0.lock().unwrap().entry(key.to_owned()).or_default() += 1;
        self.1.notify_waiters();
    }

    fn of(&self, key: &str) -> u32 {
        self.0.lock().unwrap().get(key).copied().unwrap_or(0)
    }
}

/// Does what each payload says.
struct Hand {
    done: Ledger,
    now: Arc<AtomicI64>,
}

impl Work for Hand {
    type Payload = String;
    const KIND: JobKind = KIND;
    const BATCH: u32 = 4;

    async fn run(&self, tasks: Vec<Task<String>>) -> Vec<Outcome> {
        let now = Timestamp::from_millis(self.now.load(Ordering::SeqCst));
        let mut outcomes = Vec::new();
        for task in tasks {
            self.done.note(&task.key);
            outcomes.push(match task.payload.as_str() {
                "fails" => Outcome::Retry("no".to_owned()),
                "is busy" => Outcome::RetryAt(now.plus(Duration::from_hours(1)), "busy".to_owned()),
                "is hopeless" => Outcome::Failed("never".to_owned()),
                "fails once" if task.attempt == 1 => Outcome::Retry("not yet".to_owned()),
                "repeats" => Outcome::Again(now.plus(Duration::from_mins(1))),
                "panics" => panic!("a job that panics"),
                "hangs" => std::future::pending().await,
                "is forgotten" => return outcomes,
                _ => Outcome::Done,
            });
        }
        outcomes
    }
}

impl Shop {
    async fn open(database: Database) -> Self {
        Self::at(Home::new(database)).await
    }

    async fn at(home: Home) -> Self {
        let store = home.store().await;
        Self { home, store, now: Arc::new(AtomicI64::new(START)), done: Ledger::default() }
    }

    async fn is_to(&self, key: &str, what: &str) {
        let due = Timestamp::from_millis(self.now.load(Ordering::SeqCst));
        assert_eq!(self.store.jobs().insert(&[NewJob::new(KIND, key, &what, due)]).await.unwrap(), 1);
    }

    fn work(&self) -> (JoinHandle<()>, CancellationToken) {
        self.work_over(&self.store, &Metrics::new())
    }

    async fn work_elsewhere(&self) -> (JoinHandle<()>, CancellationToken) {
        self.work_over(&self.home.store().await, &Metrics::new())
    }

    fn work_over(&self, store: &Store, metrics: &Metrics) -> (JoinHandle<()>, CancellationToken) {
        let now = self.now.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
        let hand = Hand { done: self.done.clone(), now: self.now.clone() };
        let runner =
            Runner::new(store.clone(), metrics).with(hand).with_clock(clock, Duration::from_millis(5));
        let shutdown = CancellationToken::new();
        (tokio::spawn(runner.run(shutdown.clone())), shutdown)
    }

    fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    async fn job(&self, key: &str) -> Job {
        let all = self.store.jobs().list(None, None, &Slice::first(100)).await.unwrap().items;
        all.into_iter().find(|job| job.key == key).unwrap()
    }

    /// Waits until a job is as it should be.
    async fn until(&self, key: &str, mut is: impl FnMut(&Job) -> bool) -> Job {
        loop {
            let found = self.job(key).await;
            if is(&found) {
                return found;
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until somebody has begun it.
    async fn begun(&self, key: &str) {
        while self.done.of(key) == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    }
}

fn is_done(job: &Job) -> bool {
    job.state == JobState::Done
}

fn is_failed(job: &Job) -> bool {
    job.state == JobState::Failed
}

async fn what_is_due_is_done_once_and_what_is_not_waits(database: Database) {
    let shop = Shop::open(database).await;
    for number in 0..10 {
        shop.is_to(&number.to_string(), "is done").await;
    }
    let later = Timestamp::from_millis(START + 60_000);
    shop.store.jobs().insert(&[NewJob::new(KIND, "later", &"is done", later)]).await.unwrap();
    let metrics = Metrics::new();
    let (runner, stop) = shop.work_over(&shop.store, &metrics);
    for number in 0..10 {
        shop.until(&number.to_string(), is_done).await;
    }
    assert_eq!(shop.job("later").await.attempts, 0);
    shop.pass(Duration::from_mins(1));
    shop.until("later", is_done).await;
    stop.cancel();
    runner.await.unwrap();
    assert!(shop.done.0.lock().unwrap().values().all(|times| *times == 1));
    assert_eq!((metrics.jobs.done.get(KIND), metrics.jobs.failures.get(KIND)), (11, 0));
}

async fn what_fails_is_tried_again_and_given_up_in_the_end(database: Database) {
    let shop = Shop::open(database).await;
    shop.is_to("once", "fails once").await;
    shop.is_to("always", "fails").await;
    shop.is_to("busy", "is busy").await;
    shop.is_to("hopeless", "is hopeless").await;
    let (_runner, _stop) = shop.work();
    let hopeless = shop.until("hopeless", is_failed).await;
    assert_eq!((hopeless.attempts, hopeless.last_error.as_deref()), (1, Some("never")));
    let tried = shop.until("once", |job| job.last_error.is_some()).await;
    let wait = tried.next_attempt_at.as_millis() - START;
    assert!((2_000..=2_500).contains(&wait), "{wait}");
    shop.pass(Duration::from_millis(2_500));
    assert_eq!(shop.until("once", is_done).await.attempts, 2);
    let busy = shop.until("busy", |job| job.last_error.is_some()).await;
    assert_eq!(busy.next_attempt_at.as_millis(), START + 3_600_000, "when it was told to come again");
    let given_up = loop {
        let tried = shop.until("always", |job| is_failed(job) || job.last_error.is_some()).await;
        if is_failed(&tried) {
            break tried;
        }
        shop.now.fetch_max(tried.next_attempt_at.as_millis(), Ordering::SeqCst);
        sleep(Duration::from_millis(2)).await;
    };
    assert_eq!((given_up.attempts, shop.done.of("always")), (backoff::ATTEMPTS, backoff::ATTEMPTS));
    let now = Timestamp::from_millis(shop.now.load(Ordering::SeqCst));
    shop.store.jobs().retry(&given_up.id, now).await.unwrap().unwrap();
    shop.until("always", |job| job.attempts == 1 && job.state == JobState::Waiting).await;
}

async fn what_repeats_is_done_again_at_its_time(database: Database) {
    let shop = Shop::open(database).await;
    shop.is_to("round", "repeats").await;
    let (_runner, _stop) = shop.work();
    for round in 1..=3 {
        let next = START + round * 60_000;
        let waiting = shop.until("round", |job| job.due_at.as_millis() == next).await;
        assert_eq!((waiting.state, waiting.attempts), (JobState::Waiting, 0));
        assert_eq!(i64::from(shop.done.of("round")), round);
        shop.pass(Duration::from_mins(1));
    }
}

async fn a_job_that_breaks_off_or_is_forgotten_or_cannot_be_read_harms_no_other(database: Database) {
    let shop = Shop::open(database).await;
    let unreadable = NewJob::new(KIND, "unreadable", &json!({}), Timestamp::from_millis(START));
    shop.store.jobs().insert(&[unreadable]).await.unwrap();
    shop.is_to("fine", "is done").await;
    shop.is_to("forgotten", "is forgotten").await;
    let (_runner, _stop) = shop.work();
    let unread = shop.until("unreadable", is_failed).await;
    assert!(unread.last_error.unwrap().starts_with("its payload cannot be read"));
    shop.until("fine", is_done).await;
    shop.until("forgotten", |job| job.last_error.as_deref() == Some("nothing was said of it")).await;
    shop.is_to("panic", "panics").await;
    shop.until("panic", |job| job.last_error.as_deref() == Some("it broke off")).await;
    shop.is_to("after it", "is done").await;
    shop.until("after it", is_done).await;
}

async fn what_a_dead_station_was_doing_another_one_does(database: Database) {
    let shop = Shop::open(database).await;
    shop.is_to("heavy", "hangs").await;
    let (dead, _) = shop.work_elsewhere().await;
    shop.begun("heavy").await;
    dead.abort();
    assert!(dead.await.unwrap_err().is_cancelled());
    let (_runner, _stop) = shop.work();
    shop.is_to("light", "is done").await;
    shop.until("light", is_done).await;
    assert_eq!(shop.done.of("heavy"), 1, "it waits");
    shop.pass(LEASE);
    shop.until("heavy", |job| job.attempts == 2).await;
}

async fn a_station_that_stops_leaves_what_it_was_doing_to_others(database: Database) {
    let shop = Shop::open(database).await;
    shop.is_to("heavy", "hangs").await;
    let (runner, stop) = shop.work();
    shop.begun("heavy").await;
    stop.cancel();
    runner.await.unwrap();
    let left = shop.job("heavy").await;
    assert_eq!((left.state, left.attempts, left.next_attempt_at.as_millis()), (JobState::Waiting, 0, START));
}

async fn two_stations_share_the_work_and_do_each_job_once(database: Database) {
    let shop = Shop::open(database).await;
    for number in 0..60 {
        shop.is_to(&number.to_string(), "is done").await;
    }
    let (one, stop_one) = shop.work();
    let (other, stop_other) = shop.work_elsewhere().await;
    for number in 0..60 {
        shop.until(&number.to_string(), is_done).await;
    }
    stop_one.cancel();
    stop_other.cancel();
    one.await.unwrap();
    other.await.unwrap();
    assert!(shop.done.0.lock().unwrap().values().all(|times| *times == 1));
}

#[tokio::test]
async fn with_the_database_away_for_a_while_nothing_is_lost_and_nothing_is_done_twice() {
    let server = Postgres::start_new();
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::at(Home { folder, database: server.database().parse().unwrap() }).await;
    for number in 0..80 {
        shop.is_to(&number.to_string(), "is done").await;
    }
    let (runner, stop) = shop.work();
    shop.begun("0").await;
    server.stop();
    for _ in 0..20 {
        assert!(shop.store.ping().await.unwrap_err().is_unavailable());
        sleep(Duration::from_millis(5)).await;
    }
    server.start();
    while let Err(error) = shop.store.ping().await {
        assert!(error.is_unavailable(), "{error}");
        sleep(Duration::from_millis(2)).await;
    }
    // What was taken when the answer was lost nobody does until the lease is over. What is done and not noted yet is
    // still in the one runner's hands.
    shop.pass(LEASE);
    for number in 0..80 {
        shop.until(&number.to_string(), is_done).await;
    }
    stop.cancel();
    runner.await.unwrap();
    assert!(shop.done.0.lock().unwrap().values().all(|times| *times == 1));
}

on_both! {
    what_is_due_is_done_once_and_what_is_not_waits
    what_fails_is_tried_again_and_given_up_in_the_end
    what_repeats_is_done_again_at_its_time
    a_job_that_breaks_off_or_is_forgotten_or_cannot_be_read_harms_no_other
    what_a_dead_station_was_doing_another_one_does
    a_station_that_stops_leaves_what_it_was_doing_to_others
    two_stations_share_the_work_and_do_each_job_once
}
