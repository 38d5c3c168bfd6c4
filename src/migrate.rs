//! `onair migrate`: the database's schema by hand.

use std::io::Write;

use anyhow::Context as _;
use store::Store;

use crate::cli::Migration;

/// Does it, and tells on `out` which steps the database has then.
pub async fn run(store: &Store, migration: Migration, out: &mut impl Write) -> anyhow::Result<()> {
    match migration {
        Migration::Up => store.migrate_up().await?,
        Migration::Down(Some(number)) => store.migrate_down(number).await?,
        Migration::Down(None) => {
            let newest =
                store.migration_status().await?.iter().rfind(|step| step.applied).map(|step| step.number);
            store.migrate_down(newest.map_or(0, |number| number - 1)).await?;
        }
        Migration::Status => {}
    }
    for step in store.migration_status().await? {
        let state = if step.applied { "applied" } else { "pending" };
        writeln!(out, "{:>4}  {:<12}  {state}", step.number, step.name).context("telling the status")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::DatabaseUrl;

    use super::*;

    async fn told(store: &Store, migration: Migration) -> String {
        let mut out = Vec::new();
        run(store, migration, &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    #[tokio::test]
    async fn each_step_is_told_with_its_state() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DatabaseUrl::sqlite(&folder.path().join("onair.db"))).unwrap();
        assert!(!told(&store, Migration::Status).await.contains("applied"));
        let up = told(&store, Migration::Up).await;
        assert!(up.starts_with("   1  accounts      applied\n") && !up.contains("pending"), "{up}");
        let down = told(&store, Migration::Down(None)).await;
        assert_eq!(down.matches("pending").count(), 1, "{down}");
        assert!(down.lines().last().unwrap().ends_with("pending"), "{down}");
        let down = told(&store, Migration::Down(Some(1))).await;
        assert_eq!(down.matches("applied").count(), 1, "{down}");
    }
}
