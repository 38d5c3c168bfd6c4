//! The whole API over a real store and a real hall, on either database, for tests.

mod ask;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use ingest::{Protocol, PublishRequest, Publisher, Refusal, Sink, StreamKey};
use notices::email::Trust;
use origin::Origin;
use rustls::RootCertStore;
use serde_json::{Value, json};
use store::{Database, Journal, Keeper, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::config::Features;
use super::{Addresses, Context, cooldown, router};
use crate::auth::secrets::random;
use crate::auth::{Auth, FirstAdmin};
use crate::both::Home;
use crate::broadcasts::{Books, scribe};
use crate::covers::Covers;
use crate::edge_log::EdgeListeners;
use crate::elsewhere::Watch;
use crate::hooks::admission::Admission;
use crate::live::key_file::KeyFile;
use crate::live::lease::InProcess;
use crate::live::run::RunHouse;
use crate::live::{HAPPENINGS, Hall, HallHandle, Premises, Presence};
use crate::metrics::Metrics;
use crate::notify::channels::Surroundings;
use crate::notify::{Bell, Channels, Unsubscribe};
use crate::playback::{Delivery, Gate, Ledger};
use crate::recordings::testing::Kept;
use crate::recordings::{Downloads, Waveforms};
use crate::settings::table::Key;
use crate::settings::{Layers, Settings};
use crate::signal::bus::Bus;
use crate::signal::{BarredGuests, House, Rooms};
use crate::station::rtc_port;
use crate::webrtc::WebRtc;
pub(crate) use ask::{Answer, Ask};

/// A station without doors: a data directory, a database, a hall, and the API over them.
pub(crate) struct Desk {
    pub(crate) auth: Arc<Auth>,
    pub(crate) first_admin: Option<FirstAdmin>,
    pub(crate) store: Store,
    /// What is to be remembered.
    pub(crate) journal: Journal,
    pub(crate) gate: Arc<Gate>,
    pub(crate) hall: HallHandle,
    /// By what people are told who are not here.
    pub(crate) channels: Channels,
    /// Makes the addresses by which letters end.
    pub(crate) unsubscribe: Arc<Unsubscribe>,
    /// What the data plane has.
    pub(crate) kept: Arc<Kept>,
    pub(crate) presence: Arc<Presence>,
    requests: mpsc::Sender<PublishRequest>,
    router: Router,
    watch: Watch,
    work: Work,
    home: Home,
}

/// What goes on behind the API.
struct Work {
    shutdown: CancellationToken,
    hall: JoinHandle<()>,
    scribe: JoinHandle<()>,
    keeper: Keeper,
    rtc_threads: Option<rtc::Threads>,
}

impl Desk {
    /// With these settings beside the defaults.
    pub(crate) async fn open(database: Database, settings: &[(Key, &str)]) -> Self {
        Self::open_at(Home::new(database), settings).await
    }

    async fn open_at(home: Home, settings: &[(Key, &str)]) -> Self {
        let folder = home.folder.path();
        let with_webrtc = settings.iter().any(|(key, _)| *key == Key::RtcListen);
        let mut flags: Vec<_> = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        flags.push((Key::DataDir, folder.to_str().unwrap().to_owned()));
        flags.push((Key::DatabaseUrl, home.database.expose().to_owned()));
        let kept = Arc::new(Kept::default());
        let layers = Layers { folder: folder.to_owned(), config: None, environment: Vec::new(), flags };
        let (settings, _) = Settings::load(&layers).unwrap();
        let store = home.store().await;
        let (auth, first_admin) = Auth::open(&settings, store.clone()).await.unwrap();
        let (journal, keeper) = Journal::open(&folder.join("journal.jsonl"), &store).unwrap();
        let gate = Gate::new(settings.hls.signed, &random(32).unwrap());
        let observer: Arc<dyn rtc::Observer> = Arc::new(());
        let port = if with_webrtc { rtc_port::open(&settings.rtc, &observer).unwrap() } else { None };
        let (rtc, rtc_threads) = port.unzip();
        let (events, heard) = mpsc::unbounded_channel();
        let house = RunHouse {
            origin: Origin::new(10),
            media_dir: folder.join("live"),
            retention: settings.storage.keep,
            ownership: Arc::new(InProcess),
            events,
            rtc: rtc.clone(),
            uploads: None,
            metrics: Metrics::new(),
        };
        let (origin, metrics) = (house.origin.clone(), house.metrics.clone());
        let (requests, asked) = mpsc::channel(1);
        let (happenings, happened) = mpsc::channel(HAPPENINGS);
        let premises = Premises {
            backstage: RunHouse {
                origin: Origin::new(10),
                media_dir: folder.join("preview"),
                rtc: None,
                ..house.clone()
            },
            directory: Arc::new(Books::new(store.clone())),
            go_live: settings.go_live,
            requests: asked,
            events: heard,
            ledger: Ledger::open(gate.clone(), &house.media_dir).unwrap(),
            admission: Admission::open(),
            happenings,
            house,
        };
        let (hall, handle) = Hall::new(premises);
        let (shutdown, presence) = (CancellationToken::new(), Arc::new(Presence::default()));
        let hall = tokio::spawn(hall.run(shutdown.clone()));
        let tasks = TaskTracker::new();
        let (webrtc, offers) = rtc
            .map(|rtc| {
                let (requests, presence) = (requests.clone(), presence.clone());
                let (webrtc, offers) = WebRtc::new(rtc, &settings.rtc, requests, presence, tasks.clone());
                (Arc::new(webrtc), offers)
            })
            .unzip();
        let rooms = Rooms::new(House {
            hall: handle.clone(),
            presence: presence.clone(),
            store: store.clone(),
            journal: journal.clone(),
            gate: gate.clone(),
            webrtc: webrtc.clone(),
            metrics: metrics.clone(),
            bus: Bus::alone(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
            guests: BarredGuests::default(),
        });
        let watch = Watch::open(auth.clone(), gate.clone(), handle.clone(), rooms.clone()).await.unwrap();
        if let Some(offers) = offers {
            tokio::spawn(rooms.clone().pass_on(offers));
        }
        let around = Surroundings {
            roots: RootCertStore::empty(),
            trust: Trust::Only(Vec::new()),
            private_endpoints: settings.webhooks.private_targets,
        };
        let channels = Channels::open(&settings, &around).unwrap();
        let unsubscribe = Arc::new(Unsubscribe::new(&random(32).unwrap()));
        let web = webrtc.iter().map(|_| "https://radio.example/".parse().unwrap()).collect();
        let context = Context {
            hall: handle.clone(),
            origin,
            presence: presence.clone(),
            edge: EdgeListeners::default(),
            metrics,
            observe: Arc::new(|_| {}),
            store: store.clone(),
            journal: journal.clone(),
            features: Features::of(&settings),
            webrtc,
            rooms,
            gate: gate.clone(),
            reach: settings.webhooks.reach(),
            channels: channels.clone(),
            bell: Bell::new(store.clone(), Bus::alone()),
            unsubscribe: unsubscribe.clone(),
            covers: Covers::new(folder),
            archive: kept.archive(),
            downloads: Arc::new(Downloads::new(folder.join("live"), None)),
            waveforms: Waveforms::new(folder.join("live")),
            delivery: Delivery::of(&settings.cdn, settings.http.public_url.as_ref()).unwrap(),
            key_file: KeyFile::new(folder),
            cooldown: cooldown(),
            auth: auth.clone(),
            addresses: Arc::new(Addresses { web, rtmp: Vec::new(), webrtc: Vec::new() }),
            shutdown: shutdown.clone(),
        };
        let router = router(context, &settings);
        let work = Work {
            hall,
            scribe: tokio::spawn(scribe::run(journal.clone(), presence.clone(), happened)),
            shutdown,
            keeper,
            rtc_threads,
        };
        Self {
            auth,
            first_admin,
            store,
            journal,
            gate,
            channels,
            unsubscribe,
            hall: handle,
            kept,
            presence,
            requests,
            router,
            watch,
            work,
            home,
        }
    }

    /// The station stopped, and started again over the same data.
    pub(crate) async fn restart(self, settings: &[(Key, &str)]) -> Self {
        self.work.shutdown.cancel();
        self.work.hall.await.unwrap();
        if let Some(threads) = self.work.rtc_threads {
            threads.stop();
        }
        self.work.scribe.await.unwrap();
        self.work.keeper.finish().await;
        self.store.close().await;
        Self::open_at(self.home, settings).await
    }

    /// Another station on the same database.
    pub(crate) async fn beside(&self, settings: &[(Key, &str)]) -> Self {
        let home = Home { folder: tempfile::tempdir().unwrap(), database: self.home.database.clone() };
        Self::open_at(home, settings).await
    }

    /// The database as another process has it open.
    pub(crate) async fn store_of_another_process(&self) -> Store {
        self.home.store().await
    }

    /// Takes over what other processes did.
    pub(crate) async fn look(&mut self) {
        self.watch.look().await.unwrap();
    }

    /// What a request is answered.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let response = self.router.clone().oneshot(ask.into_request()).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1_000_000).await.unwrap();
        Answer::new(head.status, head.headers, bytes)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Ask::new("POST", path).json(body)).await
    }

    pub(crate) async fn get(&self, path: &str, access_token: &str) -> Answer {
        self.ask(Ask::new("GET", path).by(access_token)).await
    }

    /// Somebody publishes with this key.
    pub(crate) async fn publish(&self, broadcast: &str, key: &str) -> Result<Sink, Refusal> {
        let publisher = Publisher {
            broadcast: broadcast.to_owned(),
            key: StreamKey::parse(key).unwrap(),
            protocol: Protocol::Rtmp,
            peer: ([192, 0, 2, 1], 5_000).into(),
            software: None,
            account: None,
        };
        let (request, answered) = PublishRequest::new(Instant::now(), publisher);
        self.requests.send(request).await.unwrap();
        match answered.await.unwrap() {
            ingest::Answer::Accepted(sink) => Ok(sink),
            ingest::Answer::Rejected(refusal) => Err(refusal),
        }
    }

    /// Makes an account that may broadcast.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let email = format!("{name}@radio.example");
        let body = json!({ "email": email, "username": name, "password": "correct horse" });
        let session = self.post("/api/auth/register", body).await.must_be(201);
        Person::of(&session)
    }

    /// The first admin, with a password of their own.
    pub(crate) async fn admin(&self) -> Person {
        let first = self.first_admin.clone().unwrap();
        let made = first.password.unwrap().into_inner();
        let body = json!({ "email": first.email.as_str(), "password": made });
        let session = Person::of(&self.post("/api/auth/login", body).await.must_be(200));
        let change = json!({ "currentPassword": made, "newPassword": "battery staple" });
        let ask = Ask::new("POST", "/api/auth/password").by(&session.token).json(change);
        Person::of(&self.ask(ask).await.must_be(200))
    }

    /// The actions in the audit log, oldest first.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let page = self.store.audit().list(&store::AuditFilter::default(), &store::Slice::first(100)).await;
        page.unwrap().items.into_iter().rev().map(|entry| entry.action).collect()
    }
}

/// Somebody who is signed in.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Person {
    pub(crate) fn of(session: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { id: text(&session["user"]["id"]), token: text(&session["accessToken"]) }
    }

    pub(crate) fn asks(&self, method: &'static str, path: impl Into<String>) -> Ask {
        Ask::new(method, path).by(&self.token)
    }
}
