use proptest::prelude::*;

use super::*;

/// Packets of 20 ms that come exactly in time, from sequence number 65,530 so that numbers and times wrap.
struct Sender {
    start: Instant,
}

impl Sender {
    fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// Packet `index`, `late` milliseconds after its time.
    fn packet(&self, index: u32, late: u64) -> Arrival {
        Arrival {
            sequence: 65_530_u16.wrapping_add(index as u16),
            timestamp: (u32::MAX - 3000).wrapping_add(index * 960),
            bytes: 100,
            at: self.start + Duration::from_millis(u64::from(index) * 20 + late),
        }
    }
}

/// What is counted of these packets, each in its time and in this order.
fn counted(indices: impl IntoIterator<Item = u32>) -> Counts {
    let (sender, mut reception) = (Sender::new(), Reception::new());
    for index in indices {
        reception.push(sender.packet(index, 0));
    }
    reception.finish()
}

#[test]
fn a_whole_stream_is_received_without_loss_or_jitter() {
    let (sender, mut reception) = (Sender::new(), Reception::new());
    for index in 0..1000 {
        // The clocks' allowance grows by 4 µs a packet and is taken back by each one.
        assert!(reception.push(sender.packet(index, 0)).unwrap() < Duration::from_micros(5));
    }
    assert!(reception.jitter().unwrap() < Duration::from_micros(1));
    assert_eq!(reception.finish(), Counts { received: 1000, bytes: 100_000, ..Counts::default() });
}

#[test]
fn a_gap_is_lost_once_nobody_waits_for_it() {
    let counts = counted((0..200).filter(|index| index % 50 != 7));
    assert_eq!((counts.received, counts.lost), (196, 4));
    assert_eq!(counts.expected(), 200);
}

#[test]
fn a_gap_longer_than_the_window_is_lost_whole() {
    let counts = counted((0..100).chain(400..500));
    assert_eq!((counts.received, counts.lost, counts.restarts), (200, 300, 0));
}

#[test]
fn a_packet_that_comes_after_its_successor_is_reordered_and_not_lost() {
    let counts = counted([0, 1, 3, 2, 4]);
    assert_eq!((counts.received, counts.reordered, counts.lost, counts.late), (5, 1, 0, 0));
}

#[test]
fn a_packet_that_comes_twice_counts_once() {
    let counts = counted([0, 1, 1, 2, 0]);
    assert_eq!((counts.received, counts.duplicates), (3, 2));
}

#[test]
fn a_packet_that_was_given_up_is_lost_and_late() {
    let counts = counted((0..100).filter(|index| *index != 5).chain([5]));
    assert_eq!((counts.received, counts.lost, counts.late), (99, 1, 1));
}

#[test]
fn redundancy_stands_in_for_a_packet_that_never_came() {
    let (sender, mut reception) = (Sender::new(), Reception::new());
    for index in (0..200).filter(|index| ![50, 51, 90].contains(index)) {
        let packet = sender.packet(index, 0);
        reception.push(packet);
        reception.cover(packet.sequence, 1);
    }
    // Of 50 and 51 only the second one was in the next packet that came.
    let counts = reception.finish();
    assert_eq!((counts.received, counts.lost, counts.recovered), (197, 1, 2));
}

#[test]
fn a_packet_is_late_when_it_comes_long_after_the_quickest() {
    let (sender, mut reception) = (Sender::new(), Reception::new());
    for (index, late) in [(0, 15), (1, 0), (2, 99), (3, 101), (10, 0)] {
        reception.push(sender.packet(index, late));
    }
    assert_eq!(reception.finish().late, 1);
}

#[test]
fn jitter_is_that_of_rfc_3550() {
    let (sender, mut reception) = (Sender::new(), Reception::new());
    let mut expected = 0.0;
    for index in 0..500 {
        reception.push(sender.packet(index, u64::from(index % 2) * 8));
        if index > 0 {
            expected += (8.0 - expected) / 16.0;
        }
    }
    let jitter = reception.jitter().unwrap().as_secs_f64() * 1000.0;
    assert!((jitter - expected).abs() < 1e-6, "{jitter} ms is not {expected} ms");
    assert!((jitter - 8.0).abs() < 0.01, "every packet differs by 8 ms from the one before");
}

#[test]
fn a_source_that_begins_anew_is_no_loss() {
    let counts = counted((0..10).chain(20_000..20_010));
    assert_eq!((counts.received, counts.lost, counts.restarts), (20, 0, 1));
}

#[test]
fn counts_begin_at_zero_when_they_are_taken_and_the_stream_goes_on() {
    let (sender, mut reception) = (Sender::new(), Reception::new());
    for index in [0, 1, 3] {
        reception.push(sender.packet(index, 0));
    }
    assert_eq!(reception.take().lost, 0, "number 2 may still come");
    reception.push(sender.packet(2, 50));
    assert_eq!(reception.finish(), Counts { received: 1, bytes: 100, reordered: 1, ..Counts::default() });
}

proptest! {
    /// Whatever order packets come in, within the window, every one is received or lost, never both.
    #[test]
    fn received_and_lost_add_up_to_what_was_sent(
        drops in proptest::collection::vec(any::<bool>(), 100..400),
        swaps in proptest::collection::vec(0_usize..399, 0..20),
    ) {
        let mut order: Vec<u32> = (0..drops.len() as u32)
            .filter(|index| *index == 0 || *index as usize + 1 == drops.len() || !drops[*index as usize])
            .collect();
        for at in swaps {
            if at > 0 && at + 2 < order.len() {
                order.swap(at, at + 1);
            }
        }
        let counts = counted(order.iter().copied());
        prop_assert_eq!(counts.received + counts.late, order.len() as u64);
        prop_assert_eq!(counts.expected(), drops.len() as u64);
    }
}
