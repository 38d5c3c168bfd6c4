//! Guests who were banned. They have no account, so it is where they are that is barred, until the room is closed.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::limits::household;

/// Addresses that are barred from one room: what a crew can do by hand in an evening.
const MOST: usize = 1_000;

/// Where guests are barred from, by broadcast.
#[derive(Debug, Default)]
pub struct BarredGuests(Mutex<HashMap<String, HashSet<IpAddr>>>);

impl BarredGuests {
    /// Bars guests at `address`; beyond [`MOST`] somebody else is let in again.
    pub(super) fn bar(&self, broadcast: &str, address: IpAddr) {
        let mut held = self.held();
        let barred = held.entry(broadcast.to_owned()).or_default();
        if barred.len() >= MOST
            && let Some(one) = barred.iter().next().copied()
        {
            barred.remove(&one);
        }
        barred.insert(household(address));
    }

    /// Whether guests at `address` are barred.
    pub(super) fn has(&self, broadcast: &str, address: IpAddr) -> bool {
        self.held().get(broadcast).is_some_and(|barred| barred.contains(&household(address)))
    }

    /// Lets everybody in again.
    pub(super) fn forget(&self, broadcast: &str) {
        self.held().remove(broadcast);
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, HashSet<IpAddr>>> {
        // Each change is one call of the map's own.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
