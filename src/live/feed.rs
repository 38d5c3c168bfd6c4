//! One source of a programme, as the thread that makes the programme sees it.

use std::sync::Arc;
use std::time::Duration;

use ingest::{CloseReason, Media, Protocol, Publication, RecvError};
use media::{Channels, MediaDuration, MediaTime, Pcm, TrackInfo};
use tracing::{debug, warn};
use transcode::demo;
use transcode::intake::IntakeConfig;
use transcode::programme::{Programme, SourceError, SourceId};

use super::card::Treatment;
use super::publishers::{Passage, Publishers};
use super::status::Source;
use super::tracks::{Speaker, Tap};

/// Frames of a tick.
const TICK_FRAMES: usize = 960;

/// Where a source's sound comes from.
pub enum Feed {
    /// From outside.
    Publication {
        /// Its access units.
        publication: Publication,
        /// By which door it came.
        protocol: &'static str,
        /// What the encoder calls itself.
        software: Option<String>,
        /// Its track, once announced: a programme that takes the source over has to know.
        track: Option<TrackInfo>,
        /// The account that is heard: whose broadcast it is, where it came with the stream key.
        person: Arc<str>,
    },
    /// From the demo.
    Demo(Box<demo::Sound>),
}

/// At 48 kHz.
fn frames(time: Duration) -> MediaDuration {
    MediaDuration::from_ticks((time.as_micros() * 48 / 1_000) as u64)
}

/// Whether a source is still there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// It is, whether or not it said anything.
    Here,
    /// It has left.
    Gone,
}

impl Feed {
    /// A publisher's.
    pub const fn of(
        publication: Publication,
        protocol: &'static str,
        software: Option<String>,
        person: Arc<str>,
    ) -> Self {
        Self::Publication { publication, protocol, software, track: None, person }
    }

    /// Has its sound treated like this: noise is suppressed around the voices of the stage, which are speech; what else
    /// is published may be music.
    pub fn treat(&self, id: SourceId, programme: &mut Programme, treatment: Treatment) {
        let speaks =
            matches!(self, Self::Publication { protocol, .. } if *protocol == Protocol::Stage.name());
        if let Err(error) = programme.set_denoise(id, speaks && treatment.noise_suppression) {
            warn!(%error, "{id} is not in the programme");
        }
    }

    /// How it gets onto the stage, and whose voice it is there; `None` where it comes from there, or from nobody.
    pub fn to_stage(&self) -> Option<(Passage, &Arc<str>)> {
        match self {
            Self::Publication { protocol, person, .. } if *protocol == Protocol::Whip.name() => {
                Some((Passage::Forwarded, person))
            }
            Self::Publication { protocol, person, .. } if *protocol != Protocol::Stage.name() => {
                Some((Passage::Encoded, person))
            }
            _ => None,
        }
    }

    /// Makes room for it in a programme, which may not be its first.
    pub fn enter(&self, id: SourceId, programme: &mut Programme, treatment: Treatment) {
        if self.is_interactive() {
            programme.add_source_with(id, IntakeConfig::CONVERSATION);
        } else {
            programme.add_source(id);
        }
        self.treat(id, programme, treatment);
        if let Self::Publication { track: Some(track), .. } = self
            && let Err(error) = programme.set_track(id, track)
        {
            warn!(%error, "{id}: its track could be decoded before");
            self.close(CloseReason::UnsupportedTrack { detail: error.to_string() });
        }
    }

    /// Hands everything that has arrived to the programme, and to the stage and the speaker's track what goes there as it
    /// is. The programme is at `tap`'s time.
    pub fn drain(
        &mut self,
        id: SourceId,
        now: Duration,
        programme: &mut Programme,
        mut stage: Option<&mut Publishers>,
        tap: Option<(&Tap, MediaTime)>,
    ) -> Presence {
        match self {
            Self::Publication { publication, track: known, protocol, person, .. } => loop {
                match publication.try_recv() {
                    Ok(Media::Track(track)) => {
                        if let Err(error) = programme.set_track(id, &track) {
                            warn!(%error, "{id}: its track cannot be decoded");
                            publication
                                .handle()
                                .close(CloseReason::UnsupportedTrack { detail: error.to_string() });
                            return Presence::Gone;
                        }
                        *known = Some(track);
                    }
                    Ok(Media::Unit(unit)) => {
                        if let (Some(stage), Some(track)) = (stage.as_mut(), known.as_ref()) {
                            stage.forward(id, track, &unit);
                        }
                        if let (Some((tap, at)), Some(track)) = (tap, known.as_ref()) {
                            // It is heard when it has waited as long as its source's sound does.
                            let waits =
                                programme.source_stats(id).map_or(Duration::ZERO, |it| it.intake.target);
                            let speaker = Speaker { source: id, person: person.clone(), protocol };
                            tap.hear(speaker, track, at + frames(waits), &unit);
                        }
                        match programme.push(id, now, &unit) {
                            // A unit before its track, or a damaged one: counted there, and the next may be well.
                            Ok(()) | Err(SourceError::NoTrack(_)) => {}
                            Err(error) => debug!(%error, "{id}: one access unit was not decoded"),
                        }
                    }
                    Err(RecvError::Empty) => return Presence::Here,
                    Err(RecvError::Closed) => return Presence::Gone,
                }
            },
            Self::Demo(sound) => {
                let mut pcm = Pcm::silence(48_000, Channels::Stereo, TICK_FRAMES);
                sound.render(&mut pcm.samples);
                match programme.push_pcm(id, now, &pcm) {
                    Ok(()) => Presence::Here,
                    Err(error) => {
                        warn!(%error, "{id}: the demo is not in the programme");
                        Presence::Gone
                    }
                }
            }
        }
    }

    /// Whether somebody speaks by WebRTC there, to whom others may answer.
    pub fn is_interactive(&self) -> bool {
        matches!(self, Self::Publication { protocol, .. }
            if [Protocol::Whip.name(), Protocol::Stage.name()].contains(protocol))
    }

    /// Tells a publisher why it is being let go.
    pub fn close(&self, reason: CloseReason) {
        if let Self::Publication { publication, .. } = self {
            publication.handle().close(reason);
        }
    }

    /// How it is doing.
    pub fn describe(&self, id: SourceId, programme: &Programme) -> Option<Source> {
        let stats = programme.source_stats(id)?;
        let (protocol, software, codec) = match self {
            Self::Publication { protocol, software, track, .. } => {
                (*protocol, software.clone(), track.as_ref().map(|track| track.codec.name()))
            }
            Self::Demo(_) => ("demo", None, None),
        };
        let millis = |length: Duration| length.as_secs_f64() * 1_000.0;
        Some(Source {
            protocol,
            software,
            codec,
            buffered_ms: millis(stats.intake.buffered),
            target_ms: millis(stats.intake.target),
            skew_ppm: stats.intake.ppm,
            underruns: stats.intake.underruns,
            cuts: stats.intake.cuts,
            corrupt_units: stats.corrupt,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use ingest::{PublishRequest, Publisher, StreamKey};
    use media::{AudioProfile, MediaTime};

    use super::*;

    const ID: SourceId = SourceId::new(1);

    fn feed(protocol: Protocol) -> Feed {
        let asking = Publisher {
            broadcast: "a".into(),
            key: StreamKey::parse("key").unwrap(),
            protocol,
            peer: ([192, 0, 2, 1], 5_000).into(),
            software: None,
            account: None,
        };
        let (request, _) = PublishRequest::new(Instant::now(), asking);
        Feed::of(request.accept(), protocol.name(), None, "ann".into())
    }

    /// A fan: noise with most of its power low.
    struct Fan {
        dice: u32,
        low: f32,
        ticks: u32,
    }

    impl Fan {
        fn roll(&mut self) -> f32 {
            self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.dice >> 8) as f32 / 8_388_608.0 - 1.0
        }

        /// How loud it is in the programme in the last of so many ticks.
        fn hear(&mut self, programme: &mut Programme, ticks: u32) -> f32 {
            let mut loudness = 0.0;
            for _ in 0..ticks {
                let now = Duration::from_millis(20) * self.ticks;
                self.ticks += 1;
                let mut noise = Pcm::silence(48_000, Channels::Mono, TICK_FRAMES);
                for sample in &mut noise.samples {
                    self.low = 0.9 * self.low + 0.1 * self.roll();
                    *sample = 0.4 * self.low + 0.02 * self.roll();
                }
                programme.push_pcm(ID, now, &noise).unwrap();
                programme.tick(now).unwrap();
                while programme.poll_output().is_some() {}
                let tick = programme.tapped(ID).unwrap();
                loudness = tick.iter().map(|sample| sample * sample).sum::<f32>().sqrt();
            }
            loudness
        }
    }

    #[test]
    fn noise_is_suppressed_around_voices_of_the_stage_from_the_moment_on_that_it_is_switched() {
        let treatment = |noise_suppression| Treatment { noise_suppression, ..Treatment::default() };
        for (protocol, is_speech) in
            [(Protocol::Stage, true), (Protocol::Whip, false), (Protocol::Rtmp, false)]
        {
            let feed = feed(protocol);
            let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::default()).unwrap();
            feed.enter(ID, &mut programme, treatment(false));
            programme.set_tap(ID, true).unwrap();
            let mut fan = Fan { dice: 9, low: 0.0, ticks: 0 };
            let before = fan.hear(&mut programme, 50);
            feed.treat(ID, &mut programme, treatment(true));
            let treated = fan.hear(&mut programme, 100);
            feed.treat(ID, &mut programme, treatment(false));
            let after = fan.hear(&mut programme, 50);
            assert_eq!(treated < before / 4.0, is_speech, "{protocol:?}: {before}, then {treated}");
            assert!((0.8..1.25).contains(&(after / before)), "{protocol:?}: {before}, at last {after}");
            // Whoever comes later is treated from the start.
            feed.enter(ID, &mut programme, treatment(true));
            programme.set_tap(ID, true).unwrap();
            let treated = fan.hear(&mut programme, 100);
            assert_eq!(treated < before / 4.0, is_speech, "{protocol:?}: {before}, then {treated}");
        }
    }
}
