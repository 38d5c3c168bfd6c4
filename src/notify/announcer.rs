//! Tells the followers of a host, a page of them a job: never are all of them in memory, and a station that dies leaves
//! the rest to another or to its next start.

use store::{Announcement, JobKind, Slice, Store, StoreError, Timestamp, Visibility};
use tracing::debug;

use super::kind::Kind;
use super::teller::{AT_ONCE, Teller};
use super::told::Told;
use crate::jobs::{Outcome, Task, Work};

/// Tells followers.
#[derive(Clone, Debug)]
pub struct Announcer {
    store: Store,
    teller: Teller,
}

impl Announcer {
    /// Reads followers from `store`.
    pub const fn new(store: Store, teller: Teller) -> Self {
        Self { store, teller }
    }

    async fn page(&self, it: &Announcement) -> Result<(), StoreError> {
        let hosted = self.store.broadcasts().load(&it.broadcast_id).await?;
        // Nobody follows a host to hear of what is not for everybody.
        let hosted = hosted.filter(|hosted| hosted.broadcast.visibility == Visibility::Public);
        let (Some(hosted), Some(kind)) = (hosted, Kind::of(&it.kind)) else { return Ok(()) };
        // After a long stop of the station it is no news any more.
        if Timestamp::now().since(it.at) > kind.life() {
            return Ok(());
        }
        let (broadcast, host) = (hosted.broadcast, hosted.host);
        let told = Told::of(&broadcast.id, &broadcast.title, &host.display_name, broadcast.scheduled_start);
        let slice = Slice { limit: AT_ONCE as u32, cursor: it.cursor.clone() };
        let page = self.store.follows().told(&host.id, &broadcast.id, &slice).await?;
        let people: Vec<_> = page.items.iter().map(|follow| follow.follower_id.clone()).collect();
        let new = self.teller.tell(&people, kind, &it.about, &told, it.at).await?.len();
        debug!(broadcast.id = %broadcast.id, "{new} followers are told of {}", it.kind);
        if page.next_cursor.is_some() {
            let next = Announcement { cursor: page.next_cursor, ..it.clone() };
            self.store.jobs().insert(&[next.job()]).await?;
        }
        Ok(())
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
