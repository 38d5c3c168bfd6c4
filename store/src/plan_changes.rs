//! What people are told of plans: of new ones, and of those that were changed. Written down in the transaction that changes
//! them, so that a crash neither loses nor doubles it.

use std::time::Duration;

use sqlx::AnyConnection;

use crate::announcement::{Announcement, Audience, ChangedPlan};
use crate::broadcast::{Broadcast, Status, Visibility};
use crate::error::StoreError;
use crate::jobs;
use crate::plan_audiences;
use crate::time::Timestamp;

/// How long after its planned start nobody waits for a broadcast any more.
const OVER: Duration = Duration::from_hours(24);

/// A broadcast that is made, changed or deleted.
#[derive(Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) before: Option<&'a Broadcast>,
    pub(crate) after: Option<&'a Broadcast>,
}

/// Why plans are changed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Why {
    /// Somebody wants it so.
    Wanted,
    /// No host came.
    Missed,
}

/// What that means to people.
#[derive(Clone, Copy, Eq, PartialEq)]
enum News {
    Planned,
    Moved,
    Cancelled,
}

impl Change<'_> {
    fn news(&self, now: Timestamp) -> Option<News> {
        let waited_for = |row: &Broadcast| row.scheduled_start.is_some_and(|start| now < start.plus(OVER));
        let before = self.before.filter(|row| row.status == Status::Scheduled && waited_for(row));
        let planned = |row: Option<&Broadcast>| row.is_some_and(|row| is_planned(row, now));
        match (before, self.after) {
            (Some(_), None) => Some(News::Cancelled),
            (Some(_), Some(after)) if after.status == Status::Cancelled => Some(News::Cancelled),
            (Some(before), Some(after))
                if after.status == Status::Scheduled && after.scheduled_start != before.scheduled_start =>
            {
                Some(News::Moved)
            }
            _ if planned(self.after) && !planned(self.before) => Some(News::Planned),
            _ => None,
        }
    }

    /// As those who waited are told.
    fn told(&self, news: News, why: Why) -> Option<ChangedPlan> {
        let before = self.before?;
        let start = match news {
            News::Cancelled => before.scheduled_start,
            News::Moved | News::Planned => self.after?.scheduled_start,
        };
        Some(ChangedPlan {
            broadcast_id: before.id.clone(),
            title: self.after.unwrap_or(before).title.clone(),
            start,
            reminds_followers: before.visibility == Visibility::Public && !before.reminder_offsets.is_empty(),
            missed: why == Why::Missed,
        })
    }
}

/// Can everybody find it, and does it lie ahead?
fn is_planned(row: &Broadcast, now: Timestamp) -> bool {
    row.visibility == Visibility::Public
        && row.status == Status::Scheduled
        && row.scheduled_start.is_some_and(|start| start > now)
}

/// Has people told of `changes`, which were made together: each once of all that were moved, once of all that were called
/// off, and once of what is new. Where a broadcast is deleted, before it is.
pub(crate) async fn announce(
    connection: &mut AnyConnection,
    changes: &[Change<'_>],
    why: Why,
) -> Result<(), StoreError> {
    let now = Timestamp::now();
    let of = |news: News| changes.iter().filter(move |change| change.news(now) == Some(news));
    for (news, kind) in [(News::Moved, "moved"), (News::Cancelled, "cancelled")] {
        let plans: Vec<_> = of(news).filter_map(|change| change.told(news, why)).collect();
        let host = of(news).find_map(|change| change.before).map(|row| row.host_id.clone());
        if let Some(host_id) = host {
            tell_waiting(connection, kind, host_id, plans, now).await?;
        }
    }
    if let Some(first) = of(News::Planned).find_map(|change| change.after) {
        // Of a series all are one.
        let about = first.series_id.as_ref().unwrap_or(&first.id).clone();
        let announcement = Announcement::new("hostPlanned", about, &first.id, now);
        jobs::insert(connection, &[announcement.job()]).await?;
    }
    Ok(())
}

async fn tell_waiting(
    connection: &mut AnyConnection,
    kind: &str,
    host_id: String,
    plans: Vec<ChangedPlan>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(first) = plans.first().map(|plan| plan.broadcast_id.clone()) else { return Ok(()) };
    // The same may happen again: moved back and forth, it is told each time.
    let about = crate::id();
    let mut asked = 0;
    for (place, plan) in (0..).zip(&plans) {
        asked += plan_audiences::note_asked(connection, &about, place, &plan.broadcast_id).await?;
    }
    if asked == 0 && !plans.iter().any(|plan| plan.reminds_followers) {
        return Ok(());
    }
    for (place, plan) in (0..).zip(&plans).filter(|(_, plan)| plan.reminds_followers) {
        plan_audiences::note_deaf(connection, &about, place, &plan.broadcast_id).await?;
    }
    let to = Audience::Waiting { host_id, plans };
    let announcement = Announcement { to, ..Announcement::new(kind, about, &first, now) };
    jobs::insert(connection, &[announcement.job()]).await?;
    Ok(())
}
