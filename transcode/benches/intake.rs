//! CPU of one second of one source, as it stands in the intake: copied, following a clock, converted.

use std::f64::consts::TAU;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media::{Channels, Pcm};
use transcode::intake::{Intake, IntakeConfig, TICK_FRAMES};

/// A source that has been on air for a minute, with the frames it goes on with.
struct OnAir {
    intake: Intake<2>,
    frame: Pcm,
    rate: f64,
    sent: u64,
    ticks: u64,
}

impl OnAir {
    fn new(rate: u32, ppm: f64) -> Self {
        let step = TAU * 440.0 / f64::from(rate);
        let samples = (0..1024).flat_map(|n| [(f64::from(n) * step).sin() as f32; 2]).collect();
        let frame = Pcm { rate, channels: Channels::Stereo, samples };
        let rate = f64::from(rate) * (1.0 + ppm * 1e-6);
        let mut on_air =
            Self { intake: Intake::new(IntakeConfig::default()), frame, rate, sent: 0, ticks: 0 };
        (0..60).for_each(|_| on_air.second());
        on_air
    }

    fn second(&mut self) {
        let mut out = [[0.0; 2]; TICK_FRAMES];
        for _ in 0..50 {
            let now = Duration::from_millis(20 * self.ticks);
            self.ticks += 1;
            while (self.sent + 1024) as f64 / self.rate <= now.as_secs_f64() {
                self.intake.push(now, &self.frame);
                self.sent += 1024;
            }
            self.intake.pull(now, &mut out);
            black_box(&out);
        }
    }
}

fn intake(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("intake_second");
    group.throughput(Throughput::Elements(48_000));
    for (name, rate, ppm) in [
        ("48_khz_even", 48_000, 0.0),
        ("48_khz_1000_ppm", 48_000, 1000.0),
        ("44.1_khz", 44_100, 20.0),
        ("22.05_khz", 22_050, 20.0),
        ("96_khz", 96_000, 20.0),
    ] {
        let mut on_air = OnAir::new(rate, ppm);
        group.bench_function(name, |bencher| bencher.iter(|| on_air.second()));
    }
    group.finish();
}

criterion_group!(benches, intake);
criterion_main!(benches);
