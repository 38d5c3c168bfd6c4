//! Ears: what decoded sound contains.

use std::io::Write;
use std::process::{Command, Stdio};

pub(crate) const HZ: f64 = 48_000.0;

/// Decodes media with ffmpeg to 48 kHz mono; fails on anything that ffmpeg finds wrong with it.
pub(crate) fn decode(media: &[u8]) -> Vec<f32> {
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-loglevel", "error", "-i", "pipe:0"])
        .args(["-ac", "1", "-ar", "48000", "-f", "f32le", "pipe:1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, media) = (ffmpeg.stdin.take().unwrap(), media.to_vec());
    let feeding = std::thread::spawn(move || input.write_all(&media));
    let heard = ffmpeg.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    let complaints = String::from_utf8_lossy(&heard.stderr);
    assert!(heard.status.success() && complaints.is_empty(), "ffmpeg: {complaints}");
    samples(&heard.stdout)
}

/// Little-endian floats.
pub(crate) fn samples(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

/// How much of the sound's energy lies at `hz`, 0 to 1 (Goertzel).
pub(crate) fn share(sound: &[f32], hz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hz / HZ).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for &sample in sound {
        (one, two) = (f64::from(sample) + coefficient * one - two, one);
    }
    let power = one * one + two * two - coefficient * one * two;
    let energy: f64 = sound.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    if energy == 0.0 { 0.0 } else { 2.0 * power / (energy * sound.len() as f64) }
}

/// Root mean square.
pub(crate) fn level(sound: &[f32]) -> f64 {
    (sound.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / sound.len() as f64).sqrt()
}

/// Whether this is a tone of `hz` and hardly anything else, in stretches of 50 ms: a publisher whom a busy
/// machine forgot for a moment may break its phase now and then.
pub(crate) fn is_tone(sound: &[f32], hz: f64) -> bool {
    let stretches = sound.chunks_exact(2_400);
    let all = stretches.len();
    all > 0
        && 4 * stretches.filter(|stretch| level(stretch) > 0.01 && share(stretch, hz) > 0.8).count()
            >= 3 * all
}

/// Whether nothing is heard.
pub(crate) fn is_silent(sound: &[f32]) -> bool {
    level(sound) < 0.000_1
}

/// By how many samples `late` lags behind `early`, looked for within `most`: where they correlate best.
pub(crate) fn lag(early: &[f32], late: &[f32], most: i64) -> i64 {
    let middle = most as usize..early.len().min(late.len()) - most as usize;
    let score = |lag: i64| -> f64 {
        middle.clone().map(|n| f64::from(early[n]) * f64::from(late[(n as i64 + lag) as usize])).sum()
    };
    (-most..=most).max_by(|&one, &other| score(one).total_cmp(&score(other))).unwrap()
}

#[test]
fn ears_hear_a_tone_and_a_lag() {
    let tone: Vec<f32> =
        (0..4_800).map(|n| (f64::from(n) * 440.0 * std::f64::consts::TAU / HZ).sin() as f32).collect();
    assert!(is_tone(&tone, 440.0) && !is_tone(&tone, 660.0) && !is_tone(&vec![0.0; 4_800], 440.0));
    let chirp: Vec<f32> = (0..4_800).map(|n| (f64::from(n).powi(2) / 40_000.0).sin() as f32).collect();
    assert_eq!(lag(&chirp[7..], &chirp, 50), 7);
    assert_eq!(lag(&chirp, &chirp, 50), 0);
}
