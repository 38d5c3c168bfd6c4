//! The schema goes forward and back, and several may ask for it at once.

use store::{DatabaseUrl, Store};

use crate::both;
use crate::on_both;

async fn applied(store: &Store) -> usize {
    store.migration_status().await.unwrap().iter().filter(|step| step.applied).count()
}

on_both! {
    async fn the_schema_goes_back_and_forward_again(store: Store) {
        let all = store.migration_status().await.unwrap().len();
        assert_eq!(applied(&store).await, all);
        store.migrate_down(1).await.unwrap();
        assert_eq!(applied(&store).await, 1);
        store.migrate_down(0).await.unwrap();
        assert_eq!(applied(&store).await, 0);
        store.migrate_up().await.unwrap();
        store.migrate_up().await.unwrap();
        assert_eq!(applied(&store).await, all);
    }

    async fn of_several_recordings_of_a_run_an_older_schema_keeps_the_first(store: Store) {
        let news = crate::made::broadcast(&crate::made::host(&store, "ada").await, "News");
        store.broadcasts().insert(&news).await.unwrap();
        let first = crate::recordings::ready(&store, &news, "r1").await;
        let second = store::Recording { id: store::id(), ..first.clone() };
        assert!(store.recordings().insert(&second).await.unwrap());
        store.migrate_down(9).await.unwrap();
        store.migrate_up().await.unwrap();
        let kept = store.recordings().of_run(&news.id, "r1").await.unwrap();
        let kept: Vec<_> = kept.iter().map(|it| (it.id.as_str(), it.title.as_str(), it.plays.to)).collect();
        assert_eq!(kept, [(first.id.as_str(), "News", Some(60_000 * 48))]);
        assert_eq!(store.recorded_runs().after(None, 10).await.unwrap().len(), 1);
    }
}

async fn at_once(url: DatabaseUrl) {
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let store = Store::open(&url).unwrap();
            tokio::spawn(async move { store.migrate_up().await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn six_stations_may_start_at_once_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    at_once(DatabaseUrl::sqlite(&folder.path().join("on air?.db"))).await;
}

#[tokio::test]
async fn six_stations_may_start_at_once_on_postgres() {
    at_once(both::Postgres::shared().database().parse().unwrap()).await;
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused_with_what_to_do() {
    use sqlx::{Connection, Executor};

    let (store, folder) = both::sqlite().await;
    let file = folder.path().join("onair.db");
    let url = DatabaseUrl::sqlite(&file);
    let mut connection = sqlx::AnyConnection::connect(url.expose()).await.unwrap();
    connection.execute("UPDATE _sqlx_migrations SET version = 99 WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)").await.unwrap();
    let told = store.migrate_up().await.unwrap_err().to_string();
    assert!(told.contains("step 99") && told.contains("onair migrate down"), "{told}");
}
