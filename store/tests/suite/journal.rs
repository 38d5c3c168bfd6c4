//! The journal: everything, once, in order, whatever happens in between.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use store::{
    Actor, AuditEntry, AuditFilter, DatabaseUrl, Entry, Journal, JournalFull, Secret, Slice, Status, Store,
    Timestamp, Webhook, id,
};

use crate::both::{self, Postgres};
use crate::made::{at, broadcast, host};
use crate::on_both;

fn live(broadcast_id: &str, run: &str, second: i64) -> Entry {
    Entry::BroadcastLive { broadcast_id: broadcast_id.to_owned(), run: run.to_owned(), at: at(second) }
}

fn ended(broadcast_id: &str, run: &str, second: i64) -> Entry {
    Entry::BroadcastEnded { broadcast_id: broadcast_id.to_owned(), run: run.to_owned(), at: at(second) }
}

fn joined(session: &str, broadcast_id: &str, user: Option<&str>) -> Entry {
    Entry::SessionJoined {
        session_id: session.to_owned(),
        broadcast_id: broadcast_id.to_owned(),
        user_id: user.map(str::to_owned),
        role: "listener".to_owned(),
        transport: "hls".to_owned(),
        at: at(1),
    }
}

fn noted(action: &str) -> Entry {
    Entry::Audit(AuditEntry {
        id: id(),
        at: Timestamp::now(),
        actor: Actor::System,
        action: action.to_owned(),
        subject: None,
        address: None,
        detail: json!({}),
    })
}

async fn audited(store: &Store) -> Vec<String> {
    let mut slice = Slice::first(200);
    let mut actions = Vec::new();
    loop {
        let page = store.audit().list(&AuditFilter::default(), &slice).await.unwrap();
        actions.extend(page.items.iter().map(|entry| entry.action.clone()));
        match slice.after(&page) {
            Some(next) => slice = next,
            None => return actions,
        }
    }
}

on_both! {
    async fn a_broadcast_goes_on_air_and_ends(store: Store) {
        let folder = tempfile::tempdir().unwrap();
        let ada = host(&store, "ada").await;
        let made = broadcast(&ada, "One");
        store.broadcasts().insert(&made).await.unwrap();
        let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();

        journal.append(live(&made.id, "r1", 1)).unwrap();
        let (first, second) = (id(), id());
        journal.append(joined(&first, &made.id, Some(&ada.id))).unwrap();
        journal.append(joined(&second, &made.id, Some("gone"))).unwrap();
        journal.append(joined(&id(), "no broadcast", None)).unwrap();
        journal.append(Entry::SessionLeft { session_id: first.clone(), at: at(5) }).unwrap();
        for listeners in [3, 7, 5] {
            journal.append(Entry::PeakListeners { broadcast_id: made.id.clone(), listeners }).unwrap();
        }
        journal.append_synced(noted("broadcast.started")).await.unwrap();
        journal.applied().await;
        let now = store.broadcasts().load(&made.id).await.unwrap().unwrap().broadcast;
        assert_eq!((now.status, now.started_at, now.run.as_deref()), (Status::Live, Some(at(1)), Some("r1")));
        assert_eq!(now.peak_listeners, 7);

        journal.append_synced(ended(&made.id, "an old run", 8)).await.unwrap();
        journal.append_synced(ended(&made.id, "r1", 9)).await.unwrap();
        journal.applied().await;
        let now = store.broadcasts().load(&made.id).await.unwrap().unwrap().broadcast;
        assert_eq!((now.status, now.ended_at), (Status::Ended, Some(at(9))));
        let sessions = store.sessions().list(&made.id, &Slice::first(10)).await.unwrap();
        assert_eq!(sessions.total, 2);
        let known = store.sessions().load(&first).await.unwrap().unwrap();
        assert_eq!((known.user_id, known.left_at), (Some(ada.id), Some(at(5))));
        let unknown = store.sessions().load(&second).await.unwrap().unwrap();
        assert_eq!(unknown.user_id, None, "who is gone is a guest");
        assert!(unknown.left_at.is_some(), "the end of a broadcast ends its sessions");
        assert_eq!(audited(&store).await, ["broadcast.started"]);
        assert_eq!(journal.backlog(), 0);
        keeper.finish().await;
    }

    async fn each_entry_is_applied_once_over_restarts(store: Store) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let hook = Webhook {
            retired: None,
            id: id(),
            owner_id: None,
            broadcast_id: None,
            url: "https://example.org".to_owned(),
            secret: Secret::new("s"),
            events: vec!["room_started".to_owned()],
            enabled: true,
            created_at: at(0),
            updated_at: at(0),
        };
        store.webhooks().insert(&hook).await.unwrap();
        for round in 1..=3 {
            let (journal, keeper) = Journal::open(&path, &store).unwrap();
            for event in ["room_started", "room_finished"] {
                let entry = Entry::WebhookEvent {
                    event: event.to_owned(),
                    broadcast_id: "b".to_owned(),
                    host_id: "h".to_owned(),
                    at: at(round),
                    body: format!("{{\"round\":{round}}}"),
                };
                journal.append(entry).unwrap();
            }
            keeper.finish().await;
        }
        let told = store.deliveries().list(&hook.id, None, &Slice::first(10)).await.unwrap();
        let told: Vec<_> = told.items.iter().map(|it| (it.sequence, it.body.as_str())).collect();
        assert_eq!(told, [(3, "{\"round\":3}"), (2, "{\"round\":2}"), (1, "{\"round\":1}")]);
    }

    async fn a_journal_that_is_applied_is_cut_and_counts_on(store: Store) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (journal, keeper) = Journal::open(&path, &store).unwrap();
        let long = "x".repeat(20_000);
        for number in 0..120 {
            journal.append(noted(&format!("{number}.{long}"))).unwrap();
        }
        journal.append_synced(noted("last")).await.unwrap();
        journal.applied().await;
        keeper.finish().await;
        assert_eq!(journal.append(noted("too late")), Err(JournalFull));
        let length = fs::metadata(&path).unwrap().len();
        assert!(length < 2_400_000, "{length} of 2,400,000 bytes are left");

        let (journal, keeper) = Journal::open(&path, &store).unwrap();
        journal.append(noted("after")).unwrap();
        keeper.finish().await;
        assert_eq!(audited(&store).await.len(), 122);
    }

    async fn an_entry_that_cannot_be_applied_does_not_hold_up_the_others(store: Store) {
        let folder = tempfile::tempdir().unwrap();
        let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();
        journal.append(noted("before")).unwrap();
        journal.append(noted("\0")).unwrap();
        journal.append_synced(noted("after")).await.unwrap();
        journal.applied().await;
        let actions = audited(&store).await;
        assert!(actions.contains(&"before".to_owned()) && actions.contains(&"after".to_owned()), "{actions:?}");
        keeper.finish().await;
    }
}

#[tokio::test]
async fn what_happens_while_the_database_is_away_is_written_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let server = Postgres::start_new();
    let url: DatabaseUrl = server.database().parse().unwrap();
    let store = Store::open(&url).unwrap();
    store.migrate_up().await.unwrap();
    let path = folder.path().join("journal");
    let (journal, keeper) = Journal::open(&path, &store).unwrap();
    journal.append_synced(noted("0")).await.unwrap();
    journal.applied().await;

    server.stop();
    for number in 1..=50 {
        journal.append_synced(noted(&number.to_string())).await.unwrap();
    }
    assert!(journal.backlog() > 0);
    // The station stops and starts while the database is away.
    keeper.finish().await;
    let (journal, keeper) = Journal::open(&path, &store).unwrap();
    journal.append_synced(noted("51")).await.unwrap();

    server.start();
    journal.applied().await;
    let mut numbers: Vec<u32> = Vec::new();
    for action in audited(&store).await {
        numbers.push(action.parse().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..=51).collect::<Vec<_>>());
    keeper.finish().await;
}

/// Not a test: what [`what_was_taken_survives_a_kill`] runs and kills.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "its parent reads how far it came")]
async fn child_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let nowhere = format!("postgres://me@localhost/none?host={folder}");
    let store = Store::open(&nowhere.parse().unwrap()).unwrap();
    let (journal, _keeper) = Journal::open(&Path::new(&folder).join("journal"), &store).unwrap();
    for number in 0.. {
        journal.append_synced(noted(&number.to_string())).await.unwrap();
        println!("taken {number}");
    }
}

const FOLDER: &str = "ONAIR_TEST_JOURNAL_FOLDER";

#[tokio::test]
async fn what_was_taken_survives_a_kill() {
    let (store, folder) = both::sqlite().await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::child_that_is_killed", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("taken 40") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the child ended");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let taken = rest.lines().filter_map(|line| line.strip_prefix("taken ")?.parse().ok()).max().unwrap_or(40);

    let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();
    journal.applied().await;
    let mut numbers: Vec<u32> = audited(&store).await.iter().map(|action| action.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.len() > taken as usize, "{} of {taken}", numbers.len());
    assert!(numbers.iter().copied().eq(0..numbers.len() as u32), "one is missing or doubled");
    keeper.finish().await;
}
