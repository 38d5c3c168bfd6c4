//! Opus at a constant bit rate in packets of 20 ms.

use bytes::Bytes;
use media::{Channels, Rung, Timescale};

/// 250 times real time at 64 kb/s in stereo; 9 costs half as much again for a difference few can hear.
const COMPLEXITY: i32 = 5;

/// The largest packet of one frame (RFC 6716 section 3.2.1).
const PACKET_BYTES_MAX: usize = 1_275;

pub(super) struct Engine {
    encoder: opus::Encoder,
    packet: Box<[u8; PACKET_BYTES_MAX]>,
}

impl Engine {
    pub(super) fn new(rung: Rung) -> Result<Self, opus::Error> {
        let channels = match rung.channels {
            Channels::Mono => opus::Channels::Mono,
            Channels::Stereo => opus::Channels::Stereo,
        };
        // Not `Voip`, even for voices: it goes hybrid at 24 kb/s, at three times the work (4.8 against 1.5 ms
        // a second), and a voice broadcast's budget is 11 ms for everything.
        let mut encoder = opus::Encoder::new(Timescale::PROGRAMME.hz(), channels, opus::Application::Audio)?;
        encoder.set_complexity(COMPLEXITY)?;
        encoder.set_bitrate(opus::Bitrate::Bits(rung.bit_rate as i32))?;
        // Constant, so that a playlist's AVERAGE-BANDWIDTH is true of every segment.
        encoder.set_vbr(false)?;
        // In-band FEC would force the hybrid mode at four times the work; loss is RED's business.
        encoder.set_inband_fec(false)?;
        // Packets that DTX leaves out are holes in a segment.
        encoder.set_dtx(false)?;
        Ok(Self { encoder, packet: Box::new([0; PACKET_BYTES_MAX]) })
    }

    /// Frames that its output lags behind its input.
    pub(super) fn delay(&mut self) -> Result<usize, opus::Error> {
        Ok(self.encoder.get_lookahead()?.max(0) as usize)
    }

    pub(super) fn encode(&mut self, unit: &[f32]) -> Result<&[u8], opus::Error> {
        let length = self.encoder.encode_float(unit, self.packet.as_mut_slice())?;
        Ok(&self.packet[..length])
    }
}

/// An `OpusHead` (RFC 7845 section 5.1): version 1, no pre-skip, 48 kHz, no gain, channel mapping family 0.
pub(super) fn head(channels: Channels) -> Bytes {
    let mut head = Vec::with_capacity(19);
    head.extend_from_slice(b"OpusHead\x01");
    head.push(channels.count() as u8);
    head.extend_from_slice(&0_u16.to_le_bytes());
    head.extend_from_slice(&Timescale::PROGRAMME.hz().to_le_bytes());
    head.extend_from_slice(&0_i16.to_le_bytes());
    head.push(0);
    head.into()
}
