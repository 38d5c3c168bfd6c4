//! Who listens by HLS: players say so every 20 s.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A player that has not been heard of for this long (three heartbeats) has left.
const EXPIRES: Duration = Duration::from_mins(1);

/// Players of one broadcast behind one address: a school or a mobile carrier's gateway, not a liar.
const PER_ADDRESS: usize = 200;

/// Players of one broadcast that are counted one by one.
const PER_BROADCAST: usize = 200_000;

/// Longest session name in bytes.
const SESSION_MAX: usize = 64;

/// Counts players by their heartbeats.
#[derive(Debug, Default)]
pub struct Presence {
    broadcasts: Mutex<HashMap<String, Audience>>,
}

#[derive(Debug, Default)]
struct Audience {
    sessions: HashMap<String, (IpAddr, Instant)>,
    addresses: HashMap<IpAddr, usize>,
}

/// Why a heartbeat is not counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HeartbeatError {
    /// The session's name is empty, too long, or not of letters, digits, `-` and `_`.
    #[error("must be 1 to {SESSION_MAX} letters, digits, - or _")]
    BadSession,
    /// This address has as many players as one address may.
    #[error("too many players behind this address")]
    TooMany,
}

impl Presence {
    /// Notes that a player is listening.
    pub fn beat(
        &self,
        broadcast: &str,
        session: &str,
        from: IpAddr,
        now: Instant,
    ) -> Result<(), HeartbeatError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if session.is_empty() || session.len() > SESSION_MAX || !session.bytes().all(plain) {
            return Err(HeartbeatError::BadSession);
        }
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        broadcasts.entry(broadcast.to_owned()).or_default().beat(session, from, now)
    }

    /// Players of `broadcast` that were heard of lately.
    pub fn listeners(&self, broadcast: &str, now: Instant) -> usize {
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        broadcasts.get_mut(broadcast).map_or(0, |audience| {
            audience.expire(now);
            audience.sessions.len()
        })
    }
}

impl Audience {
    fn beat(&mut self, session: &str, from: IpAddr, now: Instant) -> Result<(), HeartbeatError> {
        if let Some((address, seen)) = self.sessions.get_mut(session)
            && *address == from
        {
            *seen = now;
            return Ok(());
        }
        if self.sessions.len() >= PER_BROADCAST || self.behind(from) >= PER_ADDRESS {
            self.expire(now);
        }
        if self.sessions.len() >= PER_BROADCAST || self.behind(from) >= PER_ADDRESS {
            return Err(HeartbeatError::TooMany);
        }
        // A player whose address changed (a phone that left the house) takes its session along.
        if let Some((old, _)) = self.sessions.insert(session.to_owned(), (from, now)) {
            self.leave(old);
        }
        *self.addresses.entry(from).or_default() += 1;
        Ok(())
    }

    fn behind(&self, address: IpAddr) -> usize {
        self.addresses.get(&address).copied().unwrap_or(0)
    }

    fn leave(&mut self, address: IpAddr) {
        if let Some(count) = self.addresses.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&address);
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        let mut left = Vec::new();
        self.sessions.retain(|_, (address, seen)| {
            let here = now.saturating_duration_since(*seen) < EXPIRES;
            if !here {
                left.push(*address);
            }
            here
        });
        for address in left {
            self.leave(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const TRAIN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_player_counts_once_until_it_falls_silent() {
        let (presence, start) = (Presence::default(), Instant::now());
        for beat in 0..3 {
            presence.beat("studio", "a", HOME, start + Duration::from_secs(20 * beat)).unwrap();
        }
        presence.beat("studio", "b", HOME, start).unwrap();
        assert_eq!(presence.listeners("studio", start + Duration::from_secs(50)), 2);
        assert_eq!(presence.listeners("studio", start + Duration::from_secs(90)), 1);
        assert_eq!(presence.listeners("studio", start + Duration::from_secs(120)), 0);
    }

    #[test]
    fn one_address_cannot_pretend_to_be_a_crowd() {
        let (presence, now) = (Presence::default(), Instant::now());
        for n in 0..PER_ADDRESS {
            presence.beat("studio", &n.to_string(), HOME, now).unwrap();
        }
        assert_eq!(presence.beat("studio", "more", HOME, now), Err(HeartbeatError::TooMany));
        assert_eq!(presence.beat("studio", "0", HOME, now), Ok(()));
        assert_eq!(presence.beat("studio", "0", TRAIN, now), Ok(()), "a session moves with its player");
        assert_eq!(presence.beat("studio", "more", HOME, now), Ok(()));
        assert_eq!(presence.listeners("studio", now), PER_ADDRESS + 1);
    }

    #[test]
    fn a_session_has_a_plain_name() {
        for bad in ["", "a b", "ä", &"x".repeat(65)] {
            let beat = Presence::default().beat("studio", bad, HOME, Instant::now());
            assert_eq!(beat, Err(HeartbeatError::BadSession), "{bad:?}");
        }
    }
}
