//! A station that is killed while it reminds people loses nobody and reminds nobody twice. Real processes, and SIGKILL.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use store::{Database, DatabaseUrl, JobKind, ReminderCall, Store, Timestamp};
use tokio_util::sync::CancellationToken;

use super::reminders::Reminding;
use super::{Herald, RemindSome};
use crate::both::{Home, on_both};
use crate::broadcasts::draft;
use crate::jobs::{Clock, Outcome, Runner};
use crate::metrics::Metrics;

/// How often it dies.
const DEATHS: u32 = 10;
/// How many are to be reminded: many batches.
const PEOPLE: usize = 4_000;
/// Longer than a station has what it took to itself.
const LEASE: Duration = Duration::from_mins(3);

const FOLDER: &str = "ONAIR_TEST_FOLDER";
const DATABASE: &str = "ONAIR_TEST_DATABASE";
/// How much later it is than the clock says, in seconds.
const LATER: &str = "ONAIR_TEST_LATER";

/// A channel that lets us know: what it has told it knows by its key. A file for each, which is made once.
struct Files(PathBuf);

impl Herald for Files {
    async fn remind(&self, due: &[Reminding]) -> Vec<Outcome> {
        let tell = |due: &Reminding| {
            let file = self.0.join(due.key.replace('/', "-"));
            let word = if OpenOptions::new().write(true).create_new(true).open(file).is_ok() {
                "told"
            } else {
                "again"
            };
            writeln!(stdout(), "{word} {}", due.user_id).unwrap();
            Outcome::Done
        };
        due.iter().map(tell).collect()
    }
}

fn runner(store: &Store, folder: &Path, later: Duration) -> Runner {
    let clock: Clock = Arc::new(move || Timestamp::now().plus(later));
    let herald = Files(folder.to_owned());
    let work = RemindSome { store: store.clone(), herald, clock: clock.clone() };
    Runner::new(store.clone(), &Metrics::new()).with(work).with_clock(clock, Duration::from_millis(5))
}

/// The process that dies.
#[tokio::test]
#[ignore = "started by the tests below, as a process of its own"]
async fn station() {
    let told = |name| std::env::var(name).expect("the other test says it");
    let store = Store::open(&told(DATABASE).parse().unwrap()).unwrap();
    let later = Duration::from_secs(told(LATER).parse().unwrap());
    runner(&store, Path::new(&told(FOLDER)), later).run(CancellationToken::new()).await;
}

/// What a station says until it has told `enough` people, and is killed, and what it still said then.
fn live_and_die(database: &DatabaseUrl, folder: &Path, later: Duration, enough: usize) -> Vec<String> {
    let mut station = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "schedule::kills::station", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(DATABASE, database.expose())
        .env(LATER, later.as_secs().to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(station.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    let mut lines = lines.filter(|line| line.starts_with("told ") || line.starts_with("again "));
    said.extend(lines.by_ref().take(enough));
    station.kill().unwrap();
    station.wait().unwrap();
    // The last line may be half of one.
    said.extend(lines);
    said
}

async fn ten_deaths_lose_nobody_and_remind_nobody_twice(database: Database) {
    let home = Home::new(database);
    let (store, folder) = (home.store().await, tempfile::tempdir().unwrap());
    crate::schedule::tests::account(&store, "amy").await;
    let start = Timestamp::now().plus(Duration::from_hours(5));
    let row = store::Broadcast {
        id: "news".into(),
        room_name: "news".into(),
        host_id: "amy".into(),
        scheduled_start: Some(start),
        stream_key: store::Secret::new("abcdefgh"),
        ..draft::blank()
    };
    store.broadcasts().insert(&row).await.unwrap();
    let call = |number: usize| {
        let user_id = format!("user{number}");
        ReminderCall { broadcast_id: "news".into(), user_id, offset_seconds: 60 }.job(Timestamp::now())
    };
    store.jobs().insert(&(0..PEOPLE).map(call).collect::<Vec<_>>()).await.unwrap();

    let (mut told, mut again) = (Vec::new(), 0);
    for death in 0..DEATHS {
        // In the middle of a batch of five hundred, each time elsewhere.
        let enough = 100 + 37 * death as usize;
        let said = live_and_die(&home.database, folder.path(), LEASE * death, enough);
        again += said.iter().filter(|line| line.starts_with("again ")).count();
        told.extend(said.into_iter().filter(|line| line.starts_with("told ")));
    }
    assert!(told.len() < PEOPLE, "it died before it was done");
    let shutdown = CancellationToken::new();
    let last = tokio::spawn(runner(&store, folder.path(), LEASE * DEATHS).run(shutdown.clone()));
    let now = || Timestamp::now().plus(LEASE * DEATHS);
    let due = async || {
        let standing = store.jobs().standing(now()).await.unwrap();
        standing.iter().find(|of| of.kind == JobKind::Reminder).map_or(0, |of| of.due)
    };
    while due().await > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shutdown.cancel();
    last.await.unwrap();
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, PEOPLE, "nobody was lost");
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "nobody was told twice");
    assert!(again > 0, "what a dead station had done without a note was asked for again");
}

on_both! {
    ten_deaths_lose_nobody_and_remind_nobody_twice
}
