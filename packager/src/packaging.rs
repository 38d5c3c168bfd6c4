//! The packager: access units of every rung in, grid steps out.

use std::collections::VecDeque;

use media::{AccessUnit, MediaTime, Rung, RungId};

use crate::{Annotations, Fence, Grid, GridStep, Msn, PartIndex, Position, RunId, RungPart, fragment};

/// Access units that one rung may run ahead of the slowest: two slots. Beyond that an encoder has died.
const AHEAD: usize = 2 * 192;

/// Gathers the access units of every rung and answers with a [`GridStep`] once all of them have filled
/// the next part.
#[derive(Debug)]
pub struct Packager {
    run: RunId,
    fence: Fence,
    grid: Grid,
    lanes: Vec<Lane>,
    next: Position,
    discontinuity: bool,
    annotations: Annotations,
}

#[derive(Debug)]
struct Lane {
    rung: Rung,
    units: VecDeque<AccessUnit>,
    end: MediaTime,
}

/// Why an access unit was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The run has no such rung.
    #[error("the run has no rung {0}")]
    UnknownRung(RungId),
    /// Its encoder skipped or repeated samples; the caller starts the encoders anew on the next slot.
    #[error("{rung} goes on at sample {got}, not at {expected}")]
    NotContiguous {
        /// Which rung.
        rung: RungId,
        /// Where the last access unit ended.
        expected: u64,
        /// Where this one begins.
        got: u64,
    },
    /// Another rung has delivered nothing for two slots; the caller starts the encoders anew.
    #[error("{0} is two slots ahead of the slowest rung")]
    Ahead(RungId),
}

impl Packager {
    /// Begins at slot `first`; every rung's first access unit starts exactly there.
    /// `discontinuity`: the run had sound before, from other encoders.
    pub fn new(
        run: RunId,
        fence: Fence,
        grid: Grid,
        rungs: &[Rung],
        first: Msn,
        discontinuity: bool,
    ) -> Self {
        let lanes =
            rungs.iter().map(|&rung| Lane { rung, units: VecDeque::new(), end: first.start() }).collect();
        let next = Position { msn: first, part: PartIndex(0) };
        Self { run, fence, grid, lanes, next, discontinuity, annotations: Annotations::default() }
    }

    /// The same, with what an earlier packager of the run left.
    #[must_use]
    pub fn with_annotations(self, annotations: Annotations) -> Self {
        Self { annotations, ..self }
    }

    /// What is said beside the sound; it goes with the steps to come.
    pub const fn annotations(&mut self) -> &mut Annotations {
        &mut self.annotations
    }

    /// What has not gone with a step, for the next packager of the run.
    pub fn into_annotations(self) -> Annotations {
        self.annotations
    }

    /// When the next step begins on the run's timeline.
    pub fn next_time(&self) -> MediaTime {
        self.grid.start(self.next)
    }

    /// Takes one access unit, timed in frames at 48 kHz on the run's timeline.
    pub fn push(&mut self, rung: RungId, unit: AccessUnit) -> Result<(), PushError> {
        let lane =
            self.lanes.iter_mut().find(|lane| lane.rung.id == rung).ok_or(PushError::UnknownRung(rung))?;
        if unit.time != lane.end {
            let (expected, got) = (lane.end.ticks(), unit.time.ticks());
            return Err(PushError::NotContiguous { rung, expected, got });
        }
        if lane.units.len() >= AHEAD {
            return Err(PushError::Ahead(rung));
        }
        lane.end = unit.time + unit.duration;
        lane.units.push_back(unit);
        Ok(())
    }

    /// The next step, once every rung has filled it.
    pub fn poll_output(&mut self) -> Option<GridStep> {
        let end = self.grid.end(self.next);
        if !self.lanes.iter().all(|lane| lane.has_filled(end)) {
            return None;
        }
        let sequence = (self.grid.ordinal(self.next) + 1) as u32;
        let (events, ranges) = self.annotations.take(self.grid, self.next);
        let rungs = self
            .lanes
            .iter_mut()
            .map(|lane| RungPart { rung: lane.rung.id, bytes: lane.take(sequence, end, &events) })
            .collect();
        let step = GridStep {
            run: self.run.clone(),
            fence: self.fence,
            position: self.next,
            discontinuity: self.discontinuity,
            ranges,
            rungs,
        };
        self.discontinuity = false;
        self.next = self.grid.after(self.next);
        Some(step)
    }
}

impl Lane {
    /// Whether no access unit still to come could end at or before `end`.
    fn has_filled(&self, end: MediaTime) -> bool {
        self.end.ticks() + self.rung.unit_frames() > end.ticks()
    }

    /// The part of all units that end at or before `end`, behind `events`.
    fn take(&mut self, sequence: u32, end: MediaTime, events: &[u8]) -> bytes::Bytes {
        let count = self.units.iter().take_while(|unit| unit.time + unit.duration <= end).count();
        let units: Vec<AccessUnit> = self.units.drain(..count).collect();
        let start = units.first().map_or(self.end, |unit| unit.time);
        fragment::write(sequence, start, &units, events)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use media::{AudioProfile, MediaDuration};

    use super::*;
    use crate::{LatencyMode, fragment::units};

    fn packager(mode: LatencyMode) -> Packager {
        let run = RunId::parse("run").unwrap();
        Packager::new(run, 1, Grid::new(mode), &AudioProfile::Standard.rungs(), Msn(8), false)
    }

    /// The `n`-th unit of `rung` after slot 8 began.
    fn unit(rung: &Rung, n: u64) -> AccessUnit {
        AccessUnit {
            time: Msn(8).start() + MediaDuration::from_ticks(n * rung.unit_frames()),
            duration: MediaDuration::from_ticks(rung.unit_frames()),
            data: Bytes::from(vec![n as u8; 8]),
        }
    }

    fn feed(packager: &mut Packager, frames: u64) -> Vec<GridStep> {
        let mut steps = Vec::new();
        for rung in AudioProfile::Standard.rungs() {
            for n in 0..frames / rung.unit_frames() {
                packager.push(rung.id, unit(&rung, n)).unwrap();
            }
        }
        steps.extend(std::iter::from_fn(|| packager.poll_output()));
        steps
    }

    #[test]
    fn a_step_holds_the_same_stretch_of_every_rung() {
        let steps = feed(&mut packager(LatencyMode::Low), 2 * 30_720);
        assert_eq!(steps.len(), 2);
        for step in &steps {
            let counts: Vec<_> = step.rungs.iter().map(|part| units(&part.bytes).len()).collect();
            assert_eq!(counts, [30, 30, 32]);
        }
        assert_eq!(steps[1].position, Position { msn: Msn(8), part: PartIndex(1) });
    }

    #[test]
    fn no_step_leaves_while_one_rung_is_behind() {
        let mut packager = packager(LatencyMode::Low);
        let [main, low, opus] = AudioProfile::Standard.rungs();
        for n in 0..30 {
            packager.push(RungId::Main, unit(&main, n)).unwrap();
            packager.push(RungId::Low, unit(&low, n)).unwrap();
        }
        for n in 0..31 {
            packager.push(RungId::Opus, unit(&opus, n)).unwrap();
            assert!(packager.poll_output().is_none());
        }
        packager.push(RungId::Opus, unit(&opus, 31)).unwrap();
        assert!(packager.poll_output().is_some());
    }

    #[test]
    fn in_ultra_opus_keeps_its_own_frames_and_loses_none() {
        let steps = feed(&mut packager(LatencyMode::Ultra), 184_320);
        assert_eq!(steps.len(), 30);
        let opus: usize = steps.iter().map(|step| units(&step.rungs[2].bytes).len()).sum();
        assert_eq!(opus, 192);
        assert!(steps.iter().all(|step| units(&step.rungs[0].bytes).len() == 6));
    }

    #[test]
    fn a_rung_that_skips_samples_is_refused() {
        let mut packager = packager(LatencyMode::Low);
        let [main, ..] = AudioProfile::Standard.rungs();
        packager.push(RungId::Main, unit(&main, 0)).unwrap();
        let refused = packager.push(RungId::Main, unit(&main, 2));
        assert!(
            matches!(refused, Err(PushError::NotContiguous { got, expected, .. }) if got == expected + 1_024)
        );
    }

    #[test]
    fn a_rung_cannot_run_ahead_for_ever() {
        let mut packager = packager(LatencyMode::Low);
        let [main, ..] = AudioProfile::Standard.rungs();
        for n in 0..AHEAD as u64 {
            packager.push(RungId::Main, unit(&main, n)).unwrap();
        }
        assert!(matches!(packager.push(RungId::Main, unit(&main, AHEAD as u64)), Err(PushError::Ahead(_))));
    }
}
