//! CPU of one step of every rung: access units in, parts and playlists out. Without gzip, which is the
//! origin's (its bench `serve`).

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use media::{AccessUnit, AudioProfile, MediaDuration, RungId};
use packager::playlist::{Kind, MediaPlaylist, Skip};
use packager::{Grid, Ladder, LatencyMode, Msn, Packager, PartIndex, Position, RunId, WallClock, Window};

const PROFILE: AudioProfile = AudioProfile::Standard;

/// A run of an hour: the window is full and numbers have four digits.
const SLOT: u64 = 1_000;

fn window(mode: LatencyMode) -> Window {
    let mut window = Window::open(Ladder::new(PROFILE, mode), WallClock(1_795_248_930_120_000));
    let grid = Grid::new(mode);
    let mut next = Position { msn: Msn(SLOT - 20), part: PartIndex(0) };
    while next.msn.0 < SLOT {
        window.apply(next, false).expect("it follows");
        next = grid.after(next);
    }
    window
}

/// The access units of one part of every rung, as large as the encoders make them.
fn units(mode: LatencyMode) -> Vec<(RungId, AccessUnit)> {
    let part = Grid::new(mode).part().ticks();
    let mut units = Vec::new();
    for rung in PROFILE.rungs() {
        let bytes = u64::from(rung.bit_rate) * rung.unit_frames() / 48_000 / 8;
        let data = Bytes::from(vec![0x5a; bytes as usize]);
        for n in 0..part.div_ceil(rung.unit_frames()) {
            let time = Msn(SLOT).start() + MediaDuration::from_ticks(n * rung.unit_frames());
            let duration = MediaDuration::from_ticks(rung.unit_frames());
            units.push((rung.id, AccessUnit { time, duration, data: data.clone() }));
        }
    }
    units
}

fn packager(mode: LatencyMode) -> Packager {
    let run = RunId::parse("00w6ge2h532ci").expect("a name");
    Packager::new(run, 1, Grid::new(mode), &PROFILE.rungs(), Msn(SLOT), false)
}

/// The same, with what eight people say in one part.
fn told(mode: LatencyMode) -> Packager {
    let mut packager = packager(mode);
    for _ in 0..8 {
        packager.annotations().moment("x".repeat(160), None, Msn(SLOT).start()).expect("there is room");
    }
    packager
}

fn package(mut packager: Packager, units: &[(RungId, AccessUnit)], window: Option<Window>) -> usize {
    for (rung, unit) in units {
        packager.push(*rung, unit.clone()).expect("it is contiguous");
    }
    let step = packager.poll_output().expect("every rung has filled the part");
    let media: usize = step.rungs.iter().map(|part| part.bytes.len()).sum();
    let Some(mut window) = window else { return media };
    window.apply(step.position, step.discontinuity).expect("it follows");
    let listed = window.ladder().listed();
    let texts =
        listed.map(|rung| MediaPlaylist { rung: rung.id, kind: Kind::Parts }.write(&window, Skip::No));
    media + texts.map(|text| text.len()).sum::<usize>()
}

/// From access units to the three parts, and on to the playlist of every rung.
fn step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packager_step");
    for mode in [LatencyMode::Low, LatencyMode::Ultra] {
        let (units, full) = (units(mode), window(mode));
        group.bench_function(BenchmarkId::new("parts", mode), |bencher| {
            bencher.iter_batched(|| packager(mode), |it| package(it, &units, None), BatchSize::SmallInput);
        });
        group.bench_function(BenchmarkId::new("parts_and_messages", mode), |bencher| {
            bencher.iter_batched(|| told(mode), |it| package(it, &units, None), BatchSize::SmallInput);
        });
        group.bench_function(BenchmarkId::new("parts_and_playlists", mode), |bencher| {
            bencher.iter_batched(
                || (packager(mode), full.clone()),
                |(it, window)| package(it, &units, Some(window)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn playlist(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("playlist");
    for mode in [LatencyMode::Low, LatencyMode::Ultra] {
        let window = window(mode);
        let main = MediaPlaylist { rung: RungId::Main, kind: Kind::Parts };
        for (name, skip) in [("full", Skip::No), ("delta", Skip::Yes)] {
            group.bench_function(BenchmarkId::new(name, mode), |bencher| {
                bencher.iter(|| black_box(main.write(black_box(&window), skip)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, step, playlist);
criterion_main!(benches);
