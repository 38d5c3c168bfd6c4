//! The demo's sound, listened to by measuring.

use std::time::Duration;

use transcode::demo::Sound;
use transcode::meter::Meter;

const RATE: usize = 48_000;

/// Half past twelve, 50 seconds into a minute and a bit.
const BEGIN: Duration = Duration::from_millis(1_800_000_050_250);

fn heard(from: Duration, seconds: usize) -> Vec<f32> {
    let mut out = vec![0.0; 2 * RATE * seconds];
    Sound::new(from).render(&mut out);
    out
}

/// How much of 1 kHz, as an amplitude, `frames` frames of the left side from `from` hold.
fn kilohertz(sound: &[f32], from: usize, frames: usize) -> f64 {
    let (mut sin, mut cos) = (0.0, 0.0);
    for n in from..from + frames {
        let angle = n as f64 * std::f64::consts::TAU / 48.0;
        sin += f64::from(sound[2 * n]) * angle.sin();
        cos += f64::from(sound[2 * n]) * angle.cos();
    }
    2.0 * sin.hypot(cos) / frames as f64
}

#[test]
fn pips_begin_on_the_seconds_of_the_wall_clock() {
    let sound = heard(BEGIN, 70);
    // BEGIN is 50.25 s into its minute.
    let minute = BEGIN.as_millis() as usize % 60_000;
    let place = |second: usize, ms: usize| (second * 1000 + ms - minute) * RATE / 1000;
    for second in 51..=118 {
        let (short, long) = ((55..60).contains(&(second % 60)), second % 60 == 0);
        let begins = kilohertz(&sound, place(second, 5), RATE / 50);
        assert_eq!(begins > 0.1, short || long, "second {second} begins with {begins:.3} at 1 kHz");
        let goes_on = kilohertz(&sound, place(second, 200), RATE / 5);
        assert_eq!(goes_on > 0.1, long, "second {second} goes on with {goes_on:.3} at 1 kHz");
        let before = kilohertz(&sound, place(second, 0) - RATE / 50, RATE / 50);
        assert!(before < 0.06, "second {second} is preceded by {before:.3} at 1 kHz");
    }
}

#[test]
fn it_is_quiet_steady_and_never_clips() {
    let sound = heard(BEGIN, 300);
    let mut meter = Meter::<2>::new();
    meter.push(sound.as_chunks().0);
    let loudness = meter.loudness();
    let integrated = loudness.integrated.unwrap();
    assert!((-19.5..=-16.5).contains(&integrated), "{integrated:.1} LUFS");
    assert!(loudness.true_peak.unwrap() < -3.0, "{:?} dBTP", loudness.true_peak);
    let mut quietest = f32::MAX;
    for second in sound.chunks_exact(2 * RATE).skip(5) {
        quietest = quietest.min(second.iter().map(|s| s.abs()).fold(0.0, f32::max));
    }
    assert!(quietest > 0.05, "a second as quiet as {quietest:.3}");
}

#[test]
fn it_is_stereo_and_has_no_click() {
    let sound = heard(BEGIN, 60);
    let (frames, _) = sound.as_chunks::<2>();
    let apart: f64 = frames.iter().map(|f| f64::from(f[0] - f[1]).powi(2)).sum();
    let together: f64 = frames.iter().map(|f| f64::from(f[0] + f[1]).powi(2)).sum();
    assert!(apart / together > 0.01, "sides differ by {:.4}", apart / together);
    // A click is a jump; the loudest tone here moves far less than this from one sample to the next.
    let jump = frames.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).fold(0.0, f32::max);
    assert!(jump < 0.08, "a jump of {jump:.3}");
}

#[test]
fn it_is_the_same_however_it_is_asked_for() {
    let whole = heard(BEGIN, 10);
    let mut pieces = vec![0.0; whole.len()];
    let mut sound = Sound::new(BEGIN);
    for piece in pieces.chunks_mut(2 * 331) {
        sound.render(piece);
    }
    assert!(whole == pieces);
}
