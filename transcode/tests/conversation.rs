//! How little has to wait of somebody who is answered.
#![allow(clippy::unwrap_used)]

mod speech;

use std::time::Duration;

use media::{Channels, Pcm};
use transcode::intake::{Intake, IntakeConfig, IntakeStats, TICK_FRAMES};

use speech::Dice;

/// How units of 20 ms come in.
#[derive(Clone, Copy, Debug)]
struct Arrivals {
    /// After a tick, in milliseconds.
    phase: f64,
    /// Up to so much early or late, in milliseconds.
    jitter: f64,
    /// How much faster than ours the publisher's clock is, in millionths.
    ppm: f64,
}

/// Half a minute of them.
fn hear(config: IntakeConfig, arrivals: Arrivals) -> IntakeStats {
    let mut intake = Intake::<1>::new(config);
    let pcm = Pcm { samples: vec![0.1; 960], ..Pcm::silence(48_000, Channels::Mono, 960) };
    let mut out = [[0.0; 1]; TICK_FRAMES];
    let mut dice = Dice(1);
    let mut arrival = |unit: u64| {
        let even = 20.0 * unit as f64 * (1.0 - arrivals.ppm * 1e-6);
        (even + 20.0 + arrivals.phase + arrivals.jitter * dice.roll()) / 1e3
    };
    let (mut unit, mut last) = (0, 0.0_f64);
    let mut next = arrival(0);
    for tick in 0..1_500 {
        let now = 0.020 * f64::from(tick);
        while next <= now {
            // Sorted out before: one that overtook another waits for it.
            last = last.max(next);
            intake.push(Duration::from_secs_f64(last), &pcm);
            unit += 1;
            next = arrival(unit);
        }
        intake.pull(Duration::from_secs_f64(now), &mut out);
    }
    intake.stats()
}

fn everywhere(jitter: f64, ppm: f64) -> impl Iterator<Item = Arrivals> {
    (0..20).map(move |phase| Arrivals { phase: f64::from(phase) + 0.3, jitter, ppm })
}

#[test]
fn even_arrivals_never_run_dry_whatever_their_phase() {
    for arrivals in everywhere(0.0, 0.0).chain(everywhere(0.0, 300.0)).chain(everywhere(0.0, -300.0)) {
        let stats = hear(IntakeConfig::CONVERSATION, arrivals);
        assert_eq!((stats.underruns, stats.cuts), (0, 0), "{arrivals:?}: {stats:?}");
        assert_eq!(stats.target, IntakeConfig::CONVERSATION.target, "{arrivals:?}");
        assert!(stats.buffered <= Duration::from_millis(45), "{arrivals:?}: {stats:?}");
    }
}

#[test]
fn arrivals_ten_milliseconds_early_or_late_never_run_dry() {
    for arrivals in everywhere(10.0, 0.0).chain(everywhere(10.0, 100.0)) {
        let stats = hear(IntakeConfig::CONVERSATION, arrivals);
        assert_eq!((stats.underruns, stats.cuts), (0, 0), "{arrivals:?}: {stats:?}");
        assert!(stats.target <= Duration::from_millis(65), "{arrivals:?}: {stats:?}");
    }
}

#[test]
fn less_would_run_dry_at_the_worst_phase() {
    let less = |target| IntakeConfig {
        target: Duration::from_millis(target),
        max_target: Duration::from_millis(target),
        ..IntakeConfig::CONVERSATION
    };
    assert!(everywhere(0.0, 0.0).any(|arrivals| hear(less(40), arrivals).underruns > 0));
    assert!(everywhere(0.0, -300.0).any(|arrivals| hear(less(45), arrivals).underruns > 0));
    assert!(everywhere(10.0, 0.0).any(|arrivals| hear(less(50), arrivals).underruns > 0));
}
