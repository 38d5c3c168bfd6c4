//! What a station that starts has to know of what was on air before.

use anyhow::Context;
use store::{Entry, Journal, Store, Timestamp};
use tracing::{info, warn};

use super::books::{card, on_the_books};
use super::builtin::{DEMO, Demo};
use crate::live::run::RunHouse;
use crate::live::{Card, HallHandle};

/// Broadcasts that the store may call live at a start: many times what one station carries.
const LIVE_MAX: u32 = 10_000;

/// The broadcasts whose runs lie open on disk, and the demo. A run of a broadcast that is no more, or whose host may
/// not broadcast any more, is ended.
pub async fn cards(house: &RunHouse, store: &Store, demo: Demo) -> anyhow::Result<Vec<Card>> {
    let mut ids = house.left_open()?;
    ids.retain(|id| id != DEMO);
    if demo == Demo::Wanted {
        ids.push(DEMO.to_owned());
    }
    let mut cards = Vec::new();
    for id in ids {
        let found = on_the_books(store, &id).await.with_context(|| format!("looking {id} up"))?;
        match found.map(|found| card(&found.broadcast)) {
            Some(Ok(card)) => cards.push(card),
            Some(Err(bad)) => warn!(broadcast.id = %id, "{id} does not go on: {bad}"),
            None => {
                info!(broadcast.id = %id, "{id} may not be on air any more; its run ends");
                house.abandon(&id)?;
            }
        }
    }
    Ok(cards)
}

/// What the store calls live and the hall does not hold has ended while no station was there.
pub async fn reconcile(store: &Store, journal: &Journal, hall: &HallHandle) -> anyhow::Result<()> {
    let live = store.broadcasts().live(LIVE_MAX).await.context("asking which broadcasts are on air")?;
    for row in live.into_iter().filter(|row| hall.live(&row.id).is_none()) {
        info!(broadcast.id = %row.id, "{} ended while the station was away", row.id);
        let (broadcast_id, run) = (row.id, row.run.unwrap_or_default());
        journal.append(Entry::BroadcastEnded { broadcast_id, run, at: Timestamp::now() })?;
    }
    Ok(())
}
