//! Who is reminded of a broadcast: those who asked for it, and those who follow its host.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use store::{Broadcast, Follow, JobKind, ReminderCall, ReminderRound, Status, Store, StoreError, Visibility};
use tracing::debug;

use crate::jobs::{Clock, Outcome, Task, Work};

/// Reminders that are made, or told, at a time: one statement for as many rows.
const PAGE: u32 = 500;

/// A reminder that is later than this is not told: the broadcast has begun, and who wanted to know does.
const STALE: Duration = Duration::from_mins(15);

/// Somebody who is to be told that a broadcast is about to begin.
#[derive(Clone, Debug)]
pub struct Reminding {
    /// Names this reminder, for ever: whoever told it before tells it no more.
    pub key: String,
    /// What begins.
    pub broadcast: Arc<Broadcast>,
    /// Who is told: an account.
    pub user_id: String,
    /// How many seconds before the start they wanted to know.
    pub offset_seconds: u32,
}

/// Tells people.
pub trait Herald: Send + Sync + 'static {
    /// Reminds some people, and says of each how that went, in their order. May be asked again for what it did, where
    /// the station died before that was noted.
    fn remind(&self, due: &[Reminding]) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// Makes the reminders of a broadcast for one offset.
pub struct RemindAll {
    /// Where follows and reminders are.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
}

impl Work for RemindAll {
    type Payload = ReminderRound;
    const KIND: JobKind = JobKind::Reminders;
    // A round may be a hundred thousand people.
    const BATCH: u32 = 1;

    async fn run(&self, tasks: Vec<Task<ReminderRound>>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(match self.make(&task.payload).await {
                Ok(()) => Outcome::Done,
                Err(cause) => Outcome::Retry(cause.to_string()),
            });
        }
        outcomes
    }
}

impl RemindAll {
    /// Every page is written by itself; what is there already stays, so a round that broke off goes on.
    async fn make(&self, round: &ReminderRound) -> Result<(), StoreError> {
        let Some(broadcast) = self.planned(round).await? else { return Ok(()) };
        let now = (self.clock)();
        let call = |user_id: &str| {
            let ReminderRound { broadcast_id, offset_seconds, .. } = round.clone();
            ReminderCall { broadcast_id, user_id: user_id.to_owned(), offset_seconds }.job(now)
        };
        let (mut after, mut made) = (String::new(), 0);
        loop {
            let reminders = self.store.reminders();
            let some = reminders.who_asked(&broadcast.id, round.offset_seconds, &after, PAGE).await?;
            made += self.store.jobs().insert(&some.iter().map(|user| call(user)).collect::<Vec<_>>()).await?;
            match some.last() {
                Some(last) if some.len() == PAGE as usize => after.clone_from(last),
                _ => break,
            }
        }
        // Who was not told of a broadcast that is not listed is not told of it by a reminder.
        let by_host = broadcast.reminder_offsets.contains(&round.offset_seconds);
        let mut last: Option<Follow> = None;
        let mut more = by_host && broadcast.visibility == Visibility::Public;
        while more {
            let reminders = self.store.reminders();
            let some = reminders.who_follow(&broadcast.id, &broadcast.host_id, last.as_ref(), PAGE).await?;
            let calls: Vec<_> = some.iter().map(|follow| call(&follow.follower_id)).collect();
            made += self.store.jobs().insert(&calls).await?;
            more = some.len() == PAGE as usize;
            last = some.into_iter().next_back();
        }
        debug!(broadcast.id = %broadcast.id, "{made} are to be reminded of {}", broadcast.id);
        Ok(())
    }

    /// The broadcast, where it is still planned for the date that this round was made for.
    async fn planned(&self, round: &ReminderRound) -> Result<Option<Broadcast>, StoreError> {
        let found = self.store.broadcasts().load(&round.broadcast_id).await?;
        let planned =
            |row: &Broadcast| row.status == Status::Scheduled && row.scheduled_start == Some(round.start);
        Ok(found.map(|found| found.broadcast).filter(planned))
    }
}

/// Tells those who are to be reminded.
pub struct RemindSome<H> {
    /// Where broadcasts are.
    pub store: Store,
    /// Who tells.
    pub herald: H,
    /// What time it is.
    pub clock: Clock,
}

impl<H: Herald> Work for RemindSome<H> {
    type Payload = ReminderCall;
    const KIND: JobKind = JobKind::Reminder;
    const BATCH: u32 = PAGE;

    async fn run(&self, tasks: Vec<Task<ReminderCall>>) -> Vec<Outcome> {
        let planned = match self.planned(&tasks).await {
            Ok(planned) => planned,
            Err(cause) => return vec![Outcome::Retry(cause.to_string()); tasks.len()],
        };
        let mut due = Vec::new();
        // What has begun, moved away or been called off meanwhile needs no reminder.
        let mut outcomes = vec![Outcome::Done; tasks.len()];
        let mut places = Vec::new();
        for (place, task) in tasks.into_iter().enumerate() {
            let ReminderCall { broadcast_id, user_id, offset_seconds } = task.payload;
            if let Some(broadcast) = planned.get(&broadcast_id) {
                due.push(Reminding { key: task.key, broadcast: broadcast.clone(), user_id, offset_seconds });
                places.push(place);
            }
        }
        if due.is_empty() {
            return outcomes;
        }
        let mut told = self.herald.remind(&due).await;
        told.resize(due.len(), Outcome::Retry("nothing was said of it".to_owned()));
        let done: Vec<_> = due
            .iter()
            .zip(&told)
            .filter(|(_, outcome)| **outcome == Outcome::Done)
            .map(|(due, _)| due)
            .collect();
        if let Err(cause) = self.mark(&done).await {
            // They were told; the list of theirs says so a moment later, or never.
            debug!("reminders are not marked as sent: {cause}");
        }
        for (place, outcome) in places.into_iter().zip(told) {
            outcomes[place] = outcome;
        }
        outcomes
    }
}

impl<H> RemindSome<H> {
    /// The broadcasts of these tasks that are still planned.
    async fn planned(
        &self,
        tasks: &[Task<ReminderCall>],
    ) -> Result<HashMap<String, Arc<Broadcast>>, StoreError> {
        let now = (self.clock)();
        let mut planned = HashMap::new();
        let mut ids: Vec<_> = tasks.iter().map(|task| &task.payload.broadcast_id).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let Some(found) = self.store.broadcasts().load(id).await? else { continue };
            let row = found.broadcast;
            let ahead = row.scheduled_start.is_some_and(|start| now < start.plus(STALE));
            if row.status == Status::Scheduled && ahead {
                planned.insert(id.clone(), Arc::new(row));
            }
        }
        Ok(planned)
    }

    /// Notes who was told, for the lists of those who asked for it.
    async fn mark(&self, done: &[&Reminding]) -> Result<(), StoreError> {
        let mut by_round: HashMap<(&str, u32), Vec<String>> = HashMap::new();
        for due in done {
            let round = by_round.entry((&due.broadcast.id, due.offset_seconds)).or_default();
            round.push(due.user_id.clone());
        }
        for ((broadcast, offset), users) in by_round {
            self.store.reminders().mark_sent(broadcast, offset, &users, (self.clock)()).await?;
        }
        Ok(())
    }
}
