//! The round trip, from the STUN requests and answers of one session as they pass (RFC 8489).

use std::time::{Duration, Instant};

/// Requests that wait for an answer. A session sends one every two seconds, more of them only at the start.
const PENDING: usize = 8;

const REQUEST: [u8; 2] = [0x00, 0x01];
const SUCCESS: [u8; 2] = [0x01, 0x01];

/// Binding requests on their way.
#[derive(Debug, Default)]
pub(super) struct Pings {
    /// Transaction and time of sending, oldest first.
    pending: Vec<([u8; 12], Instant)>,
    measured: Option<Duration>,
}

impl Pings {
    /// Looks at a datagram that leaves.
    pub(super) fn sent(&mut self, datagram: &[u8], now: Instant) {
        if let Some(id) = transaction(datagram, REQUEST) {
            if self.pending.len() == PENDING {
                self.pending.remove(0);
            }
            self.pending.push((id, now));
        }
    }

    /// Looks at a datagram that came.
    pub(super) fn received(&mut self, datagram: &[u8], now: Instant) {
        let Some(id) = transaction(datagram, SUCCESS) else { return };
        if let Some(at) = self.pending.iter().position(|(pending, _)| *pending == id) {
            let (_, sent) = self.pending.remove(at);
            self.measured = Some(now.saturating_duration_since(sent));
        }
    }

    /// The newest measurement, once.
    pub(super) fn take(&mut self) -> Option<Duration> {
        self.measured.take()
    }
}

/// The transaction of a STUN message of this class and method.
fn transaction(datagram: &[u8], kind: [u8; 2]) -> Option<[u8; 12]> {
    let header = datagram.get(..20)?;
    (header[..2] == kind).then(|| header[8..].try_into().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: [u8; 2], transaction: u8) -> Vec<u8> {
        [kind.as_slice(), &[0, 0, 0x21, 0x12, 0xa4, 0x42], &[transaction; 12]].concat()
    }

    #[test]
    fn the_round_trip_ends_with_the_answer_to_that_request() {
        let (start, mut pings) = (Instant::now(), Pings::default());
        let at = |ms| start + Duration::from_millis(ms);
        pings.sent(&message(REQUEST, 1), at(0));
        pings.sent(&message(REQUEST, 2), at(50));
        pings.received(&message(SUCCESS, 3), at(55));
        pings.received(&message(REQUEST, 2), at(56));
        assert_eq!(pings.take(), None, "neither another's answer nor a request of the far end");
        pings.received(&message(SUCCESS, 2), at(60));
        assert_eq!(pings.take(), Some(Duration::from_millis(10)));
        pings.received(&message(SUCCESS, 2), at(70));
        assert_eq!(pings.take(), None, "an answer counts once");
    }

    #[test]
    fn requests_that_nobody_answers_are_forgotten() {
        let (start, mut pings) = (Instant::now(), Pings::default());
        for transaction in 0..200 {
            pings.sent(&message(REQUEST, transaction), start);
        }
        assert_eq!(pings.pending.len(), PENDING);
        pings.received(&message(SUCCESS, 199), start);
        pings.received(&[1, 1, 0], start);
        assert_eq!(pings.take(), Some(Duration::ZERO));
    }
}
