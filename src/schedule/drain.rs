//! How fast reminders go out. By hand, on one core:
//!
//! ```sh
//! taskset -c 0 cargo test --lib schedule::drain -- --ignored --nocapture
//! ```

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use store::{Database, JobKind, ReminderCall, Timestamp};
use tokio_util::sync::CancellationToken;

use super::reminders::Reminding;
use super::{Herald, RemindSome};
use crate::both::Home;
use crate::broadcasts::draft;
use crate::jobs::{Outcome, Runner};
use crate::metrics::Metrics;

/// As many as are due in one minute.
const PEOPLE: usize = 100_000;

/// Counts, and leaves the work of telling to others.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Herald for Counter {
    async fn remind(&self, due: &[Reminding]) -> Vec<Outcome> {
        self.0.fetch_add(due.len(), Ordering::SeqCst);
        vec![Outcome::Done; due.len()]
    }
}

async fn drain(database: Database) {
    let home = Home::new(database);
    let store = home.store().await;
    crate::schedule::tests::account(&store, "amy").await;
    let row = store::Broadcast {
        id: "news".into(),
        room_name: "news".into(),
        host_id: "amy".into(),
        scheduled_start: Some(Timestamp::now().plus(Duration::from_hours(1))),
        stream_key: store::Secret::new("abcdefgh"),
        ..draft::blank()
    };
    store.broadcasts().insert(&row).await.unwrap();
    let call = |number: usize| {
        let user_id = format!("0199aaaa-0000-7000-8000-{number:012}");
        ReminderCall { broadcast_id: "news".into(), user_id, offset_seconds: 60 }.job(Timestamp::now())
    };
    let jobs: Vec<_> = (0..PEOPLE).map(call).collect();
    let making = Instant::now();
    for some in jobs.chunks(500) {
        store.jobs().insert(some).await.unwrap();
    }
    let made = making.elapsed();
    let (told, metrics, shutdown) = (Counter::default(), Metrics::new(), CancellationToken::new());
    let clock: crate::jobs::Clock = Arc::new(Timestamp::now);
    let work = RemindSome { store: store.clone(), herald: told.clone(), clock };
    let telling = Instant::now();
    let runner = tokio::spawn(Runner::new(store.clone(), &metrics).with(work).run(shutdown.clone()));
    while metrics.jobs.done.get(JobKind::Reminder) < PEOPLE as u64 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = telling.elapsed();
    shutdown.cancel();
    runner.await.unwrap();
    assert_eq!(told.0.load(Ordering::SeqCst), PEOPLE);
    writeln!(std::io::stdout(), "{database:?}: {PEOPLE} made in {made:.1?}, told in {took:.1?}").unwrap();
}

#[tokio::test]
#[ignore = "a measurement"]
async fn a_hundred_thousand_on_sqlite() {
    drain(Database::Sqlite).await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn a_hundred_thousand_on_postgres() {
    drain(Database::Postgres).await;
}
