//! The database goes away and comes back.

use std::time::{Duration, Instant};

use store::{BroadcastFilter, DatabaseUrl, Slice, Store, StoreError};

use crate::both::Postgres;
use crate::made::{host, user};

#[tokio::test]
async fn a_server_that_goes_away_is_unavailable_and_comes_back_by_itself() {
    let server = Postgres::start_new();
    let url: DatabaseUrl = server.database().parse().unwrap();
    let store = Store::open(&url).unwrap();
    store.migrate_up().await.unwrap();
    host(&store, "ada").await;

    server.stop();
    for _ in 0..20 {
        let error = store.users().insert(&user("eve")).await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        let list = store.broadcasts().list(&BroadcastFilter::default(), &Slice::first(1)).await;
        assert!(matches!(list, Err(StoreError::Unavailable(_))), "{list:?}");
    }

    server.start();
    // Within the pause nobody asks; then the first who does is served.
    let give_up = Instant::now() + Duration::from_secs(60);
    while let Err(error) = store.users().load_by_username("ada").await {
        assert!(error.is_unavailable() && Instant::now() < give_up, "{error:?}");
        tokio::task::yield_now().await;
    }
    assert!(store.users().load_by_username("ada").await.unwrap().is_some());
    assert!(store.users().load_by_username("eve").await.unwrap().is_none());
}

#[tokio::test]
async fn a_call_after_a_restart_that_nobody_noticed_succeeds() {
    let server = Postgres::start_new();
    let url: DatabaseUrl = server.database().parse().unwrap();
    let store = Store::open(&url).unwrap();
    store.migrate_up().await.unwrap();
    host(&store, "ada").await;

    server.stop();
    server.start();
    assert!(store.users().load_by_username("ada").await.unwrap().is_some());
    host(&store, "eve").await;
}

#[tokio::test]
async fn an_address_where_nobody_is_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://me@localhost/none?host={}", folder.path().display());
    let store = Store::open(&url.parse().unwrap()).unwrap();
    assert!(store.ping().await.unwrap_err().is_unavailable());
    assert!(store.migrate_up().await.unwrap_err().is_unavailable());
}
