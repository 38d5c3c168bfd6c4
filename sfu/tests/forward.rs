//! What a receiver sees of a slot: one stream, whoever speaks.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use sfu::{Forward, Forwarded, Packet, Voice};

const ANN: Voice = Voice::new(1);
const BOB: Voice = Voice::new(2);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A packet of somebody whose numbers began at these.
fn packet(sequence: u16, timestamp: u32, nth: u32) -> Packet {
    Packet {
        sequence: sequence.wrapping_add(nth as u16),
        timestamp: timestamp.wrapping_add(960 * nth),
        marker: false,
    }
}

fn ann(nth: u32) -> Packet {
    packet(65_530, u32::MAX - 3_000, nth)
}

fn bob(nth: u32) -> Packet {
    packet(100, 77, nth)
}

/// A slot with Ann's first ten packets through it, every 20 ms.
fn with_ann() -> (Forward, Vec<Forwarded>) {
    let mut forward = Forward::new(65_533, u32::MAX - 100);
    forward.switch(Some(ANN));
    let left = (0..10).map(|n| forward.push(ANN, ann(n), ms(20 * u64::from(n))).unwrap()).collect();
    (forward, left)
}

#[test]
fn one_voice_goes_on_from_the_numbers_the_stream_began_with() {
    let (_, left) = with_ann();
    for (n, packet) in left.iter().enumerate() {
        // Past 65,535 it is the same stream, rolled over once.
        assert_eq!(packet.sequence, 65_533 + n as u64);
        assert_eq!(packet.timestamp, (u32::MAX - 100).wrapping_add(960 * n as u32));
        assert_eq!(packet.marker, n == 0);
    }
}

#[test]
fn another_voice_goes_on_where_the_first_one_stood_by_the_time_that_passed() {
    let (mut forward, left) = with_ann();
    let last = left[9];
    forward.switch(Some(BOB));
    // 140 ms after Ann's last packet.
    let first = forward.push(BOB, bob(0), ms(320)).unwrap();
    assert_eq!(first.sequence, last.sequence + 1);
    assert_eq!(first.timestamp, last.timestamp.wrapping_add(140 * 48));
    assert!(first.marker, "a talk-spurt begins");
    let second = forward.push(BOB, bob(1), ms(340)).unwrap();
    assert_eq!((second.sequence, second.marker), (first.sequence + 1, false));
    assert_eq!(second.timestamp, first.timestamp.wrapping_add(960));

    // Late ones of Ann are nobody's.
    assert_eq!(forward.push(ANN, ann(10), ms(341)), None);
    // Neither is what Bob said before he was heard.
    assert_eq!(forward.push(BOB, packet(99, 77_u32.wrapping_sub(960), 0), ms(342)), None);
}

#[test]
fn what_was_said_before_the_change_fills_no_gap_that_the_former_voice_left() {
    let (mut forward, left) = with_ann();
    // Ann's tenth is missing.
    forward.push(ANN, ann(11), ms(220)).unwrap();
    forward.switch(Some(BOB));
    let first = forward.push(BOB, bob(0), ms(240)).unwrap();
    assert_eq!(first.sequence, left[9].sequence + 3);
    // Its number is the missing one's.
    assert_eq!(forward.push(BOB, packet(98, 77_u32.wrapping_sub(1_920), 0), ms(241)), None);
}

#[test]
fn however_fast_the_voice_changes_time_moves_by_a_packet() {
    let (mut forward, left) = with_ann();
    forward.switch(Some(BOB));
    let first = forward.push(BOB, bob(0), ms(181)).unwrap();
    assert_eq!(first.timestamp, left[9].timestamp.wrapping_add(960));
}

#[test]
fn what_is_missing_stays_missing_and_what_is_late_finds_its_place_once() {
    let (mut forward, left) = with_ann();
    let next = forward.push(ANN, ann(12), ms(240)).unwrap();
    assert_eq!(next.sequence, left[9].sequence + 3);
    let late = forward.push(ANN, ann(11), ms(241)).unwrap();
    assert_eq!((late.sequence, late.timestamp), (next.sequence - 1, next.timestamp.wrapping_sub(960)));
    for copy in [11, 12, 9, 0] {
        assert_eq!(forward.push(ANN, ann(copy), ms(242)), None, "{copy}");
    }
}

#[test]
fn a_pause_of_the_voice_is_no_new_beginning() {
    let (mut forward, left) = with_ann();
    // DTX: ten seconds later the next number, and a timestamp that tells the time.
    let after = Packet { sequence: ann(10).sequence, timestamp: ann(510).timestamp, marker: true };
    let next = forward.push(ANN, after, ms(10_180)).unwrap();
    assert_eq!((next.sequence, next.marker), (left[9].sequence + 1, true));
    assert_eq!(next.timestamp, left[9].timestamp.wrapping_add(501 * 960));
}

#[test]
fn a_voice_whose_numbers_jump_begins_anew() {
    for jumped in [packet(40_000, ann(10).timestamp, 0), packet(ann(10).sequence, 123_456_789, 0)] {
        let (mut forward, left) = with_ann();
        let next = forward.push(ANN, jumped, ms(200)).unwrap();
        assert_eq!((next.sequence, next.marker), (left[9].sequence + 1, true));
        assert_eq!(next.timestamp, left[9].timestamp.wrapping_add(960));
    }
}

#[test]
fn nobodys_slot_carries_nothing() {
    let mut forward = Forward::new(0, 0);
    assert_eq!(forward.push(ANN, ann(0), ms(0)), None);
    forward.switch(Some(ANN));
    forward.push(ANN, ann(0), ms(0)).unwrap();
    forward.switch(None);
    assert_eq!(forward.push(ANN, ann(1), ms(20)), None);
}

proptest! {
    /// Voices send evenly, each with loss, a little disorder and a phase of its own; the slot changes now and then.
    #[test]
    fn a_receiver_sees_one_stream(
        start in any::<(u16, u32)>(),
        bases in prop::array::uniform3(any::<(u16, u32)>()),
        switches in prop::collection::vec((0_u64..3, 1_u32..40), 1..30),
        loss in prop::collection::vec(0_u8..10, 64),
        delays in prop::collection::vec(0_u64..45, 64),
    ) {
        let mut forward = Forward::new(start.0, start.1);
        let mut round = 0_u32;
        let mut seen = BTreeSet::new();
        let mut newest: Option<(Forwarded, Duration)> = None;
        for (voice, rounds) in switches {
            forward.switch(Some(Voice::new(voice)));
            // What arrives in this stretch, in the order of arrival.
            let mut arrivals = Vec::new();
            for n in round..round + rounds {
                for (speaker, base) in bases.iter().enumerate() {
                    let dice = (n as usize * 3 + speaker) % 64;
                    if loss[dice] > 0 {
                        let at = ms(20 * u64::from(n) + delays[dice] + speaker as u64);
                        arrivals.push((at, speaker as u64, packet(base.0, base.1, n)));
                    }
                }
            }
            arrivals.sort_by_key(|(at, speaker, _)| (*at, *speaker));
            for (at, speaker, packet) in arrivals {
                let now = newest.map_or(at, |(_, newest)| at.max(newest));
                let Some(left) = forward.push(Voice::new(speaker), packet, now) else { continue };
                prop_assert_eq!(speaker, voice, "only whom the slot carries");
                prop_assert!(seen.insert(left.sequence), "no number leaves twice");
                let Some((before, at)) = newest else {
                    prop_assert_eq!((left.sequence, left.timestamp), (u64::from(start.0), start.1));
                    newest = Some((left, now));
                    continue;
                };
                if left.sequence > before.sequence {
                    let step = left.timestamp.wrapping_sub(before.timestamp).cast_signed();
                    prop_assert!(step > 0, "time goes on: {step}");
                    // Arrivals are up to 45 ms late, and every change of voice may keep some of that.
                    let passed = (now.saturating_sub(at).as_millis() as i64) * 48;
                    prop_assert!((i64::from(step) - passed).abs() <= 48 * 70, "{step} in {passed}");
                    newest = Some((left, now));
                }
            }
            round += rounds;
        }
        // A stretch of one voice has gaps where it lost packets; none is longer than what was lost.
        if let (Some(low), Some(high)) = (seen.first(), seen.last()) {
            prop_assert!(high - low < u64::from(round) + 64);
        }
    }

    #[test]
    fn whatever_is_pushed_no_number_leaves_twice(
        pushes in prop::collection::vec((0_u64..2, any::<u16>(), any::<u32>(), 0_u64..3_000), 0..300),
        close in any::<bool>(),
    ) {
        let mut forward = Forward::new(65_500, 5);
        let mut now = Duration::ZERO;
        let mut seen = BTreeSet::new();
        for (voice, sequence, timestamp, later) in pushes {
            now += ms(later);
            // Either anything at all, or numbers that lie near each other.
            let (sequence, timestamp) =
                if close { (sequence % 90, u32::from(sequence % 90) * 960) } else { (sequence, timestamp) };
            if later % 40 == 0 {
                forward.switch(Some(Voice::new(voice)));
            }
            let packet = Packet { sequence, timestamp, marker: false };
            if let Some(left) = forward.push(Voice::new(voice), packet, now) {
                prop_assert!(seen.insert(left.sequence), "{} twice", left.sequence);
            }
        }
    }
}
