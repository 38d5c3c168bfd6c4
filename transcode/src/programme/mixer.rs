//! All sources of a programme become one sound.

use std::time::Duration;

use media::{AccessUnit, Pcm, TrackInfo};

use super::leveller::Leveller;
use super::limiter::Limiter;
use super::source::Source;
use super::{SourceError, SourceId, SourceStats, Tick};
use crate::encode::{EncodeError, Encoder};
use crate::intake::{IntakeConfig, TICK_FRAMES};
use crate::meter::{Loudness, Meter};

/// A mixer, of however many channels.
pub(super) trait Mix: Send {
    /// Makes room for a source; one of the same name is removed first.
    fn add_source(&mut self, id: SourceId, intake: IntakeConfig);

    /// Takes a source out; what it still has to say fades within the next tick.
    fn remove_source(&mut self, id: SourceId);

    /// Says what a source's next access units are.
    fn set_track(&mut self, id: SourceId, track: &TrackInfo) -> Result<(), SourceError>;

    /// Takes one access unit of a source.
    fn push(&mut self, id: SourceId, now: Duration, unit: &AccessUnit) -> Result<(), SourceError>;

    /// Takes sound of a source that needs no decoding.
    fn push_pcm(&mut self, id: SourceId, now: Duration, pcm: &Pcm) -> Result<(), SourceError>;

    /// Suppresses noise in a source, or no more.
    fn set_denoise(&mut self, id: SourceId, on: bool) -> Result<(), SourceError>;

    /// Keeps each tick of a source, or no more.
    fn set_tap(&mut self, id: SourceId, on: bool) -> Result<(), SourceError>;

    /// The newest tick of a source that is tapped.
    fn tapped(&self, id: SourceId) -> Option<&[f32; TICK_FRAMES]>;

    /// Rides the gain of the mix, or no more.
    fn set_levelling(&mut self, on: bool);

    /// Makes the next 20 ms and gives them to every encoder.
    fn tick(&mut self, now: Duration, encoders: &mut [Encoder]) -> Result<(), EncodeError>;

    /// The loudness of what was made.
    fn loudness(&self) -> Loudness;

    /// How a source is doing.
    fn source_stats(&self, id: SourceId) -> Option<SourceStats>;

    /// The newest tick, interleaved.
    #[cfg(test)]
    fn newest(&self) -> &[f32];
}

/// Mixes `C` channels.
pub(super) struct Mixer<const C: usize> {
    sources: Vec<(SourceId, Source<C>)>,
    /// Sources that were removed and fade out in the next tick.
    leaving: Vec<Source<C>>,
    mix: Tick<C>,
    /// One source's share of the mix.
    share: Tick<C>,
    leveller: Option<Leveller<C>>,
    limiter: Limiter<C>,
    meter: Meter<C>,
}

impl<const C: usize> Mixer<C> {
    /// A mixer without a source.
    pub(super) fn new() -> Self {
        Self {
            sources: Vec::new(),
            leaving: Vec::new(),
            mix: [[0.0; C]; TICK_FRAMES],
            share: [[0.0; C]; TICK_FRAMES],
            leveller: None,
            limiter: Limiter::new(),
            meter: Meter::new(),
        }
    }

    fn source(&mut self, id: SourceId) -> Result<&mut Source<C>, SourceError> {
        let found = self.sources.iter_mut().find(|(known, _)| *known == id);
        found.map(|(_, source)| source).ok_or(SourceError::Unknown(id))
    }
}

impl<const C: usize> Mix for Mixer<C> {
    fn add_source(&mut self, id: SourceId, intake: IntakeConfig) {
        self.remove_source(id);
        self.sources.push((id, Source::new(intake)));
    }

    fn remove_source(&mut self, id: SourceId) {
        if let Some(index) = self.sources.iter().position(|(known, _)| *known == id) {
            let (_, source) = self.sources.swap_remove(index);
            self.leaving.push(source);
        }
    }

    fn set_track(&mut self, id: SourceId, track: &TrackInfo) -> Result<(), SourceError> {
        Ok(self.source(id)?.set_track(track)?)
    }

    fn push(&mut self, id: SourceId, now: Duration, unit: &AccessUnit) -> Result<(), SourceError> {
        match self.source(id)?.push(now, unit) {
            None => Err(SourceError::NoTrack(id)),
            Some(pushed) => Ok(pushed?),
        }
    }

    fn push_pcm(&mut self, id: SourceId, now: Duration, pcm: &Pcm) -> Result<(), SourceError> {
        self.source(id)?.push_pcm(now, pcm);
        Ok(())
    }

    fn set_denoise(&mut self, id: SourceId, on: bool) -> Result<(), SourceError> {
        self.source(id)?.set_denoise(on);
        Ok(())
    }

    fn set_tap(&mut self, id: SourceId, on: bool) -> Result<(), SourceError> {
        self.source(id)?.set_tap(on);
        Ok(())
    }

    fn tapped(&self, id: SourceId) -> Option<&[f32; TICK_FRAMES]> {
        self.sources.iter().find(|(known, _)| *known == id).and_then(|(_, source)| source.tapped())
    }

    fn set_levelling(&mut self, on: bool) {
        match &mut self.leveller {
            Some(leveller) => leveller.set(on),
            None if on => self.leveller = Some(Leveller::new()),
            None => {}
        }
    }

    fn tick(&mut self, now: Duration, encoders: &mut [Encoder]) -> Result<(), EncodeError> {
        self.mix.fill([0.0; C]);
        for (_, source) in &mut self.sources {
            source.pull(now, &mut self.share);
            add(&mut self.mix, &self.share);
        }
        for mut source in self.leaving.drain(..) {
            source.pull(now, &mut self.share);
            fade_out(&mut self.share);
            add(&mut self.mix, &self.share);
        }
        if let Some(leveller) = &mut self.leveller {
            leveller.process(&mut self.mix);
            if leveller.is_idle() {
                self.leveller = None;
            }
        }
        self.limiter.process(&mut self.mix);
        self.meter.push(&self.mix);
        encoders.iter_mut().try_for_each(|encoder| encoder.push(&self.mix))
    }

    fn loudness(&self) -> Loudness {
        self.meter.loudness()
    }

    fn source_stats(&self, id: SourceId) -> Option<SourceStats> {
        self.sources.iter().find(|(known, _)| *known == id).map(|(_, source)| source.stats())
    }

    #[cfg(test)]
    fn newest(&self) -> &[f32] {
        self.mix.as_flattened()
    }
}

fn add<const C: usize>(mix: &mut Tick<C>, share: &Tick<C>) {
    for (sum, sample) in mix.as_flattened_mut().iter_mut().zip(share.as_flattened()) {
        *sum += sample;
    }
}

/// From full to nothing over the tick, along a cosine, so that neither end has a corner.
fn fade_out<const C: usize>(tick: &mut Tick<C>) {
    for (i, frame) in tick.iter_mut().enumerate() {
        let phase = (i + 1) as f32 * std::f32::consts::PI / TICK_FRAMES as f32;
        let gain = 0.5 * (1.0 + phase.cos());
        *frame = frame.map(|sample| sample * gain);
    }
}
