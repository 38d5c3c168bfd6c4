//! Every test runs on both databases.

use store::{DatabaseUrl, Store};

#[path = "../../../../tests/postgres/mod.rs"]
pub(crate) mod postgres;

pub(crate) use postgres::Postgres;

/// An empty SQLite database with the schema in it; gone with the folder.
pub(crate) async fn sqlite() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&DatabaseUrl::sqlite(&folder.path().join("onair.db"))).unwrap();
    store.migrate_up().await.unwrap();
    (store, folder)
}

/// An empty database with the schema in it, on the shared server.
pub(crate) async fn postgres() -> Store {
    let url: DatabaseUrl = Postgres::shared().database().parse().unwrap();
    let store = Store::open(&url).unwrap();
    store.migrate_up().await.unwrap();
    store
}

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
#[macro_export]
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($store:ident: Store) $body:block)+) => {
        $($(#[$doc])* async fn $name($store: ::store::Store) $body)+

        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                let (store, _folder) = $crate::both::sqlite().await;
                super::$name(store).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::both::postgres().await).await;
            })+
        }
    };
}
