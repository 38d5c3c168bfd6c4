//! One source of the programme: its decoder and its intake.

use std::time::Duration;

use media::{AccessUnit, Codec, Pcm, TrackInfo};

use super::denoiser::Denoiser;
use super::{SourceStats, Tick};
use crate::decode::{DecodeError, Decoder, announces_pause};
use crate::intake::{Intake, IntakeConfig, TICK_FRAMES};

/// The longest hole between two Opus packets that is filled in when the later one arrives. The intake holds
/// about as much, so none of it was missed yet. A longer one is the publisher's own pause, or the network's:
/// nothing was late, and the intake has made silence of most of it already.
const HOLE_MAX: Duration = Duration::from_millis(60);

/// A pause goes on for as long as this without a word from the publisher. Publishers send their background
/// anew every 400 ms; one that says nothing for longer has gone.
const PAUSE_MAX: Duration = Duration::from_secs(1);

pub(super) struct Source<const C: usize> {
    track: Option<Track>,
    intake: Intake<C>,
    denoiser: Option<Denoiser>,
    /// Its newest tick in mono, for whoever listens to it alone.
    tap: Option<Box<[f32; TICK_FRAMES]>>,
    units: u64,
    corrupt: u64,
    missing: u64,
    recovered: u64,
    pauses: u64,
}

struct Track {
    info: TrackInfo,
    decoder: Decoder,
    /// Where the newest unit ended on the track's timeline, and how long it was.
    newest: Option<(Duration, Duration)>,
    /// How much of the publisher's announced pause has been filled with its background.
    pause: Option<Duration>,
}

/// What lies between the newest unit of a track and the next one.
enum Hole {
    None,
    /// This many packets are missing.
    Missing(u32),
    /// The publisher had nothing to say; this much of that time is not filled.
    Pause(Duration),
}

impl Track {
    fn hole_before(&self, unit: &AccessUnit) -> Hole {
        let Some((end, length)) = self.newest else { return Hole::None };
        let hole = unit.time.to_duration(self.info.timescale).saturating_sub(end);
        if self.info.codec != Codec::Opus || hole.is_zero() {
            return Hole::None;
        }
        match self.pause {
            Some(filled) => Hole::Pause(hole.saturating_sub(filled)),
            None if hole > HOLE_MAX => Hole::Pause(hole),
            // Rounded: a publisher's milliseconds are not exact.
            None => Hole::Missing(((hole + length / 2).as_nanos() / length.as_nanos()) as u32),
        }
    }

    fn note(&mut self, unit: &AccessUnit, length: Duration) {
        let start = unit.time.to_duration(self.info.timescale);
        self.newest = (!length.is_zero()).then(|| (start + length, length));
        self.pause = announces_pause(self.info.codec, unit).then_some(Duration::ZERO);
    }
}

fn length_of(pcm: &Pcm) -> Duration {
    Duration::from_nanos(pcm.frames() as u64 * 1_000_000_000 / u64::from(pcm.rate))
}

impl<const C: usize> Source<C> {
    pub(super) fn new(intake: IntakeConfig) -> Self {
        let intake = Intake::new(intake);
        Self {
            track: None,
            intake,
            denoiser: None,
            tap: None,
            units: 0,
            corrupt: 0,
            missing: 0,
            recovered: 0,
            pauses: 0,
        }
    }

    pub(super) fn set_track(&mut self, info: &TrackInfo) -> Result<(), DecodeError> {
        // Encoders repeat their configuration; a new decoder for the same track would be a click.
        if self.track.as_ref().is_some_and(|track| track.info == *info) {
            return Ok(());
        }
        self.track = None;
        self.track =
            Some(Track { info: info.clone(), decoder: Decoder::new(info)?, newest: None, pause: None });
        Ok(())
    }

    /// `None` while no track is set.
    pub(super) fn push(&mut self, now: Duration, unit: &AccessUnit) -> Option<Result<(), DecodeError>> {
        let track = self.track.as_mut()?;
        match track.hole_before(unit) {
            Hole::None => {}
            Hole::Missing(packets) => self.replace_missing(now, packets, unit),
            Hole::Pause(unfilled) => self.end_pause(now, unfilled),
        }
        let track = self.track.as_mut()?;
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

    /// Fills the place of so many packets before `unit`.
    fn replace_missing(&mut self, now: Duration, packets: u32, unit: &AccessUnit) {
        let Some(track) = &mut self.track else { return };
        for newer in (0..packets).rev() {
            self.missing += 1;
            // A packet repeats the one before it, at most.
            let recovered = if newer == 0 { track.decoder.recover(unit) } else { None };
            self.recovered += u64::from(recovered.is_some());
            match recovered {
                Some(pcm) => self.intake.push(now, pcm),
                None => self.intake.push(now, track.decoder.conceal()),
            }
        }
    }

    /// The publisher speaks again. What its pause left unfilled keeps the sound as far behind as it was before.
    fn end_pause(&mut self, now: Duration, unfilled: Duration) {
        let Some(track) = &mut self.track else { return };
        self.pauses += 1;
        let mut owed = unfilled.min(self.intake.resume(now));
        while let Some(pcm) = (!owed.is_zero()).then(|| track.decoder.rest()).flatten() {
            let length = length_of(pcm);
            if owed < length / 2 {
                break;
            }
            self.intake.fill(pcm);
            owed = owed.saturating_sub(length);
        }
    }

    /// The publisher's background goes on while it pauses.
    fn fill_pause(&mut self) {
        let Some(Track { decoder, pause: Some(filled), .. }) = &mut self.track else { return };
        while *filled < PAUSE_MAX && self.intake.wants_more() {
            let Some(pcm) = decoder.rest() else { return };
            *filled += length_of(pcm);
            self.intake.fill(pcm);
        }
    }

    pub(super) fn push_pcm(&mut self, now: Duration, pcm: &Pcm) {
        self.intake.push(now, pcm);
    }

    pub(super) fn pull(&mut self, now: Duration, tick: &mut Tick<C>) {
        self.fill_pause();
        self.intake.pull(now, tick);
        if let Some(denoiser) = &mut self.denoiser {
            denoiser.process(tick);
            if denoiser.is_idle() {
                self.denoiser = None;
            }
        }
        if let Some(tap) = &mut self.tap {
            for (mono, frame) in tap.iter_mut().zip(tick.iter()) {
                *mono = frame.iter().sum::<f32>() / C as f32;
            }
        }
    }

    pub(super) fn set_tap(&mut self, on: bool) {
        if on != self.tap.is_some() {
            self.tap = on.then(|| Box::new([0.0; TICK_FRAMES]));
        }
    }

    pub(super) fn tapped(&self) -> Option<&[f32; TICK_FRAMES]> {
        self.tap.as_deref()
    }

    pub(super) fn set_denoise(&mut self, on: bool) {
        match &mut self.denoiser {
            Some(denoiser) => denoiser.set(on),
            None if on => self.denoiser = Some(Denoiser::new()),
            None => {}
        }
    }

    pub(super) fn stats(&self) -> SourceStats {
        SourceStats {
            intake: self.intake.stats(),
            units: self.units,
            corrupt: self.corrupt,
            missing: self.missing,
            recovered: self.recovered,
            pauses: self.pauses,
        }
    }
}
