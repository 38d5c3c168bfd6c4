//! CPU of one second of programme in the meter, with and without what raises its true peak.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use transcode::demo::Sound;
use transcode::meter::Meter;

/// A second in 50 pushes, as the programme's ticks make them.
fn push_second(meter: &mut Meter<2>, second: &[f32]) {
    for tick in second.chunks_exact(1920) {
        meter.push(tick.as_chunks().0);
    }
}

fn meter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("meter_second");
    group.throughput(Throughput::Elements(48_000));

    let mut sound = Sound::new(Duration::from_hours(500_000));
    let mut minute = vec![0.0; 60 * 96_000];
    sound.render(&mut minute);
    let mut meter = Meter::new();
    let mut seconds = minute.chunks_exact(96_000).cycle();
    group.bench_function("music", |bencher| {
        bencher.iter(|| push_second(&mut meter, seconds.next().expect("it repeats")));
    });

    // A level that never falls: every stretch could raise the peak.
    let tone: Vec<f32> = (0..48_000).flat_map(|n| [(n as f32 * 0.1309).sin() * 0.9; 2]).collect();
    let mut meter = Meter::new();
    group.bench_function("steady_tone", |bencher| bencher.iter(|| push_second(&mut meter, &tone)));

    group.bench_function("loudness", |bencher| bencher.iter(|| black_box(meter.loudness())));
    group.finish();
}

fn demo(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("demo_second");
    group.throughput(Throughput::Elements(48_000));
    let mut sound = Sound::new(Duration::from_hours(500_000));
    let mut second = vec![0.0; 96_000];
    group.bench_function("sound", |bencher| {
        bencher.iter(|| {
            sound.render(&mut second);
            black_box(&second);
        });
    });
    group.finish();
}

criterion_group!(benches, meter, demo);
criterion_main!(benches);
