//! Puts packets back into their order.

use std::collections::VecDeque;

/// A sequence that jumps by as much, either way, is another one: the sender has started anew.
const JUMP: u64 = 3_000;

/// Packets in the order of their sequence numbers, each once.
///
/// One that overtook another waits for it, for as long as it takes the next to arrive: that is all the
/// reordering that networks do, and any longer wait would delay what comes after a loss. Where packets are
/// repeated (RFC 2198) the missing one comes with the one after it, and nobody waits.
pub(super) struct Sequencer<T> {
    next: Option<u64>,
    waiting: Option<(u64, T)>,
    ready: VecDeque<T>,
}

impl<T> Sequencer<T> {
    pub(super) const fn new() -> Self {
        Self { next: None, waiting: None, ready: VecDeque::new() }
    }

    /// Takes a packet. One that came before, or too late, is dropped.
    pub(super) fn push(&mut self, sequence: u64, packet: T) {
        let next = self.next.unwrap_or(sequence);
        if sequence.abs_diff(next) > JUMP {
            self.waiting = None;
            self.hand_on(sequence, packet);
        } else if sequence == next {
            self.hand_on(sequence, packet);
            self.release_if_due();
        } else if sequence > next {
            match self.waiting.take() {
                None => self.waiting = Some((sequence, packet)),
                Some((other, waiting)) if other == sequence => self.waiting = Some((other, waiting)),
                // Two have come since: what is missing does not come any more.
                Some((other, waiting)) if other < sequence => {
                    self.hand_on(other, waiting);
                    if sequence == other + 1 {
                        self.hand_on(sequence, packet);
                    } else {
                        self.waiting = Some((sequence, packet));
                    }
                }
                Some(later) => {
                    self.hand_on(sequence, packet);
                    self.waiting = Some(later);
                    self.release_if_due();
                }
            }
        }
    }

    /// The next packet that is in its place.
    pub(super) fn poll_output(&mut self) -> Option<T> {
        self.ready.pop_front()
    }

    fn hand_on(&mut self, sequence: u64, packet: T) {
        self.ready.push_back(packet);
        self.next = Some(sequence + 1);
    }

    fn release_if_due(&mut self) {
        if let Some((sequence, packet)) = self.waiting.take_if(|(waiting, _)| self.next == Some(*waiting)) {
            self.hand_on(sequence, packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn put_in_order(arrived: &[u64]) -> Vec<u64> {
        let mut sequencer = Sequencer::new();
        let mut out = Vec::new();
        for sequence in arrived {
            sequencer.push(*sequence, *sequence);
            while let Some(packet) = sequencer.poll_output() {
                out.push(packet);
            }
        }
        out
    }

    #[test]
    fn packets_that_overtook_each_other_change_places() {
        assert_eq!(put_in_order(&[5, 7, 6, 8]), [5, 6, 7, 8]);
        assert_eq!(put_in_order(&[5, 6, 6, 5, 7]), [5, 6, 7], "each once");
    }

    #[test]
    fn a_lost_packet_holds_up_one_other() {
        assert_eq!(put_in_order(&[5, 7]), [5]);
        assert_eq!(put_in_order(&[5, 7, 8]), [5, 7, 8]);
        assert_eq!(put_in_order(&[5, 7, 8, 6, 9]), [5, 7, 8, 9], "too late");
        assert_eq!(put_in_order(&[5, 7, 9, 10]), [5, 7, 9, 10]);
        assert_eq!(put_in_order(&[5, 8, 6, 7, 9]), [5, 6, 7, 8, 9]);
    }

    #[test]
    fn what_is_repeated_makes_a_loss_good_at_once() {
        // RED of 7 brings 6 along.
        assert_eq!(put_in_order(&[5, 6, 7]), [5, 6, 7]);
        assert_eq!(put_in_order(&[4, 5, 5, 6, 6, 7]), [4, 5, 6, 7]);
    }

    #[test]
    fn a_sender_that_starts_anew_is_followed() {
        assert_eq!(put_in_order(&[50_000, 50_001, 10, 11]), [50_000, 50_001, 10, 11]);
    }

    proptest! {
        #[test]
        fn the_order_is_never_broken(arrived in proptest::collection::vec(0_u64..200, 0..300)) {
            let out = put_in_order(&arrived);
            prop_assert!(out.is_sorted_by(|a, b| a < b));
        }
    }
}
