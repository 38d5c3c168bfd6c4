//! Plans that come true, on both databases: with jobs done by a real runner, and a clock that the test winds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use room::Role;
use store::{Broadcast, Database, Follow, JobKind, JobState, Secret, Slice, Store, Timestamp, User};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::reminders::Reminding;
use super::{Extend, Herald, RemindAll, RemindSome, series};
use crate::both::{Home, on_both};
use crate::broadcasts::draft;
use crate::jobs::{Clock, Outcome, Runner};
use crate::live::key_file;
use crate::metrics::Metrics;

/// Keeps whom it told, by the key of each reminder, and how often.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<BTreeMap<String, u32>>>);

impl Herald for Book {
    async fn remind(&self, due: &[Reminding]) -> Vec<Outcome> {
        let mut book = self.0.lock().unwrap();
        let tell = |due: &Reminding| {
            *book
                .entry(format!("{} {} {}", due.broadcast.title, due.offset_seconds, due.user_id))
                .or_default() += 1;
            Outcome::Done
        };
        due.iter().map(tell).collect()
    }
}

/// Makes an account whose id is its name.
pub(crate) async fn account(store: &Store, name: &str) {
    let now = Timestamp::now();
    let user = User {
        id: name.into(),
        email: format!("{name}@example.org"),
        username: name.into(),
        display_name: name.into(),
        avatar_url: None,
        password_hash: None,
        role: Role::Host,
        must_change_password: false,
        suspended_at: None,
        suspended_reason: None,
        last_sign_in_at: None,
        created_at: now,
        updated_at: now,
    };
    store.users().insert(&user).await.unwrap();
}

/// A store, a clock that the test winds, and a runner at work.
struct Plans {
    store: Store,
    now: Arc<AtomicI64>,
    told: Book,
    begun: Timestamp,
    _home: Home,
}

impl Plans {
    async fn open(database: Database) -> Self {
        let home = Home::new(database);
        let begun = Timestamp::now();
        let now = Arc::new(AtomicI64::new(begun.as_millis()));
        Self { store: home.store().await, now, told: Book::default(), begun, _home: home }
    }

    fn clock(&self) -> Clock {
        let now = self.now.clone();
        Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)))
    }

    fn work(&self) -> (JoinHandle<()>, CancellationToken) {
        let (store, clock) = (self.store.clone(), self.clock());
        let herald = self.told.clone();
        let runner = Runner::new(store.clone(), &Metrics::new())
            .with(RemindAll { store: store.clone(), clock: clock.clone() })
            .with(RemindSome { store: store.clone(), herald, clock: clock.clone() })
            .with(Extend { store, clock: clock.clone() })
            .with_clock(clock, Duration::from_millis(5));
        let shutdown = CancellationToken::new();
        (tokio::spawn(runner.run(shutdown.clone())), shutdown)
    }

    fn after(&self, time: Duration) -> Timestamp {
        self.begun.plus(time)
    }

    fn is(&self, time: Duration) {
        self.now.store(self.after(time).as_millis(), Ordering::SeqCst);
    }

    async fn user(&self, name: &str) -> String {
        account(&self.store, name).await;
        name.to_owned()
    }

    async fn follows(&self, follower: &str, host: &str) {
        let follow = Follow {
            follower_id: follower.into(),
            followed_id: host.into(),
            created_at: self.begun,
            notify: true,
        };
        self.store.follows().put(&follow).await.unwrap();
    }

    async fn broadcast(&self, host: &str, title: &str, start: Duration, offsets: &[u32]) -> Broadcast {
        let id = store::id();
        let row = Broadcast {
            room_name: id.clone(),
            id,
            host_id: host.into(),
            title: title.into(),
            scheduled_start: Some(self.after(start)),
            reminder_offsets: offsets.to_vec(),
            stream_key: Secret::new("abcdefgh"),
            created_at: self.begun,
            ..draft::blank()
        };
        self.store.broadcasts().insert(&row).await.unwrap();
        row
    }

    /// Waits until nothing is due that anybody here does.
    async fn all_done(&self) {
        loop {
            let now = Timestamp::from_millis(self.now.load(Ordering::SeqCst));
            let standing = self.store.jobs().standing(now).await.unwrap();
            let done = [JobKind::Reminders, JobKind::Reminder, JobKind::Occurrences];
            if standing.iter().all(|of| !done.contains(&of.kind) || of.due == 0) {
                return;
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    fn told(&self) -> Vec<String> {
        let book = self.told.0.lock().unwrap();
        assert!(book.values().all(|times| *times == 1), "{book:?}");
        book.keys().cloned().collect()
    }
}

const HOUR: Duration = Duration::from_hours(1);

async fn followers_and_who_asked_are_reminded_once_each_at_their_times(database: Database) {
    let plans = Plans::open(database).await;
    let amy = plans.user("amy").await;
    for follower in ["bob", "eve", "kim"] {
        plans.user(follower).await;
        plans.follows(follower, &amy).await;
    }
    plans.user("sue").await;
    let news = plans.broadcast(&amy, "News", 10 * HOUR, &[3_600]).await;
    let reminders = plans.store.reminders();
    // Eve follows and chose for herself, Sue does not follow.
    reminders.put(&news.id, "eve", &[7_200], plans.begun).await.unwrap().unwrap();
    reminders.put(&news.id, "sue", &[3_600], plans.begun).await.unwrap().unwrap();
    let (_runner, _stop) = plans.work();
    plans.is(8 * HOUR);
    plans.all_done().await;
    assert_eq!(plans.told(), ["News 7200 eve"]);
    plans.is(9 * HOUR);
    plans.all_done().await;
    assert_eq!(plans.told(), ["News 3600 bob", "News 3600 kim", "News 3600 sue", "News 7200 eve"]);
    let sent = reminders.of(&news.id, "sue").await.unwrap();
    assert_eq!(sent[0].sent_at, Some(plans.after(9 * HOUR)));
}

async fn reminders_move_with_a_broadcast_and_go_with_one_that_is_called_off(database: Database) {
    let plans = Plans::open(database).await;
    let amy = plans.user("amy").await;
    plans.user("bob").await;
    plans.follows("bob", &amy).await;
    let moved = plans.broadcast(&amy, "Moved", 10 * HOUR, &[3_600]).await;
    let off = plans.broadcast(&amy, "Off", 10 * HOUR, &[3_600]).await;
    let later = plans.after(20 * HOUR);
    plans.store.broadcasts().update(&moved.id, |row| row.scheduled_start = Some(later)).await.unwrap();
    plans.store.broadcasts().update(&off.id, |row| row.status = store::Status::Cancelled).await.unwrap();
    let (_runner, _stop) = plans.work();
    plans.is(9 * HOUR);
    plans.all_done().await;
    assert_eq!(plans.told(), [""; 0]);
    plans.is(19 * HOUR);
    plans.all_done().await;
    assert_eq!(plans.told(), ["Moved 3600 bob"]);
    // Moved once more: what went out does not go out again.
    let latest = plans.after(30 * HOUR);
    plans.store.broadcasts().update(&moved.id, |row| row.scheduled_start = Some(latest)).await.unwrap();
    plans.is(29 * HOUR);
    plans.all_done().await;
    assert_eq!(plans.told().len(), 1);
}

async fn a_reminder_that_is_much_too_late_is_not_told(database: Database) {
    let plans = Plans::open(database).await;
    let amy = plans.user("amy").await;
    plans.user("bob").await;
    plans.follows("bob", &amy).await;
    plans.broadcast(&amy, "News", HOUR, &[60]).await;
    plans.broadcast(&amy, "Weather", 2 * HOUR, &[60]).await;
    plans.is(2 * HOUR);
    let (_runner, _stop) = plans.work();
    plans.all_done().await;
    assert_eq!(plans.told(), ["Weather 60 bob"]);
}

async fn a_series_goes_on_by_itself(database: Database) {
    let plans = Plans::open(database).await;
    let amy = plans.user("amy").await;
    let mut first = Broadcast {
        id: store::id(),
        room_name: "first".into(),
        host_id: amy,
        title: "Daily".into(),
        scheduled_start: Some(plans.after(HOUR)),
        timezone: Some("Africa/Cairo".into()),
        recurrence: Some("FREQ=DAILY".into()),
        stream_key: Secret::new("abcdefgh"),
        ..draft::blank()
    };
    let mut revision = series::begin(&mut first, plans.begun, &mut || key_file::make().ok()).unwrap();
    revision.made.insert(0, first.clone());
    plans.store.all_series().insert(&revision).await.unwrap();
    let id = first.series_id.unwrap();
    let count = async || plans.store.all_series().occurrences(&id, plans.begun, 200).await.unwrap().len();
    assert_eq!(count().await, 20);
    let (_runner, _stop) = plans.work();
    for days in 1..=3 {
        plans.is(Duration::from_hours(24 * days + 2));
        plans.all_done().await;
        // The job looks once a day, and first when the series is made.
        while count().await < 20 + days as usize {
            sleep(Duration::from_millis(2)).await;
        }
    }
    let jobs = plans.store.jobs();
    let waiting =
        jobs.list(Some(JobState::Waiting), Some(JobKind::Occurrences), &Slice::first(5)).await.unwrap();
    assert_eq!(waiting.total, 1);
}

on_both! {
    followers_and_who_asked_are_reminded_once_each_at_their_times
    reminders_move_with_a_broadcast_and_go_with_one_that_is_called_off
    a_reminder_that_is_much_too_late_is_not_told
    a_series_goes_on_by_itself
}
