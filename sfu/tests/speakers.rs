//! Who is taken for a speaker, told by levels as microphones have them.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use sfu::{Level, Listener, SlotChange, Slots, Speakers, Voice};

const ANN: Voice = Voice::new(1);
const BOB: Voice = Voice::new(2);
const EVE: Voice = Voice::new(3);

/// The usual packet.
const PACKET: Duration = Duration::from_millis(20);

/// What somebody does, as a level for each packet of 20 ms.
#[derive(Clone, Copy)]
enum Doing {
    /// Words of 400 ms with gaps of 120 ms, around -30 dBov.
    Talks,
    /// Listens in a quiet room.
    Listens,
    /// 300 ms at -12 dBov, every four seconds.
    Coughs,
    /// A fan at -42 dBov.
    HasAFan,
    /// Sends nothing.
    IsAway,
}

impl Doing {
    fn level(self, packet: u64) -> Option<Level> {
        let level = match self {
            Self::Talks if packet % 26 < 20 => 27 + (packet * 7 % 9) as u8,
            Self::Talks | Self::Listens => 66 + (packet * 5 % 7) as u8,
            Self::Coughs if packet % 200 < 15 => 12,
            Self::Coughs => 70,
            Self::HasAFan => 42 + (packet * 3 % 3) as u8,
            Self::IsAway => return None,
        };
        Some(Level::new(level))
    }
}

/// A stage, and the packet that comes next.
struct Stage {
    speakers: Speakers,
    packet: u64,
}

impl Stage {
    fn with(voices: &[Voice]) -> Self {
        let mut speakers = Speakers::new();
        for voice in voices {
            speakers.enter(*voice);
        }
        Self { speakers, packet: 0 }
    }

    fn now(&self) -> Duration {
        Duration::from_millis(20 * self.packet)
    }

    /// So many seconds of this; `each` looks at the stage after every packet.
    fn pass(&mut self, seconds: f64, doings: &[(Voice, Doing)], mut each: impl FnMut(&mut Self)) {
        for _ in 0..(seconds * 50.0) as u64 {
            for (voice, doing) in doings {
                if let Some(level) = doing.level(self.packet) {
                    self.speakers.push(*voice, level, PACKET, self.now());
                }
            }
            self.packet += 1;
            each(self);
        }
    }

    fn speaks(&mut self, voice: Voice) -> bool {
        self.speakers.speaks(voice, self.now())
    }

    fn first(&mut self) -> Voice {
        self.speakers.rank(self.now())[0]
    }
}

#[test]
fn who_begins_to_speak_is_noticed_within_a_second_and_comes_first() {
    let mut stage = Stage::with(&[ANN, BOB, EVE]);
    stage.pass(5.0, &[(ANN, Doing::Listens), (EVE, Doing::Listens)], |_| {});
    assert!(![ANN, BOB, EVE].into_iter().any(|voice| stage.speaks(voice)));
    stage.pass(1.0, &[(ANN, Doing::Listens), (EVE, Doing::Talks)], |_| {});
    assert!(stage.speaks(EVE) && stage.first() == EVE);
}

#[test]
fn a_cough_is_no_speech() {
    let mut stage = Stage::with(&[ANN, BOB]);
    stage.pass(60.0, &[(ANN, Doing::Coughs), (BOB, Doing::Listens)], |stage| {
        assert!(!stage.speaks(ANN));
    });
}

#[test]
fn a_monologue_goes_on_through_its_gaps_and_pauses() {
    let mut stage = Stage::with(&[ANN, BOB]);
    stage.pass(2.0, &[(BOB, Doing::Talks)], |_| {});
    for _ in 0..20 {
        stage.pass(8.0, &[(ANN, Doing::Coughs), (BOB, Doing::Talks)], |stage| {
            assert!(stage.first() == BOB && stage.speaks(BOB));
        });
        // A pause, silent on the wire or not.
        for doing in [Doing::Listens, Doing::IsAway] {
            stage.pass(1.8, &[(ANN, Doing::Coughs), (BOB, doing)], |stage| {
                assert!(stage.first() == BOB && stage.speaks(BOB));
            });
            stage.pass(2.0, &[(ANN, Doing::Coughs), (BOB, Doing::Talks)], |_| {});
        }
    }
}

#[test]
fn who_interrupts_comes_behind_and_is_first_when_the_other_ends() {
    let mut stage = Stage::with(&[ANN, BOB]);
    stage.pass(5.0, &[(ANN, Doing::Talks)], |_| {});
    stage.pass(5.0, &[(ANN, Doing::Talks), (BOB, Doing::Talks)], |stage| assert_eq!(stage.first(), ANN));
    assert!(stage.speaks(BOB));
    stage.pass(4.0, &[(ANN, Doing::Listens), (BOB, Doing::Talks)], |_| {});
    assert!(!stage.speaks(ANN) && stage.first() == BOB);
    // Nobody speaks: whoever did last is first.
    stage.pass(10.0, &[(ANN, Doing::IsAway), (BOB, Doing::IsAway)], |_| {});
    assert!(!stage.speaks(BOB) && stage.first() == BOB);
}

#[test]
fn a_fan_is_a_background_after_a_while_and_speech_in_front_of_it_is_speech() {
    let mut stage = Stage::with(&[ANN]);
    stage.pass(40.0, &[(ANN, Doing::HasAFan)], |_| {});
    assert!(!stage.speaks(ANN));
    stage.pass(1.0, &[(ANN, Doing::Talks)], |_| {});
    assert!(stage.speaks(ANN));
}

#[test]
fn a_flood_of_packets_is_no_speech() {
    let mut stage = Stage::with(&[ANN, BOB]);
    stage.pass(5.0, &[(BOB, Doing::Talks)], |_| {});
    for _ in 0..10_000 {
        stage.speakers.push(ANN, Level::new(5), PACKET, stage.now());
    }
    assert!(!stage.speaks(ANN) && stage.first() == BOB);
}

#[test]
fn a_level_counts_for_as_long_as_its_packet_lasts() {
    let seconds = |packet: u64| {
        let mut speakers = Speakers::new();
        speakers.enter(ANN);
        let times = (0..).map(|number| Duration::from_millis(number * packet));
        let mut times = times.take_while(|now| *now < Duration::from_secs(2));
        let begun = times.find(|now| {
            speakers.push(ANN, Level::new(20), Duration::from_millis(packet), *now);
            speakers.speaks(ANN, *now)
        });
        begun.unwrap().as_secs_f64() + packet as f64 / 1_000.0
    };
    // The activity of somebody who speaks without a gap passes a half after 0.45 s * ln 2.
    for packet in [10, 20, 40, 60, 120] {
        let late = seconds(packet) - 0.312;
        assert!((0.0..=packet as f64 / 1_000.0).contains(&late), "{packet} ms: {} s", seconds(packet));
    }
}

#[test]
fn what_is_not_on_stage_is_not_ranked() {
    let mut stage = Stage::with(&[ANN]);
    stage.pass(2.0, &[(ANN, Doing::Talks), (BOB, Doing::Talks)], |_| {});
    assert_eq!(stage.speakers.rank(stage.now()), [ANN]);
    stage.speakers.leave(ANN);
    assert!(stage.speakers.rank(stage.now()).is_empty() && !stage.speaks(ANN));
}

#[test]
fn with_two_slots_for_four_people_coughs_and_breaths_move_nobody() {
    const DAN: Voice = Voice::new(4);
    let everybody = [ANN, BOB, EVE, DAN];
    let mut stage = Stage::with(&everybody);
    let mut slots = Slots::new();
    slots.enter(Listener::new(9), None, 2);
    let talk = [(ANN, Doing::Talks), (BOB, Doing::Talks), (EVE, Doing::Coughs), (DAN, Doing::Coughs)];
    stage.pass(3.0, &talk, |_| {});
    slots.rank(&stage.speakers.rank(stage.now()));
    while slots.poll_output().is_some() {}
    stage.pass(120.0, &talk, |stage| {
        slots.rank(&stage.speakers.rank(stage.now()));
        assert_eq!(slots.poll_output(), None);
    });
    // Somebody else begins; the one who listens by now makes room.
    let talk = [(ANN, Doing::Talks), (BOB, Doing::Listens), (EVE, Doing::Talks), (DAN, Doing::Coughs)];
    let mut changes = Vec::new();
    stage.pass(5.0, &talk, |stage| {
        slots.rank(&stage.speakers.rank(stage.now()));
        changes.extend(std::iter::from_fn(|| slots.poll_output()));
    });
    let [SlotChange::Assigned { slot, voice, .. }] = changes[..] else { panic!("{changes:?}") };
    assert_eq!((slot, voice), (1, EVE));
}

proptest! {
    #[test]
    fn every_voice_is_ranked_once_whatever_is_reported(
        reports in prop::collection::vec((0_u64..8, 0_u8.., 0_u64..300, 0_u64..5_000), 0..400)
    ) {
        let mut speakers = Speakers::new();
        (0..6).for_each(|voice| speakers.enter(Voice::new(voice)));
        let mut now = Duration::ZERO;
        for (voice, level, length, later) in reports {
            now += Duration::from_millis(later);
            speakers.push(Voice::new(voice), Level::new(level), Duration::from_millis(length), now);
            let ranked = speakers.rank(now);
            let mut sorted = ranked.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..6).map(Voice::new).collect::<Vec<_>>());
            let speaking = ranked.iter().take_while(|voice| speakers.speaks(**voice, now)).count();
            let spoken = ranked.iter().filter(|voice| speakers.speaks(**voice, now)).count();
            prop_assert_eq!(speaking, spoken, "who speaks comes first");
        }
    }
}
