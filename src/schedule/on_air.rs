//! What is done at the hour: broadcasts go on air and off, and those to which no host comes are closed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use store::{Broadcast, JobKind, PlannedEnd, PlannedStart, Status, Store, StoreError, Timestamp};
use tracing::info;

use crate::broadcasts::{card, on_the_books};
use crate::jobs::{Clock, Outcome, Task, Work};
use crate::live::{EndReason, HallHandle};
use crate::signal::Rooms;

/// What listeners are told when a broadcast does not begin as planned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Announcement {
    /// The host is not there yet.
    HostLate {
        /// When the broadcast is closed if they do not come; not known where it is on air, since its grace runs.
        closes_at: Option<Timestamp>,
    },
    /// The host did not come, and the broadcast is closed.
    Missed,
}

/// Tells listeners.
pub trait Town: Send + Sync + 'static {
    /// Tells those who wait for a broadcast. `key` names this announcement, for ever: it may be asked for again where
    /// the station died before it was noted.
    fn announce(
        &self,
        key: &str,
        broadcast: &Broadcast,
        announcement: Announcement,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

impl Town for Arc<Rooms> {
    /// Tells whoever is in the room.
    async fn announce(
        &self,
        _: &str,
        broadcast: &Broadcast,
        announcement: Announcement,
    ) -> Result<(), String> {
        Rooms::announce(self, &broadcast.id, announcement);
        Ok(())
    }
}

/// What all of this needs. Cheap to clone.
#[derive(Clone)]
pub struct House {
    /// Where broadcasts are.
    pub store: Store,
    /// What is on air at this station.
    pub hall: HallHandle,
    /// What time it is.
    pub clock: Clock,
    /// How long a host is waited for.
    pub patience: HostPatience,
}

/// How long a host is waited for who does not come, from the planned start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HostPatience {
    /// Until listeners are told that they are late.
    pub late: Duration,
    /// Until the broadcast is closed.
    pub missed: Duration,
}

/// How much later than it was to be said it is still said that a host is late.
const STALE: Duration = Duration::from_mins(15);

/// Puts broadcasts on air at their hour.
pub struct Opens(pub House);

impl Work for Opens {
    type Payload = PlannedStart;
    const KIND: JobKind = JobKind::Start;
    const BATCH: u32 = 20;

    async fn run(&self, tasks: Vec<Task<PlannedStart>>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(settled(self.open(&task.payload).await));
        }
        outcomes
    }
}

impl Opens {
    async fn open(&self, planned: &PlannedStart) -> Result<Outcome, StoreError> {
        let house = &self.0;
        let Some(found) = on_the_books(&house.store, &planned.broadcast_id).await? else {
            return Ok(Outcome::Done);
        };
        let row = found.broadcast;
        let over = (house.clock)() >= planned.start.plus(house.patience.missed);
        if over || !row.start_on_time || !house.stands(&row, planned) {
            return Ok(Outcome::Done);
        }
        let card = match card(&row) {
            Ok(card) => card,
            Err(bad) => return Ok(Outcome::Failed(bad.to_string())),
        };
        Ok(match house.hall.start(card).await {
            Ok(_) => {
                info!(broadcast.id = %row.id, "{} went on air as planned", row.id);
                Outcome::Done
            }
            Err(cause) => Outcome::Retry(cause.to_string()),
        })
    }
}

/// Takes broadcasts off the air when their time is over.
pub struct Ends(pub House);

impl Work for Ends {
    type Payload = PlannedEnd;
    const KIND: JobKind = JobKind::End;
    const BATCH: u32 = 20;

    async fn run(&self, tasks: Vec<Task<PlannedEnd>>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(settled(self.end(&task.payload).await));
        }
        outcomes
    }
}

impl Ends {
    async fn end(&self, planned: &PlannedEnd) -> Result<Outcome, StoreError> {
        let house = &self.0;
        let id = &planned.broadcast_id;
        let Some(found) = house.store.broadcasts().load(id).await? else { return Ok(Outcome::Done) };
        let row = found.broadcast;
        if row.status != Status::Live || row.run.as_ref() != Some(&planned.run) || !row.end_on_time {
            return Ok(Outcome::Done);
        }
        if house.hall.live(id).is_none_or(|live| live.run.as_str() != planned.run) {
            let over = house.hall.ending(id).is_some();
            let elsewhere = || Outcome::Retry("it is on air at another station".to_owned());
            return Ok(if over { Outcome::Done } else { elsewhere() });
        }
        Ok(match house.hall.end(id, EndReason::Planned).await {
            Ok(_) => Outcome::Done,
            Err(cause) => Outcome::Retry(cause.to_string()),
        })
    }
}

/// Tells listeners that the host is late.
pub struct Late<T> {
    /// What it needs.
    pub house: House,
    /// Who tells.
    pub town: T,
}

impl<T: Town> Work for Late<T> {
    type Payload = PlannedStart;
    const KIND: JobKind = JobKind::Late;
    const BATCH: u32 = 20;

    async fn run(&self, tasks: Vec<Task<PlannedStart>>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(settled(self.tell(&task).await));
        }
        outcomes
    }
}

impl<T: Town> Late<T> {
    async fn tell(&self, task: &Task<PlannedStart>) -> Result<Outcome, StoreError> {
        let planned = &task.payload;
        let (now, due) = ((self.house.clock)(), planned.start.plus(self.house.patience.late));
        if now < due {
            return Ok(Outcome::Again(due));
        }
        if now >= due.plus(STALE) {
            return Ok(Outcome::Done);
        }
        let found = self.house.store.broadcasts().load(&planned.broadcast_id).await?;
        let Some(row) = found.map(|found| found.broadcast) else { return Ok(Outcome::Done) };
        let closes_at = match self.house.hall.broadcast(&row.id) {
            // It opened by itself, and nobody has come.
            Some(held) if held.is_live() && held.publishers.is_empty() => None,
            None if self.house.stands(&row, planned) => Some(planned.start.plus(self.house.patience.missed)),
            _ => return Ok(Outcome::Done),
        };
        let late = Announcement::HostLate { closes_at };
        Ok(self.town.announce(&task.key, &row, late).await.map_or_else(Outcome::Retry, |()| Outcome::Done))
    }
}

/// Closes broadcasts to which no host has come.
pub struct Closes<T> {
    /// What it needs.
    pub house: House,
    /// Who tells.
    pub town: T,
}

impl<T: Town> Work for Closes<T> {
    type Payload = PlannedStart;
    const KIND: JobKind = JobKind::Missed;
    const BATCH: u32 = 20;

    async fn run(&self, tasks: Vec<Task<PlannedStart>>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(settled(self.close(&task).await));
        }
        outcomes
    }
}

impl<T: Town> Closes<T> {
    async fn close(&self, task: &Task<PlannedStart>) -> Result<Outcome, StoreError> {
        let (house, planned) = (&self.house, &task.payload);
        let (now, due) = ((house.clock)(), planned.start.plus(house.patience.missed));
        if now < due {
            return Ok(Outcome::Again(due));
        }
        let found = house.store.broadcasts().load(&planned.broadcast_id).await?;
        let Some(row) = found.map(|found| found.broadcast) else { return Ok(Outcome::Done) };
        if !house.stands(&row, planned) {
            return Ok(Outcome::Done);
        }
        if house.hall.broadcast(&row.id).is_some() {
            // The host is there, in a preview.
            return Ok(Outcome::Again(now.plus(house.patience.late)));
        }
        if let Err(cause) = self.town.announce(&task.key, &row, Announcement::Missed).await {
            return Ok(Outcome::Retry(cause));
        }
        let Some(row) = house.store.broadcasts().miss(&row.id, planned.start).await? else {
            return Ok(Outcome::Done);
        };
        info!(broadcast.id = %row.id, "no host came to {}; it is closed", row.id);
        if let Ok(card) = card(&row)
            && house.hall.update(card).await.is_err()
        {
            // A station that stops has nothing to be told.
            return Ok(Outcome::Done);
        }
        Ok(Outcome::Done)
    }
}

impl House {
    /// Whether a broadcast still waits for its host since this date.
    fn stands(&self, row: &Broadcast, planned: &PlannedStart) -> bool {
        row.status == Status::Scheduled
            && row.scheduled_start == Some(planned.start)
            && self.hall.live(&row.id).is_none()
            && self.hall.ending(&row.id).is_none()
    }
}

fn settled(attempt: Result<Outcome, StoreError>) -> Outcome {
    attempt.unwrap_or_else(|cause| Outcome::Retry(cause.to_string()))
}
