//! What follows from when a broadcast is planned: jobs that come and go with its dates, in the same transaction.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::broadcast::{Broadcast, Status};
use crate::error::StoreError;
use crate::jobs::{self, JobKind, NewJob};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// How long after the planned start it is looked at the latest whether a host has come.
pub const LOOKED_FOR: Duration = Duration::from_hours(24);

/// The reminders of a broadcast for one offset are to be made: [`JobKind::Reminders`].
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReminderRound {
    /// Of what.
    pub broadcast_id: String,
    /// How many seconds before the start.
    pub offset_seconds: u32,
    /// The start that they are for. Where it was moved meanwhile, another job stands for the new date.
    pub start: Timestamp,
}

/// Somebody is to be reminded: [`JobKind::Reminder`].
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReminderCall {
    /// Of what.
    pub broadcast_id: String,
    /// Whom.
    pub user_id: String,
    /// How many seconds before the start.
    pub offset_seconds: u32,
}

impl ReminderCall {
    /// The job that tells them; there is one for ever, so nobody is reminded twice.
    pub fn job(&self, due_at: Timestamp) -> NewJob {
        let key = format!("{}/{}/{}", self.broadcast_id, self.offset_seconds, self.user_id);
        NewJob::new(JobKind::Reminder, key, self, due_at).of_broadcast(&self.broadcast_id)
    }
}

/// A broadcast is planned to begin: [`JobKind::Start`], [`JobKind::Late`] and [`JobKind::Missed`]. All are due at the start;
/// how long after it a host is late, or has not come, is for who does them to say.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedStart {
    /// Which.
    pub broadcast_id: String,
    /// When. Where it was moved meanwhile, another job stands for the new date.
    pub start: Timestamp,
}

/// A broadcast is planned to end: [`JobKind::End`].
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedEnd {
    /// Which.
    pub broadcast_id: String,
    /// The run that ends.
    pub run: String,
}

/// What a plan follows from.
#[derive(Eq, PartialEq)]
struct Dates<'a> {
    status: Status,
    scheduled_start: Option<Timestamp>,
    reminder_offsets: &'a [u32],
    start_on_time: bool,
    end_on_time: bool,
    duration_seconds: Option<u32>,
    run: Option<&'a str>,
}

impl<'a> Dates<'a> {
    fn of(broadcast: &'a Broadcast) -> Self {
        Self {
            status: broadcast.status,
            scheduled_start: broadcast.scheduled_start,
            reminder_offsets: &broadcast.reminder_offsets,
            start_on_time: broadcast.start_on_time,
            end_on_time: broadcast.end_on_time,
            duration_seconds: broadcast.duration_seconds,
            run: broadcast.run.as_deref(),
        }
    }
}

/// Makes the plan of a broadcast anew where its dates have changed, or where it is new.
pub(crate) async fn follow(
    connection: &mut AnyConnection,
    before: Option<&Broadcast>,
    after: &Broadcast,
) -> Result<(), StoreError> {
    if before.is_some_and(|before| Dates::of(before) == Dates::of(after)) {
        return Ok(());
    }
    if before.is_some_and(|before| before.scheduled_start != after.scheduled_start)
        && let Some(start) = after.scheduled_start
    {
        let mut move_along = Sql::new("UPDATE reminders SET due_at = ");
        move_along.time(start).push(" - offset_seconds * 1000 WHERE sent_at IS NULL AND broadcast_id = ");
        move_along.text(&after.id).execute(connection).await?;
    }
    make(connection, after).await
}

/// Makes the plan of a broadcast anew.
pub(crate) async fn make(connection: &mut AnyConnection, broadcast: &Broadcast) -> Result<(), StoreError> {
    drop_waiting(connection, &broadcast.id, broadcast.status == Status::Scheduled).await?;
    let mut offsets: BTreeSet<u32> = BTreeSet::new();
    if broadcast.status == Status::Scheduled && broadcast.scheduled_start.is_some() {
        offsets.extend(&broadcast.reminder_offsets);
        let mut asked = Sql::new("SELECT DISTINCT offset_seconds FROM reminders WHERE sent_at IS NULL ");
        asked.push("AND broadcast_id = ").text(&broadcast.id);
        offsets.extend(asked.all(connection, |row| row.count("offset_seconds")).await?);
    }
    jobs::insert(connection, &plan(broadcast, &offsets, Timestamp::now())).await?;
    Ok(())
}

/// Drops what is planned for a broadcast. What somebody is doing just now finds for itself that things have changed.
async fn drop_waiting(
    connection: &mut AnyConnection,
    id: &str,
    still_planned: bool,
) -> Result<(), StoreError> {
    let mut sql =
        Sql::new("DELETE FROM jobs WHERE state = 'waiting' AND claimed_by IS NULL AND broadcast_id = ");
    sql.text(id).push(" AND kind IN ('reminders', 'start', 'late', 'missed', 'end'");
    // Whoever is to be reminded just now still is where the broadcast was only moved.
    sql.push(if still_planned { ")" } else { ", 'reminder')" });
    sql.execute(connection).await?;
    Ok(())
}

/// Forgets the plan of a broadcast that is no more.
pub(crate) async fn forget(connection: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    let mut sql = Sql::new("DELETE FROM jobs WHERE state = 'waiting' AND broadcast_id = ");
    sql.text(id).execute(connection).await?;
    Ok(())
}

/// The jobs that follow from the dates of a broadcast and lie ahead.
fn plan(broadcast: &Broadcast, offsets: &BTreeSet<u32>, now: Timestamp) -> Vec<NewJob> {
    let id = &broadcast.id;
    let mut jobs = Vec::new();
    match (broadcast.status, broadcast.scheduled_start) {
        (Status::Scheduled, Some(start)) => {
            for &offset_seconds in offsets {
                let due = start.minus(Duration::from_secs(offset_seconds.into()));
                // A reminder that comes later than it says reminds of nothing.
                if due > now {
                    let round = ReminderRound { broadcast_id: id.clone(), offset_seconds, start };
                    let key = format!("{id}/{offset_seconds}/{}", start.as_millis());
                    jobs.push(NewJob::new(JobKind::Reminders, key, &round, due));
                }
            }
            let planned = PlannedStart { broadcast_id: id.clone(), start };
            let key = format!("{id}/{}", start.as_millis());
            let mut add = |kind, until: Timestamp| {
                if until > now {
                    jobs.push(NewJob::new(kind, key.as_str(), &planned, start));
                }
            };
            if broadcast.start_on_time {
                add(JobKind::Start, start);
            }
            add(JobKind::Late, start.plus(LOOKED_FOR));
            add(JobKind::Missed, start.plus(LOOKED_FOR));
        }
        (Status::Live, start) => {
            if let Some(start) = start.filter(|_| broadcast.start_on_time) {
                // It opened by itself: perhaps nobody is there.
                let planned = PlannedStart { broadcast_id: id.clone(), start };
                let key = format!("{id}/{}", start.as_millis());
                let late = NewJob::new(JobKind::Late, key, &planned, start);
                jobs.extend((start.plus(LOOKED_FOR) > now).then_some(late));
            }
            jobs.extend(planned_end(broadcast));
        }
        _ => {}
    }
    jobs.into_iter().map(|job| job.of_broadcast(id)).collect()
}

/// The end of what is on air, where it is to end by itself.
fn planned_end(broadcast: &Broadcast) -> Option<NewJob> {
    let (run, started) = (broadcast.run.as_ref()?, broadcast.started_at?);
    let seconds = broadcast.duration_seconds.filter(|_| broadcast.end_on_time)?;
    let planned = PlannedEnd { broadcast_id: broadcast.id.clone(), run: run.clone() };
    let due = started.plus(Duration::from_secs(seconds.into()));
    // The key has the length: who changes it while on air has it end then.
    Some(NewJob::new(JobKind::End, format!("{}/{run}/{seconds}", broadcast.id), &planned, due))
}
