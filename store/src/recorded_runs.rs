//! Which runs have recordings, and when that changed.
//!
//! The sound of a recording lies with the stations that made it. What is to be heard of a run changes here, in the
//! transaction that changes the recordings; each station reads on from the last change that it knows, and from the
//! first one when it starts.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A run of which recordings were changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordedRun {
    /// Larger than those of all changes before; the runs of one broadcast that goes have one.
    pub number: i64,
    /// Of which broadcast; it may be gone.
    pub broadcast_id: String,
    /// The run's name.
    pub run: String,
}

/// Changes of what is recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordedRuns<'a>(pub(crate) &'a Store);

impl RecordedRuns<'_> {
    /// Runs that were changed after `last`, in the order of their last changes; all of them where it is `None`. At
    /// most `limit`.
    pub async fn after(self, last: Option<&RecordedRun>, limit: u32) -> Result<Vec<RecordedRun>, StoreError> {
        let mut sql = Sql::new("SELECT number, broadcast_id, run FROM recorded_runs");
        if let Some(RecordedRun { number, broadcast_id, run }) = last {
            sql.push(" WHERE (number, broadcast_id, run) > (").number(*number);
            sql.push(", ").text(broadcast_id).push(", ").text(run).push(")");
        }
        sql.push(" ORDER BY number, broadcast_id, run LIMIT ").number(limit.into());
        self.0.read_all(&sql, read).await
    }

    /// Forgets runs that had their last recording before `before`; how many there were.
    pub async fn forget(self, before: Timestamp) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM recorded_runs WHERE changed_at < ");
        sql.time(before);
        sql.push(
            " AND NOT EXISTS (SELECT 1 FROM recordings r \
             WHERE r.broadcast_id = recorded_runs.broadcast_id AND r.run = recorded_runs.run)",
        );
        self.0.write(&sql).await
    }
}

/// Notes that the recordings of a run change, in the transaction that changes them.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    broadcast_id: &str,
    run: &str,
) -> Result<(), StoreError> {
    let number = next(connection).await?;
    let mut sql = Sql::new("INSERT INTO recorded_runs (broadcast_id, run, number, changed_at) VALUES (");
    sql.text(broadcast_id).push(", ").text(run).push(", ").number(number);
    sql.push(", ").time(Timestamp::now());
    sql.push(
        ") ON CONFLICT (broadcast_id, run) DO UPDATE SET number = excluded.number, changed_at = excluded.changed_at",
    );
    sql.execute(connection).await?;
    Ok(())
}

/// Notes that a broadcast is gone, and its recordings with it.
pub(crate) async fn note_gone(connection: &mut AnyConnection, broadcast_id: &str) -> Result<(), StoreError> {
    let number = next(connection).await?;
    let mut sql = Sql::new("UPDATE recorded_runs SET number = ");
    sql.number(number).push(", changed_at = ").time(Timestamp::now());
    sql.push(" WHERE broadcast_id = ").text(broadcast_id).execute(connection).await?;
    Ok(())
}

/// Others wait for the number until this transaction is over: it is the order in which changes are seen.
async fn next(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    Sql::new("UPDATE recorded_runs_counter SET value = value + 1 RETURNING value").count(connection).await
}

fn read(row: &AnyRow) -> Result<RecordedRun, StoreError> {
    Ok(RecordedRun {
        number: row.number("number")?,
        broadcast_id: row.text("broadcast_id")?,
        run: row.text("run")?,
    })
}
