//! How many connections a door holds, and from where.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections that a door holds at once. Beyond them a new one is closed unheard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) connections: usize,
    pub(crate) pending: usize,
    pub(crate) per_address: usize,
}

/// Counts connections.
#[derive(Clone, Debug)]
pub(crate) struct Doorman {
    bounds: Bounds,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: usize,
    pending: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Admission {
    doorman: Doorman,
    address: IpAddr,
    pending: bool,
}

/// Which bound was met.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Full {
    #[error("too many connections")]
    Connections,
    #[error("too many connections that publish nothing")]
    Pending,
    #[error("too many connections from one address")]
    Address,
}

impl Doorman {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, counts: Arc::default() }
    }

    /// A place for a connection from `address`, pending until it publishes.
    pub(crate) fn admit(&self, address: IpAddr) -> Result<Admission, Full> {
        let address = network(address);
        let mut counts = self.counts();
        if counts.connections >= self.bounds.connections {
            return Err(Full::Connections);
        }
        if counts.pending >= self.bounds.pending {
            return Err(Full::Pending);
        }
        let here = counts.by_address.get(&address).copied().unwrap_or_default();
        if here >= self.bounds.per_address {
            return Err(Full::Address);
        }
        counts.connections += 1;
        counts.pending += 1;
        counts.by_address.insert(address, here + 1);
        drop(counts);
        Ok(Admission { doorman: self.clone(), address, pending: true })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Counting can't panic half way; a poisoned lock still holds whole counts.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission {
    /// Told that the connection publishes: it is pending no longer.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.pending) {
            self.doorman.counts().pending -= 1;
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.settle();
        let mut counts = self.doorman.counts();
        counts.connections -= 1;
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

/// One subscriber: an IPv4 address, or the /64 that an IPv6 subscriber owns whole.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doorman() -> Doorman {
        Doorman::new(Bounds { connections: 4, pending: 3, per_address: 2 })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_has_its_bound_and_gets_its_places_back() {
        let doorman = doorman();
        let first = doorman.admit(address("192.0.2.1")).unwrap();
        let _second = doorman.admit(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(doorman.admit(address("192.0.2.1")).unwrap_err(), Full::Address);
        drop(first);
        assert!(doorman.admit(address("192.0.2.1")).is_ok());
    }

    #[test]
    fn a_slash_64_is_one_address() {
        let doorman = doorman();
        let _one = doorman.admit(address("2001:db8::1")).unwrap();
        let _two = doorman.admit(address("2001:db8::ffff:2")).unwrap();
        assert_eq!(doorman.admit(address("2001:db8::3")).unwrap_err(), Full::Address);
        assert!(doorman.admit(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn those_who_publish_leave_room_for_those_who_come() {
        let doorman = doorman();
        let mut places: Vec<_> =
            (1..=3).map(|host| doorman.admit(IpAddr::from([192, 0, 2, host])).unwrap()).collect();
        assert_eq!(doorman.admit(address("192.0.2.9")).unwrap_err(), Full::Pending);
        places[0].settle();
        let _fourth = doorman.admit(address("192.0.2.9")).unwrap();
        places[1].settle();
        assert_eq!(doorman.admit(address("192.0.2.10")).unwrap_err(), Full::Connections);
        drop(places);
        assert_eq!(doorman.counts().by_address.len(), 1);
        assert_eq!(doorman.counts().pending, 1);
    }
}
