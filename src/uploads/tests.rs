//! What is heard is stored, whatever the store does: against an S3 server that is not ours.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use media::{AccessUnit, AudioProfile, MediaDuration, RungId};
use origin::RunDir;
use packager::playlist::{init_name, segment_name};
use packager::{Grid, GridStep, InitSection, LatencyMode, Msn, Packager, WallClock};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::covers::Covers;
use crate::metrics::labels::UploadFailure::{Busy, Slow, Unreachable};
use server::{Mood, S3Server};

mod cold;
mod lists;
#[path = "../../cdn/tests/server/mod.rs"]
mod server;

/// Slots of ten minutes.
const TEN_MINUTES: u64 = 157;

/// Room for everything.
const ROOMY: u64 = 1_000_000_000;

/// A station's disk, with one run on it.
struct House {
    folder: TempDir,
    origin: Arc<Origin>,
    metrics: Metrics,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let origin = Origin::with_library(1, folder.path().join("live"));
        Self { folder, origin, metrics: Metrics::new() }
    }

    fn media_dir(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    fn uploads(&self, spool_max: u64) -> Uploads {
        Uploads::open(self.folder.path(), &self.media_dir(), self.origin.clone(), spool_max).unwrap()
    }

    fn open_run(&self) -> RunDir {
        let record = record();
        let inits = record.profile.rungs().map(|rung| InitSection::new(&rung, &[0x11, 0x88]));
        RunDir::create(&self.media_dir(), record, &inits).unwrap()
    }

    /// What is in a file of the run.
    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.media_dir().join("studio/r1").join(name)).unwrap()
    }

    /// The task that brings what waits to `server`, until it is aborted.
    async fn courier(&self, server: &S3Server, uploads: &Uploads) -> JoinHandle<()> {
        let store = server.store().await;
        let courier = Courier { store, invalidation: None, counts: self.metrics.uploads.clone() };
        tokio::spawn(courier.run(uploads.clone(), CancellationToken::new(), Duration::ZERO))
    }
}

fn record() -> RunRecord {
    RunRecord {
        broadcast: "studio".into(),
        run: RunId::parse("r1").unwrap(),
        anchor: WallClock(5_000_000),
        mode: LatencyMode::Low,
        profile: AudioProfile::Voice,
        fence: 1,
        discontinuities: Vec::new(),
        ended: false,
    }
}

/// `slots` of silence, from the first one on.
fn steps(slots: u64) -> Vec<GridStep> {
    let record = record();
    let rungs = record.profile.rungs();
    let grid = Grid::new(record.mode);
    let mut packager = Packager::new(record.run.clone(), 1, grid, &rungs, Grid::FIRST, false);
    let mut steps = Vec::new();
    for slot in Grid::FIRST.0..Grid::FIRST.0 + slots {
        for rung in rungs {
            for n in 0..Grid::SLOT.ticks() / rung.unit_frames() {
                let duration = MediaDuration::from_ticks(rung.unit_frames());
                let time = Msn(slot).start() + MediaDuration::from_ticks(n * rung.unit_frames());
                packager
                    .push(rung.id, AccessUnit { time, duration, data: vec![n as u8; 20].into() })
                    .unwrap();
            }
        }
        steps.extend(std::iter::from_fn(|| packager.poll_output()));
    }
    steps
}

/// What the releaser does.
fn release(dir: &mut RunDir, upload: &mut RunUpload, steps: &[GridStep]) {
    for step in steps {
        dir.append(step).unwrap();
        upload.released(step);
    }
}

/// The names of all objects of the run: media, and playlists of it.
fn expected(slots: u64) -> BTreeSet<String> {
    let slots = Grid::FIRST.0..Grid::FIRST.0 + slots;
    let segments =
        RungId::ALL.into_iter().flat_map(|rung| slots.clone().map(move |msn| segment_name(rung, Msn(msn))));
    let names = segments.chain(RungId::ALL.into_iter().map(init_name));
    let lists = ["main", "low", "opus", "index"].map(|name| format!("heard/0/{name}.m3u8"));
    let names = names.chain(lists).map(|name| format!("live/studio/r1/{name}"));
    names.chain(["live/studio/index.m3u8".to_owned()]).collect()
}

/// What of this is no playlist: those are written again.
fn media(names: impl IntoIterator<Item = String>) -> Vec<String> {
    names.into_iter().filter(|name| !name.contains(".m3u8")).collect()
}

/// Waits until it is so; a minute says that it never will be.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(60), wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_without_the_store_leave_no_gap_and_nothing_doubled() {
    let (house, server) = (House::new(), S3Server::start().await);
    let uploads = house.uploads(ROOMY);
    let courier = house.courier(&server, &uploads).await;
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    let steps = steps(TEN_MINUTES);
    let (before, rest) = steps.split_at(6);
    release(&mut dir, &mut upload, before);
    until("the first slot is stored", || server.names() == expected(1)).await;

    // Each way to be away for a while, with sound going on.
    let counts = &house.metrics.uploads;
    let moods = [(Mood::Away, Unreachable), (Mood::Busy, Busy), (Mood::Stalled, Slow)];
    for ((mood, failure), steps) in moods.into_iter().zip(rest.chunks(rest.len().div_ceil(moods.len()))) {
        server.becomes(mood);
        release(&mut dir, &mut upload, steps);
        until("it has failed", || counts.failures.get(failure) > 0).await;
    }
    uploads.observe(&house.metrics);
    assert_eq!(counts.waiting.get(NoLabel::One), TEN_MINUTES - 1);
    assert!(counts.spool.get(NoLabel::One) > 0);
    assert_eq!(upload.first_pending(), Some(Msn(9)), "the sweep keeps what is not stored");

    server.becomes(Mood::Well);
    until("all is stored", || uploads.are_done()).await;
    assert_eq!(server.names(), expected(TEN_MINUTES));
    assert_eq!(media(server.repeated()), Vec::<String>::new());
    for name in
        [init_name(RungId::Low), segment_name(RungId::Opus, Msn(9)), segment_name(RungId::Main, Msn(100))]
    {
        assert_eq!(
            fs::read(server.file(&format!("live/studio/r1/{name}"))).unwrap(),
            house.file(&name),
            "{name}"
        );
    }
    uploads.observe(&house.metrics);
    assert_eq!((counts.waiting.get(NoLabel::One), counts.spool.get(NoLabel::One)), (0, 0));
    assert_eq!(upload.first_pending(), None);
    assert_eq!(counts.lost.get(NoLabel::One), 0);
    courier.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_upload_goes_on_where_it_was() {
    let (house, server) = (House::new(), S3Server::start().await);
    let uploads = house.uploads(ROOMY);
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    release(&mut dir, &mut upload, &steps(60));
    let courier = house.courier(&server, &uploads).await;
    until("some are stored", || server.names().len() > 60).await;
    // Killed in the middle of it; the run ended with the process.
    courier.abort();
    assert!(courier.await.unwrap_err().is_cancelled());
    let stored = media(server.names()).len();
    drop((upload, uploads));
    dir.mark_ended().unwrap();

    let uploads = house.uploads(ROOMY);
    uploads.adopt();
    uploads.adopt();
    uploads.observe(&house.metrics);
    let left = house.metrics.uploads.waiting.get(NoLabel::One);
    assert!(
        left <= 62 - (stored as u64 / 3) + AT_ONCE as u64,
        "{left} wait and {stored} objects were stored"
    );
    let courier = house.courier(&server, &uploads).await;
    until("all is stored", || uploads.are_done()).await;
    assert_eq!(server.names(), expected(60));
    // Those that were under way: the same bytes under the same names.
    let repeated = media(server.repeated());
    assert!(repeated.len() <= 3 * AT_ONCE, "{repeated:?}");
    until("that is noted", || Notes::are_whole(&house.media_dir().join("studio/r1")).unwrap()).await;
    courier.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_costs_a_put_and_nothing_else() {
    let (house, server) = (House::new(), S3Server::start().await);
    let uploads = house.uploads(ROOMY);
    server.becomes(Mood::Forgetful);
    let courier = house.courier(&server, &uploads).await;
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    release(&mut dir, &mut upload, &steps(3));
    until("it has forgotten", || server.turned_away() > 0).await;
    server.becomes(Mood::Well);
    until("all is stored", || uploads.are_done()).await;
    assert_eq!(server.names(), expected(3));
    assert_eq!(fs::read(server.file("live/studio/r1/main/8.m4s")).unwrap(), house.file("main/8.m4s"));
    courier.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_the_oldest_are_given_up_and_their_files_may_go() {
    let (house, server) = (House::new(), S3Server::start().await);
    server.becomes(Mood::Away);
    let mut dir = house.open_run();
    let steps = steps(10);
    let slot: u64 = steps[..6].iter().flat_map(|step| &step.rungs).map(|part| part.bytes.len() as u64).sum();
    let uploads = house.uploads(slot * 4);
    let mut upload = uploads.on_air(dir.record()).unwrap();
    release(&mut dir, &mut upload, &steps);
    let courier = house.courier(&server, &uploads).await;
    let lost = &house.metrics.uploads.lost;
    until("six are given up", || lost.get(NoLabel::One) >= 6).await;
    assert_eq!(upload.first_pending(), Some(Msn(14)), "the sweep may take what is before");
    server.becomes(Mood::Well);
    until("the rest is stored", || uploads.are_done()).await;
    let mut left = expected(10);
    left.retain(|name| !(8..14).any(|msn| name.ends_with(&format!("/{msn}.m4s"))));
    assert_eq!(server.names(), left);
    courier.abort();
    drop((upload, uploads));

    // What was given up stays so.
    let uploads = house.uploads(ROOMY);
    let upload = uploads.on_air(dir.record()).unwrap();
    uploads.observe(&house.metrics);
    let waiting = house.metrics.uploads.waiting.get(NoLabel::One);
    assert_eq!((waiting, upload.first_pending()), (1, None), "its playlists alone are stored again");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_stay_until_they_are_stored_and_then_go() {
    let (house, server) = (House::new(), S3Server::start().await);
    let uploads = house.uploads(ROOMY);
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    release(&mut dir, &mut upload, &steps(2));
    upload.ended();
    let run = dir.record().run.clone();
    assert!(uploads.keeps("studio", &run));
    assert!(!uploads.keeps("studio", &RunId::parse("r0").unwrap()), "of another run nothing is known");
    let courier = house.courier(&server, &uploads).await;
    let folder = house.media_dir().join("studio/r1");
    until("its files are removed", || !folder.exists()).await;
    assert_eq!(server.names(), expected(2));
    courier.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_deleted_from_the_store_too_also_after_a_crash() {
    let (house, server) = (House::new(), S3Server::start().await);
    let uploads = house.uploads(ROOMY);
    let courier = house.courier(&server, &uploads).await;
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    release(&mut dir, &mut upload, &steps(2));
    until("it is stored", || server.names() == expected(2)).await;
    server.becomes(Mood::Away);
    uploads.forget("studio");
    until("it is tried", || server.turned_away() > 0).await;
    courier.abort();
    assert!(server.file("live/studio/r1/main/8.m4s").exists());

    server.becomes(Mood::Well);
    let uploads = house.uploads(ROOMY);
    let courier = house.courier(&server, &uploads).await;
    until("it is deleted", || !server.file("live/studio/r1/main/8.m4s").exists()).await;
    until("nothing is owed", || uploads.are_done()).await;
    assert!(house.uploads(ROOMY).are_done(), "and it is not done twice");
    courier.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_is_stored_and_shown_by_another_station() {
    let (house, other, server) = (House::new(), House::new(), S3Server::start().await);
    server.becomes(Mood::Away);
    let uploads = house.uploads(ROOMY);
    let covers = Covers::new(house.folder.path()).stored(uploads.clone(), server.store().await);
    let mut upload = io::Cursor::new(Vec::new());
    image::RgbImage::new(4, 4).write_to(&mut upload, image::ImageFormat::Png).unwrap();
    let name = covers.keep(upload.into_inner()).await.unwrap();
    drop((covers, uploads));

    // The station stops before the store is back.
    server.becomes(Mood::Well);
    let uploads = house.uploads(ROOMY);
    let courier = house.courier(&server, &uploads).await;
    until("the cover is stored", || uploads.are_done()).await;
    let elsewhere = Covers::new(other.folder.path()).stored(other.uploads(ROOMY), server.store().await);
    let (bytes, media_type) = elsewhere.read(&name).await.unwrap().unwrap();
    assert_eq!(bytes, fs::read(house.folder.path().join("covers").join(&name)).unwrap());
    assert_eq!(media_type, "image/jpeg");
    assert!(elsewhere.read("00000000000000000000000000000000.jpg").await.unwrap().is_none());
    courier.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_stops_stores_what_it_can_in_its_grace() {
    let (house, server) = (House::new(), S3Server::start().await);
    let uploads = house.uploads(ROOMY);
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    release(&mut dir, &mut upload, &steps(8));
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let store = server.store().await;
    let courier = Courier { store, invalidation: None, counts: house.metrics.uploads.clone() };
    courier.clone().run(uploads.clone(), shutdown.clone(), Duration::from_secs(60)).await;
    assert_eq!(server.names(), expected(8));

    server.becomes(Mood::Away);
    upload.ended();
    uploads.forget("studio");
    courier.run(uploads.clone(), shutdown, Duration::ZERO).await;
    assert!(!uploads.are_done(), "what is left is with the next start");
}
