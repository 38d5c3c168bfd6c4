//! How many listened, minute by minute.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// The most that heard a broadcast in one minute.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerMinute {
    /// Which broadcast.
    pub broadcast_id: String,
    /// When the minute begins.
    pub minute: Timestamp,
    /// The station that counted: several add up.
    pub station: String,
    /// Who listened by WebRTC.
    pub webrtc: u32,
    /// Who listened by HLS.
    pub hls: u32,
    /// Who were in the room.
    pub people: u32,
    /// Who wanted to listen by WebRTC, and did.
    #[serde(default)]
    pub joins: u32,
    /// Who wanted to, and whose network or patience did not bear it.
    #[serde(default)]
    pub joins_failed: u32,
}

/// Minutes in the store.
#[derive(Clone, Copy, Debug)]
pub struct ListenerMinutes<'a>(pub(crate) &'a Store);

impl ListenerMinutes<'_> {
    /// The minutes of a broadcast from `since` on, all stations together, in order; at most `limit`. `station` is empty
    /// in each.
    pub async fn list(
        self,
        broadcast_id: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<ListenerMinute>, StoreError> {
        let mut sql = Sql::new(
            "SELECT broadcast_id, minute, CAST(SUM(webrtc) AS BIGINT) AS webrtc, CAST(SUM(hls) AS BIGINT) AS hls, \
             CAST(SUM(people) AS BIGINT) AS people, CAST(SUM(joins) AS BIGINT) AS joins, \
             CAST(SUM(joins_failed) AS BIGINT) AS joins_failed FROM listener_minutes WHERE broadcast_id = ",
        );
        sql.text(broadcast_id).push(" AND minute >= ").time(since);
        sql.push(" GROUP BY broadcast_id, minute ORDER BY minute LIMIT ").number(limit.into());
        self.0.read_all(&sql, read).await
    }
}

/// Another minute; one that is there keeps the most of each.
pub(crate) fn insert(minute: &ListenerMinute) -> Sql {
    let mut sql = Sql::new(
        "INSERT INTO listener_minutes (broadcast_id, minute, station, webrtc, hls, people, joins, joins_failed) \
         VALUES (",
    );
    sql.text(&minute.broadcast_id).push(", ").time(minute.minute).push(", ").text(&minute.station);
    sql.push(", ").number(minute.webrtc.into()).push(", ").number(minute.hls.into());
    sql.push(", ").number(minute.people.into()).push(", ").number(minute.joins.into());
    sql.push(", ").number(minute.joins_failed.into());
    // `max` of two values is another function on each database.
    sql.push(") ON CONFLICT (broadcast_id, minute, station) DO UPDATE SET ");
    for (place, column) in ["webrtc", "hls", "people", "joins", "joins_failed"].into_iter().enumerate() {
        sql.push(if place == 0 { "" } else { ", " }).push(column).push(" = CASE WHEN excluded.").push(column);
        sql.push(" > listener_minutes.").push(column).push(" THEN excluded.").push(column);
        sql.push(" ELSE listener_minutes.").push(column).push(" END");
    }
    sql
}

fn read(row: &AnyRow) -> Result<ListenerMinute, StoreError> {
    Ok(ListenerMinute {
        broadcast_id: row.text("broadcast_id")?,
        minute: row.time("minute")?,
        station: String::new(),
        webrtc: row.count("webrtc")?,
        hls: row.count("hls")?,
        people: row.count("people")?,
        joins: row.count("joins")?,
        joins_failed: row.count("joins_failed")?,
    })
}
