//! A publisher whose clock is off by 1000 ppm, in virtual time and without codecs: no drift beyond the
//! buffer, nothing dropped, cut or made up, and no click.
//!
//! The hour per sign runs by default; the twelve hours with `-- --ignored`.

mod intake_source;

use std::time::Duration;

use intake_source::{Publisher, Tracker};
use transcode::intake::{Intake, IntakeConfig, TICK_FRAMES};

/// What the programme hears of a sine by a publisher that is off by `ppm`, for `length`.
#[expect(clippy::print_stdout, reason = "the figures behind the verdict are asked for")]
fn a_skewed_publisher_is_heard_clean(rate: u32, ppm: f64, hz: f64, length: Duration) {
    let mut publisher = Publisher::new(rate, ppm, hz);
    let mut intake = Intake::<2>::new(IntakeConfig::default());
    let heard_as = hz * (1.0 + ppm * 1e-6);
    let mut tracker =
        if hz < 1_001.0 { Tracker::new(heard_as) } else { Tracker::that_follows_a_glide(heard_as) };
    let mut out = [[0.0; 2]; TICK_FRAMES];
    let (mut least, mut most) = (f64::MAX, 0.0_f64);
    let mut fastest = 0.0_f64;

    let ticks = (length.as_secs_f64() / 0.020) as u64;
    for tick in 0..ticks {
        // Ticks fall between arrivals, never exactly on one.
        let now = Duration::from_millis(20 * tick) + Duration::from_micros(3_700);
        publisher.deliver(now, &mut intake);
        intake.pull(now, &mut out);
        let stats = intake.stats();
        if !stats.playing || tick < 10 {
            continue;
        }
        least = least.min(stats.buffered.as_secs_f64());
        most = most.max(stats.buffered.as_secs_f64());
        fastest = fastest.max(stats.ppm.abs());
        tracker.hear(out.as_flattened());
    }

    let stats = intake.stats();
    assert_eq!((stats.underruns, stats.cuts, stats.cut_frames, stats.concealed_frames), (0, 0, 0, 0));
    assert!(least >= 0.003 && most <= 0.075, "buffered after a pull from {least:.4} to {most:.4} s");
    assert!(ppm == 0.0 || (stats.ppm - ppm).abs() < 10.0, "{} ppm in the end", stats.ppm);
    let residual = tracker.residual_db();
    println!(
        "{rate} Hz {ppm:+} ppm, {hz} Hz tone, {length:?}: residual {residual:.1} dB, buffered {:.1} to {:.1} ms, at most {fastest:.0} ppm",
        least * 1e3,
        most * 1e3,
    );
    // Where a glide of 100 ppm a second begins and ends, a high tone bends a little within one window.
    let allowed = if hz < 1_001.0 { -80.0 } else { -72.0 };
    assert!(residual <= allowed, "residual {residual:.1} dB");
}

const HOUR: Duration = Duration::from_hours(1);

#[test]
fn an_hour_with_a_fast_publisher_has_no_click() {
    a_skewed_publisher_is_heard_clean(48_000, 1000.0, 997.0, HOUR);
}

#[test]
fn an_hour_with_a_slow_publisher_has_no_click() {
    a_skewed_publisher_is_heard_clean(48_000, -1000.0, 997.0, HOUR);
}

#[test]
fn a_slightly_skewed_publisher_falls_asleep_and_wakes_without_a_click() {
    a_skewed_publisher_is_heard_clean(48_000, 4.0, 997.0, HOUR);
}

#[test]
fn high_tones_and_other_rates_are_clean_too() {
    let length = Duration::from_mins(5);
    a_skewed_publisher_is_heard_clean(48_000, 1000.0, 15_000.0, length);
    a_skewed_publisher_is_heard_clean(44_100, -1000.0, 15_000.0, length);
    a_skewed_publisher_is_heard_clean(22_050, 1000.0, 5_000.0, length);
    a_skewed_publisher_is_heard_clean(16_000, 300.0, 3_000.0, length);
    a_skewed_publisher_is_heard_clean(8_000, -300.0, 1_000.0, length);
    a_skewed_publisher_is_heard_clean(96_000, 1000.0, 15_000.0, length);
    a_skewed_publisher_is_heard_clean(88_200, 0.0, 15_000.0, length);
    a_skewed_publisher_is_heard_clean(64_000, 50.0, 15_000.0, length);
}

#[test]
fn a_click_would_be_found() {
    let mut tracker = Tracker::new(997.0);
    let mut sound: Vec<f32> = (0..48_000 * 2)
        .flat_map(|n| [(f64::from(n) * 997.0 / 48_000.0 * std::f64::consts::TAU).sin() as f32 * 0.5; 2])
        .collect();
    // One frame is missing after a second: what an insert or a drop sounds like.
    sound.drain(96_000..96_002);
    for pull in sound.chunks_exact(2 * TICK_FRAMES) {
        tracker.hear(pull);
    }
    assert!(tracker.residual_db() > -50.0, "{:.1} dB", tracker.residual_db());
}

#[test]
#[ignore = "a minute of CPU or two"]
fn twelve_hours_with_a_fast_publisher_have_no_click() {
    a_skewed_publisher_is_heard_clean(48_000, 1000.0, 997.0, 12 * HOUR);
}

#[test]
#[ignore = "a minute of CPU or two"]
fn twelve_hours_with_a_slow_publisher_have_no_click() {
    a_skewed_publisher_is_heard_clean(48_000, -1000.0, 997.0, 12 * HOUR);
}
