//! The files of a SQLite database are its owner's alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use store::{DatabaseUrl, Store};

use crate::made::host;

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn nobody_else_reads_the_database_nor_what_lies_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["on air?.db", "on air?.db-wal", "on air?.db-shm"].map(|name| folder.path().join(name));
    let url = DatabaseUrl::sqlite(&files[0]);
    let store = Store::open(&url).unwrap();
    store.migrate_up().await.unwrap();
    host(&store, "ada").await;
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    // As an earlier version left them.
    for file in &files {
        fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    }
    let again = Store::open(&url).unwrap();
    assert!(again.users().load_by_username("ada").await.unwrap().is_some());
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_database_that_is_not_to_be_made_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("onair.db");
    let url: DatabaseUrl = format!("sqlite:{}?mode=rw", file.display()).parse().unwrap();
    assert!(Store::open(&url).unwrap().ping().await.is_err());
    assert!(!file.exists());
}
