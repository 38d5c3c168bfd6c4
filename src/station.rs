//! The station: takes its ports, says where it is, and is on air until it is told to stop.

mod bucket;
mod doors;
mod observe;
pub(crate) mod rtc_port;
mod told;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use origin::{Attic, Origin};
use rtc::Rtc;
use store::{Journal, Timestamp};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::api::config::Features;
use crate::api::{self, Addresses, Context};
use crate::auth::{Auth, secrets};
use crate::banner::{Banner, Publishing, address};
use crate::broadcasts::builtin::{self, Demo};
use crate::broadcasts::minutes::Minutes;
use crate::broadcasts::{Books, resumption, scribe};
use crate::covers::Covers;
use crate::database;
use crate::edge_log::{EdgeListeners, follow};
use crate::elsewhere::Watch;
use crate::front::{Backstage, Front};
use crate::jobs::{Clock, Runner};
use crate::link::Pages;
use crate::live::kept_runs::Elsewhere;
use crate::live::key_file::KeyFile;
use crate::live::lease::InProcess;
use crate::live::run::RunHouse;
use crate::live::{HAPPENINGS, Hall, KeptRuns, Premises, Presence};
use crate::logs::Redacted;
use crate::metrics::{Metrics, webrtc};
use crate::notify::{self, Announcer, Bell};
use crate::playback::{Delivery, EdgeSecret, Gate, Ledger, SECRET_FILE};
use crate::recordings::{Analyst, Downloads, Retention, Teller, Waveforms};
use crate::schedule::{self, Closes, Ends, Extend, Late, Opens, RemindAll, RemindSome};
use crate::settings::Settings;
use crate::signal::bus::Bus;
use crate::signal::{BarredGuests, House, Rooms};
use crate::uploads::{StoreAttic, Uploads};
use crate::web;
use crate::webrtc::WebRtc;
use bucket::Bucket;
use doors::Doors;

/// Publish requests that wait for the hall; each is answered in microseconds.
const REQUESTS: usize = 64;

/// Requests held for the hosts of previews: each host listens to one or two of them.
const PREVIEWS_HELD: u64 = 1_000;

/// Runs until SIGTERM or SIGINT.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;

    let shutdown = CancellationToken::new();
    let tasks = TaskTracker::new();
    let data_dir = &settings.storage.data_dir;
    tokio::fs::create_dir_all(data_dir)
        .await
        .with_context(|| format!("making the data directory {}", data_dir.display()))?;
    let key_file = KeyFile::new(data_dir);
    let key = key_file.load_or_make()?;
    let gate = Gate::behind(
        settings.hls.edge.as_ref().map(EdgeSecret::new),
        settings.hls.signed,
        &secrets::load_or_make(data_dir, SECRET_FILE)?,
    );
    let delivery = Delivery::of(&settings.cdn, settings.http.public_url.as_ref())?;
    let policies = web::Policies::new(&delivery.address(""));
    let doors = Doors::open(&settings, &tasks, &shutdown).await?;
    let store = database::open_ready(&settings.storage).await?;
    let journal = data_dir.join("journal.jsonl");
    let (journal, keeper) = Journal::open(&journal, &store)
        .with_context(|| format!("opening the journal {}", journal.display()))?;
    let (auth, first_admin) = Auth::open(&settings, store.clone()).await?;
    tasks.spawn(auth.clone().keep_tidy(shutdown.clone()));

    let metrics = Metrics::new();
    let channels = told::channels(&settings)?;
    let bus = match &settings.redis {
        Some(url) => Bus::redis(url, &metrics, &tasks, &shutdown),
        None => Bus::alone(),
    };
    let bell = Bell::new(store.clone(), bus.clone());
    tasks.spawn(bell.clone().hear_others(shutdown.clone()));
    let teller = notify::Teller::new(store.clone(), channels.clone())
        .ringing(bell.clone())
        .counted(metrics.notices.clone());
    let announcer = Announcer::new(store.clone(), teller.clone());
    let media_dir = data_dir.join("live");
    let object_store = bucket::store(&settings.objects).await;
    let attic = object_store.clone().map(|store| Arc::new(StoreAttic::new(store, media_dir.clone())));
    let held_max = settings.http.held_requests_max as u64;
    let shared = attic.clone().map(|attic| attic as Arc<dyn Attic>);
    let origin = Origin::with_attic(held_max, media_dir.clone(), shared.clone());
    let bucket = match object_store {
        Some(store) => {
            let opened = Bucket::open(&settings, store, origin.clone(), &metrics).await;
            Some(opened.context("opening what waits for the bucket")?)
        }
        None => None,
    };
    let port = rtc_port::open(&settings.rtc, &webrtc::observer(&metrics))?;
    let (events, heard) = mpsc::unbounded_channel();
    let house = RunHouse {
        origin: origin.clone(),
        media_dir: media_dir.clone(),
        retention: settings.storage.keep,
        ownership: Arc::new(InProcess),
        events,
        rtc: port.as_ref().map(|(rtc, _)| rtc.clone()),
        uploads: bucket.as_ref().map(|bucket| bucket.uploads.clone()),
        metrics: metrics.clone(),
    };
    let backstage = backstage(&house, data_dir)?;
    let (requests, asked) = mpsc::channel(REQUESTS);
    let (happenings, happened) = mpsc::channel(HAPPENINGS);
    let demo = if settings.demo { Demo::Wanted } else { Demo::Unwanted };
    let made = key;
    let key = builtin::prepare(&store, &settings.studio, &made, demo).await?;
    if key != made {
        key_file.keep(&key)?;
    }
    // What an earlier process wrote down is in the database before anybody asks how things stand.
    journal.applied().await;
    let cards = resumption::cards(&house, &store, demo).await?;
    let ledger = Ledger::open(gate.clone(), &house.media_dir).context("reading whose broadcasts are")?;
    // The web outlives the programmes: what is held is answered before connections are let go.
    let web_shutdown = CancellationToken::new();
    let lost_ledger = ledger.clone();
    let admission = told::admission(&settings.webhooks, &tasks, &web_shutdown);
    told::webhooks(&settings.webhooks, &store, &tasks, &shutdown).await?;
    told::bars(&gate, &store).await?;
    let premises = Premises {
        house,
        backstage: backstage.clone(),
        directory: Arc::new(Books::new(store.clone())),
        go_live: settings.go_live,
        requests: asked,
        events: heard,
        ledger,
        admission,
        happenings,
    };
    let (mut hall, handle) = Hall::new(premises);
    let uploads = bucket.as_ref().map(|bucket| bucket.uploads.clone());
    // Before the hall removes any of them, and again for those that it finds to be over.
    uploads.iter().for_each(Uploads::adopt);
    hall.begin(cards)?;
    uploads.iter().for_each(Uploads::adopt);
    let covers = match bucket {
        Some(bucket) => {
            let covers = Covers::new(data_dir).stored(bucket.uploads.clone(), bucket.courier.store.clone());
            tasks.spawn(bucket.courier.run(bucket.uploads, shutdown.clone(), settings.shutdown_grace));
            covers
        }
        None => Covers::new(data_dir),
    };
    resumption::reconcile(&store, &journal, &handle).await?;
    let presence = Arc::new(Presence::default());
    tasks.spawn(scribe::run(journal.clone(), presence.clone(), happened));

    let edge = EdgeListeners::default();
    if let Some(log) = &settings.hls.edge_log {
        tasks.spawn(follow::run(log.clone(), edge.clone(), shutdown.clone()));
    }
    let rtc = port.as_ref().map(|(rtc, _)| rtc.clone());
    let udp = rtc.as_ref().map(Rtc::addresses).unwrap_or_default();
    let banner = Banner { admin: first_admin, webrtc: ports(&udp), ..banner(&settings, &doors, &key)? };
    let watched = observe::Watched {
        hall: handle.clone(),
        origin: origin.clone(),
        edge: edge.clone(),
        presence: presence.clone(),
        http: doors.http_counters(),
        rtmp: doors.rtmp_counters(),
        uploads: uploads.clone(),
    };
    let rehearsals = Backstage { hall: handle.clone(), origin: backstage.origin.clone() };
    let (webrtc, offers) = rtc
        .map(|rtc| {
            let (requests, presence) = (requests.clone(), presence.clone());
            let (webrtc, offers) = WebRtc::new(rtc, &settings.rtc, requests, presence, tasks.clone());
            tasks.spawn(webrtc.places().clone().tend(shutdown.clone()));
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
        bus,
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
        guests: BarredGuests::default(),
    });
    if let Some(offers) = offers {
        tasks.spawn(rooms.clone().pass_on(offers));
    }
    let minutes = Minutes {
        hall: handle.clone(),
        presence: presence.clone(),
        rooms: rooms.clone(),
        journal: journal.clone(),
    };
    tasks.spawn(minutes.run(shutdown.clone()));
    let clock: Clock = Arc::new(Timestamp::now);
    let schedule = schedule::House {
        store: store.clone(),
        hall: handle.clone(),
        clock: clock.clone(),
        patience: settings.patience,
    };
    let jobs = Runner::new(store.clone(), &metrics)
        .with(announcer)
        .with(RemindAll { store: store.clone(), clock: clock.clone() })
        .with(RemindSome {
            store: store.clone(),
            herald: notify::Reminders::new(store.clone(), teller),
            clock: clock.clone(),
        })
        .with(Opens(schedule.clone()))
        .with(Late { house: schedule.clone(), town: rooms.clone() })
        .with(Closes { house: schedule.clone(), town: rooms.clone() })
        .with(Ends(schedule))
        .with(Extend { store: store.clone(), clock });
    tasks.spawn(jobs.run(shutdown.clone()));
    let downloads = Arc::new(Downloads::new(media_dir.clone(), shared));
    let waveforms = Waveforms::new(media_dir.clone());
    tasks.spawn(Analyst::new(store.clone(), waveforms.clone()).run(shutdown.clone()));
    let elsewhere = attic.map(|attic| Elsewhere {
        attic,
        ledger: lost_ledger,
        directory: Arc::new(Books::new(store.clone())),
    });
    let kept = KeptRuns::new(origin.clone(), media_dir, uploads.clone()).with_elsewhere(elsewhere);
    let archive = kept.archive(handle.clone());
    tasks.spawn(Teller::new(store.clone(), archive.shelf.clone()).run(shutdown.clone()));
    let retention =
        Retention { store: store.clone(), journal: journal.clone(), keep: settings.storage.recordings };
    tasks.spawn(retention.run(shutdown.clone()));
    let unsubscribe = told::people(&settings, &banner.web, (&store, &channels, &metrics), &tasks, &shutdown)?;
    let context = Context {
        hall: handle.clone(),
        origin: origin.clone(),
        presence: presence.clone(),
        edge,
        metrics: metrics.clone(),
        observe: Arc::new(move |metrics| watched.observe(metrics)),
        store: store.clone(),
        journal,
        webrtc,
        rooms: rooms.clone(),
        gate: gate.clone(),
        reach: settings.webhooks.reach(),
        channels,
        bell,
        unsubscribe,
        covers,
        archive,
        downloads,
        waveforms,
        delivery,
        key_file,
        cooldown: api::cooldown(),
        features: Features::of(&settings),
        auth: auth.clone(),
        addresses: Arc::new(Addresses { web: banner.web.clone(), rtmp: banner.rtmp.clone(), webrtc: udp }),
        shutdown: shutdown.clone(),
    };
    let front = Front::new(
        settings.hls.enabled.then(|| origin.clone()),
        rehearsals,
        gate.clone(),
        presence,
        api::router(context, &settings),
        metrics,
        Arc::new(Pages::new(
            policies,
            store.clone(),
            settings.http.trusted_proxies.clone(),
            settings.http.public_url.clone(),
        )),
    );
    let programmes = tokio::spawn(hall.run(shutdown.clone()));
    let watch = Watch::open(auth, gate, handle, rooms).await.context("reading who has lost access")?;
    tasks.spawn(watch.run(shutdown.clone()));
    doors.serve(&settings, &front, &requests, &tasks, &shutdown, &web_shutdown);
    banner.print().context("printing the banner")?;

    tokio::select! {
        _ = terminate.recv() => info!("told to stop by SIGTERM"),
        _ = interrupt.recv() => info!("told to stop by SIGINT"),
    }
    shutdown.cancel();
    // The current part of every broadcast is completed; what is still held after it gets what there is.
    programmes.await.context("the hall stopped by a panic")?;
    origin.drain();
    backstage.origin.drain();
    if let Some((_, threads)) = port {
        tokio::task::spawn_blocking(|| threads.stop()).await.context("the WebRTC port stopped by a panic")?;
    }
    web_shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    keeper.finish().await;
    store.close().await;
    info!("stopped; broadcasts on air go on with the next start");
    Ok(())
}

/// Previews: an origin and a folder of their own. What an earlier process left of them is worth nothing.
fn backstage(house: &RunHouse, data_dir: &Path) -> anyhow::Result<RunHouse> {
    let media_dir = data_dir.join("preview");
    match std::fs::remove_dir_all(&media_dir) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            return Err(cause).with_context(|| format!("removing {}", media_dir.display()));
        }
        _ => {}
    }
    Ok(RunHouse { origin: Origin::new(PREVIEWS_HELD), media_dir, rtc: None, uploads: None, ..house.clone() })
}

/// The ports of these addresses.
fn ports(addresses: &[SocketAddr]) -> Vec<u16> {
    let ports: BTreeSet<u16> = addresses.iter().map(SocketAddr::port).collect();
    ports.into_iter().collect()
}

fn banner(settings: &Settings, doors: &Doors, key: &ingest::StreamKey) -> anyhow::Result<Banner> {
    let public = settings.http.public_url.as_ref();
    let web: Vec<_> =
        doors.web().map(|(scheme, bound): (&str, SocketAddr)| address(scheme, bound, public, "/")).collect();
    let rtmp: Vec<_> = doors.rtmp()?.into_iter().map(|(s, b)| address(s, b, public, "/live")).collect();
    let page = |path: &str| web.first().and_then(|url| url.join(path).ok());
    let studio = match (rtmp.first(), page("/listen/studio")) {
        (Some(server), Some(listen)) => Some(Publishing {
            server: server.clone(),
            stream_key: Redacted::new(format!("studio?token={}", key.expose())),
            listen,
        }),
        _ => None,
    };
    let demo = if settings.demo { page("/listen/demo") } else { None };
    Ok(Banner { web, rtmp, webrtc: Vec::new(), studio, admin: None, demo })
}
