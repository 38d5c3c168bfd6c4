//! The meter against ffmpeg's `ebur128` filter, and its true peak against libebur128's full computation.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ebur128::{EbuR128, Mode};
use transcode::demo::Sound;
use transcode::meter::{Loudness, Meter};

const RATE: usize = 48_000;

/// Twenty seconds with pauses, swells and a loud burst: gates and peaks have something to do.
fn programme() -> Vec<f32> {
    let mut sound = vec![0.0; 2 * RATE * 20];
    Sound::new(Duration::from_secs(1_800_000_055)).render(&mut sound);
    let mut noise = 1_u32;
    for (n, frame) in sound.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = f64::from(noise >> 8) / f64::from(1 << 23) - 1.0;
        let burst = if (14 * RATE..14 * RATE + 4_000).contains(&n) { 0.5 } else { 0.02 };
        let gain = match n / RATE {
            3..=5 => 0.0,
            8..=9 => 0.1,
            _ => 1.5,
        };
        *frame = frame.map(|sample| (gain * (f64::from(sample) + burst * hiss)) as f32);
    }
    sound
}

fn measured(sound: &[f32]) -> Loudness {
    let mut meter = Meter::<2>::new();
    // Odd pieces: blocks are the meter's own affair.
    for piece in sound.chunks(2 * 777) {
        meter.push(piece.as_chunks().0);
    }
    meter.loudness()
}

/// What ffmpeg's filter says of it: integrated loudness and true peak.
fn by_ffmpeg(sound: &[f32]) -> (f64, f64) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("meter.f32");
    let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    std::fs::write(&path, bytes).expect("the target directory is ours");
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-f", "f32le", "-ar", "48000", "-ac", "2", "-i"])
        .arg(&path)
        .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
        .output()
        .expect("ffmpeg is installed (make deps)");
    std::fs::remove_file(&path).expect("it was written above");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = said.split("Summary:").nth(1).unwrap_or_else(|| panic!("no summary in {said}"));
    let number = |name: &str| {
        let after = summary.split(name).nth(1).unwrap_or_else(|| panic!("no {name} in {summary}"));
        let said = after.split_whitespace().next().expect("a number follows its name");
        said.parse::<f64>().expect("ffmpeg writes numbers")
    };
    (number("I:"), number("Peak:"))
}

/// Every point of the true peak, by the library that ours is compared to.
fn full_true_peak(sound: &[f32]) -> f64 {
    let mut full = EbuR128::new(2, 48_000, Mode::TRUE_PEAK).expect("it measures 48 kHz stereo");
    full.add_frames_f32(sound).expect("whole frames");
    let side = |channel| full.true_peak(channel).expect("it has two channels");
    20.0 * side(0).max(side(1)).log10()
}

#[test]
fn it_agrees_with_ffmpeg() {
    let sound = programme();
    let loudness = measured(&sound);
    let (integrated, true_peak) = by_ffmpeg(&sound);
    let ours = loudness.integrated.unwrap();
    assert!((ours - integrated).abs() <= 0.15, "integrated {ours:.2} LUFS, ffmpeg says {integrated}");
    // ffmpeg interpolates with a longer filter, which finds more in the burst of white noise.
    let ours = loudness.true_peak.unwrap();
    assert!((ours - true_peak).abs() <= 0.6, "true peak {ours:.2} dBTP, ffmpeg says {true_peak}");
}

#[test]
fn a_tone_at_minus_23_reads_minus_23() {
    // EBU Tech 3341, case 1: 1 kHz in both channels at -23 dBFS peak.
    let level = 10.0_f64.powf(-23.0 / 20.0);
    let tone: Vec<f32> = (0..RATE * 20)
        .flat_map(|n| [(level * (n as f64 * std::f64::consts::TAU / 48.0).sin()) as f32; 2])
        .collect();
    let Loudness { momentary, short_term, integrated, true_peak, .. } = measured(&tone);
    for (name, reading) in [("M", momentary), ("S", short_term), ("I", integrated), ("peak", true_peak)] {
        let reading = reading.unwrap();
        assert!((reading + 23.0).abs() <= 0.1, "{name} reads {reading:.2}");
    }
}

#[test]
fn one_channel_measures_like_the_same_sound_on_both_sides() {
    let left: Vec<f32> = programme().iter().copied().step_by(2).collect();
    let both: Vec<f32> = left.iter().flat_map(|&sample| [sample; 2]).collect();
    let mut mono = Meter::<1>::new();
    mono.push(left.as_chunks().0);
    let (mono, both) = (mono.loudness(), measured(&both));
    for (mono, both) in [
        (mono.momentary, both.momentary),
        (mono.short_term, both.short_term),
        (mono.integrated, both.integrated),
        (mono.true_peak, both.true_peak),
    ] {
        assert!((mono.unwrap() - both.unwrap()).abs() < 1e-9, "{mono:?} and {both:?}");
    }
}

#[test]
fn it_agrees_with_libebur128_at_every_moment() {
    let sound = programme();
    let mut ours = Meter::<2>::new();
    let mut theirs = EbuR128::new(2, 48_000, Mode::I | Mode::S | Mode::HISTOGRAM).unwrap();
    for half_second in sound.chunks(RATE) {
        ours.push(half_second.as_chunks().0);
        theirs.add_frames_f32(half_second).unwrap();
        let ours = ours.loudness();
        for (name, ours, theirs, within) in [
            ("M", ours.momentary, theirs.loudness_momentary(), 1e-6),
            ("S", ours.short_term, theirs.loudness_shortterm(), 1e-6),
            ("I", ours.integrated, theirs.loudness_global(), 0.06),
        ] {
            let theirs = Some(theirs.unwrap()).filter(|lufs| *lufs > -144.0);
            let same = match (ours, theirs) {
                (Some(ours), Some(theirs)) => (ours - theirs).abs() <= within,
                (ours, theirs) => ours == theirs,
            };
            assert!(same, "{name} reads {ours:?}, libebur128 says {theirs:?}");
        }
    }
}

#[test]
fn the_loudness_range_is_that_of_the_ebus_signals() {
    // EBU Tech 3342, table 1, signals 1 to 4: tones of 1 kHz and 20 s, their levels in dBFS, and the range within 1 LU.
    let signals: [(&[f64], f64); 4] = [
        (&[-20.0, -30.0], 10.0),
        (&[-20.0, -15.0], 5.0),
        (&[-40.0, -20.0], 20.0),
        (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ];
    for (levels, range) in signals {
        let sound: Vec<f32> = levels.iter().flat_map(|level| tone(*level, 20)).collect();
        let ours = measured(&sound).range.unwrap();
        assert!((ours - range).abs() <= 1.0, "{levels:?}: {ours:.1} LU");
        let mut theirs = EbuR128::new(2, 48_000, Mode::LRA).unwrap();
        theirs.add_frames_f32(&sound).unwrap();
        let theirs = theirs.loudness_range().unwrap();
        // It reads once a second, and ours ten times.
        assert!((ours - theirs).abs() <= 0.5, "{levels:?}: {ours:.2} LU, libebur128 says {theirs:.2}");
    }
}

/// A tone of 1 kHz in both channels.
fn tone(level: f64, seconds: usize) -> impl Iterator<Item = f32> {
    let high = 10_f64.powf(level / 20.0);
    let period: Vec<f32> =
        (0..48).map(|n| (high * (f64::from(n) * std::f64::consts::TAU / 48.0).sin()) as f32).collect();
    (0..seconds * RATE).flat_map(move |n| [period[n % 48]; 2])
}

#[test]
fn the_cheap_true_peak_is_the_full_one() {
    let sound = programme();
    for sound in [&sound[..], &sound[..2 * RATE], &sound[2 * 13 * RATE..2 * 16 * RATE]] {
        let whole_blocks = &sound[..sound.len() / 9_600 * 9_600];
        let ours = measured(whole_blocks).true_peak.unwrap();
        let full = full_true_peak(whole_blocks);
        assert!((ours - full).abs() < 1e-5, "{ours} dBTP, in full {full}");
    }
}

#[test]
fn a_peak_between_samples_is_found() {
    // A quarter of the rate, sampled at 45 degrees: 3 dB hide between the samples.
    let tone: Vec<f32> =
        (0..RATE).flat_map(|n| [if n % 4 < 2 { 0.5_f32.sqrt() } else { -(0.5_f32.sqrt()) }; 2]).collect();
    let peak = measured(&tone).true_peak.unwrap();
    assert!((-0.4..=0.6).contains(&peak), "{peak:.2} dBTP");
}

#[test]
fn silence_and_too_little_sound_read_nothing() {
    assert_eq!(Meter::<2>::new().loudness(), Loudness::default());
    assert_eq!(measured(&vec![0.0; 2 * RATE * 5]), Loudness::default());
    let short = measured(&vec![0.1; 2 * RATE / 20]);
    assert_eq!((short.momentary, short.integrated), (None, None));
}

#[test]
fn silence_after_sound_reads_nothing_now() {
    let mut sound = programme();
    sound.resize(sound.len() + 2 * RATE * 8, 0.0);
    let loudness = measured(&sound);
    assert_eq!((loudness.momentary, loudness.short_term), (None, None));
    assert!(loudness.integrated.is_some_and(|lufs| lufs > -60.0));
}
