//! How many broadcasts there are, kept with every change.

use sqlx::AnyConnection;

use crate::broadcast::{Status, Visibility};
use crate::error::StoreError;
use crate::sql::Sql;

/// Counts a broadcast in where it is now, and out where it was.
pub(crate) async fn shift(
    connection: &mut AnyConnection,
    from: Option<(Visibility, Status)>,
    to: Option<(Visibility, Status)>,
) -> Result<(), StoreError> {
    if from == to {
        return Ok(());
    }
    let mut changes: Vec<_> = from.map(|(visibility, status)| (visibility, status, -1)).into_iter().collect();
    changes.extend(to.map(|(visibility, status)| (visibility, status, 1)));
    // Always in the same order, so that two transactions cannot each hold what the other waits for.
    changes.sort_by_key(|(visibility, status, _)| (visibility.name(), status.name()));
    for (visibility, status, by) in changes {
        add(connection, visibility, status, by).await?;
    }
    Ok(())
}

/// Adds `by` to what is counted there.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    visibility: Visibility,
    status: Status,
    by: i64,
) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO broadcast_totals (visibility, status, amount) VALUES (");
    sql.text(visibility.name()).push(", ").text(status.name()).push(", ").number(by);
    sql.push(
        ") ON CONFLICT (visibility, status) DO UPDATE SET amount = broadcast_totals.amount + excluded.amount",
    );
    sql.execute(connection).await?;
    Ok(())
}

/// How many there are, of one visibility or status where that is asked.
pub(crate) async fn total(
    connection: &mut AnyConnection,
    visibility: Option<Visibility>,
    status: Option<Status>,
) -> Result<i64, StoreError> {
    let mut sql =
        Sql::new("SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM broadcast_totals WHERE 1 = 1");
    if let Some(visibility) = visibility {
        sql.push(" AND visibility = ").text(visibility.name());
    }
    if let Some(status) = status {
        sql.push(" AND status = ").text(status.name());
    }
    sql.count(connection).await
}
