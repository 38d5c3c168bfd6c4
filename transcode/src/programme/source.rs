//! One source of the programme: its decoder and its intake.

use std::time::Duration;

use media::{AccessUnit, Codec, Pcm, TrackInfo};

use super::{SourceStats, Tick};
use crate::decode::{DecodeError, Decoder};
use crate::intake::{Intake, IntakeConfig};

/// The longest hole between two Opus packets that is concealed when the later one arrives. The intake holds
/// about as much, so none of it was missed yet; of a longer one (DTX, a stall) it has made silence already,
/// and filling it again would only delay what follows.
const HOLE_MAX: Duration = Duration::from_millis(60);

pub(super) struct Source<const C: usize> {
    track: Option<Track>,
    intake: Intake<C>,
    units: u64,
    corrupt: u64,
    missing: u64,
    recovered: u64,
}

struct Track {
    info: TrackInfo,
    decoder: Decoder,
    /// Where the newest unit ended on the track's timeline, and how long it was.
    newest: Option<(Duration, Duration)>,
}

impl Track {
    /// How many packets are missing between the newest unit and this one.
    fn missing_before(&self, unit: &AccessUnit) -> u32 {
        let Some((end, length)) = self.newest else { return 0 };
        let hole = unit.time.to_duration(self.info.timescale).saturating_sub(end);
        if self.info.codec != Codec::Opus || hole > HOLE_MAX {
            return 0;
        }
        // Rounded: a publisher's milliseconds are not exact.
        ((hole + length / 2).as_nanos() / length.as_nanos()) as u32
    }

    fn note(&mut self, unit: &AccessUnit, length: Duration) {
        let start = unit.time.to_duration(self.info.timescale);
        self.newest = (!length.is_zero()).then(|| (start + length, length));
    }
}

fn length_of(pcm: &Pcm) -> Duration {
    Duration::from_nanos(pcm.frames() as u64 * 1_000_000_000 / u64::from(pcm.rate))
}

impl<const C: usize> Source<C> {
    pub(super) fn new(intake: IntakeConfig) -> Self {
        let intake = Intake::new(intake);
        Self { track: None, intake, units: 0, corrupt: 0, missing: 0, recovered: 0 }
    }

    pub(super) fn set_track(&mut self, info: &TrackInfo) -> Result<(), DecodeError> {
        // Encoders repeat their configuration; a new decoder for the same track would be a click.
        if self.track.as_ref().is_some_and(|track| track.info == *info) {
            return Ok(());
        }
        self.track = None;
        self.track = Some(Track { info: info.clone(), decoder: Decoder::new(info)?, newest: None });
        Ok(())
    }

    /// `None` while no track is set.
    pub(super) fn push(&mut self, now: Duration, unit: &AccessUnit) -> Option<Result<(), DecodeError>> {
        let track = self.track.as_mut()?;
        for newer in (0..track.missing_before(unit)).rev() {
            self.missing += 1;
            // A packet repeats the one before it, at most.
            let recovered = if newer == 0 { track.decoder.recover(unit) } else { None };
            self.recovered += u64::from(recovered.is_some());
            match recovered {
                Some(pcm) => self.intake.push(now, pcm),
                None => self.intake.push(now, track.decoder.conceal()),
            }
        }
        let (length, result) = match track.decoder.decode(unit) {
            Ok(pcm) => {
                self.units += 1;
                self.intake.push(now, pcm);
                (length_of(pcm), Ok(()))
            }
            Err(error) => {
                self.corrupt += 1;
                let pcm = track.decoder.conceal();
                self.intake.push(now, pcm);
                (length_of(pcm), Err(error))
            }
        };
        track.note(unit, length);
        Some(result)
    }

    pub(super) fn push_pcm(&mut self, now: Duration, pcm: &Pcm) {
        self.intake.push(now, pcm);
    }

    pub(super) fn pull(&mut self, now: Duration, tick: &mut Tick<C>) {
        self.intake.pull(now, tick);
    }

    pub(super) fn stats(&self) -> SourceStats {
        SourceStats {
            intake: self.intake.stats(),
            units: self.units,
            corrupt: self.corrupt,
            missing: self.missing,
            recovered: self.recovered,
        }
    }
}
