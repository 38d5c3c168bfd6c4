//! Reminders that are due, told to those who wanted them.

use std::collections::HashMap;

use store::{Store, StoreError, Timestamp};

use super::kind::Kind;
use super::teller::{AT_ONCE, Teller};
use super::told::Told;
use crate::jobs::Outcome;
use crate::schedule::{Herald, Reminding};

/// Tells of reminders.
#[derive(Clone, Debug)]
pub struct Reminders {
    store: Store,
    teller: Teller,
}

impl Reminders {
    /// Reads hosts from `store`, and has people told by `teller`.
    pub const fn new(store: Store, teller: Teller) -> Self {
        Self { store, teller }
    }

    /// Tells some people of one broadcast.
    async fn tell(&self, due: &[&Reminding]) -> Result<(), StoreError> {
        let Some(first) = due.first() else { return Ok(()) };
        let broadcast = &first.broadcast;
        // Deleted since: there is nothing to be reminded of.
        let Some(hosted) = self.store.broadcasts().load(&broadcast.id).await? else { return Ok(()) };
        let start = broadcast.scheduled_start;
        let told = Told::of(&broadcast.id, &broadcast.title, &hosted.host.display_name, start);
        // One that is moved reminds anew.
        let start = start.map_or(0, Timestamp::as_millis);
        let about = format!("{}:{start}:{}", broadcast.id, first.offset_seconds);
        let people: Vec<_> = due.iter().map(|due| due.user_id.clone()).collect();
        self.teller.tell(&people, Kind::Reminder, &about, &told, Timestamp::now()).await?;
        Ok(())
    }
}

impl Herald for Reminders {
    /// Does no harm when it is asked again: nobody is told of the same twice.
    async fn remind(&self, due: &[Reminding]) -> Vec<Outcome> {
        let mut rounds: HashMap<(&str, u32), Vec<usize>> = HashMap::new();
        for (place, one) in due.iter().enumerate() {
            rounds.entry((&one.broadcast.id, one.offset_seconds)).or_default().push(place);
        }
        let mut outcomes = vec![Outcome::Done; due.len()];
        for places in
            rounds.into_values().flat_map(|all| all.chunks(AT_ONCE).map(<[_]>::to_vec).collect::<Vec<_>>())
        {
            let some: Vec<_> = places.iter().map(|place| &due[*place]).collect();
            if let Err(cause) = self.tell(&some).await {
                for place in places {
                    outcomes[place] = Outcome::Retry(cause.to_string());
                }
            }
        }
        outcomes
    }
}

#[cfg(test)]
mod tests;
