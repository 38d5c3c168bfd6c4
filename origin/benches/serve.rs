//! CPU of one reply without its socket: the decision, the headers and the bytes.

use std::hint::black_box;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use media::{AudioProfile, RungId};
use origin::decision::decide;
use origin::directives::Directives;
use origin::disk::Found;
use origin::view::View;
use origin::{Origin, RunDir, RunRecord, Shelf};
use packager::playlist::{Kind, Skip};
use packager::{
    Grid, GridStep, InitSection, LatencyMode, Msn, PartIndex, Position, RunId, RungPart, WallClock, Window,
};

/// A broadcast that has been on air for two minutes.
fn on_air(mode: LatencyMode, folder: &tempfile::TempDir) -> (Arc<Origin>, Arc<Shelf>) {
    let record = RunRecord {
        broadcast: mode.to_string(),
        run: RunId::parse("0run").expect("a name"),
        anchor: WallClock(1_795_248_930_120_000),
        mode,
        profile: AudioProfile::Standard,
        fence: 1,
        discontinuities: Vec::new(),
        ended: false,
    };
    let inits = record.profile.rungs().map(|rung| InitSection::new(&rung, &[0x11, 0x90]));
    let window = Window::open(record.ladder(), record.anchor);
    let dir = RunDir::create(folder.path(), record, &inits).expect("a folder");
    let (shelf, _) = Shelf::new(Found { dir, window, inits, recordings: Vec::new() });
    let grid = Grid::new(mode);
    let mut next = Position { msn: Grid::FIRST, part: PartIndex(0) };
    while next.msn < Msn(40) || next.part < PartIndex(2) {
        let rungs = RungId::ALL.map(|rung| RungPart { rung, bytes: part(grid) }).into();
        let run = shelf.run().clone();
        let step =
            GridStep { run, fence: 1, position: next, discontinuity: false, ranges: Vec::new(), rungs };
        shelf.apply(&step).expect("it follows");
        next = grid.after(next);
    }
    let origin = Origin::new(10);
    origin.channel_for("demo").open(shelf.clone());
    (origin, shelf)
}

/// A part of 96 kbit/s.
fn part(grid: Grid) -> Bytes {
    let length = grid.part().ticks() as usize / 4;
    let mut bytes = BytesMut::new();
    bytes.put_u32(8);
    bytes.put_slice(b"moof");
    bytes.put_u32(8 + length as u32);
    bytes.put_slice(b"mdat");
    bytes.put_bytes(0x5a, length);
    bytes.freeze()
}

fn reply(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = criterion.benchmark_group("reply");
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br"));
    for mode in [LatencyMode::Low, LatencyMode::Ultra] {
        let (origin, _) = on_air(mode, &folder);
        for (name, path, query) in [
            ("part", "demo/0run/main/40.1.m4s", None),
            ("segment", "demo/0run/main/39.m4s", None),
            ("playlist", "demo/0run/main.m3u8", Some("_HLS_msn=40&_HLS_part=1&_HLS_skip=YES")),
            ("refusal", "demo/0run/main.m3u8", Some("_HLS_msn=99")),
        ] {
            group.bench_function(BenchmarkId::new(name, mode), |bencher| {
                bencher.iter(|| {
                    let reply = runtime.block_on(origin.serve(&Method::GET, path, query, &headers, 7));
                    assert_ne!(reply.status(), StatusCode::NOT_FOUND);
                    black_box(reply)
                });
            });
        }
    }
    group.finish();
}

fn decision(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, shelf) = on_air(LatencyMode::Low, &folder);
    let view = shelf.view();
    criterion.bench_function("parse_and_decide", |bencher| {
        bencher.iter(|| {
            let asked = Directives::parse(black_box("_HLS_msn=40&_HLS_part=5&_HLS_skip=YES")).expect("plain");
            black_box(decide(&view.window, Kind::Parts, &asked))
        });
    });
}

/// What the first listener of a step pays for all others.
fn gzip(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = criterion.benchmark_group("gzip_once_a_step");
    for mode in [LatencyMode::Low, LatencyMode::Ultra] {
        let (_, shelf) = on_air(mode, &folder);
        let view = shelf.view();
        for (name, skip) in [("full", Skip::No), ("delta", Skip::Yes)] {
            group.bench_function(BenchmarkId::new(name, mode), |bencher| {
                bencher.iter_batched(
                    || {
                        let fresh = View::new(view.window.clone(), view.segments().clone());
                        fresh.playlist(RungId::Main, Kind::Parts, skip, false);
                        fresh
                    },
                    |fresh| fresh.playlist(RungId::Main, Kind::Parts, skip, true),
                    criterion::BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, reply, decision, gzip);
criterion_main!(benches);
