//! What each receiver has heard of a run's messages.

use super::marker::Marker;

/// What a message is to a receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The first time, and after all that its sender said before and that came at all.
    New,
    /// The first time, and later than something that its sender said after it.
    Late,
    /// Not for the first time.
    Again,
    /// No message of this run was sent with that number.
    Unknown,
}

/// Which of a run's messages have come to which receiver: one bit each.
#[derive(Debug)]
pub struct Tally {
    messages: u32,
    senders: u16,
    words: usize,
    seen: Vec<u64>,
    /// By receiver and sender: the number after the newest that came.
    newest: Vec<u32>,
    /// By receiver: how many have come, and how many of those that are the last of their sender.
    heard: Vec<(u32, u32)>,
}

impl Tally {
    /// For so many receivers of `messages` that `senders` send in turn.
    pub fn new(receivers: usize, messages: u32, senders: u16) -> Self {
        let words = (messages as usize).div_ceil(64);
        Self {
            messages,
            senders,
            words,
            seen: vec![0; receivers * words],
            newest: vec![0; receivers * usize::from(senders)],
            heard: vec![(0, 0); receivers],
        }
    }

    /// Notes that `marker` came to `receiver`.
    pub fn note(&mut self, receiver: usize, marker: Marker) -> Place {
        if marker.number >= self.messages || marker.sender != self.sender(marker.number) {
            return Place::Unknown;
        }
        let is_last = u32::from(self.is_last(marker.number));
        let word = &mut self.seen[receiver * self.words + marker.number as usize / 64];
        let bit = 1 << (marker.number % 64);
        if *word & bit != 0 {
            return Place::Again;
        }
        *word |= bit;
        let (heard, last) = &mut self.heard[receiver];
        *heard += 1;
        *last += is_last;

        let newest = &mut self.newest[receiver * usize::from(self.senders) + usize::from(marker.sender)];
        if *newest > marker.number {
            return Place::Late;
        }
        *newest = marker.number + 1;
        Place::New
    }

    /// Is it one of the messages that are the last of their senders?
    fn is_last(&self, number: u32) -> bool {
        number >= self.messages.saturating_sub(u32::from(self.senders))
    }

    /// Did `number` bring `receiver` the last that was missing of what senders say last? True once a receiver, asked
    /// when the message is new.
    pub fn completes(&self, receiver: usize, number: u32) -> bool {
        self.is_last(number) && self.is_through(receiver)
    }

    /// Who sends a message.
    pub fn sender(&self, number: u32) -> u16 {
        (number % u32::from(self.senders)) as u16
    }

    /// Has the last message of every sender come to `receiver`? Then nothing that is missing will come.
    pub fn is_through(&self, receiver: usize) -> bool {
        self.heard[receiver].1 == self.messages.min(u32::from(self.senders))
    }

    /// How many messages did not come to `receiver`.
    pub fn missing(&self, receiver: usize) -> u64 {
        u64::from(self.messages - self.heard[receiver].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_late_or_doubled_is_found() {
        let mut tally = Tally::new(2, 100, 2);
        let mut note = |number: u32| tally.note(1, Marker { sender: (number % 2) as u16, number, sent: 0 });
        assert_eq!([0, 1, 4, 3].map(&mut note), [Place::New; 4]);
        assert_eq!([2, 4, 2, 100].map(&mut note), [Place::Late, Place::Again, Place::Again, Place::Unknown]);
        assert_eq!((tally.missing(0), tally.missing(1)), (100, 95));
        assert_eq!(tally.note(0, Marker { sender: 1, number: 0, sent: 0 }), Place::Unknown);
    }

    #[test]
    fn a_receiver_is_through_with_the_last_of_each_sender() {
        let mut tally = Tally::new(1, 5, 2);
        for number in [0, 3] {
            tally.note(0, Marker { sender: (number % 2) as u16, number, sent: 0 });
            assert!(!tally.is_through(0));
        }
        tally.note(0, Marker { sender: 0, number: 4, sent: 0 });
        assert!(tally.is_through(0));
        assert_eq!(tally.missing(0), 2);
    }
}
