//! Tells people what happened, a page of them a job: never are all of them in memory, and a station that dies leaves
//! the rest to another or to its next start.

use std::collections::BTreeMap;
use std::time::Duration;

use store::{
    Announcement, Audience, ChangedPlan, Hosted, JobKind, RecordingStatus, Slice, Status, Store, StoreError,
    Timestamp, Visibility,
};
use tracing::debug;

use super::kind::Kind;
use super::teller::{AT_ONCE, Teller};
use super::told::Told;
use crate::jobs::{Outcome, Task, Work};

/// How long it is kept who waited for a plan that was changed once all are told: longer than a page may be told again that
/// a station died over.
const KEPT: Duration = Duration::from_hours(1);

/// How a cursor begins that stands among those who follow the host of a changed plan; before them come those who asked.
const FOLLOWING: &str = "following/";

/// The cursor after all of them.
const OVER: &str = "over";

/// Tells people.
#[derive(Clone, Debug)]
pub struct Announcer {
    store: Store,
    teller: Teller,
}

impl Announcer {
    /// Reads from `store` who is to be told.
    pub const fn new(store: Store, teller: Teller) -> Self {
        Self { store, teller }
    }

    async fn page(&self, it: &Announcement) -> Result<(), StoreError> {
        let Some(kind) = Kind::of(&it.kind) else { return Ok(()) };
        // After a long stop of the station it is no news any more.
        let stale = Timestamp::now().since(it.at) > kind.life();
        let next = match &it.to {
            Audience::Waiting { host_id, plans } if !stale && it.cursor.as_deref() != Some(OVER) => {
                Some(self.tell_waiting(it, kind, host_id, plans).await?)
            }
            Audience::Waiting { .. } => {
                self.store.plan_audiences().forget(&it.about).await?;
                None
            }
            _ if stale => None,
            Audience::Followers => self.tell_followers(it, kind).await?,
            Audience::Person(user) => {
                self.tell_person(it, kind, user).await?;
                None
            }
        };
        if let Some(cursor) = next {
            let next = Announcement { cursor: Some(cursor), ..it.clone() };
            let later = if next.cursor.as_deref() == Some(OVER) { KEPT } else { Duration::ZERO };
            self.store.jobs().insert(&[next.job_at(Timestamp::now().plus(later))]).await?;
        }
        Ok(())
    }

    /// Tells a page of those who follow a host; answers with where the next one begins.
    async fn tell_followers(&self, it: &Announcement, kind: Kind) -> Result<Option<String>, StoreError> {
        let hosted = self.store.broadcasts().load(&it.broadcast_id).await?;
        // Nobody follows a host to hear of what is not for everybody.
        let hosted = hosted.filter(|hosted| hosted.broadcast.visibility == Visibility::Public);
        let Some(hosted) = hosted else { return Ok(None) };
        if kind == Kind::HostPlanned && hosted.broadcast.status != Status::Scheduled {
            return Ok(None);
        }
        if let Some(id) = &it.recording_id {
            let recording = self.store.recordings().load(id).await?;
            if recording.is_none_or(|it| !it.published || it.status != RecordingStatus::Ready) {
                return Ok(None);
            }
        }
        let (told, host) = (told(it, &hosted), hosted.host.id);
        let slice = Slice { limit: AT_ONCE as u32, cursor: it.cursor.clone() };
        let page = self.store.follows().told(&host, &it.broadcast_id, &slice).await?;
        let people: Vec<_> = page.items.iter().map(|follow| follow.follower_id.clone()).collect();
        self.tell(it, kind, &told, &people).await?;
        Ok(page.next_cursor)
    }

    async fn tell_person(&self, it: &Announcement, kind: Kind, user: &str) -> Result<(), StoreError> {
        let Some(hosted) = self.store.broadcasts().load(&it.broadcast_id).await? else { return Ok(()) };
        // Who is kept out of a broadcast hears nothing of it.
        if self.store.blocks().load(&it.broadcast_id, user).await?.is_some() {
            return Ok(());
        }
        self.tell(it, kind, &told(it, &hosted), &[user.to_owned()]).await
    }

    /// Tells a page of those who waited for what was changed; answers with where the next one begins.
    async fn tell_waiting(
        &self,
        it: &Announcement,
        kind: Kind,
        host_id: &str,
        plans: &[ChangedPlan],
    ) -> Result<String, StoreError> {
        let over = Ok(OVER.to_owned());
        let Some(host) = self.store.users().load(host_id).await? else { return over };
        let mut places = Vec::new();
        for (place, plan) in (0..).zip(plans) {
            if self.stands(kind, plan).await? {
                places.push(place);
            }
        }
        let told = |place: u32| {
            let plan = plans.get(place as usize)?;
            let told = Told::of(&plan.broadcast_id, &plan.title, &host.display_name, plan.start);
            Some(Told { missed: plan.missed, ..told })
        };
        let audiences = self.store.plan_audiences();
        let cursor = it.cursor.as_deref().unwrap_or_default();
        let Some(after) = cursor.strip_prefix(FOLLOWING) else {
            let page = audiences.asked(&it.about, &places, cursor, AT_ONCE as u32).await?;
            let next = if page.len() == AT_ONCE { page.last().map(|(user, _)| user.clone()) } else { None };
            let mut groups: BTreeMap<u32, Vec<String>> = BTreeMap::new();
            for (user, place) in page {
                groups.entry(place).or_default().push(user);
            }
            for (place, people) in groups {
                if let Some(told) = told(place) {
                    self.tell(it, kind, &told, &people).await?;
                }
            }
            return Ok(next.unwrap_or_else(|| FOLLOWING.to_owned()));
        };
        places.retain(|place| plans.get(*place as usize).is_some_and(|plan| plan.reminds_followers));
        let Some(told) = places.first().and_then(|place| told(*place)) else { return over };
        let after = after.split_once('/').and_then(|(since, id)| Some((since.parse().ok()?, id)));
        let after = after.map(|(since, id)| (Timestamp::from_millis(since), id));
        let page = audiences.following(host_id, &it.about, &places, after, AT_ONCE as u32).await?;
        let people: Vec<_> = page.iter().map(|follow| follow.follower_id.clone()).collect();
        self.tell(it, kind, &told, &people).await?;
        Ok(match page.last() {
            Some(last) if page.len() == AT_ONCE => {
                format!("{FOLLOWING}{}/{}", last.created_at.as_millis(), last.follower_id)
            }
            _ => OVER.to_owned(),
        })
    }

    /// Whether a change is still as it is told: of one that was changed again something else is told.
    async fn stands(&self, kind: Kind, plan: &ChangedPlan) -> Result<bool, StoreError> {
        let now = self.store.broadcasts().load(&plan.broadcast_id).await?.map(|hosted| hosted.broadcast);
        Ok(match now {
            Some(row) if kind == Kind::Moved => {
                row.status == Status::Scheduled && row.scheduled_start == plan.start
            }
            Some(row) => row.status == Status::Cancelled,
            None => kind == Kind::Cancelled,
        })
    }

    async fn tell(
        &self,
        it: &Announcement,
        kind: Kind,
        told: &Told,
        people: &[String],
    ) -> Result<(), StoreError> {
        let new = self.teller.tell(people, kind, &it.about, told, it.at).await?.len();
        debug!(broadcast.id = %it.broadcast_id, "{new} people are told of {}", it.kind);
        Ok(())
    }
}

/// The facts of what happened in a broadcast.
fn told(it: &Announcement, hosted: &Hosted) -> Told {
    let (broadcast, host) = (&hosted.broadcast, &hosted.host);
    Told {
        by: it.by.clone(),
        text: it.text.clone(),
        recording_id: it.recording_id.clone(),
        repeats: broadcast.series_id.is_some(),
        ..Told::of(&broadcast.id, &broadcast.title, &host.display_name, broadcast.scheduled_start)
    }
}

impl Work for Announcer {
    type Payload = Announcement;
    const KIND: JobKind = JobKind::Announcement;
    // A page is two hundred people, and a batch has a minute.
    const BATCH: u32 = 8;

    /// Does no harm when it is done again: nobody is told twice, and of each page there is one job.
    async fn run(&self, tasks: Vec<Task<Announcement>>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(tasks.len());
        for task in &tasks {
            outcomes.push(match self.page(&task.payload).await {
                Ok(()) => Outcome::Done,
                Err(cause) => Outcome::Retry(cause.to_string()),
            });
        }
        outcomes
    }
}

#[cfg(test)]
mod tests;
