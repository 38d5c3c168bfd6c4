//! What tests need that run on both databases.

use store::{Database, DatabaseUrl, Store};
use tempfile::TempDir;

use crate::postgres::Postgres;

/// Makes two tests of each function that takes a [`Database`]: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($($name:ident)+) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(::store::Database::Sqlite).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(::store::Database::Postgres).await;
            })+
        }
    };
}

pub(crate) use on_both;

/// A folder, and an empty database: a file in it, or one on the shared server.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) database: DatabaseUrl,
}

impl Home {
    pub(crate) fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = match database {
            Database::Sqlite => DatabaseUrl::sqlite(&folder.path().join("onair.db")),
            Database::Postgres => Postgres::shared().database().parse().unwrap(),
        };
        Self { folder, database }
    }

    /// The database, as a station that starts opens it.
    pub(crate) async fn store(&self) -> Store {
        let store = Store::open(&self.database).unwrap();
        store.migrate_up().await.unwrap();
        store
    }
}
