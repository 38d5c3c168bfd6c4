//! Writes down what the hall tells and who listens. Into a file first, so that nothing waits for the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use media::MediaTime;
use packager::WallClock;
use serde_json::json;
use store::{Actor, AuditEntry, Entry, Journal, JournalFull, RecordingFacts, Subject, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, warn};

use crate::hooks::event::Event;
use crate::hooks::news;
use crate::live::clock::wall_clock;
use crate::live::presence::{News, Step};
use crate::live::{Happening, Presence};
use crate::recordings::RecordingNote;

/// How often it is written down who came to listen and who left.
const ROUND: Duration = Duration::from_secs(10);

/// Writes until the hall is closed and everything that it told is written.
pub async fn run(journal: Journal, presence: Arc<Presence>, mut happened: mpsc::Receiver<Happening>) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            happening = happened.recv() => match happening {
                Some(happening) => note(&journal, &presence, &happening),
                None => break,
            },
            _ = rounds.tick() => note_audience(&journal, &presence),
        }
    }
    note_audience(&journal, &presence);
}

fn note(journal: &Journal, presence: &Presence, happening: &Happening) {
    if let Happening::Ended { card, .. } = happening {
        presence.dismiss(&card.id);
        note_audience(journal, presence);
    }
    for entry in entries(happening).into_iter().chain(news::of(happening)) {
        if let Err(full) = journal.append(entry) {
            error!(broadcast.id = %happening.broadcast(), "{happening:?} is not written down: {full}");
        }
    }
}

fn entries(happening: &Happening) -> Vec<Entry> {
    match happening {
        Happening::WentLive { card, run, at, .. } => vec![
            Entry::BroadcastLive { broadcast_id: card.id.clone(), run: run.to_string(), at: stamp(*at) },
            audit("broadcast.went_live", &card.id, *at, json!({"run": run.as_str()})),
        ],
        Happening::Ended { card, run, at, why } => vec![
            Entry::BroadcastEnded { broadcast_id: card.id.clone(), run: run.to_string(), at: stamp(*at) },
            audit("broadcast.went_off", &card.id, *at, json!({"run": run.as_str(), "why": why.name()})),
        ],
        Happening::PublisherJoined { card, session, protocol, user, at } => vec![Entry::SessionJoined {
            session_id: session.clone(),
            broadcast_id: card.id.clone(),
            user_id: user.clone(),
            role: room::Role::Owner.name().to_owned(),
            transport: (*protocol).to_owned(),
            at: stamp(*at),
        }],
        Happening::PublisherLeft { session, at, .. } => {
            vec![Entry::SessionLeft { session_id: session.clone(), at: stamp(*at) }]
        }
        Happening::Degraded { card, trouble, at } => {
            vec![audit("broadcast.degraded", &card.id, *at, json!({"trouble": trouble.name()}))]
        }
        // What webhooks are told of it goes with it: they are told when the store first knows that it is ready.
        Happening::Recording(note) => vec![Entry::Recording {
            facts: facts(note),
            event: Event::RecordingReady.name().to_owned(),
            told: news::of_recording(note),
        }],
    }
}

fn facts(note: &RecordingNote) -> RecordingFacts {
    let whole = |millis: u128| i64::try_from(millis).unwrap_or(i64::MAX);
    RecordingFacts {
        id: note.id.clone(),
        broadcast_id: note.broadcast.clone(),
        run: note.run.to_string(),
        from_frames: note.from.ticks(),
        to_frames: note.to.map(MediaTime::ticks),
        started_at: stamp(note.started_at),
        ended_at: note.ended_at.map(stamp),
        duration_ms: note.duration.map(|duration| whole(duration.as_millis())),
        size_bytes: note.size_bytes.map(|size| whole(size.into())),
    }
}

/// Thousands of listeners make a few writes to the file: what is taken within milliseconds is written at once.
fn note_audience(journal: &Journal, presence: &Presence) {
    let mut left_out = 0;
    for (broadcast, news) in presence.news(Instant::now(), wall_clock()) {
        for entry in listeners(&broadcast, news) {
            left_out += u64::from(journal.append(entry) == Err(JournalFull));
        }
    }
    if left_out > 0 {
        warn!("{left_out} sessions are not written down: {JournalFull}");
    }
}

fn listeners(broadcast: &str, news: News) -> Vec<Entry> {
    let passages = news.passages.into_iter().map(|passage| match passage.step {
        Step::Came => Entry::SessionJoined {
            session_id: passage.session,
            broadcast_id: broadcast.to_owned(),
            user_id: None,
            role: room::Role::Listener.name().to_owned(),
            transport: passage.transport.name().to_owned(),
            at: stamp(passage.at),
        },
        Step::Left => Entry::SessionLeft { session_id: passage.session, at: stamp(passage.at) },
    });
    let peak = news.peak.map(|peak| Entry::PeakListeners {
        broadcast_id: broadcast.to_owned(),
        listeners: u32::try_from(peak).unwrap_or(u32::MAX),
    });
    passages.chain(peak).collect()
}

fn audit(action: &str, broadcast: &str, at: WallClock, detail: serde_json::Value) -> Entry {
    Entry::Audit(AuditEntry {
        id: store::id(),
        at: stamp(at),
        actor: Actor::System,
        action: action.to_owned(),
        subject: Some(Subject { kind: "broadcast".to_owned(), id: broadcast.to_owned() }),
        address: None,
        detail,
    })
}

fn stamp(at: WallClock) -> Timestamp {
    Timestamp::from_millis(i64::try_from(at.0 / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use packager::RunId;
    use store::{Broadcast, DatabaseUrl, Slice, Status, Store, User, Visibility, Webhook};

    use super::*;
    use crate::broadcasts::draft;
    use crate::live::EndReason;
    use crate::live::happening::Beginning;

    async fn store(folder: &std::path::Path) -> Store {
        let store = Store::open(&DatabaseUrl::sqlite(&folder.join("onair.db"))).unwrap();
        store.migrate_up().await.unwrap();
        let now = Timestamp::now();
        let host = User {
            id: "amy".into(),
            email: "amy@example.org".into(),
            username: "amy".into(),
            display_name: "Amy".into(),
            avatar_url: None,
            password_hash: None,
            role: room::Role::Host,
            must_change_password: false,
            suspended_at: None,
            suspended_reason: None,
            last_sign_in_at: None,
            created_at: now,
            updated_at: now,
        };
        store.users().insert(&host).await.unwrap();
        let news = Broadcast {
            id: "news".into(),
            room_name: "news".into(),
            host_id: "amy".into(),
            title: "News".into(),
            visibility: Visibility::Public,
            stream_key: store::Secret::new("key"),
            ..draft::blank()
        };
        store.broadcasts().insert(&news).await.unwrap();
        let webhook = Webhook {
            retired: None,
            id: "hook".into(),
            owner_id: Some("amy".into()),
            broadcast_id: None,
            url: "https://example.org/hook".into(),
            secret: store::Secret::new("secret"),
            events: [Event::RoomStarted, Event::RoomFinished, Event::RecordingReady]
                .iter()
                .map(ToString::to_string)
                .collect(),
            enabled: true,
            created_at: now,
            updated_at: now,
        };
        store.webhooks().insert(&webhook).await.unwrap();
        store
    }

    #[tokio::test]
    async fn what_happens_to_a_broadcast_is_in_the_store_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();
        let presence = Arc::new(Presence::default());
        let (tell, happened) = mpsc::channel(16);
        let scribe = tokio::spawn(run(journal, presence.clone(), happened));
        let row = store.broadcasts().load("news").await.unwrap().unwrap().broadcast;
        let (id, card) = (row.id.clone(), Arc::new(crate::broadcasts::card(&row).unwrap()));
        let (run, at) = (RunId::parse("r1").unwrap(), WallClock(5_000_000));
        let beginning = Beginning::Opened;
        tell.send(Happening::WentLive { card: card.clone(), run: run.clone(), at, beginning }).await.unwrap();
        let publishers = [(store::id(), None, "rtmp"), (store::id(), Some("amy".to_owned()), "rtmps")];
        for (session, user, protocol) in publishers.clone() {
            let card = card.clone();
            tell.send(Happening::PublisherJoined { card, session, protocol, user, at }).await.unwrap();
        }
        let home = Ipv4Addr::new(192, 0, 2, 1).into();
        for name in ["a", "b"] {
            presence.beat(&id, name, home, Instant::now()).unwrap();
        }
        let over = WallClock(9_000_000);
        let opened = RecordingNote {
            id: "rec".to_owned(),
            broadcast: id.clone(),
            run: run.clone(),
            from: MediaTime::from_ticks(0),
            to: None,
            started_at: at,
            ended_at: None,
            duration: None,
            size_bytes: None,
        };
        let closed = RecordingNote {
            to: Some(MediaTime::from_ticks(192_000)),
            ended_at: Some(over),
            duration: Some(Duration::from_secs(4)),
            size_bytes: Some(48_000),
            ..opened.clone()
        };
        for note in [opened, closed] {
            tell.send(Happening::Recording(note)).await.unwrap();
        }
        for (session, user, protocol) in publishers {
            let (card, at) = (card.clone(), over);
            tell.send(Happening::PublisherLeft { card, session, protocol, user, at }).await.unwrap();
        }
        let why = EndReason::ByHost;
        tell.send(Happening::Ended { card, run, at: over, why }).await.unwrap();
        drop(tell);
        scribe.await.unwrap();
        keeper.finish().await;

        let row = store.broadcasts().load(&id).await.unwrap().unwrap().broadcast;
        assert_eq!((row.status, row.run.as_deref(), row.peak_listeners), (Status::Ended, Some("r1"), 2));
        let times = (row.started_at.map(Timestamp::as_millis), row.ended_at.map(Timestamp::as_millis));
        assert_eq!(times, (Some(5_000), Some(9_000)));
        let sessions = store.sessions().list(&id, &Slice::first(10)).await.unwrap().items;
        let mut transports: Vec<_> =
            sessions.iter().map(|session| (session.transport.as_str(), session.user_id.as_deref())).collect();
        transports.sort_unstable();
        assert_eq!(transports, [("hls", None), ("hls", None), ("rtmp", None), ("rtmps", Some("amy"))]);
        assert!(sessions.iter().all(|session| session.left_at.is_some()), "{sessions:?}");
        let told = store.deliveries().list("hook", None, &Slice::first(10)).await.unwrap().items;
        let told: Vec<_> = told.iter().map(|delivery| (delivery.sequence, &*delivery.event)).collect();
        assert_eq!(told, [(3, "room_finished"), (2, "recording_ready"), (1, "room_started")]);
        let recording = store.recordings().load("rec").await.unwrap().unwrap();
        assert_eq!(
            (recording.broadcast_id, recording.run.as_str(), recording.title.as_str()),
            (id, "r1", "News")
        );
        let facts = (
            recording.plays.to,
            recording.duration_ms,
            recording.size_bytes,
            recording.started_at.as_millis(),
        );
        assert_eq!(facts, (Some(192_000), Some(4_000), Some(48_000), 5_000));
    }
}
