//! The schema, forward and back. The SQL is in `migrations/`; every file runs as it stands on both databases.

use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, ConnectOptions, Connection, Executor, SqlSafeStr};
use tokio::time::timeout;

use crate::address::Database;
use crate::error::StoreError;
use crate::handle::Store;

/// Number, name, forward, back.
type Step = (i64, &'static str, &'static str, &'static str);

/// A step from the files of its name.
macro_rules! step {
    ($number:literal, $digits:literal, $name:literal) => {
        (
            $number,
            $name,
            include_str!(concat!("../../migrations/", $digits, "_", $name, ".up.sql")),
            include_str!(concat!("../../migrations/", $digits, "_", $name, ".down.sql")),
        )
    };
}

const STEPS: &[Step] = &[
    step!(1, "0001", "accounts"),
    step!(2, "0002", "broadcasts"),
    step!(3, "0003", "rooms"),
    step!(4, "0004", "webhooks"),
    step!(5, "0005", "journal"),
    step!(6, "0006", "leases"),
    step!(7, "0007", "access_changes"),
    step!(8, "0008", "conversations"),
    step!(9, "0009", "treatment"),
    step!(10, "0010", "recordings"),
    step!(11, "0011", "counted"),
    step!(12, "0012", "schedule"),
    step!(13, "0013", "notifications"),
    step!(14, "0014", "polls"),
    step!(15, "0015", "sign_ins"),
    step!(16, "0016", "usage"),
    step!(17, "0017", "remains"),
    step!(18, "0018", "audiences"),
];

/// One step of the schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MigrationStatus {
    /// Counted from 1, without gaps.
    pub number: i64,
    /// What it is about.
    pub name: &'static str,
    /// Does the database have it?
    pub applied: bool,
}

impl Store {
    /// Brings the schema up to this program. Several processes may do it at once: one goes first, and the others
    /// find nothing to do. Either all of it happens or nothing.
    pub async fn migrate_up(&self) -> Result<(), StoreError> {
        self.migrate(async |migrator, connection| migrator.run_direct(None, connection, false).await).await
    }

    /// Takes back every step above `number`; 0 takes back all of them, and everything that is remembered with them.
    pub async fn migrate_down(&self, number: i64) -> Result<(), StoreError> {
        self.migrate(async |migrator, connection| migrator.undo(connection, number).await).await
    }

    /// Every step that this program knows, and whether the database has it.
    pub async fn migration_status(&self) -> Result<Vec<MigrationStatus>, StoreError> {
        let mut connection = self.connect().await?;
        connection.ensure_migrations_table(TABLE).await.map_err(told)?;
        let applied = connection.list_applied_migrations(TABLE).await.map_err(told)?;
        connection.close().await?;
        let applied = |number| applied.iter().any(|step| step.version == number);
        let steps = STEPS.iter();
        Ok(steps
            .map(|&(number, name, ..)| MigrationStatus { number, name, applied: applied(number) })
            .collect())
    }

    /// A connection of its own: what it does may take longer than any call of the pool.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, StoreError> {
        let options: AnyConnectOptions = self.url().expose().parse()?;
        match timeout(CONNECT, options.connect()).await {
            Ok(connection) => Ok(connection?),
            Err(_) => Err(StoreError::Unavailable("it does not answer".to_owned())),
        }
    }

    async fn migrate(
        &self,
        work: impl AsyncFnOnce(&Migrator, &mut AnyConnection) -> Result<(), MigrateError>,
    ) -> Result<(), StoreError> {
        let mut connection = self.connect().await?;
        let begin = match self.database() {
            Database::Sqlite => {
                // Neither can be changed inside a transaction, and the second waits for whoever goes first.
                connection.execute("PRAGMA busy_timeout = 60000").await?;
                connection.execute("PRAGMA journal_mode = WAL").await?;
                "BEGIN IMMEDIATE"
            }
            Database::Postgres => {
                connection.execute("SET lock_timeout = 60000").await?;
                "BEGIN"
            }
        };
        let mut transaction = connection.begin_with(begin).await?;
        if self.database() == Database::Postgres {
            // SQLite's lock is the transaction itself.
            transaction.execute("SELECT pg_advisory_xact_lock(7022101)").await?;
        }
        work(&migrator(), &mut transaction).await.map_err(told)?;
        transaction.commit().await?;
        connection.close().await?;
        Ok(())
    }
}

fn migrator() -> Migrator {
    let migrations = STEPS.iter().flat_map(|&(number, name, up, down)| {
        [(MigrationType::ReversibleUp, up), (MigrationType::ReversibleDown, down)]
            .map(|(kind, sql)| Migration::new(number, name.into(), kind, sql.into_sql_str(), false))
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    // The one of `Store::migrate` spans all steps.
    migrator.set_locking(false);
    migrator
}

fn told(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => error.into(),
        MigrateError::ExecuteMigration(error, number) => match StoreError::from(error) {
            StoreError::Refused(error) => {
                StoreError::Schema(format!("step {number} of the schema failed: {error}"))
            }
            passing => passing,
        },
        MigrateError::VersionMissing(number) => StoreError::Schema(format!(
            "the database has step {number} of the schema, which this version of onair does not know; run the newer \
             version, or take the step back with it: onair migrate down"
        )),
        MigrateError::VersionMismatch(number) => StoreError::Schema(format!(
            "step {number} of the database's schema is not the one that this version of onair has; it was built \
             from changed migrations"
        )),
        other => StoreError::Schema(other.to_string()),
    }
}

/// Where applied steps are kept.
const TABLE: &str = "_sqlx_migrations";

/// How long the server may take to answer.
const CONNECT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_is_a_step_and_every_step_is_numbered_in_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let files: BTreeSet<_> =
            folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let named = |&(number, name, ..): &Step| {
            [format!("{number:04}_{name}.down.sql"), format!("{number:04}_{name}.up.sql")]
        };
        assert_eq!(files, STEPS.iter().flat_map(named).collect());
        assert!(STEPS.iter().map(|step| step.0).eq(1..=STEPS.len() as i64));
    }
}
