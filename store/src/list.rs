//! Lists of a table's rows by time.

use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::page::{Page, Position, Slice};
use crate::sql::Sql;

/// How a table is listed. There is an index over `time` and `id`, in this order, behind whatever the condition of a
/// call compares for equality.
pub(crate) struct Listing<T> {
    pub(crate) columns: &'static str,
    pub(crate) table: &'static str,
    pub(crate) time: &'static str,
    pub(crate) id: &'static str,
    pub(crate) read: fn(&AnyRow) -> Result<T, StoreError>,
    pub(crate) position: fn(&T) -> Position,
}

impl<T: Send> Listing<T> {
    /// `SELECT` of all columns; the caller goes on with ` AND …`.
    pub(crate) fn select(&self) -> Sql {
        let mut sql = Sql::new("SELECT ");
        sql.push(self.columns).push(" FROM ").push(self.table).push(" WHERE 1 = 1");
        sql
    }

    /// Rows that fulfil ` AND …`, newest first.
    pub(crate) async fn newest(
        &self,
        store: &Store,
        condition: &Sql,
        slice: &Slice,
    ) -> Result<Page<T>, StoreError> {
        self.page(store, condition, slice, [") < (", " DESC, ", " DESC LIMIT "]).await
    }

    /// Rows that fulfil ` AND …`, oldest first.
    pub(crate) async fn oldest(
        &self,
        store: &Store,
        condition: &Sql,
        slice: &Slice,
    ) -> Result<Page<T>, StoreError> {
        self.page(store, condition, slice, [") > (", ", ", " LIMIT "]).await
    }

    async fn page(
        &self,
        store: &Store,
        condition: &Sql,
        slice: &Slice,
        [after, then, limit]: [&'static str; 3],
    ) -> Result<Page<T>, StoreError> {
        let mut total = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM ");
        total.push(self.table).push(" WHERE 1 = 1").append(condition);
        total.push(" LIMIT ").number(Page::<T>::COUNTED).push(") counted");

        let mut rows = self.select();
        rows.append(condition);
        if let Some(position) = slice.position()? {
            rows.push(" AND (").push(self.time).push(", ").push(self.id).push(after);
            rows.number(position.rank).push(", ").text(position.id).push(")");
        }
        rows.push(" ORDER BY ").push(self.time).push(then).push(self.id).push(limit).number(slice.fetched());

        store
            .bounded(async {
                let mut connection = store.pool().acquire().await?;
                let total = total.count(&mut connection).await?;
                let items = rows.all(&mut connection, self.read).await?;
                Ok(Page::cut(items, slice, total, self.position))
            })
            .await
    }
}
