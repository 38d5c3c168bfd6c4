//! Tickets: what a browser shows as its first message over a WebSocket, so that no token stands in an address.
//! Kept in memory, good once and for a minute.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::grant::Grant;
use super::secrets::{Secret, fingerprint, random};

/// How long a ticket is good.
pub const LIFE: Duration = Duration::from_mins(1);

/// Tickets that wait to be shown, at the most: more than 1,500 joins a second.
const MAX: usize = 100_000;

/// Tickets that were given and not yet shown: for rooms, or for what else a `G` opens.
#[derive(Debug)]
pub struct Tickets<G = Grant> {
    waiting: Mutex<Waiting<G>>,
    max: usize,
}

#[derive(Debug)]
struct Waiting<G> {
    /// By the fingerprint of the ticket, so that finding one tells nothing about another by its time.
    grants: HashMap<String, G>,
    /// The same in the order in which they expire.
    order: VecDeque<(Instant, String)>,
}

/// Why there is no ticket.
#[derive(Debug, thiserror::Error)]
pub enum NoTicket {
    /// Every one is out; some expire within a minute.
    #[error("too many people are joining at once; try again in a minute")]
    Full,
    /// The system has no randomness.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl<G> Default for Tickets<G> {
    fn default() -> Self {
        let waiting = Waiting { grants: HashMap::new(), order: VecDeque::new() };
        Self { waiting: Mutex::new(waiting), max: MAX }
    }
}

impl<G> Tickets<G> {
    /// A ticket that lets whoever shows it in as `grant` says.
    pub fn issue(&self, grant: G, now: Instant) -> Result<Secret, NoTicket> {
        let ticket = random(24)?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.forget_expired(now);
        if waiting.order.len() >= self.max {
            return Err(NoTicket::Full);
        }
        let key = fingerprint(ticket.expose());
        waiting.order.push_back((now + LIFE, key.clone()));
        waiting.grants.insert(key, grant);
        Ok(ticket)
    }

    /// What a ticket lets somebody do; from now on it is void. `None` where it is, or never was one.
    pub fn take(&self, ticket: &str, now: Instant) -> Option<G> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.forget_expired(now);
        waiting.grants.remove(&fingerprint(ticket))
    }
}

impl<G> Waiting<G> {
    fn forget_expired(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, expired)) = self.order.pop_front() {
                self.grants.remove(&expired);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use room::Role;

    use super::*;

    fn grant(subject: &str) -> Grant {
        Grant::of(Role::Guest, "news", subject)
    }

    #[test]
    fn a_ticket_is_taken_once() {
        let (tickets, now) = (Tickets::<Grant>::default(), Instant::now());
        let ticket = tickets.issue(grant("amy"), now).unwrap();
        let other = tickets.issue(grant("rory"), now).unwrap();
        assert_eq!(tickets.take(ticket.expose(), now), Some(grant("amy")));
        assert_eq!(tickets.take(ticket.expose(), now), None);
        assert_eq!(tickets.take("nonsense", now), None);
        assert_eq!(tickets.take(other.expose(), now), Some(grant("rory")));
    }

    #[test]
    fn a_ticket_is_good_for_a_minute() {
        let (tickets, now) = (Tickets::<Grant>::default(), Instant::now());
        let ticket = tickets.issue(grant("amy"), now).unwrap();
        assert_eq!(tickets.take(ticket.expose(), now + LIFE), None);
    }

    #[test]
    fn there_are_only_so_many_and_those_that_expired_make_room() {
        let tickets = Tickets { max: 2, ..Tickets::default() };
        let now = Instant::now();
        let first = tickets.issue(grant("1"), now).unwrap();
        assert!(tickets.issue(grant("2"), now).is_ok());
        assert!(matches!(tickets.issue(grant("3"), now), Err(NoTicket::Full)));
        assert!(tickets.take(first.expose(), now).is_some());
        assert!(tickets.issue(grant("3"), now + LIFE).is_ok());
        assert_eq!(tickets.waiting.lock().unwrap().grants.len(), 1);
    }
}
