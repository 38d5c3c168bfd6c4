//! What a download and an analysis of an hour cost, without the disk.

use std::hint::black_box;
use std::io;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media::{AudioProfile, Codec, MediaTime, Rung, RungId};
use packager::{Grid, InitSection, LatencyMode, Msn, Packager, RunId};
use recording::{Chapters, Download, Gaps, Levels, Source, Span, Tags, Units};
use transcode::Encoder;

const HOUR: u64 = 3_600 * 48_000;

/// A run that goes on for ever: every slot sounds alike.
struct Run {
    rungs: [Rung; 3],
    inits: Vec<Bytes>,
    segments: Vec<Bytes>,
}

impl Run {
    fn record() -> Self {
        let rungs = AudioProfile::Standard.rungs();
        let grid = Grid::new(LatencyMode::Low);
        let name = RunId::parse("bench").expect("a name");
        let mut packager = Packager::new(name, 1, grid, &rungs, Grid::FIRST, false);
        let mut inits = Vec::new();
        for rung in rungs {
            let mut encoder = Encoder::new(&rung, Grid::FIRST.start()).expect("a rung of a profile");
            let config = if rung.codec == Codec::Opus { Bytes::new() } else { encoder.config() };
            inits.push(InitSection::new(&rung, &config).bytes().clone());
            let noise = |n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 / 16_777_216.0 - 0.5;
            let sound: Vec<[f32; 2]> = (0..2 * Grid::SLOT.ticks())
                .map(|n| {
                    let tone = (n as f32 * 0.06).sin() * 0.3;
                    [tone + 0.05 * noise(n), tone - 0.05 * noise(n)]
                })
                .collect();
            encoder.push(&sound).expect("it encodes");
            while let Some(unit) = encoder.poll_output() {
                if unit.time < Grid::FIRST.next().start() {
                    packager.push(rung.id, unit).expect("it follows");
                }
            }
        }
        let mut segments = vec![Vec::new(); 3];
        while let Some(step) = packager.poll_output() {
            for part in step.rungs {
                segments[part.rung as usize].extend_from_slice(&part.bytes);
            }
        }
        Self { rungs, inits, segments: segments.into_iter().map(Bytes::from).collect() }
    }

    fn download(&self, rung: RungId, span: Span) -> Download {
        let (rung, tags, chapters) = (self.rungs[rung as usize], Tags::default(), Chapters::default());
        match rung.id {
            RungId::Opus => Download::ogg(self, &rung, span, Gaps::Silent, &tags, &chapters, 1),
            _ => Download::m4a(self, &rung, span, Gaps::Silent, &tags, &chapters),
        }
        .expect("it is planned")
    }
}

impl Source for Run {
    fn init(&self, rung: RungId) -> io::Result<Bytes> {
        Ok(self.inits[rung as usize].clone())
    }

    fn segment(&self, rung: RungId, _: Msn) -> io::Result<Bytes> {
        Ok(self.segments[rung as usize].clone())
    }
}

fn span(frames: u64) -> Span {
    let from = Grid::FIRST.start().ticks();
    Span::new(MediaTime::from_ticks(from), MediaTime::from_ticks(from + frames)).expect("less than a day")
}

fn downloads(c: &mut Criterion) {
    let run = Run::record();
    for rung in [RungId::Main, RungId::Opus] {
        c.bench_function(&format!("plan an hour/{rung}"), |b| b.iter(|| run.download(rung, span(HOUR))));
        let download = run.download(rung, span(HOUR));
        let mut group = c.benchmark_group("read");
        group.sample_size(10).throughput(Throughput::Bytes(download.size()));
        group.bench_function(format!("an hour/{rung}"), |b| {
            b.iter(|| {
                let mut at = 0;
                while at < download.size() {
                    at += black_box(download.read(&run, at..u64::MAX).expect("it is read")).len() as u64;
                }
            });
        });
    }
}

fn levels(c: &mut Criterion) {
    let run = Run::record();
    let mut group = c.benchmark_group("measure");
    group.sample_size(10);
    for rung in RungId::ALL {
        group.bench_function(format!("a minute/{rung}"), |b| {
            b.iter(|| {
                let units = Units::plan(&run, &run.rungs[rung as usize], span(60 * 48_000), Gaps::Silent)
                    .expect("it is planned");
                let mut levels = Levels::new(&run, units, 4_096).expect("a rung of ours");
                while levels.step(&run).expect("it is read") {}
                levels.finish()
            });
        });
    }
}

criterion_group!(benches, downloads, levels);
criterion_main!(benches);
