//! Who waited for broadcasts whose plan was changed, as it was when that happened: until they are told, a broadcast may be
//! gone, and with it who wanted to be reminded.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::follows::{self, Follow};
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// Audiences of changed plans in the store.
#[derive(Clone, Copy, Debug)]
pub struct PlanAudiences<'a>(pub(crate) &'a Store);

impl PlanAudiences<'_> {
    /// Those who asked to be reminded of one of the broadcasts at these `places`, each with the first of them, by id,
    /// after `after`; at most `limit`.
    pub async fn asked(
        self,
        about: &str,
        places: &[u32],
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, u32)>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT user_id, MIN(place) AS place FROM plan_audiences WHERE about = ");
        sql.text(about).push(" AND wanted = 1 AND user_id > ").text(after);
        among(&mut sql, places).push(" GROUP BY user_id ORDER BY user_id LIMIT ").number(limit.into());
        let read = |row: &AnyRow| Ok((row.text("user_id")?, row.count("place")?));
        self.0.read_all(&sql, read).await
    }

    /// Those who follow a host and were to be reminded as followers are of one of the broadcasts at these `places`, by when
    /// they began, after `after`; at most `limit`.
    pub async fn following(
        self,
        host_id: &str,
        about: &str,
        places: &[u32],
        after: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<Follow>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT f.follower_id, f.followed_id, f.created_at, f.notify FROM follows f ");
        sql.push("WHERE f.notify = 1 AND f.followed_id = ").text(host_id);
        if let Some((since, id)) = after {
            sql.push(" AND (f.created_at, f.follower_id) > (").time(since).push(", ").text(id).push(")");
        }
        // Who asked by themselves is told as such.
        sql.push(" AND NOT EXISTS (SELECT 1 FROM plan_audiences p WHERE p.wanted = 1").push(THEIRS);
        sql.text(about).push(") AND (SELECT COUNT(*) FROM plan_audiences p WHERE p.wanted = 0").push(THEIRS);
        sql.text(about);
        among(&mut sql, places).push(") < ").number(places.len() as i64);
        sql.push(" ORDER BY f.created_at, f.follower_id LIMIT ").number(limit.into());
        self.0.read_all(&sql, follows::read).await
    }

    /// Forgets who waited, once all are told; how many rows there were.
    pub async fn forget(self, about: &str) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM plan_audiences WHERE about = ");
        sql.text(about);
        self.0.write(&sql).await
    }
}

/// Goes on with what the change is called.
const THEIRS: &str = " AND p.user_id = f.follower_id AND p.about = ";

/// Goes on with the condition that a place is one of these, of which there is one at least.
fn among<'a>(sql: &'a mut Sql, places: &[u32]) -> &'a mut Sql {
    for (nth, place) in places.iter().enumerate() {
        sql.push(if nth == 0 { " AND place IN (" } else { ", " }).number((*place).into());
    }
    sql.push(")")
}

/// Notes who asked to be reminded of a broadcast, or was; how many they are.
pub(crate) async fn note_asked(
    connection: &mut AnyConnection,
    about: &str,
    place: u32,
    broadcast_id: &str,
) -> Result<u64, StoreError> {
    let mut sql = note(about, place, 1);
    sql.push(" FROM reminders r WHERE r.broadcast_id = ").text(broadcast_id);
    sql.push(" AND NOT EXISTS (SELECT 1 FROM blocks k WHERE k.user_id = r.user_id AND k.broadcast_id = ");
    sql.text(broadcast_id).push(") ON CONFLICT (about, user_id, place) DO NOTHING");
    sql.execute(connection).await
}

/// Notes who is not to hear of a broadcast, though they follow its host.
pub(crate) async fn note_deaf(
    connection: &mut AnyConnection,
    about: &str,
    place: u32,
    broadcast_id: &str,
) -> Result<(), StoreError> {
    for table in
        [" FROM reminder_refusals r WHERE r.broadcast_id = ", " FROM blocks r WHERE r.broadcast_id = "]
    {
        let mut sql = note(about, place, 0);
        sql.push(table).text(broadcast_id).push(" ON CONFLICT (about, user_id, place) DO NOTHING");
        sql.execute(connection).await?;
    }
    Ok(())
}

/// Goes on with where the users are.
fn note(about: &str, place: u32, wanted: i64) -> Sql {
    let mut sql =
        Sql::new("INSERT INTO plan_audiences (about, user_id, place, wanted) SELECT DISTINCT CAST(");
    // In a SELECT, PostgreSQL does not guess what is bound.
    sql.text(about).push(" AS TEXT), r.user_id, CAST(").number(place.into());
    sql.push(" AS BIGINT), CAST(").number(wanted).push(" AS BIGINT)");
    sql
}
