//! A run that was recorded, in memory: what the encoders and the packager make of a sound, as the origin writes it.
#![allow(clippy::unwrap_used, dead_code)]

use std::cell::Cell;
use std::collections::HashMap;
use std::io;

use bytes::Bytes;
use media::{AudioProfile, Codec, MediaTime, Rung, RungId};
use packager::{Grid, InitSection, LatencyMode, Msn, Packager, RunId, fragment};
use recording::{Source, Span};
use transcode::Encoder;

/// Frames of a slot.
pub(crate) const SLOT: u64 = Grid::SLOT.ticks();

/// The files of a run.
pub(crate) struct Run {
    pub(crate) rungs: [Rung; 3],
    inits: HashMap<RungId, Bytes>,
    segments: HashMap<(RungId, Msn), Bytes>,
    /// How many segments were read.
    pub(crate) reads: Cell<usize>,
}

impl Run {
    /// `slots` slots of [`sound`] from the first of a run.
    pub(crate) fn record(profile: AudioProfile, mode: LatencyMode, slots: u64) -> Self {
        Self::of(profile.rungs(), &profile.rungs(), mode, slots)
    }

    /// The same of the main rung alone, for what is long.
    pub(crate) fn record_main(profile: AudioProfile, slots: u64) -> Self {
        let rungs = profile.rungs();
        Self::of(rungs, &rungs[..1], LatencyMode::Low, slots)
    }

    fn of(rungs: [Rung; 3], encoded: &[Rung], mode: LatencyMode, slots: u64) -> Self {
        let run = RunId::parse("r1").unwrap();
        let first = Grid::FIRST;
        let mut packager = Packager::new(run, 1, Grid::new(mode), encoded, first, false);
        let mut encoders: Vec<_> =
            encoded.iter().map(|rung| Encoder::new(rung, first.start()).unwrap()).collect();
        let inits = encoders
            .iter()
            .map(|encoder| {
                let rung = encoder.rung();
                let config = if rung.codec == Codec::Opus { Bytes::new() } else { encoder.config() };
                (rung.id, InitSection::new(rung, &config).bytes().clone())
            })
            .collect();
        let mut segments: HashMap<_, Vec<u8>> = HashMap::new();
        let mut keep = |packager: &mut Packager| {
            while let Some(step) = packager.poll_output() {
                for part in step.rungs {
                    segments
                        .entry((part.rung, step.position.msn))
                        .or_default()
                        .extend_from_slice(&part.bytes);
                }
            }
        };
        // The encoders look ahead, so a little more is pushed than is kept.
        for block in 0..=slots * 12 {
            let frames: Vec<[f32; 2]> = (block * 15_360..(block + 1) * 15_360).map(sound).collect();
            for encoder in &mut encoders {
                encoder.push(&frames).unwrap();
                let id = encoder.rung().id;
                while let Some(unit) = encoder.poll_output() {
                    packager.push(id, unit).unwrap();
                }
            }
            keep(&mut packager);
        }
        let segments = segments
            .into_iter()
            .filter(|((_, msn), _)| msn.0 < first.0 + slots)
            .map(|(place, bytes)| (place, bytes.into()))
            .collect();
        Self { rungs, inits, segments, reads: Cell::new(0) }
    }

    /// Takes slot `n` of the recording away, as when the process was away.
    pub(crate) fn lose(&mut self, n: u64) {
        for rung in RungId::ALL {
            self.segments.remove(&(rung, Msn(Grid::FIRST.0 + n)));
        }
    }

    /// Leaves the first `parts` parts of slot `n`, as when the process was killed.
    pub(crate) fn cut(&mut self, n: u64, parts: usize) {
        for rung in RungId::ALL {
            let segment = self.segments.get_mut(&(rung, Msn(Grid::FIRST.0 + n))).unwrap();
            let kept: usize = fragment::split_parts(segment)[..parts].iter().map(Bytes::len).sum();
            segment.truncate(kept);
        }
    }

    /// Puts `bytes` in the place of slot `n`.
    pub(crate) fn replace(&mut self, n: u64, bytes: &'static [u8]) {
        for rung in RungId::ALL {
            self.segments.insert((rung, Msn(Grid::FIRST.0 + n)), Bytes::from_static(bytes));
        }
    }

    pub(crate) fn rung(&self, id: RungId) -> Rung {
        self.rungs[id as usize]
    }

    /// The init section and the segments of the slots `slots` of the recording, as a player of the live HLS gets them.
    pub(crate) fn live(&self, rung: RungId, slots: std::ops::Range<u64>) -> Vec<u8> {
        let mut bytes = self.inits[&rung].to_vec();
        for n in slots {
            bytes.extend_from_slice(&self.segments[&(rung, Msn(Grid::FIRST.0 + n))]);
        }
        bytes
    }
}

impl Source for Run {
    fn init(&self, rung: RungId) -> io::Result<Bytes> {
        self.inits.get(&rung).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn segment(&self, rung: RungId, msn: Msn) -> io::Result<Bytes> {
        self.reads.set(self.reads.get() + 1);
        self.segments.get(&(rung, msn)).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Frames `from` to `to`, counted from the beginning of the recording.
pub(crate) fn span(from: u64, to: u64) -> Span {
    let begin = Grid::FIRST.start().ticks();
    Span::new(MediaTime::from_ticks(begin + from), MediaTime::from_ticks(begin + to)).unwrap()
}

/// Two tones that come and go, and noise: differently on either side.
fn sound(frame: u64) -> [f32; 2] {
    let time = frame as f32 / 48_000.0;
    let turn = std::f32::consts::TAU;
    let swell = 0.5 + 0.5 * (turn * 0.7 * (time % 1_000.0)).sin();
    let noise = (frame.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 / 16_777_216.0 - 0.5;
    let tone = |hertz: u64| (turn * (frame * hertz % 48_000) as f32 / 48_000.0).sin();
    [0.3 * swell * tone(440) + 0.05 * noise, 0.2 * (1.0 - swell) * tone(1_000) + 0.1 * noise * swell]
}
