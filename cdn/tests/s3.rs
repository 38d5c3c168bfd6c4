//! The store against an S3 server that is not ours.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod server;

use std::fs;

use cdn::{Access, Caching, Failure, Object, ObjectKey, ObjectStore, Patience, S3};
use server::{Mood, S3Server};

fn key(name: &str) -> ObjectKey {
    ObjectKey::parse(name).unwrap()
}

fn object(name: &str, bytes: &'static [u8]) -> Object {
    Object { key: key(name), bytes: bytes.into(), caching: Caching::Immutable }
}

#[tokio::test]
async fn an_object_is_stored_read_and_deleted() {
    let server = S3Server::start().await;
    let store = server.store().await;
    let name = "live/studio/0abc/main/8.m4s";
    assert!(store.get(&key(name)).await.unwrap().is_none());
    store.put(&object(name, b"sound")).await.unwrap();
    assert_eq!(fs::read(server.file(name)).unwrap(), b"sound");
    assert_eq!(&store.get(&key(name)).await.unwrap().unwrap()[..], b"sound");
    store.delete(&key(name)).await.unwrap();
    store.delete(&key(name)).await.unwrap();
    assert!(store.get(&key(name)).await.unwrap().is_none());
}

#[tokio::test]
async fn players_and_caches_are_told_what_an_object_is() {
    let server = S3Server::start().await;
    let store = server.store().await;
    store.put(&object("live/a/r1/main/init.mp4", b"init")).await.unwrap();
    let ObjectStore::S3(s3) = &store else { panic!("it is a bucket") };
    let (media_type, caching) = s3.head(&key("live/a/r1/main/init.mp4")).await.unwrap().unwrap();
    assert_eq!(media_type.as_deref(), Some("audio/mp4"));
    assert_eq!(caching.as_deref(), Some("public, max-age=31536000, immutable"));
    assert_eq!(s3.head(&key("live/a/r1/main/8.m4s")).await.unwrap(), None);
}

#[tokio::test]
async fn what_lies_below_a_name_is_deleted_and_its_neighbours_stay() {
    let (server, folder) = (S3Server::start().await, tempfile::tempdir().unwrap());
    for store in [server.store().await, ObjectStore::Directory(cdn::Directory::new(folder.path().to_owned()))]
    {
        deletes(&store).await;
    }
}

async fn deletes(store: &ObjectStore) {
    for name in ["live/a/r1/main/8.m4s", "live/a/r1/main.vod.m3u8", "live/ab/r1/main/8.m4s"] {
        store.put(&object(name, b"x")).await.unwrap();
    }
    let is_there = async |name| store.get(&key(name)).await.unwrap().is_some();
    store.retain_below(&key("live/a"), &[key("live/a/r1/main/8.m4s")].into()).await.unwrap();
    assert!(is_there("live/a/r1/main/8.m4s").await && !is_there("live/a/r1/main.vod.m3u8").await);
    store.delete_below(&key("live/a")).await.unwrap();
    store.delete_below(&key("live/a")).await.unwrap();
    assert!(!is_there("live/a/r1/main/8.m4s").await);
    assert!(is_there("live/ab/r1/main/8.m4s").await);
}

#[tokio::test]
async fn every_way_to_fail_is_told_apart() {
    let server = S3Server::start().await;
    let store = server.store().await;
    for (mood, failure) in [
        (Mood::Away, Failure::Unreachable),
        (Mood::Stalled, Failure::Slow),
        (Mood::Busy, Failure::Busy),
        (Mood::Forgetful, Failure::Unreachable),
    ] {
        server.becomes(mood);
        let error = store.put(&object("a", b"x")).await.unwrap_err();
        assert_eq!(error.failure(), failure, "{mood:?}: {error}");
    }
    server.becomes(Mood::Well);
    let wrong = Access::Keys { id: "AKIDEXAMPLE".into(), secret: "unspeakable".into(), session_token: None };
    let stranger = ObjectStore::S3(S3::open(&server.bucket(), &wrong, Patience::default()).await);
    let error = stranger.put(&object("a", b"x")).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Refused, "{error}");
    assert!(!format!("{error} {error:?} {stranger:?} {wrong:?}").contains("unspeakable"));
}

#[tokio::test]
async fn a_folder_is_a_store_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::Directory(cdn::Directory::new(folder.path().join("data")));
    store.put(&object("live/a/r1/main/8.m4s", b"sound")).await.unwrap();
    assert_eq!(&store.get(&key("live/a/r1/main/8.m4s")).await.unwrap().unwrap()[..], b"sound");
    assert_eq!(fs::read_dir(folder.path().join("data/live/a/r1/main")).unwrap().count(), 1);
    store.delete_below(&key("live/a")).await.unwrap();
    store.delete_below(&key("live/a")).await.unwrap();
    store.delete(&key("live/a/r1/main/8.m4s")).await.unwrap();
    assert!(store.get(&key("live/a/r1/main/8.m4s")).await.unwrap().is_none());
}
