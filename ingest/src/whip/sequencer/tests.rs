use proptest::prelude::*;

use super::*;

#[expect(clippy::disallowed_methods, reason = "some instant to count from")]
fn begin() -> Instant {
    Instant::now()
}

/// Numbers in the order in which they are handed on; each arrives so many milliseconds after the beginning.
fn hear(arrived: impl IntoIterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let begin = begin();
    let mut sequencer = Sequencer::new();
    let mut out = Vec::new();
    for (at, sequence) in arrived {
        sequencer.push(begin + Duration::from_millis(at), sequence, sequence);
        out.extend(std::iter::from_fn(|| sequencer.poll_output()).map(|sequence| (at, sequence)));
    }
    out
}

/// The same for packets that arrive 20 ms apart.
fn put_in_order(arrived: &[u64]) -> Vec<u64> {
    let arrived = arrived.iter().enumerate().map(|(n, sequence)| (20 * n as u64, *sequence));
    hear(arrived).into_iter().map(|(_, sequence)| sequence).collect()
}

#[test]
fn packets_that_overtook_each_other_change_places() {
    assert_eq!(put_in_order(&[5, 7, 6, 8]), [5, 6, 7, 8]);
    assert_eq!(put_in_order(&[5, 6, 6, 5, 7]), [5, 6, 7], "each once");
    assert_eq!(put_in_order(&[5, 7, 7, 6, 8]), [5, 6, 7, 8], "each once");
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
    assert_eq!(put_in_order(&[50_000, 50_002, 10, 11]), [50_000, 50_002, 10, 11], "and what waited is heard");
}

/// Packets 20 ms apart; every tenth comes `late` milliseconds after its time, or never.
fn every_tenth(packets: u64, late: Option<u64>) -> Vec<(u64, u64)> {
    let mut arrived: Vec<(u64, u64)> = (0..packets)
        .filter_map(|n| match late {
            _ if n % 10 != 5 => Some((20 * n, n)),
            Some(late) => Some((20 * n + late, n)),
            None => None,
        })
        .collect();
    arrived.sort_unstable();
    arrived
}

#[test]
fn packets_that_keep_coming_late_are_waited_for() {
    let heard = hear(every_tenth(500, Some(110)));
    let missed: Vec<u64> = (0..500).filter(|n| !heard.iter().any(|(_, heard)| heard == n)).collect();
    // Learned from each is half of the way; what is forgotten in the meantime costs one now and then.
    assert!(missed.len() <= 6 && missed.iter().skip(3).all(|n| *n > 100), "{missed:?} came too late");
    assert!(heard.is_sorted_by_key(|(_, sequence)| sequence));
}

#[test]
fn nobody_waits_for_what_never_comes_and_never_came() {
    let heard = hear(every_tenth(500, None));
    let held = heard.iter().map(|(at, sequence)| at - 20 * sequence).max();
    assert_eq!(held, Some(20), "the packet after a loss waits for the next");
    assert_eq!(heard.iter().filter(|(at, sequence)| *at > 20 * sequence).count(), 50);
}

#[test]
fn a_loss_is_given_up_in_bounded_time_whatever_was_learned() {
    // Late by all that is allowed for a while; then lost.
    let mut arrived = every_tenth(500, Some(210));
    arrived.extend(every_tenth(1_000, None).into_iter().filter(|(_, n)| *n >= 500));
    arrived.sort_unstable();
    let heard = hear(arrived);
    let held = heard.iter().map(|(at, sequence)| at.saturating_sub(20 * sequence));
    let lost = held.clone().skip(460);
    assert!((180..=220).contains(&lost.max().unwrap()), "it was learned");
    assert!(held.max() <= Some(220), "200 ms, and until the next arrives");
}

#[test]
fn a_habit_is_forgotten() {
    let mut arrived = every_tenth(500, Some(110));
    arrived.extend(every_tenth(5_000, None).into_iter().filter(|(_, n)| *n >= 510));
    arrived.sort_unstable();
    let heard = hear(arrived);
    let held = |heard: &[(u64, u64)]| heard.iter().map(|(at, n)| at.saturating_sub(20 * n)).max();
    assert!(held(&heard[520..600]) >= Some(80), "for a while losses are waited for");
    assert_eq!(held(&heard[heard.len() - 500..]), Some(20));
}

#[test]
fn a_storm_of_packets_behind_a_hole_is_bounded() {
    let begin = begin();
    let mut sequencer = Sequencer::new();
    sequencer.patience = PATIENCE_MAX;
    sequencer.push(begin, 0, ());
    for sequence in 1..1_000 {
        sequencer.push(begin, 2 * sequence, ());
        while sequencer.poll_output().is_some() {}
        assert!(sequencer.waiting.len() <= WAITING_MAX && sequencer.given_up.len() <= GIVEN_UP_MAX);
    }
}

proptest! {
    #[test]
    fn the_order_is_never_broken(arrived in proptest::collection::vec(0_u64..200, 0..300)) {
        let out = put_in_order(&arrived);
        prop_assert!(out.is_sorted_by(|a, b| a < b));
    }
}
