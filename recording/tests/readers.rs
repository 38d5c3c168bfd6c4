//! What readers that are not ours make of the files: ffmpeg hears in a download what it hears in the live segments.
#![allow(clippy::unwrap_used)]

mod ffmpeg;
mod run;

use bytes::Bytes;
use media::{AudioProfile, MediaDuration, RungId};
use packager::LatencyMode;
use recording::{Chapter, Chapters, Cover, Download, Gaps, Tags};
use run::{Run, SLOT, span};

const PROFILES: [AudioProfile; 3] = [AudioProfile::Voice, AudioProfile::Standard, AudioProfile::Music];

/// All of a download's bytes.
fn whole(download: &Download, run: &Run) -> Vec<u8> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < download.size() {
        let read = download.read(run, bytes.len() as u64..u64::MAX).unwrap();
        assert!(!read.is_empty(), "a read within the file gives something");
        bytes.extend_from_slice(&read);
    }
    bytes
}

fn file(run: &Run, rung: RungId, span: recording::Span, gaps: Gaps) -> Vec<u8> {
    let (tags, chapters) = (Tags::default(), Chapters::default());
    let rung = run.rung(rung);
    let download = match rung.id {
        RungId::Opus => Download::ogg(run, &rung, span, gaps, &tags, &chapters, 1),
        _ => Download::m4a(run, &rung, span, gaps, &tags, &chapters),
    };
    whole(&download.unwrap(), run)
}

/// The largest difference of two sounds of the same length.
fn difference(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).fold(0.0, |most, (left, right)| most.max((left - right).abs()))
}

#[test]
fn a_download_decodes_to_the_samples_of_the_live_segments() {
    for profile in PROFILES {
        for mode in [LatencyMode::Low, LatencyMode::Ultra] {
            let run = Run::record(profile, mode, 2);
            for rung in RungId::ALL {
                let live = ffmpeg::decode(&run.live(rung, 0..2));
                let kept = ffmpeg::decode(&file(&run, rung, span(0, 2 * SLOT), Gaps::Silent));
                assert_eq!(kept.len() as u64, 2 * SLOT * run.rung(rung).channels.count() as u64);
                assert!(kept == live, "{profile} {rung} {}: {}", mode.name(), difference(&kept, &live));
                assert!(kept.iter().any(|sample| sample.abs() > 0.1), "there is something to hear");
            }
        }
    }
}

#[test]
fn a_trimmed_download_begins_and_ends_at_the_sample() {
    for profile in PROFILES {
        let run = Run::record(profile, LatencyMode::Low, 3);
        for rung in RungId::ALL {
            let live = ffmpeg::decode(&run.live(rung, 0..3));
            let channels = run.rung(rung).channels.count();
            for (from, to) in [
                (SLOT + 12_345, 3 * SLOT - 777),
                (SLOT, 2 * SLOT),
                (SLOT + 1, SLOT + 3 * 960 + 2),
                (333, 50_001),
                (2 * SLOT + 1_023, 2 * SLOT + 1_025),
            ] {
                // This ffmpeg does not know a last page that is the first with sound as well (RFC 7845 4.5).
                if rung == RungId::Opus && to - from < 960 {
                    continue;
                }
                let kept = ffmpeg::decode(&file(&run, rung, span(from, to), Gaps::Silent));
                let expected = &live[from as usize * channels..to as usize * channels];
                // This ffmpeg plays the last unit of an M4A to its end, whatever edit list and durations say.
                let tail = if rung == RungId::Opus { 0 } else { 1_023 * channels };
                assert!(
                    (expected.len()..=expected.len() + tail).contains(&kept.len()),
                    "{rung} {from}..{to}"
                );
                let difference = difference(&kept[..expected.len()], expected);
                // AAC needs one unit before and is the same; what Opus predicts from fades below the last of 16 bits.
                let least = if rung == RungId::Opus { 1.0 / 32_768.0 } else { 0.0 };
                assert!(difference <= least, "{profile} {rung} {from}..{to}: {difference}");
            }
        }
    }
}

#[test]
fn where_nothing_was_recorded_is_silence_and_what_follows_stays_in_time() {
    for profile in PROFILES {
        let mut run = Run::record(profile, LatencyMode::Low, 4);
        run.lose(1);
        run.cut(2, 2);
        for rung in RungId::ALL {
            let kept = ffmpeg::decode(&file(&run, rung, span(0, 4 * SLOT), Gaps::Silent));
            let channels = run.rung(rung).channels.count();
            assert_eq!(kept.len(), 4 * SLOT as usize * channels);
            let at = |slot: f64| (slot * SLOT as f64) as usize * channels;
            let least = if rung == RungId::Opus { 1.0 / 32_768.0 } else { 0.0 };
            for (slot, end) in [(0, 1.0), (2, 2.0 + 1.0 / 3.0), (3, 4.0)] {
                let live = ffmpeg::decode(&run.live(rung, slot..slot + 1));
                // Whoever decodes what follows a hole lacks what it overlaps with, or is predicted from.
                let first = match (slot, rung) {
                    (0, _) => 0,
                    (_, RungId::Opus) => 20 * 960 * channels,
                    _ => 1_024 * channels,
                };
                let length = at(end) - at(slot as f64);
                let kept = &kept[at(slot as f64) + first..at(end)];
                let difference = difference(kept, &live[first..length]);
                assert!(difference <= least, "{profile} {rung} slot {slot}: {difference}");
            }
            // The last sound fades within a unit of AAC; Opus takes a little longer.
            let fade = if rung == RungId::Opus { 9_600 } else { 1_024 } * channels;
            for (from, to) in [(1.0, 2.0), (2.0 + 1.0 / 3.0, 3.0)] {
                let silent = &kept[at(from) + fade..at(to)];
                let loudest = silent.iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
                assert!(loudest <= 1.0 / 32_768.0, "{profile} {rung}: {loudest} in the gap at {from}");
            }
        }
    }
}

#[test]
fn what_was_not_recorded_can_be_left_out() {
    for mode in [LatencyMode::Low, LatencyMode::Standard] {
        let mut run = Run::record(AudioProfile::Standard, mode, 4);
        run.lose(1);
        run.cut(2, 2);
        for rung in RungId::ALL {
            let kept = ffmpeg::decode(&file(&run, rung, span(777, 4 * SLOT), Gaps::LeftOut));
            let channels = run.rung(rung).channels.count();
            let third = (SLOT / 3) as usize * channels;
            let slot = SLOT as usize * channels;
            assert_eq!(kept.len(), 2 * slot + third - 777 * channels, "{rung}");
            // Behind each hole, once a decoder has forgotten it, stands what was recorded behind it.
            let settled = 20 * 1_024 * channels;
            for (begin, length, n) in [(slot, third, 2), (slot + third, slot, 3)] {
                let live = ffmpeg::decode(&run.live(rung, n..n + 1));
                let kept = &kept[begin - 777 * channels + settled..begin - 777 * channels + length];
                let difference = difference(kept, &live[settled..length]);
                assert!(difference <= 1.0 / 32_768.0, "{rung} slot {n}: {difference}");
            }
        }
    }
}

fn chapter(frames: u64, title: &str) -> Chapter {
    Chapter { start: MediaDuration::from_ticks(frames), title: title.into(), url: None, image: None }
}

fn tagged(run: &Run, cover: &[u8]) -> [String; 2] {
    let tags = Tags {
        title: "Über alles — 今日".into(),
        artist: "Ada".into(),
        album: "Evenings".into(),
        date: "2026-11-21".into(),
        comment: "Two lines\nof it".into(),
        cover: Cover::new(Bytes::copy_from_slice(cover)),
    };
    let chapters = Chapters::new(vec![chapter(24_000, "Ada speaks"), chapter(72_000, "Fragen & Antworten")]);
    let (span, gaps) = (span(24_000, 2 * SLOT), Gaps::LeftOut);
    let m4a = Download::m4a(run, &run.rung(RungId::Main), span, gaps, &tags, &chapters).unwrap();
    let ogg = Download::ogg(run, &run.rung(RungId::Opus), span, gaps, &tags, &chapters, 7).unwrap();
    [m4a, ogg].map(|download| ffmpeg::probe(&whole(&download, run)))
}

/// The smallest PNG: one pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
    0x82,
];

#[test]
fn tags_chapters_and_the_cover_are_read() {
    let run = Run::record(AudioProfile::Standard, LatencyMode::Low, 2);
    for (kind, told) in ["m4a", "ogg"].into_iter().zip(tagged(&run, PNG)) {
        let says = |line: &str| assert!(told.contains(line), "{kind}: {line} is not in\n{told}");
        // ffmpeg keeps a file's tags in MP4, and a stream's in Ogg.
        for line in [
            ".tags.title=\"Über alles — 今日\"",
            "=\"Ada\"",
            "=\"Evenings\"",
            "=\"2026-11-21\"",
            "=\"Two lines\\nof it\"",
            "codec_name=\"png\"",
            "disposition.attached_pic=1",
            "chapters.chapter.0.start_time=\"0.000000\"",
            "chapters.chapter.1.start_time=\"0.500000\"",
            "chapters.chapter.1.tags.title=\"Ada speaks\"",
            "chapters.chapter.2.start_time=\"1.500000\"",
            "chapters.chapter.2.tags.title=\"Fragen & Antworten\"",
        ] {
            says(line);
        }
        // This ffprobe counts what is skipped as part of an Ogg's duration.
        let seconds = if kind == "m4a" { "7.180000" } else { "7.580000" };
        says(&format!("format.duration=\"{seconds}\""));
        assert!(!told.contains("chapters.chapter.3"), "{told}");
    }
}

#[test]
fn a_cover_that_takes_many_pages_is_read() {
    let run = Run::record(AudioProfile::Voice, LatencyMode::Low, 2);
    for told in tagged(&run, &png_of(300_000)) {
        assert!(told.contains("codec_name=\"png\""), "{told}");
    }
}

/// The same picture with a private chunk of this many bytes, which every reader passes over.
fn png_of(bytes: usize) -> Vec<u8> {
    let chunk = [b"onAr".as_slice(), &vec![0x5a; bytes]].concat();
    let sum = !chunk.iter().fold(!0_u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    let (header, rest) = PNG.split_at(33);
    [header, &(bytes as u32).to_be_bytes(), &chunk, &sum.to_be_bytes(), rest].concat()
}

#[test]
fn an_hour_is_read_without_a_warning_and_sounds_as_it_did() {
    let slots = 938;
    let run = Run::record_main(AudioProfile::Voice, slots);
    let rung = run.rung(RungId::Main);
    let (tags, chapters) = (Tags::default(), Chapters::new(vec![chapter(0, "The hour")]));
    run.reads.set(0);
    let hour = span(0, 3_600 * 48_000);
    let download = Download::m4a(&run, &rung, hour, Gaps::Silent, &tags, &chapters).unwrap();
    // The slot before is looked into as well: a decoder wants the unit before the first.
    assert_eq!(run.reads.get() as u64, 1 + hour.frames().div_ceil(SLOT), "each segment is read once");
    let bytes = whole(&download, &run);
    let told = ffmpeg::probe(&bytes);
    assert!(told.contains("format.duration=\"3600.000000\""), "{told}");
    let live = ffmpeg::digest_of(&run.live(RungId::Main, 0..slots), hour.frames());
    assert_eq!(ffmpeg::digest(&bytes), live);
}
