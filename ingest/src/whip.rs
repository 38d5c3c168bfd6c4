//! WHIP's sound: what a WebRTC session sends becomes a publication like any other.
//!
//! The HTTP side of WHIP belongs to the station, which asks with a [`PublishRequest`](crate::PublishRequest)
//! and hands the [`Door`] of the sink that it gets to the session.

mod sequencer;

use std::time::Instant;

use bytes::Bytes;
use media::{AccessUnit, Channels, Codec, MediaDuration, MediaTime, Timescale, TrackInfo};
use rtc::{Ear, Farewell, Heard};
use tracing::debug;

use crate::{Media, Sink};
use sequencer::Sequencer;

/// The longest packet that is handed on: three frames of the highest bit rate that Opus has (RFC 6716
/// section 3.2). Nobody sends longer ones over UDP.
const PACKET_MAX: usize = 1_500;

/// Hands what a session sends to the station.
pub struct Door {
    sink: Option<Sink>,
    sequencer: Sequencer<AccessUnit>,
    announced: bool,
}

impl Door {
    /// The door of an accepted publication.
    pub const fn new(sink: Sink) -> Self {
        Self { sink: Some(sink), sequencer: Sequencer::new(), announced: false }
    }
}

impl Ear for Door {
    fn hear(&mut self, now: Instant, packet: Heard<'_>) {
        let Some(sink) = &mut self.sink else { return };
        if packet.data.is_empty() || packet.data.len() > PACKET_MAX {
            return;
        }
        if !self.announced {
            self.announced = true;
            sink.push(now, Media::Track(track()));
        }
        let unit = AccessUnit {
            time: MediaTime::from_ticks(packet.time),
            // An Opus packet says itself how long it is.
            duration: MediaDuration::default(),
            data: Bytes::copy_from_slice(packet.data),
        };
        self.sequencer.push(now, packet.sequence, unit);
        while let Some(unit) = self.sequencer.poll_output() {
            sink.push(now, Media::Unit(unit));
        }
    }

    fn over(&mut self, _: Instant, why: Farewell) {
        debug!("a WHIP session is over: {}", why.name());
        self.sink = None;
    }
}

/// Opus as WebRTC has it: always announced in stereo (RFC 7587 section 7), each packet in either.
fn track() -> TrackInfo {
    TrackInfo {
        codec: Codec::Opus,
        timescale: Timescale::PROGRAMME,
        sample_rate: Timescale::PROGRAMME.hz(),
        channels: Channels::Stereo,
        config: Bytes::new(),
    }
}
