//! `onair seed`: a database full of sample data, to look at and to measure with.

use std::io::Write;

use anyhow::{Context as _, bail};
use store::{Sample, Store, StoreError};

/// Fills the database, and tells on `out` with what.
pub async fn run(store: &Store, sample: &Sample, out: &mut impl Write) -> anyhow::Result<()> {
    match store.seed(sample).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => {
            bail!("the database has sample data already; use an empty one: --database-url sqlite:sample.db")
        }
        Err(error) => return Err(error).context("filling the database"),
    }
    let Sample { users, broadcasts, sessions } = sample;
    writeln!(out, "{users} accounts, {broadcasts} broadcasts and {sessions} sessions were made")
        .context("telling what was made")
}

#[cfg(test)]
mod tests {
    use store::{BroadcastFilter, DatabaseUrl, Seen, Slice};

    use super::*;

    #[tokio::test]
    async fn sample_data_is_made_once_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DatabaseUrl::sqlite(&folder.path().join("onair.db"))).unwrap();
        store.migrate_up().await.unwrap();
        let sample = Sample { users: 3, broadcasts: 20, sessions: 30 };
        let mut out = Vec::new();
        run(&store, &sample, &mut out).await.unwrap();
        assert_eq!(out, b"3 accounts, 20 broadcasts and 30 sessions were made\n");
        let all = BroadcastFilter { seen: Seen::ByAdmin, ..BroadcastFilter::default() };
        assert_eq!(store.broadcasts().list(&all, &Slice::first(1)).await.unwrap().total, 20);
        let again = run(&store, &sample, &mut out).await.unwrap_err().to_string();
        assert!(again.contains("sample data already"), "{again}");
    }
}
