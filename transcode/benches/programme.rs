//! What a second of programme costs, stage by stage: every figure is CPU time per second of sound.
//!
//! `cargo bench -p transcode --bench programme`; 10 ms in a second are 1 % of a core.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use media::{AccessUnit, AudioProfile, Channels, Codec, MediaTime, Rung, RungId, TrackInfo};
use rustix::time::{ClockId, Timespec, clock_gettime};
use transcode::intake::{Intake, IntakeConfig};
use transcode::meter::Meter;
use transcode::{Decoder, Encoder, Programme, SourceId};

const PROFILES: [AudioProfile; 3] = AudioProfile::ALL;

/// The CPU time of this thread: what else the machine does hardly matters.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Timespec;
    type Value = Duration;

    fn start(&self) -> Timespec {
        clock_gettime(ClockId::ThreadCPUTime)
    }

    fn end(&self, start: Timespec) -> Duration {
        let spent = clock_gettime(ClockId::ThreadCPUTime) - start;
        spent.try_into().expect("a thread's CPU time never goes back")
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Samples of a tick, and ticks of a second.
const TICK: usize = 2 * 960;
const TICKS: usize = 50;

/// Ten seconds that keep an encoder busy as speech over music would: a chord with vibrato, a voice's
/// harmonics that come and go three times a second, and noise; different on both sides.
fn sound() -> Vec<f32> {
    let mut noise = 0x5eed_u32;
    let mut samples = Vec::with_capacity(10 * 96_000);
    for frame in 0..480_000 {
        let time = frame as f32 / 48_000.0;
        let sine = |hz: f32| (time * hz * std::f32::consts::TAU).sin();
        let chord = [220.0, 277.2, 329.6, 440.0].map(|hz| sine(hz + 0.3 * sine(5.0))).iter().sum::<f32>();
        let syllable = sine(3.0).max(0.0).powi(2);
        let voice = (1..=20).map(|n| sine(130.0 * n as f32) / n as f32).sum::<f32>() * syllable;
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = (noise >> 8) as f32 / 8_388_608.0 - 1.0;
        let middle = 0.05 * chord + 0.15 * voice;
        let side = 0.02 * sine(523.0) + 0.01 * hiss;
        samples.extend([middle + side, middle - side]);
    }
    samples
}

/// Plays `sound` for ever, a second at a time.
struct Tape<'a> {
    sound: &'a [f32],
    second: usize,
}

impl<'a> Tape<'a> {
    fn next(&mut self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let second = 2 * 48_000;
        let from = self.second % (self.sound.len() / second) * second;
        self.second += 1;
        self.sound[from..from + second].chunks_exact(TICK)
    }
}

fn coded(rung: Rung, sound: &[f32]) -> (TrackInfo, Vec<AccessUnit>) {
    let mut encoder = Encoder::new(&rung, MediaTime::from_ticks(0)).unwrap();
    encoder.push(sound.as_chunks::<2>().0).unwrap();
    (encoder.track(), std::iter::from_fn(|| encoder.poll_output()).collect())
}

fn host(bit_rate: u32) -> Rung {
    Rung { id: RungId::Main, codec: Codec::AacLc, channels: Channels::Stereo, bit_rate }
}

fn encode(c: &mut Criterion<CpuTime>) {
    let sound = sound();
    for profile in PROFILES {
        for rung in profile.rungs() {
            let mut encoder = Encoder::new(&rung, MediaTime::from_ticks(0)).unwrap();
            let mut tape = Tape { sound: &sound, second: 0 };
            c.bench_function(&format!("encode/{profile}/{}", rung.id), |bencher| {
                bencher.iter(|| {
                    for tick in tape.next() {
                        encoder.push(tick.as_chunks::<2>().0).unwrap();
                        while let Some(unit) = encoder.poll_output() {
                            black_box(unit);
                        }
                    }
                });
            });
        }
    }
}

fn decode(c: &mut Criterion<CpuTime>) {
    let sound = sound();
    let opus = AudioProfile::Standard.rungs()[2];
    for (name, rung) in [("aac 128 kb/s stereo", host(128_000)), ("opus 64 kb/s stereo", opus)] {
        let (track, units) = coded(rung, &sound);
        let mut decoder = Decoder::new(&track).unwrap();
        let mut units = units.iter().cycle();
        // AAC: 46 and 7/8 units are a second.
        let second = 48_000.0 / rung.unit_frames() as f64;
        let mut owed = 0.0;
        c.bench_function(&format!("decode/{name}"), |bencher| {
            bencher.iter(|| {
                owed += second;
                while owed >= 1.0 {
                    owed -= 1.0;
                    black_box(decoder.decode(units.next().unwrap()).unwrap());
                }
            });
        });
    }
}

fn parts(c: &mut Criterion<CpuTime>) {
    let sound = sound();
    let mut tape = Tape { sound: &sound, second: 0 };
    let mut meter = Meter::<2>::new();
    c.bench_function("meter", |bencher| {
        bencher.iter(|| tape.next().for_each(|tick| meter.push(tick.as_chunks().0)));
    });

    let mut intake = Intake::<2>::new(IntakeConfig::default());
    let mut now = Duration::ZERO;
    let mut pcm = media::Pcm::silence(48_000, Channels::Stereo, TICK / 2);
    let mut out = [[0.0; 2]; TICK / 2];
    c.bench_function("intake/48 kHz", |bencher| {
        bencher.iter(|| {
            for tick in tape.next() {
                pcm.samples.copy_from_slice(tick);
                intake.push(now, &pcm);
                intake.pull(now, &mut out);
                now += Duration::from_millis(20);
            }
        });
    });
}

fn programme(c: &mut Criterion<CpuTime>) {
    const HOST: SourceId = SourceId::new(1);
    let sound = sound();
    let (track, units) = coded(host(128_000), &sound);
    for profile in PROFILES {
        for speaks in [true, false] {
            let mut programme = Programme::new(&profile.rungs(), MediaTime::from_ticks(0)).unwrap();
            let mut units = units.iter().cycle();
            let (mut ticks, mut fed) = (0_u64, 0_u64);
            if speaks {
                programme.add_source(HOST);
                programme.set_track(HOST, &track).unwrap();
            }
            let who = if speaks { "one AAC source" } else { "silence" };
            c.bench_function(&format!("programme/{profile}/{who}"), |bencher| {
                bencher.iter(|| {
                    for _ in 0..TICKS {
                        let now = Duration::from_millis(20 * ticks);
                        while speaks && fed * 1_024 <= ticks * 960 {
                            programme.push(HOST, now, units.next().unwrap()).unwrap();
                            fed += 1;
                        }
                        programme.tick(now).unwrap();
                        ticks += 1;
                        while let Some(output) = programme.poll_output() {
                            black_box(output);
                        }
                    }
                });
            });
            if let Some(stats) = programme.source_stats(HOST) {
                assert_eq!((stats.corrupt, stats.intake.underruns), (0, 0), "the bench starves its source");
            }
        }
    }
}

/// What noise suppression and levelling add to a programme with one voice.
fn treatment(c: &mut Criterion<CpuTime>) {
    const SPEAKER: SourceId = SourceId::new(1);
    let sound: Vec<f32> = sound().as_chunks::<2>().0.iter().map(|frame| frame[0]).collect();
    for (name, denoise, level) in
        [("as it is", false, false), ("denoised", true, false), ("levelled", false, true)]
    {
        let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::from_ticks(0)).unwrap();
        programme.add_source(SPEAKER);
        programme.set_denoise(SPEAKER, denoise).unwrap();
        programme.set_levelling(level);
        let mut pcm = media::Pcm::silence(48_000, Channels::Mono, TICK / 2);
        let mut ticks = sound.chunks_exact(TICK / 2).cycle();
        let mut now = Duration::ZERO;
        c.bench_function(&format!("treatment/{name}"), |bencher| {
            bencher.iter(|| {
                for tick in ticks.by_ref().take(TICKS) {
                    pcm.samples.copy_from_slice(tick);
                    programme.push_pcm(SPEAKER, now, &pcm).unwrap();
                    programme.tick(now).unwrap();
                    now += Duration::from_millis(20);
                    while let Some(output) = programme.poll_output() {
                        black_box(output);
                    }
                }
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .with_measurement(CpuTime)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = encode, decode, parts, programme, treatment
}
criterion_main!(benches);
