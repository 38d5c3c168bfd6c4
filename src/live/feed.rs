//! One source of a programme, as the thread that makes the programme sees it.

use std::sync::Arc;
use std::time::Duration;

use ingest::{CloseReason, Media, Protocol, Publication, RecvError};
use media::{Channels, Pcm, TrackInfo};
use tracing::{debug, warn};
use transcode::demo;
use transcode::intake::IntakeConfig;
use transcode::programme::{Programme, SourceError, SourceId};

use super::publishers::{Passage, Publishers};
use super::status::Source;

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
    pub fn enter(&self, id: SourceId, programme: &mut Programme) {
        if self.is_interactive() {
            programme.add_source_with(id, IntakeConfig::CONVERSATION);
        } else {
            programme.add_source(id);
        }
        if let Self::Publication { track: Some(track), .. } = self
            && let Err(error) = programme.set_track(id, track)
        {
            warn!(%error, "{id}: its track could be decoded before");
            self.close(CloseReason::UnsupportedTrack { detail: error.to_string() });
        }
    }

    /// Hands everything that has arrived to the programme, and to the stage what goes there as it is.
    pub fn drain(
        &mut self,
        id: SourceId,
        now: Duration,
        programme: &mut Programme,
        mut stage: Option<&mut Publishers>,
    ) -> Presence {
        match self {
            Self::Publication { publication, track: known, .. } => loop {
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
