//! A run on disk, for tests: two slots of a tone, as the hall would have written them.

use std::path::Path;

use bytes::Bytes;
use media::{AudioProfile, Codec, MediaTime};
use origin::{RunDir, RunRecord};
use packager::{Grid, InitSection, LatencyMode, Packager, RunId, WallClock};
use transcode::Encoder;

/// Slots of it that hold sound.
const SLOTS: u64 = 2;

/// Frames at 48 kHz that it plays.
pub(crate) const FRAMES: u64 = SLOTS * Grid::SLOT.ticks();

/// Where it begins on its timeline.
pub(crate) const START: MediaTime = Grid::FIRST.start();

/// The run `r1` of `broadcast` below `root`.
pub(crate) fn record(root: &Path, broadcast: &str) {
    let run = RunId::parse("r1").unwrap();
    let rungs = AudioProfile::Voice.rungs();
    let mut encoders = rungs.map(|rung| Encoder::new(&rung, START).unwrap());
    let inits = [0, 1, 2].map(|n: usize| {
        let config = if rungs[n].codec == Codec::Opus { Bytes::new() } else { encoders[n].config() };
        InitSection::new(&rungs[n], &config)
    });
    let record = RunRecord {
        broadcast: broadcast.into(),
        run: run.clone(),
        anchor: WallClock(1_700_000_000_000_000),
        mode: LatencyMode::Low,
        profile: AudioProfile::Voice,
        fence: 1,
        discontinuities: Vec::new(),
        ended: false,
    };
    let mut dir = RunDir::create(root, record, &inits).unwrap();
    let mut packager = Packager::new(run, 1, Grid::new(LatencyMode::Low), &rungs, Grid::FIRST, false);
    let sound: Vec<[f32; 1]> = (0..FRAMES + 15_360)
        .map(|n| [0.25 * ((n % 48_000) as f32 * 997.0 * std::f32::consts::TAU / 48_000.0).sin()])
        .collect();
    for encoder in &mut encoders {
        encoder.push(&sound).unwrap();
        while let Some(unit) = encoder.poll_output().filter(|unit| unit.time.ticks() < START.ticks() + FRAMES)
        {
            packager.push(encoder.rung().id, unit).unwrap();
        }
    }
    while let Some(step) = packager.poll_output() {
        dir.append(&step).unwrap();
    }
    dir.mark_ended().unwrap();
}
