//! How much was listened, over all broadcasts.

use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// What broadcasts of one kind came to in a stretch of time. Broadcasts that were deleted are not in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Usage {
    /// Their latency mode.
    pub latency_mode: String,
    /// Their audio profile.
    pub audio_profile: String,
    /// How many of them were heard.
    pub broadcasts: i64,
    /// For how many minutes, all together.
    pub minutes: i64,
    /// Minutes that somebody listened by WebRTC.
    pub webrtc: i64,
    /// Minutes that somebody listened by HLS.
    pub hls: i64,
}

/// Usage in the store.
#[derive(Clone, Copy, Debug)]
pub struct Usages<'a>(pub(crate) &'a Store);

impl Usages<'_> {
    /// From `from` on and before `to`, by latency mode and audio profile; in the order of these. An index leads to the
    /// minutes, so that the time it takes is that of what was on air between.
    pub async fn between(self, from: Timestamp, to: Timestamp) -> Result<Vec<Usage>, StoreError> {
        let mut sql = Sql::new(
            "SELECT b.latency_mode, b.audio_profile, COUNT(DISTINCT m.broadcast_id) AS broadcasts, \
             COUNT(*) AS minutes, CAST(SUM(m.webrtc) AS BIGINT) AS webrtc, CAST(SUM(m.hls) AS BIGINT) AS hls \
             FROM (SELECT broadcast_id, minute, SUM(webrtc) AS webrtc, SUM(hls) AS hls FROM listener_minutes \
             WHERE minute >= ",
        );
        sql.time(from).push(" AND minute < ").time(to);
        sql.push(
            " GROUP BY broadcast_id, minute) m JOIN broadcasts b ON b.id = m.broadcast_id \
             GROUP BY b.latency_mode, b.audio_profile ORDER BY b.latency_mode, b.audio_profile",
        );
        self.0.read_all(&sql, read).await
    }
}

fn read(row: &AnyRow) -> Result<Usage, StoreError> {
    Ok(Usage {
        latency_mode: row.text("latency_mode")?,
        audio_profile: row.text("audio_profile")?,
        broadcasts: row.number("broadcasts")?,
        minutes: row.number("minutes")?,
        webrtc: row.number("webrtc")?,
        hls: row.number("hls")?,
    })
}
