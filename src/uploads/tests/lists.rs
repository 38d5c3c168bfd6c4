//! Whoever is pointed at the store alone hears what was on air, and its recordings.

use media::MediaTime;
use origin::Recorded;
use packager::Span;

use super::*;

const HEARD: &str = "live/studio/r1/heard/0/main.m3u8";

pub(super) fn text(server: &S3Server, name: &str) -> String {
    fs::read_to_string(server.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a playlist names, as objects; without gaps.
fn named(list: &str, text: &str) -> Vec<String> {
    let folder = |name: &str| name.rsplit_once('/').unwrap().0.to_owned();
    let mut names = Vec::new();
    let mut gap = false;
    for line in text.lines() {
        gap |= line == "#EXT-X-GAP";
        if line.starts_with('#') || std::mem::take(&mut gap) {
            continue;
        }
        let (mut below, mut name) = (folder(list), line);
        while let Some(rest) = name.strip_prefix("../") {
            (below, name) = (folder(&below), rest);
        }
        names.push(format!("{below}/{name}"));
    }
    names
}

/// That a playlist which only ever grew named nothing before it was stored. What was stored of it each time is the
/// beginning of what it is now.
fn media_came_first(server: &S3Server, list: &str) {
    let whole = text(server, list);
    let book = server.book.lock().unwrap();
    let times: Vec<_> = book.stored.iter().enumerate().filter(|(_, (name, _))| name == list).collect();
    assert!(!times.is_empty());
    for (place, (_, length)) in times {
        let then = &whole[..usize::try_from(*length).unwrap()];
        for name in named(list, then) {
            assert!(
                book.stored[..place].iter().any(|(stored, _)| *stored == name),
                "{name} is named too early"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_listed_in_the_store_while_it_grows_and_nothing_before_it_is_there() {
    let (house, server) = (House::new(), S3Server::start().await);
    let uploads = house.uploads(ROOMY);
    let courier = house.courier(&server, &uploads).await;
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    let steps = steps(30);
    for (slot, steps) in steps.chunks(6).enumerate() {
        release(&mut dir, &mut upload, steps);
        until("it is stored", || uploads.are_done()).await;
        // Every fourth slot, so that all but three at the most are listed.
        let listed = named(HEARD, &text(&server, HEARD)).len();
        assert!(slot + 1 - listed < 4, "{listed} of {}", slot + 1);
    }
    let lists = server.book.lock().unwrap().stored.iter().filter(|(name, _)| name == HEARD).count();
    assert_eq!(lists, 8, "the first slot, and every fourth from there");
    upload.ended();
    until("its end is stored", || uploads.are_done()).await;
    let whole = text(&server, HEARD);
    assert!(whole.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n") && whole.ends_with("#EXT-X-ENDLIST\n"), "{whole}");
    assert_eq!(named(HEARD, &whole).len(), 30);
    media_came_first(&server, HEARD);

    // From the address of the broadcast to the sound.
    let address = "live/studio/index.m3u8";
    let variants = named(address, &text(&server, address));
    assert_eq!(variants[0], HEARD);
    assert_eq!(variants.len(), 3);
    let store = server.store().await;
    let cdn::ObjectStore::S3(s3) = &store else { panic!("it is a bucket") };
    let told = s3.head(&ObjectKey::parse(HEARD).unwrap()).await.unwrap().unwrap();
    assert_eq!(told.0.as_deref(), Some("application/vnd.apple.mpegurl"));
    assert_eq!(told.1.as_deref(), Some("public, max-age=600"));
    courier.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_a_gap_and_a_list_goes_on_after_a_crash() {
    let (house, server) = (House::new(), S3Server::start().await);
    let mut dir = house.open_run();
    let steps = steps(20);
    let slot: u64 = steps[..6].iter().flat_map(|step| &step.rungs).map(|part| part.bytes.len() as u64).sum();
    let uploads = house.uploads(slot * 4);
    let mut upload = uploads.on_air(dir.record()).unwrap();
    server.becomes(Mood::Away);
    release(&mut dir, &mut upload, &steps[..60]);
    let courier = house.courier(&server, &uploads).await;
    until("six are given up", || house.metrics.uploads.lost.get(NoLabel::One) >= 6).await;
    server.becomes(Mood::Well);
    until("the rest is stored", || uploads.are_done()).await;
    let before = text(&server, HEARD);
    assert_eq!(before.matches("#EXT-X-GAP\n").count(), 6);
    assert!((1..=4).contains(&named(HEARD, &before).len()), "{before}");

    // Killed; the next process goes on.
    courier.abort();
    assert!(courier.await.unwrap_err().is_cancelled());
    drop((upload, uploads));
    let uploads = house.uploads(ROOMY);
    let mut upload = uploads.on_air(dir.record()).unwrap();
    let courier = house.courier(&server, &uploads).await;
    release(&mut dir, &mut upload, &steps[60..]);
    upload.ended();
    until("all is stored", || uploads.are_done()).await;
    let after = text(&server, HEARD);
    assert!(after.starts_with(&before), "{before} and {after}");
    assert_eq!(named(HEARD, &after).len(), 14);
    media_came_first(&server, HEARD);
    courier.abort();
}

/// A recording of some slots, as it was published.
pub(super) fn recorded(id: &str, slots: std::ops::Range<u64>) -> Recorded {
    let at = |slot: u64| MediaTime::from_ticks(slot * Grid::SLOT.ticks());
    let span = Span { from: at(slots.start), to: Some(at(slots.end)) };
    Recorded { id: id.into(), folder: id.into(), span, kept: span, known: true }
}

/// A run of ten slots that is over and stored, with the recordings `a` of all of it and `clip` of its third and
/// fourth slot.
pub(super) async fn over(house: &House, server: &S3Server) -> (Uploads, JoinHandle<()>, RunDir) {
    let uploads = house.uploads(ROOMY);
    let courier = house.courier(server, &uploads).await;
    let mut dir = house.open_run();
    let mut upload = uploads.on_air(dir.record()).unwrap();
    release(&mut dir, &mut upload, &steps(10));
    dir.mark_ended().unwrap();
    dir.files().write_recordings(&[recorded("a", 8..18), recorded("clip", 10..12)]).unwrap();
    upload.ended();
    uploads.owe_lists("studio", &dir.record().run).unwrap();
    uploads.lists_changed("studio", &dir.record().run);
    uploads.tidy("studio", &dir.record().run);
    until("it is stored", || uploads.are_done()).await;
    (uploads, courier, dir)
}

/// The segments of `main` that are in the store.
pub(super) fn segments(server: &S3Server) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(server.file("live/studio/r1/main")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut segments: Vec<_> = names.filter_map(|name| name.strip_suffix(".m4s")?.parse().ok()).collect();
    segments.sort_unstable();
    segments
}

/// Changes what is recorded of the run, as the control plane has it done.
async fn keeps(house: &House, uploads: &Uploads, dir: &RunDir, recordings: Vec<Recorded>) {
    let run = &dir.record().run;
    let shelf = house.origin.find("studio", run).await.unwrap();
    uploads.owe_lists("studio", run).unwrap();
    shelf.change_recordings(|standing| *standing = recordings).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_are_listed_in_the_store_and_go_with_what_nothing_else_keeps() {
    let (house, server) = (House::new(), S3Server::start().await);
    let (uploads, courier, dir) = over(&house, &server).await;
    for (name, slots) in [("a", 8..18), ("clip", 10..12)] {
        let list = format!("live/studio/r1/rec/{name}/main.m3u8");
        let expected: Vec<_> = slots.map(|msn| format!("live/studio/r1/main/{msn}.m4s")).collect();
        let text = text(&server, &list);
        assert_eq!(named(&list, &text), expected);
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
    }
    let address = "live/studio/index.m3u8";
    assert_eq!(named(address, &text(&server, address))[0], "live/studio/r1/rec/a/main.m3u8", "the longest");
    assert!(!server.file(HEARD).exists(), "the recording has taken its place");
    assert_eq!(segments(&server), (8..18).collect::<Vec<_>>());

    // Deleted while the store is away; the station dies, and the next one does it.
    server.becomes(Mood::Away);
    keeps(&house, &uploads, &dir, vec![recorded("clip", 10..12)]).await;
    uploads.tidy("studio", &dir.record().run);
    let turned_away = server.turned_away();
    until("it is tried", || server.turned_away() > turned_away).await;
    courier.abort();
    assert!(courier.await.unwrap_err().is_cancelled());
    drop(uploads);
    server.becomes(Mood::Well);
    let uploads = house.uploads(ROOMY);
    let courier = house.courier(&server, &uploads).await;
    until("what the clip keeps is left", || segments(&server) == [10, 11] && uploads.are_done()).await;
    assert!(!server.file("live/studio/r1/rec/a/main.m3u8").exists());
    assert!(server.file("live/studio/r1/main/init.mp4").exists());
    assert_eq!(named(address, &text(&server, address))[0], "live/studio/r1/rec/clip/main.m3u8");

    // Withdrawn: its segments stay, for its host.
    let hidden = Recorded { folder: "key".into(), ..recorded("clip", 10..12) };
    keeps(&house, &uploads, &dir, vec![hidden]).await;
    uploads.tidy("studio", &dir.record().run);
    until("it is withdrawn", || uploads.are_done()).await;
    assert!(!server.file("live/studio/r1/rec/clip/main.m3u8").exists() && !server.file(address).exists());
    assert_eq!(segments(&server), [10, 11]);

    keeps(&house, &uploads, &dir, Vec::new()).await;
    uploads.tidy("studio", &dir.record().run);
    until("nothing is left", || uploads.are_done()).await;
    assert!(segments(&server).is_empty() && !server.file("live/studio/r1/main/init.mp4").exists());
    assert!(house.uploads(ROOMY).are_done(), "and nothing is owed");
    courier.abort();
}
