//! What is measured of a recording is what another meter measures.
#![allow(clippy::unwrap_used)]

mod ffmpeg;
mod run;

use media::{AudioProfile, RungId};
use packager::LatencyMode;
use recording::{Analysis, Chapters, Download, Gaps, Levels, Span, Tags, Units};
use run::{Run, SLOT, span};

fn measured(run: &Run, rung: RungId, span: Span) -> Analysis {
    let units = Units::plan(run, &run.rung(rung), span, Gaps::Silent).unwrap();
    let mut levels = Levels::new(run, units, 480).unwrap();
    while levels.step(run).unwrap() {}
    levels.finish()
}

#[test]
fn loudness_and_peak_are_those_of_another_meter() {
    let run = Run::record(AudioProfile::Standard, LatencyMode::Low, 3);
    let span = span(5_001, 3 * SLOT);
    for rung in [RungId::Main, RungId::Low] {
        let found = measured(&run, rung, span);
        let file =
            Download::m4a(&run, &run.rung(rung), span, Gaps::Silent, &Tags::default(), &Chapters::default())
                .unwrap();
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < file.size() {
            bytes.extend_from_slice(&file.read(&run, bytes.len() as u64..u64::MAX).unwrap());
        }
        let (loudness, peak) = ffmpeg::loudness(&bytes);
        // A single channel counts here as it is heard, from both sides: 3 LU more than ffmpeg says.
        let both = if rung == RungId::Low { 10.0 * 2_f64.log10() } else { 0.0 };
        assert!((found.integrated.unwrap() - loudness - both).abs() < 0.2, "{found:?}, {loudness}");
        assert!((found.true_peak.unwrap() - peak).abs() < 0.3, "{:?}, {peak}", found.true_peak);
        assert_eq!((found.frames, found.damaged), (span.frames(), 0));
        assert_eq!(found.peaks.length() as u64, span.frames().div_ceil(480));
    }
}

#[test]
fn the_waveform_is_drawn_where_the_sound_is() {
    let mut run = Run::record(AudioProfile::Voice, LatencyMode::Low, 3);
    run.lose(1);
    let found = measured(&run, RungId::Low, span(0, 3 * SLOT));
    let pixel = |n: u64| {
        let at = 2 * n as usize;
        (found.peaks.data()[at], found.peaks.data()[at + 1])
    };
    let (lowest, highest) = pixel(100);
    assert!(lowest < -5 && highest > 5, "sound: {lowest} {highest}");
    // The slot that is missing begins at pixel 384; its first unit holds the end of the sound before.
    assert!((388..768).all(|n| pixel(n) == (0, 0)), "silence where nothing was recorded");
    let drawn = f32::from(*found.peaks.data().iter().max().unwrap()) / 128.0;
    assert!((drawn - found.sample_peak).abs() < 0.02, "{drawn} of {}", found.sample_peak);
}

#[test]
fn silence_has_no_loudness() {
    let mut run = Run::record(AudioProfile::Voice, LatencyMode::Low, 2);
    run.lose(0);
    run.lose(1);
    let found = measured(&run, RungId::Main, span(0, 2 * SLOT));
    assert_eq!((found.integrated, found.range), (None, None));
    assert_eq!((found.true_peak, found.sample_peak), (None, 0.0));
}
