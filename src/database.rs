//! The database at the station's door: opened, waited for, brought up to date.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use store::{Store, StoreError};
use tokio::time::sleep;
use tracing::info;

use crate::settings::StorageSettings;

/// The store that the settings name, not yet asked anything. Makes the data directory, where SQLite's file may lie.
pub fn open(settings: &StorageSettings) -> anyhow::Result<Store> {
    let folder = &settings.data_dir;
    fs::create_dir_all(folder).with_context(|| format!("making the data directory {}", folder.display()))?;
    Store::open(&settings.database).map_err(|error| unusable(settings, &error))
}

/// The same with its schema brought up to this program. A server that is starting up is waited for.
pub async fn open_ready(settings: &StorageSettings) -> anyhow::Result<Store> {
    let store = open(settings)?;
    ready(&store, PATIENCE).await.map_err(|error| unusable(settings, &error))?;
    Ok(store)
}

async fn ready(store: &Store, patience: Duration) -> Result<(), StoreError> {
    let give_up = Instant::now() + patience;
    let mut told = false;
    loop {
        match store.migrate_up().await {
            Err(error) if error.is_unavailable() && Instant::now() < give_up => {
                if !told {
                    info!("waiting for the database, up to {} s: {error}", patience.as_secs());
                    told = true;
                }
                sleep(AGAIN).await;
            }
            outcome => return outcome,
        }
    }
}

fn unusable(settings: &StorageSettings, error: &StoreError) -> anyhow::Error {
    anyhow!("cannot use the database {:?}: {error}; see ONAIR_DATABASE_URL", settings.database)
}

/// How long a server may take to come up; machines that start together come up in any order.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts.
const AGAIN: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_that_does_not_come_is_told_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("postgres://me:secret@localhost/onair?host={}", folder.path().display());
        let settings = StorageSettings {
            data_dir: folder.path().join("data"),
            keep: Duration::from_secs(120),
            recordings: None,
            database: address.parse().unwrap(),
        };
        let store = open(&settings).unwrap();
        let error = ready(&store, Duration::ZERO).await.unwrap_err();
        let told = unusable(&settings, &error).to_string();
        assert!(
            told.starts_with("cannot use the database postgres://[redacted]@localhost/onair: "),
            "{told}"
        );
        assert!(told.ends_with("see ONAIR_DATABASE_URL") && told.lines().count() == 1, "{told}");
    }
}
