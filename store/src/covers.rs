//! Pictures of broadcasts. Their bytes are files; here stands which.

use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// The picture of a broadcast.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cover {
    /// The broadcast.
    pub broadcast_id: String,
    /// The name of its file, without a folder.
    pub file: String,
    /// `image/webp`, …
    pub media_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Of the file.
    pub size_bytes: u32,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// Covers in the store.
#[derive(Clone, Copy, Debug)]
pub struct Covers<'a>(pub(crate) &'a Store);

impl Covers<'_> {
    /// The cover of a broadcast, in place of the one before. `Dangling` where there is no such broadcast.
    pub async fn put(self, cover: &Cover) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO covers (");
        sql.push(COLUMNS).push(") VALUES (").text(&cover.broadcast_id).push(", ").text(&cover.file);
        sql.push(", ").text(&cover.media_type).push(", ").number(cover.width.into());
        sql.push(", ").number(cover.height.into()).push(", ").number(cover.size_bytes.into());
        sql.push(", ").time(cover.created_at);
        sql.push(
            ") ON CONFLICT (broadcast_id) DO UPDATE SET file = excluded.file, media_type = excluded.media_type, \
             width = excluded.width, height = excluded.height, size_bytes = excluded.size_bytes, \
             created_at = excluded.created_at",
        );
        self.0.write(&sql).await.map(|_| ())
    }

    /// The cover of a broadcast.
    pub async fn load(self, broadcast_id: &str) -> Result<Option<Cover>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM covers WHERE broadcast_id = ").text(broadcast_id);
        self.0.read_one(&sql, read).await
    }

    /// Forgets it; `false` where there was none.
    pub async fn delete(self, broadcast_id: &str) -> Result<bool, StoreError> {
        let mut sql = Sql::new("DELETE FROM covers WHERE broadcast_id = ");
        sql.text(broadcast_id);
        Ok(self.0.write(&sql).await? == 1)
    }
}

const COLUMNS: &str = "broadcast_id, file, media_type, width, height, size_bytes, created_at";

fn read(row: &AnyRow) -> Result<Cover, StoreError> {
    Ok(Cover {
        broadcast_id: row.text("broadcast_id")?,
        file: row.text("file")?,
        media_type: row.text("media_type")?,
        width: row.count("width")?,
        height: row.count("height")?,
        size_bytes: row.count("size_bytes")?,
        created_at: row.time("created_at")?,
    })
}
