mod annotations;
mod recordings;
mod tracks;

use std::path::Path;

use ingest::{Answer, CloseReason, Protocol, Publisher as Asking, Sink, StreamKey};
use origin::Origin;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::auth::secrets::Secret;
use crate::hooks::admission::{Departures, Hooks, OnFailure};
use crate::hooks::testing::{Manner, Receiver, patient};
use crate::live::card::Opening;
use crate::live::directory::Away;
use crate::live::handle::{RemoveError, StartError};
use crate::live::lease::InProcess;
use crate::live::testing::{Books, card};
use crate::metrics::Metrics;
use crate::playback::credential::Shown;
use crate::playback::{Audience, Gate, Policy};

fn premises(
    dir: &Path,
    books: Arc<Books>,
) -> (Premises, mpsc::Sender<PublishRequest>, mpsc::Receiver<Happening>) {
    let (events, heard) = mpsc::unbounded_channel();
    let house = RunHouse {
        origin: Origin::new(10),
        media_dir: dir.join("live"),
        retention: Duration::from_mins(2),
        ownership: Arc::new(InProcess),
        events,
        rtc: None,
        uploads: None,
        metrics: Metrics::new(),
    };
    let backstage = RunHouse { origin: Origin::new(10), media_dir: dir.join("preview"), ..house.clone() };
    let (requests, asked) = mpsc::channel(64);
    let (happenings, happened) = mpsc::channel(HAPPENINGS);
    let premises = Premises {
        house,
        backstage,
        directory: books,
        go_live: GoLive::Allowed,
        requests: asked,
        events: heard,
        ledger: Ledger::open(gate(), &dir.join("live")).unwrap(),
        admission: Admission::open(),
        happenings,
    };
    (premises, requests, happened)
}

fn gate() -> Arc<Gate> {
    Gate::new(Policy::Private, &Secret::new("secret".to_owned()))
}

/// A hall at work, and a door to it.
struct Open {
    handle: HallHandle,
    requests: mpsc::Sender<PublishRequest>,
    happened: mpsc::Receiver<Happening>,
    books: Arc<Books>,
    shutdown: CancellationToken,
    hall: JoinHandle<()>,
    folder: TempDir,
}

impl Open {
    fn with(cards: impl IntoIterator<Item = Card>) -> Self {
        Self::switched(GoLive::Allowed, cards)
    }

    fn switched(go_live: GoLive, cards: impl IntoIterator<Item = Card>) -> Self {
        Self::changed(cards, |premises| premises.go_live = go_live)
    }

    fn changed(cards: impl IntoIterator<Item = Card>, change: impl FnOnce(&mut Premises)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let books = Arc::new(Books::of(cards));
        let (mut premises, requests, happened) = premises(folder.path(), books.clone());
        change(&mut premises);
        let (hall, handle) = Hall::new(premises);
        let shutdown = CancellationToken::new();
        let hall = tokio::spawn(hall.run(shutdown.clone()));
        Self { handle, requests, happened, books, shutdown, hall, folder }
    }

    /// Somebody asks; the answer comes later.
    async fn ask(&self, id: &str, key: &str) -> oneshot::Receiver<Answer> {
        self.ask_as(id, key, None).await
    }

    async fn ask_as(&self, id: &str, key: &str, account: Option<&str>) -> oneshot::Receiver<Answer> {
        let asking = Asking {
            broadcast: id.into(),
            key: StreamKey::parse(key).unwrap(),
            protocol: Protocol::Rtmp,
            peer: ([192, 0, 2, 1], 5_000).into(),
            software: None,
            account: account.map(str::to_owned),
        };
        let (request, answered) = PublishRequest::new(Instant::now(), asking);
        self.requests.send(request).await.unwrap();
        answered
    }

    async fn publish(&self, id: &str, key: &str) -> Result<Sink, Refusal> {
        match self.ask(id, key).await.await.unwrap() {
            Answer::Accepted(sink) => Ok(sink),
            Answer::Rejected(refusal) => Err(refusal),
        }
    }

    async fn refusal(&self, id: &str, key: &str) -> Refusal {
        self.publish(id, key).await.expect_err("it is refused")
    }

    /// Everything that has happened so far, one word each.
    fn happened(&mut self) -> Vec<&'static str> {
        std::iter::from_fn(|| self.happened.try_recv().ok())
            .map(|happening| match happening {
                Happening::WentLive { .. } => "live",
                Happening::Ended { why, .. } => why.name(),
                Happening::PublisherJoined { .. } => "joined",
                Happening::PublisherLeft { .. } => "left",
                Happening::Degraded { trouble, .. } => trouble.name(),
                Happening::Recording(note) if note.to.is_none() => "recording",
                Happening::Recording(_) => "recorded",
            })
            .collect()
    }

    async fn close(self) -> TempDir {
        self.shutdown.cancel();
        self.hall.await.unwrap();
        self.folder
    }
}

fn by_hand(id: &str) -> Card {
    Card { opening: Opening::ByHand, ..card(id) }
}

#[tokio::test]
async fn the_first_publisher_puts_a_broadcast_on_air_and_its_end_takes_it_off_for_good() {
    let mut open = Open::with([card("a")]);
    let mut host = open.publish("a", "key").await.unwrap();
    let live = open.handle.live("a").unwrap();
    assert_eq!(live.publishers.len(), 1);
    let ending = open.handle.end("a", EndReason::ByHost).await.unwrap().unwrap();
    assert_eq!((ending.run, ending.started), (live.run.clone(), live.started));
    assert_eq!(host.closed().await, CloseReason::Ended);
    assert!(open.handle.broadcast("a").is_none());
    assert_eq!(open.handle.ending("a").unwrap().run, live.run);
    assert_eq!(open.happened(), ["live", "joined", "left", "host"]);

    assert_eq!(open.refusal("a", "key").await, Refusal::NotLive);
    let again = open.handle.start(card("a")).await.unwrap();
    assert_ne!(again.run, live.run);
    assert!(open.handle.ending("a").is_none());
    let _host = open.publish("a", "key").await.unwrap();
    assert_eq!(open.happened(), ["live", "joined"]);
    assert_eq!(open.handle.start(card("a")).await.unwrap(), again, "it is on air already");
    open.close().await;
}

#[tokio::test]
async fn whoever_signed_in_to_publish_is_told_of_and_nobody_is_guessed_from_a_key() {
    let mut open = Open::with([Card { publishers_max: 2, ..card("a") }]);
    let _host = open.publish("a", "key").await.unwrap();
    let _ann = open.ask_as("a", "key", Some("ann")).await.await.unwrap();
    assert_eq!(open.handle.live("a").unwrap().publishers.len(), 2);
    open.handle.disconnect_publishers("a", CloseReason::Disconnected).await.unwrap();
    let told = std::iter::from_fn(|| open.happened.try_recv().ok()).filter_map(|happening| match happening {
        Happening::PublisherJoined { user, .. } => Some(("joined", user)),
        Happening::PublisherLeft { user, .. } => Some(("left", user)),
        _ => None,
    });
    let ann = || Some("ann".to_owned());
    let expected = [("joined", None), ("joined", ann()), ("left", None), ("left", ann())];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    open.close().await;
}

#[tokio::test]
async fn a_flood_of_wrong_keys_asks_the_directory_once() {
    let open = Open::with([card("a")]);
    for _ in 0..50 {
        assert_eq!(open.refusal("a", "wrong").await, Refusal::BadKey);
        assert_eq!(open.refusal("nowhere", "key").await, Refusal::UnknownBroadcast);
    }
    assert_eq!(*open.books.asked.lock().unwrap(), ["a", "nowhere"]);
    open.close().await;
}

#[tokio::test]
async fn with_the_directory_away_who_is_on_air_comes_back_and_others_try_again() {
    let open = Open::with([card("a"), card("b")]);
    let host = open.publish("a", "key").await.unwrap();
    for found in open.books.cards.lock().unwrap().values_mut() {
        *found = Err(Away);
    }
    drop(host);
    let mut publishers = 1;
    while publishers > 0 {
        tokio::task::yield_now().await;
        publishers = open.handle.live("a").unwrap().publishers.len();
    }
    let _host = open.publish("a", "key").await.unwrap();
    assert_eq!(open.refusal("b", "key").await, Refusal::Unavailable);
    open.close().await;
}

#[tokio::test]
async fn a_broadcast_that_changes_while_it_is_looked_up_is_looked_up_again() {
    let open = Open::with([card("a")]);
    let (old, gate) = oneshot::channel();
    open.books.delay(gate);
    let early = open.ask("a", "new").await;
    while open.books.asked.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let rotated = Card { origination: Origination::Publisher(StreamKey::parse("new").unwrap()), ..card("a") };
    open.books.cards.lock().unwrap().insert("a".into(), Ok(rotated.clone()));
    open.handle.update(rotated).await.unwrap();
    old.send(()).unwrap();
    assert!(matches!(early.await.unwrap(), Answer::Accepted(_)));
    assert_eq!(open.books.asked.lock().unwrap().len(), 2);
    open.close().await;
}

#[tokio::test]
async fn a_preview_is_its_hosts_alone_and_moves_on_air_with_its_publisher() {
    let mut open = Open::with([by_hand("a")]);
    let mut host = open.publish("a", "key").await.unwrap();
    let preview = open.handle.broadcast("a").unwrap();
    assert!(open.handle.live("a").is_none() && preview.preview_key.is_some());
    assert_eq!(open.happened(), ["joined"]);

    let started = open.handle.start(by_hand("a")).await.unwrap();
    let live = open.handle.live("a").unwrap();
    assert_eq!(live.run, started.run);
    assert_ne!(live.run, preview.run);
    assert!(live.preview_key.is_none());
    assert_eq!(live.publishers[0].session, preview.publishers[0].session);
    assert_eq!(open.happened(), ["live"]);
    // It is heard in the new run: that one sends it away, the preview's end did not.
    assert_eq!(open.handle.disconnect_publishers("a", CloseReason::Disconnected).await.unwrap(), 1);
    assert_eq!(host.closed().await, CloseReason::Disconnected);
    open.close().await;
}

#[tokio::test]
async fn a_start_without_a_publisher_is_silence_and_the_grace_runs() {
    let brief = Card { grace: Duration::ZERO, ..card("a") };
    let mut open = Open::with([brief.clone()]);
    open.handle.start(brief).await.unwrap();
    while open.handle.live("a").is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(open.handle.ending("a").unwrap().why, EndReason::Silence);
    assert_eq!(open.happened(), ["live", "silence"]);
    open.close().await;
}

#[tokio::test]
async fn a_rotated_key_sends_its_publisher_away_and_another_change_does_not() {
    let mut open = Open::with([card("a")]);
    let mut host = open.publish("a", "key").await.unwrap();
    open.handle.update(Card { title: "Another".into(), ..card("a") }).await.unwrap();
    assert_eq!(open.handle.live("a").unwrap().publishers.len(), 1);
    let rotated = Card { origination: Origination::Publisher(StreamKey::parse("new").unwrap()), ..card("a") };
    open.handle.update(rotated).await.unwrap();
    assert_eq!(host.closed().await, CloseReason::KeyChanged);
    assert!(open.handle.live("a").unwrap().publishers.is_empty());
    assert_eq!(open.refusal("a", "key").await, Refusal::BadKey);
    let _host = open.publish("a", "new").await.unwrap();
    assert_eq!(open.happened(), ["live", "joined", "left", "joined"]);
    open.close().await;
}

#[tokio::test]
async fn several_publishers_share_a_broadcast_that_admits_them() {
    let open = Open::with([Card { publishers_max: 2, ..card("a") }]);
    let _one = open.publish("a", "key").await.unwrap();
    let _two = open.publish("a", "key").await.unwrap();
    assert_eq!(open.handle.live("a").unwrap().publishers.len(), 2);
    assert_eq!(open.refusal("a", "key").await, Refusal::Full);
    assert_eq!(open.handle.refusals(), [("already_publishing", 1)]);
    open.close().await;
}

#[tokio::test]
async fn with_the_switch_off_nothing_goes_on_air() {
    let open = Open::switched(GoLive::SwitchedOff, [card("a")]);
    assert_eq!(open.refusal("a", "key").await, Refusal::NotLive);
    assert_eq!(open.handle.start(card("a")).await, Err(StartError::SwitchedOff));
    assert!(open.handle.broadcasts().is_empty());
    open.close().await;
}

#[tokio::test]
async fn what_is_on_air_is_not_removed_and_what_has_ended_leaves_nothing() {
    let open = Open::with([card("a")]);
    open.handle.start(card("a")).await.unwrap();
    assert!(matches!(open.handle.remove("a").await, Err(RemoveError::StillOnAir(_))));
    open.handle.end("a", EndReason::ByHost).await.unwrap();
    open.handle.remove("a").await.unwrap();
    assert!(open.handle.ending("a").is_none());
    let folder = open.close().await;
    assert!(!folder.path().join("live/a").exists());
}

#[tokio::test]
async fn what_is_on_air_goes_on_after_a_restart() {
    let open = Open::with([card("a"), card("b")]);
    let run = open.handle.start(card("a")).await.unwrap().run;
    open.handle.start(card("b")).await.unwrap();
    open.handle.end("b", EndReason::ByHost).await.unwrap();
    let folder = open.close().await;

    let (premises, _requests, mut happened) = premises(folder.path(), Arc::new(Books::of([card("a")])));
    assert_eq!(premises.house.left_open().unwrap(), ["a"]);
    let (mut hall, handle) = Hall::new(premises);
    hall.begin(vec![card("a")]).unwrap();
    assert_eq!(handle.live("a").unwrap().run, run);
    assert!(matches!(happened.try_recv().unwrap(), Happening::WentLive { run: again, .. } if again == run));
    hall.stop().await;
}

#[tokio::test]
async fn a_programme_that_stops_by_itself_goes_on_in_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let (premises, _requests, _happened) = premises(folder.path(), Arc::default());
    let (mut hall, handle) = Hall::new(premises);
    let opened = hall.premises.house.open(&card("a")).unwrap();
    let (run, fence) = (opened.run.clone(), opened.record.fence);
    // The thread ends, and nobody in the hall wanted it to.
    assert!(opened.tell(Command::Stop));
    hall.put_up(Arc::new(card("a")), Scene::Live, opened, Beginning::Opened).unwrap();
    let event = hall.premises.events.recv().await.unwrap();
    hall.hear(event);
    let revived = &hall.entries["a"].run;
    assert_eq!(revived.run, run);
    assert!(revived.record.fence > fence);
    assert!(handle.ending("a").is_none());
    hall.stop().await;
}

/// Hooks at `receiver`, and the task that tells of departures.
fn hooks(receiver: &Receiver) -> (Admission, Departures) {
    let url = Some(url::Url::parse(&receiver.url()).unwrap());
    let secret = Secret::new("a shared secret".to_owned());
    let hooks = Hooks { on_publish: url.clone(), on_unpublish: url, secret, on_failure: OnFailure::Deny };
    Admission::new(hooks, &patient())
}

#[tokio::test]
async fn the_hook_is_asked_before_a_publisher_is_let_in_and_told_when_it_has_gone() {
    let mut receiver = Receiver::open(Manner::Answers(403)).await;
    let (admission, departures) = hooks(&receiver);
    let told = tokio::spawn(departures.run(CancellationToken::new()));
    let mut open = Open::changed([card("a")], |premises| premises.admission = admission);
    assert_eq!(open.refusal("a", "wrong").await, Refusal::BadKey);
    assert_eq!(open.refusal("a", "key").await, Refusal::NotAdmitted);
    let asked = receiver.next().await.json();
    assert_eq!((&asked["event"], &asked["publisher"]["broadcastId"]), (&"on_publish".into(), &"a".into()));
    assert!(open.handle.broadcast("a").is_none() && open.happened().is_empty());

    receiver.behave(Manner::Answers(204));
    let host = open.publish("a", "key").await.unwrap();
    let session = receiver.next().await.json()["publisher"]["session"].clone();
    assert_eq!(open.handle.live("a").unwrap().publishers[0].session, session);
    drop(host);
    let gone = receiver.next().await.json();
    assert_eq!((&gone["event"], &gone["publisher"]["session"]), (&"on_unpublish".into(), &session));
    open.close().await;
    told.await.unwrap();
}

#[tokio::test]
async fn a_broadcast_is_its_audiences_before_it_is_served() {
    let gates = gate();
    let hears = |id: &str| gates.admit(id, Shown::Plain, &http::HeaderMap::new(), || 0).is_ok();
    let private = Card { audience: Audience::Members, ..card("private") };
    let open = Open::changed([card("public"), private.clone()], |premises| {
        let media = premises.house.media_dir.clone();
        premises.ledger = Ledger::open(gates.clone(), &media).unwrap();
    });
    let _hosts =
        [open.publish("public", "key").await.unwrap(), open.publish("private", "key").await.unwrap()];
    assert!(hears("public") && !hears("private"));
    open.handle.update(Card { audience: Audience::Everybody, ..private }).await.unwrap();
    open.handle.update(Card { audience: Audience::Members, ..card("public") }).await.unwrap();
    assert!(hears("private") && !hears("public"));
    open.handle.end("private", EndReason::ByHost).await.unwrap();
    open.handle.remove("private").await.unwrap();
    assert!(!hears("private"));
    open.close().await;
}
