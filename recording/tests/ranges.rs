//! Any range of a download's bytes is that stretch of the whole, and costs no more reads than it has segments.
#![allow(clippy::unwrap_used)]

mod run;

use std::sync::LazyLock;

use media::{AudioProfile, RungId};
use packager::LatencyMode;
use proptest::prelude::*;
use recording::{Chapters, Cover, Download, Gaps, PlanError, Tags};
use run::{Run, SLOT, span};

fn recorded() -> Run {
    let mut run = Run::record(AudioProfile::Voice, LatencyMode::Low, 3);
    run.cut(1, 2);
    run
}

fn downloads(run: &Run) -> [Download; 2] {
    let mut picture = b"\xff\xd8\xff".to_vec();
    picture.resize(70_000, 1);
    let tags = Tags { title: "A file".into(), cover: Cover::new(picture.into()), ..Tags::default() };
    let chapters = Chapters::default();
    let span = span(700, 2 * SLOT + 5_001);
    [
        Download::m4a(run, &run.rung(RungId::Low), span, Gaps::Silent, &tags, &chapters).unwrap(),
        Download::ogg(run, &run.rung(RungId::Opus), span, Gaps::LeftOut, &tags, &chapters, 1).unwrap(),
    ]
}

/// `range` of a download's bytes, in as many reads as it takes.
fn read(download: &Download, run: &Run, range: std::ops::Range<u64>) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let mut reads = 0;
    loop {
        let next = download.read(run, range.start + bytes.len() as u64..range.end).unwrap();
        if next.is_empty() {
            return (bytes, reads);
        }
        bytes.extend_from_slice(&next);
        reads += 1;
    }
}

/// Each download's whole bytes, made once: the same run gives the same bytes every time.
static WHOLE: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let run = recorded();
    downloads(&run).map(|download| read(&download, &run, 0..u64::MAX).0)
});

thread_local! {
    static RUN: (Run, [Download; 2]) = {
        let run = recorded();
        let downloads = downloads(&run);
        (run, downloads)
    };
}

proptest! {
    #[test]
    fn any_range_is_that_stretch_of_the_whole(kind in 0..2_usize, a in 0.0..1.1_f64, length in 0.0..1.0_f64) {
        let whole = &WHOLE[kind];
        let from = (a * whole.len() as f64) as u64;
        let to = from + (length * length * whole.len() as f64) as u64;
        RUN.with(|(run, downloads)| {
            let download = &downloads[kind];
            assert_eq!(download.size(), whole.len() as u64);
            let (bytes, _) = read(download, run, from..to);
            let within = |at: u64| (at as usize).min(whole.len());
            assert!(bytes == whole[within(from)..within(to)], "{from}..{to}");
        });
    }
}

#[test]
fn a_range_within_one_segment_reads_that_segment() {
    let run = recorded();
    for download in downloads(&run) {
        let (last, reads) = read(&download, &run, download.size() - 100..download.size());
        assert_eq!((last.len(), reads), (100, 1));
        run.reads.set(0);
        read(&download, &run, download.size() - 100..download.size());
        assert_eq!(run.reads.get(), 1);
        run.reads.set(0);
        read(&download, &run, 0..download.head().len() as u64);
        assert_eq!(run.reads.get(), 0, "the head is kept");
    }
}

#[test]
fn a_segment_that_has_changed_since_is_an_error() {
    let mut run = recorded();
    let downloads = downloads(&run);
    run.cut(0, 3);
    for download in downloads {
        let head = download.head().len() as u64;
        let error = download.read(&run, head..u64::MAX).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    }
}

#[test]
fn a_container_refuses_what_it_does_not_carry() {
    let run = recorded();
    let (tags, chapters, span) = (Tags::default(), Chapters::default(), span(0, SLOT));
    let m4a = Download::m4a(&run, &run.rung(RungId::Opus), span, Gaps::Silent, &tags, &chapters);
    let ogg = Download::ogg(&run, &run.rung(RungId::Main), span, Gaps::Silent, &tags, &chapters, 1);
    assert!(matches!(m4a, Err(PlanError::Codec(_))));
    assert!(matches!(ogg, Err(PlanError::Codec(_))));
}

#[test]
fn a_span_without_sound_is_silence_or_refused() {
    let mut run = recorded();
    run.lose(1);
    let (tags, chapters, rung) = (Tags::default(), Chapters::default(), run.rung(RungId::Main));
    // The unit before the span is there, and is nothing to be heard.
    let span = span(SLOT + 100, 2 * SLOT);
    let silent = Download::m4a(&run, &rung, span, Gaps::Silent, &tags, &chapters).unwrap();
    assert_eq!(silent.units().frames(), SLOT - 100);
    let left_out = Download::m4a(&run, &rung, span, Gaps::LeftOut, &tags, &chapters);
    assert!(matches!(left_out, Err(PlanError::NoSound)));
}

#[test]
fn what_is_no_segment_of_ours_is_silence_or_an_error_and_never_a_panic() {
    let mut run = recorded();
    let garbage: [&'static [u8]; 4] =
        [b"", b"garbage that is no box", b"\0\0\0\x08moof\0\0\0\x08mdat", &[0xff; 300]];
    for bytes in garbage {
        run.replace(1, bytes);
        for download in downloads(&run) {
            assert_eq!(read(&download, &run, 0..u64::MAX).0.len() as u64, download.size());
        }
    }
}
