//! What a disk has lost is heard from the store.

use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::BodyExt;
use media::MediaTime;

use super::lists::{over, recorded, segments, text};
use super::*;
use crate::auth::secrets::Secret;
use crate::live::KeptRuns;
use crate::live::directory::{Directory, Search};
use crate::live::kept_runs::Elsewhere;
use crate::playback::{Gate, Ledger, Policy};
use crate::recordings::{Held, Published, RunShelf};

async fn ask(origin: &Arc<Origin>, path: &str) -> Response<origin::Body> {
    origin.serve(&Method::GET, path, None, &HeaderMap::new(), 0).await
}

async fn body(origin: &Arc<Origin>, path: &str) -> Vec<u8> {
    let answer = ask(origin, path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// A station with a new disk, before the store of the old one.
struct Fresh {
    house: House,
    attic: Arc<StoreAttic>,
}

impl Fresh {
    async fn before(server: &S3Server) -> Self {
        let mut house = House::new();
        let attic = Arc::new(StoreAttic::new(server.store().await, house.media_dir()));
        house.origin = Origin::with_attic(1, house.media_dir(), Some(attic.clone()));
        Self { house, attic }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_the_disk_has_lost_plays_under_its_address() {
    let (house, server) = (House::new(), S3Server::start().await);
    let (_uploads, courier, dir) = over(&house, &server).await;
    courier.abort();
    let Fresh { house: fresh, attic } = Fresh::before(&server).await;
    let list = "studio/r1/rec/a/main.m3u8";
    assert_eq!(ask(&fresh.origin, list).await.status(), StatusCode::NOT_FOUND, "nobody knows of it");
    let run = &dir.record().run;
    attic.tell("studio", run, vec![recorded("a", 8..18), recorded("clip", 10..12)]);
    for path in [list, "studio/r1/rec/clip/index.m3u8", "studio/index.m3u8", "studio/r1/low/init.mp4"] {
        assert_eq!(body(&fresh.origin, path).await, body(&house.origin, path).await, "{path}");
    }
    let segment = "main/12.m4s";
    assert!(!fresh.media_dir().join("studio/r1").join(segment).exists());
    assert_eq!(body(&fresh.origin, &format!("studio/r1/{segment}")).await, house.file(segment));
    assert_eq!(fresh.file(segment), house.file(segment), "it stays");

    // Found again on disk, where one rung of one segment lies, while the store is away.
    server.becomes(Mood::Away);
    let again = Origin::with_attic(1, fresh.media_dir(), Some(attic));
    assert_eq!(body(&again, list).await, body(&house.origin, list).await);
    assert_eq!(body(&again, &format!("studio/r1/{segment}")).await, house.file(segment));
    assert_eq!(ask(&again, "studio/r1/main/13.m4s").await.status(), StatusCode::NOT_FOUND);
    server.becomes(Mood::Well);
    assert_eq!(body(&again, "studio/r1/main/13.m4s").await, house.file("main/13.m4s"));
}

struct Nobody;

impl Directory for Nobody {
    fn find(&self, _: &str) -> Search {
        Box::pin(async { Ok(None) })
    }
}

fn held(id: &str, folder: &str, slots: std::ops::Range<u64>) -> Held {
    let at = |slot: u64| MediaTime::from_ticks(slot * Grid::SLOT.ticks());
    let plays = Some(Published { id: folder.into(), from: at(slots.start), to: at(slots.end) });
    Held { id: id.into(), from: at(8), to: Some(at(18)), plays }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_has_lost_is_cut_and_deleted_all_the_same() {
    let (house, server) = (House::new(), S3Server::start().await);
    let (_uploads, courier, dir) = over(&house, &server).await;
    courier.abort();
    let run = &dir.record().run;
    let Fresh { house: fresh, attic } = Fresh::before(&server).await;
    let uploads = fresh.uploads(ROOMY);
    let courier = fresh.courier(&server, &uploads).await;
    let gate = Gate::new(Policy::Private, &Secret::new("secret".to_owned()));
    let ledger = Ledger::open(gate, &fresh.media_dir()).unwrap();
    let elsewhere = Elsewhere { attic, ledger, directory: Arc::new(Nobody) };
    let runs = || {
        KeptRuns::new(fresh.origin.clone(), fresh.media_dir(), Some(uploads.clone()))
            .with_elsewhere(Some(elsewhere.clone()))
    };
    // As after every start.
    runs().publish("studio", run, vec![held("a", "a", 8..18)], Vec::new()).await.unwrap();
    assert!(!fresh.media_dir().join("studio/r1").exists(), "nobody has asked for it");
    runs().publish("studio", run, vec![held("a", "a", 9..11)], Vec::new()).await.unwrap();
    let list = "live/studio/r1/rec/a/main.m3u8";
    until("the cut is listed", || text(&server, list).matches("#EXTINF").count() == 2).await;
    runs().remove("studio", run, Vec::new()).await.unwrap();
    until("nothing of it is left", || uploads.are_done() && segments(&server).is_empty()).await;
    assert!(!server.file(list).exists());

    // One that is neither here nor recorded any more.
    let (old, server) = (House::new(), S3Server::start().await);
    let (_uploads, old_courier, _dir) = over(&old, &server).await;
    old_courier.abort();
    courier.abort();
    let Fresh { house: fresh, attic } = Fresh::before(&server).await;
    let uploads = fresh.uploads(ROOMY);
    let courier = fresh.courier(&server, &uploads).await;
    let elsewhere = Elsewhere { attic, ..elsewhere };
    let runs = KeptRuns::new(fresh.origin.clone(), fresh.media_dir(), Some(uploads.clone()));
    runs.with_elsewhere(Some(elsewhere)).remove("studio", run, Vec::new()).await.unwrap();
    until("nothing of it is left", || uploads.are_done() && segments(&server).is_empty()).await;
    assert!(!server.file("live/studio/r1/run.json").exists());
    courier.abort();
}
