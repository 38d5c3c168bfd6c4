//! Broadcasts in the store: making, changing, finding one.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::broadcast::{Broadcast, COLUMNS, Status, WRITTEN};
use crate::broadcast_list::{self, BroadcastFilter, Hosted};
use crate::error::StoreError;
use crate::handle::Store;
use crate::page::{Page, Slice};
use crate::plan;
use crate::plan_changes::{self, Change, Why};
use crate::recorded_runs;
use crate::row::Columns;
use crate::search::{self, Source};
use crate::sql::Sql;
use crate::time::Timestamp;
use crate::totals;
use crate::users::{self, User};

/// Broadcasts in the store.
#[derive(Clone, Copy, Debug)]
pub struct Broadcasts<'a>(pub(crate) &'a Store);

impl Broadcasts<'_> {
    /// A new broadcast; followers of its host are told of a plan. `Conflict` names `room_name` or `id` where it is taken; `Dangling` says that there is no such
    /// host.
    pub async fn insert(self, broadcast: &Broadcast) -> Result<(), StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                insert(writing.connection(), broadcast).await?;
                let made = Change { before: None, after: Some(broadcast) };
                plan_changes::announce(writing.connection(), &[made], Why::Wanted).await?;
                writing.commit().await
            })
            .await
    }

    /// The broadcast with this id, and its host.
    pub async fn load(self, id: &str) -> Result<Option<Hosted>, StoreError> {
        self.load_by(" AND b.id = ", id).await
    }

    /// The broadcast whose room has this name, and its host.
    pub async fn load_by_room_name(self, room_name: &str) -> Result<Option<Hosted>, StoreError> {
        self.load_by(" AND b.room_name = ", room_name).await
    }

    async fn load_by(self, condition: &'static str, value: &str) -> Result<Option<Hosted>, StoreError> {
        let mut sql = broadcast_list::select();
        sql.push(condition).text(value);
        self.0.read_one(&sql, Hosted::read).await
    }

    /// Every broadcast that is on air as far as the store knows, at most `limit` of them.
    pub async fn live(self, limit: u32) -> Result<Vec<Broadcast>, StoreError> {
        let mut sql = select();
        sql.push(" WHERE b.status = ").text(Status::Live.name());
        sql.push(" ORDER BY b.list_rank, b.id LIMIT ").number(limit.into());
        self.0.read_all(&sql, Broadcast::read).await
    }

    /// What a host has planned that begins after `from` and before `until`, the next first; at most a hundred.
    pub async fn planned_between(
        self,
        host_id: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Broadcast>, StoreError> {
        let mut sql = select();
        sql.push(" WHERE b.status = 'scheduled' AND b.host_id = ").text(host_id);
        sql.push(" AND b.scheduled_start > ").time(from).push(" AND b.scheduled_start < ").time(until);
        sql.push(" ORDER BY b.scheduled_start, b.id LIMIT ").number(PLANNED_MAX);
        self.0.read_all(&sql, Broadcast::read).await
    }

    /// Of one status: on air, the latest start first; planned, the next first; ended, the latest first. Of all: the
    /// newest first.
    pub async fn list(self, filter: &BroadcastFilter, slice: &Slice) -> Result<Page<Hosted>, StoreError> {
        broadcast_list::list(self.0, filter, slice).await
    }

    /// Lets `edit` change the broadcast, everything but its id, and answers with what it is now; `None` where there
    /// is no such broadcast. Nobody else changes it meanwhile.
    pub async fn update(
        self,
        id: &str,
        edit: impl FnOnce(&mut Broadcast) + Send,
    ) -> Result<Option<Broadcast>, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let updated = update(writing.connection(), id, edit).await?;
                writing.commit().await?;
                Ok(updated)
            })
            .await
    }

    /// Calls a broadcast off that is still planned for `start`, since no host came; answers with what it is now. Those who
    /// waited are told so.
    pub async fn miss(self, id: &str, start: Timestamp) -> Result<Option<Broadcast>, StoreError> {
        let close = move |row: &mut Broadcast| {
            if row.status == Status::Scheduled && row.scheduled_start == Some(start) {
                row.status = Status::Cancelled;
            }
        };
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let Some((before, after)) = change(connection, id, close).await? else { return Ok(None) };
                let missed = Change { before: Some(&before), after: Some(&after) };
                plan_changes::announce(connection, &[missed], Why::Missed).await?;
                writing.commit().await?;
                Ok(Some(after))
            })
            .await
    }

    /// Forgets the broadcast and everything that belongs to it, unless it is on air; says whether it did.
    pub async fn delete(self, id: &str) -> Result<bool, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let Some(broadcast) = lock(connection, id).await? else { return Ok(false) };
                if broadcast.status == Status::Live {
                    return Ok(false);
                }
                let gone = Change { before: Some(&broadcast), after: None };
                plan_changes::announce(connection, &[gone], Why::Wanted).await?;
                let mut sql = Sql::new("DELETE FROM broadcasts WHERE id = ");
                sql.text(id).execute(connection).await?;
                totals::shift(connection, Some((broadcast.visibility, broadcast.status)), None).await?;
                recorded_runs::note_gone(connection, id).await?;
                plan::forget(connection, id).await?;
                writing.commit().await?;
                Ok(true)
            })
            .await
    }
}

fn select() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM broadcasts b");
    sql
}

/// Loads a broadcast so that nobody else changes it before this transaction is over.
pub(crate) async fn lock(connection: &mut AnyConnection, id: &str) -> Result<Option<Broadcast>, StoreError> {
    // An update locks its row on both databases; SELECT … FOR UPDATE exists on one.
    let mut touch = Sql::new("UPDATE broadcasts SET updated_at = updated_at WHERE id = ");
    touch.text(id).execute(connection).await?;
    let mut sql = select();
    sql.push(" WHERE b.id = ").text(id);
    sql.one(connection, Broadcast::read).await
}

/// Begins an insert of rows.
pub(crate) fn insertion() -> Sql {
    let mut sql = Sql::new("INSERT INTO broadcasts ");
    sql.push(WRITTEN).push(" VALUES ");
    sql
}

/// Makes a broadcast inside a transaction of the caller's.
pub(crate) async fn insert(connection: &mut AnyConnection, broadcast: &Broadcast) -> Result<(), StoreError> {
    let mut sql = insertion();
    broadcast.push_values(&mut sql);
    sql.execute(connection).await?;
    search::replace(connection, TERMS, &broadcast.id, Source::Own, &broadcast.terms()).await?;
    index_host(connection, broadcast).await?;
    plan::follow(connection, None, broadcast).await?;
    totals::shift(connection, None, Some((broadcast.visibility, broadcast.status))).await
}

/// Changes a broadcast inside a transaction of the caller's, and has people told what that means to them.
pub(crate) async fn update(
    connection: &mut AnyConnection,
    id: &str,
    edit: impl FnOnce(&mut Broadcast) + Send,
) -> Result<Option<Broadcast>, StoreError> {
    let Some((before, after)) = change(connection, id, edit).await? else { return Ok(None) };
    let changed = Change { before: Some(&before), after: Some(&after) };
    plan_changes::announce(connection, &[changed], Why::Wanted).await?;
    Ok(Some(after))
}

/// The same, and who is to be told is the caller's to say; answers with what it was and is.
pub(crate) async fn change(
    connection: &mut AnyConnection,
    id: &str,
    edit: impl FnOnce(&mut Broadcast) + Send,
) -> Result<Option<(Broadcast, Broadcast)>, StoreError> {
    let Some(before) = lock(connection, id).await? else { return Ok(None) };
    let mut after = before.clone();
    edit(&mut after);
    after.id.clone_from(&before.id);
    after.updated_at = Timestamp::now();
    let mut sql = Sql::new("UPDATE broadcasts SET ");
    sql.push(WRITTEN).push(" = ");
    after.push_values(&mut sql);
    sql.push(" WHERE id = ").text(id);
    sql.execute(connection).await?;
    if before.terms() != after.terms() {
        search::replace(connection, TERMS, id, Source::Own, &after.terms()).await?;
    }
    if before.host_id != after.host_id {
        index_host(connection, &after).await?;
    }
    plan::follow(connection, Some(&before), &after).await?;
    let place = |broadcast: &Broadcast| Some((broadcast.visibility, broadcast.status));
    totals::shift(connection, place(&before), place(&after)).await?;
    Ok(Some((before, after)))
}

/// Gives a broadcast the words of its host.
async fn index_host(connection: &mut AnyConnection, broadcast: &Broadcast) -> Result<(), StoreError> {
    let mut sql = Sql::new("SELECT username, display_name FROM users WHERE id = ");
    let words = |row: &AnyRow| Ok(format!("{} {}", row.text("username")?, row.text("display_name")?));
    let host = sql.text(&broadcast.host_id).one(connection, words).await?.unwrap_or_default();
    search::replace(connection, TERMS, &broadcast.id, Source::Host, &search::words(&host)).await
}

/// Gives all broadcasts of a host the words of its new name.
pub(crate) async fn rename_host(connection: &mut AnyConnection, host: &User) -> Result<(), StoreError> {
    let mut old = Sql::new("DELETE FROM broadcast_terms WHERE source = ");
    old.number(Source::Host as i64);
    old.push(" AND subject_id IN (SELECT id FROM broadcasts WHERE host_id = ").text(&host.id).push(")");
    old.execute(connection).await?;
    for word in search::words(&users::host_words(host)).iter().take(search::TERMS_MAX) {
        let mut new = Sql::new("INSERT INTO broadcast_terms (subject_id, term, source) SELECT id, ");
        new.bytes(word.as_bytes()).push(", ").number(Source::Host as i64);
        new.push(" FROM broadcasts WHERE host_id = ").text(&host.id);
        new.execute(connection).await?;
    }
    Ok(())
}

/// Plans that are looked through for one that is in the way of another.
pub(crate) const PLANNED_MAX: i64 = 100;

/// Where the words of broadcasts are.
const TERMS: &str = "broadcast_terms";
