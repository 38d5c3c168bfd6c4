//! A bus within one process: for a station that is alone, and for tests with several.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;

use super::desk::Desk;
use super::{Bus, Envelope, NodeId};
use crate::metrics::bus::BusCounts;

/// Where the buses of one process meet.
#[derive(Debug, Default)]
pub struct Exchange {
    desks: Mutex<Vec<Weak<Desk>>>,
}

impl Exchange {
    /// With nobody at it.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Another station at this exchange.
    pub fn bus(self: &Arc<Self>) -> Bus {
        let desk = Arc::new(Desk::new(NodeId::random(), BusCounts::new()));
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&desk));
        Bus { desk, exchange: Some(self.clone()) }
    }

    /// Says something to all others. The lock keeps their order the same for all.
    pub(super) fn publish(&self, from: &Arc<Desk>, room: &str, payload: Bytes) {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let outgoing = from.number(room, payload);
        let envelope = Envelope { node: from.node(), sequence: outgoing.sequence, payload: outgoing.payload };
        desks.retain(|desk| {
            let Some(desk) = desk.upgrade() else { return false };
            if !Arc::ptr_eq(&desk, from) {
                desk.deliver(room, &envelope);
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::Received;
    use super::*;

    #[tokio::test]
    async fn stations_of_one_process_hear_each_other_and_not_themselves() {
        let exchange = Exchange::new();
        let (one, other) = (exchange.bus(), exchange.bus());
        let (mut first, mut second) = (one.subscribe("a"), other.subscribe("a"));
        one.publish("a", Bytes::from_static(b"hello"));
        other.publish("b", Bytes::from_static(b"not here"));
        other.publish("a", Bytes::from_static(b"and you"));

        assert_eq!(second.next().await, Some(Received::Gap));
        let heard = Envelope { node: one.node(), sequence: 1, payload: Bytes::from_static(b"hello") };
        assert_eq!(second.next().await, Some(Received::Envelope(heard)));
        assert_eq!(first.next().await, Some(Received::Gap));
        let heard = Envelope { node: other.node(), sequence: 2, payload: Bytes::from_static(b"and you") };
        assert_eq!(first.next().await, Some(Received::Envelope(heard)));
    }
}
