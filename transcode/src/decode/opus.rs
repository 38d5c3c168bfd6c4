//! Opus by libopus.

use media::{Channels, Codec, Pcm, TrackInfo};

use super::{DecodeError, opus_packet};

/// Opus is decoded at the programme's rate, whatever its own bandwidth.
const RATE: u32 = 48_000;

/// Frames of the longest packet, 120 ms (RFC 6716 section 3.2.5).
const PACKET_FRAMES_MAX: usize = 5_760;

/// What is concealed before the first packet told its length: the usual 20 ms.
const USUAL_FRAMES: usize = 960;

pub(super) struct Engine {
    decoder: opus::Decoder,
    channels: Channels,
    output: Vec<f32>,
    /// Length of the newest packet.
    frames: usize,
    /// The newest packet was of the CELT layer alone; nothing can be recovered right after such a one.
    celt_only: bool,
}

impl Engine {
    /// `track.config` is an `OpusHead` (RFC 7845 section 5.1) or empty.
    pub(super) fn new(track: &TrackInfo) -> Result<Self, DecodeError> {
        let unsupported = |why: &str| DecodeError::unsupported(Codec::Opus, &why);
        let head = match track.config.len() {
            0 => None,
            _ => Some(Head::parse(&track.config).map_err(unsupported)?),
        };
        let channels = head.map_or(track.channels, |head| head.channels);
        let count = match channels {
            Channels::Mono => opus::Channels::Mono,
            Channels::Stereo => opus::Channels::Stereo,
        };
        let mut decoder =
            opus::Decoder::new(RATE, count).map_err(|error| DecodeError::unsupported(Codec::Opus, &error))?;
        if let Some(head) = head {
            decoder
                .set_gain(i32::from(head.gain))
                .map_err(|error| DecodeError::unsupported(Codec::Opus, &error))?;
        }
        let output = vec![0.0; PACKET_FRAMES_MAX * channels.count()];
        Ok(Self { decoder, channels, output, frames: USUAL_FRAMES, celt_only: false })
    }

    pub(super) fn decode(&mut self, unit: &[u8], pcm: &mut Pcm) -> Result<(), String> {
        let frames = self
            .decoder
            .decode_float(unit, &mut self.output, false)
            .map_err(|error| error.description().to_owned())?;
        self.frames = frames;
        self.celt_only = opus_packet::is_celt_only(unit);
        self.hand_over(frames, pcm);
        Ok(())
    }

    /// Whether `pcm` now is the packet before `next`, as far as `next` repeats it.
    pub(super) fn recover(&mut self, next: &[u8], pcm: &mut Pcm) -> bool {
        // Where the library has nothing to decode it conceals, and doesn't tell; so this looks first.
        let repeated = opus_packet::repeated_frames(next).unwrap_or(0);
        if self.celt_only || repeated == 0 || repeated > self.frames {
            return false;
        }
        let wanted = self.frames * self.channels.count();
        // It conceals what of the missing packet is older than what is repeated.
        match self.decoder.decode_float(next, &mut self.output[..wanted], true) {
            Ok(frames) if frames == self.frames => self.hand_over(frames, pcm),
            Ok(_) | Err(_) => return false,
        }
        true
    }

    /// Frames of the newest packet, or of the usual one before any.
    pub(super) fn newest_frames(&self) -> usize {
        self.frames
    }

    /// Goes on for so many frames (a multiple of 2.5 ms, up to 120 ms) with what was heard: its echo, then its
    /// background.
    pub(super) fn conceal(&mut self, frames: usize, pcm: &mut Pcm) {
        let wanted = frames * self.channels.count();
        // The library refuses only lengths that no packet has; then silence conceals.
        let made = self.decoder.decode_float(&[], &mut self.output[..wanted], false).unwrap_or(0);
        self.output[made * self.channels.count()..wanted].fill(0.0);
        self.hand_over(frames, pcm);
    }

    fn hand_over(&self, frames: usize, pcm: &mut Pcm) {
        pcm.rate = RATE;
        pcm.channels = self.channels;
        pcm.samples.clear();
        pcm.samples.extend_from_slice(&self.output[..frames * self.channels.count()]);
    }
}

/// What an `OpusHead` says that matters to a live decoder. Its pre-skip is left in: a few milliseconds of
/// a beginning that nobody aligns to.
#[derive(Clone, Copy)]
struct Head {
    channels: Channels,
    /// Output gain in dB, Q7.8.
    gain: i16,
}

impl Head {
    fn parse(head: &[u8]) -> Result<Self, &'static str> {
        let [
            b'O',
            b'p',
            b'u',
            b's',
            b'H',
            b'e',
            b'a',
            b'd',
            version,
            channels,
            _,
            _,
            _,
            _,
            _,
            _,
            g0,
            g1,
            family,
            ..,
        ] = *head
        else {
            return Err("its OpusHead is cut short or something else");
        };
        if version & 0xf0 != 0 {
            return Err("its OpusHead is of a later version");
        }
        if family > 1 {
            return Err("its channel mapping is neither mono nor stereo");
        }
        let channels = Channels::from_count(channels.into()).ok_or("it has more than two channels")?;
        Ok(Self { channels, gain: i16::from_le_bytes([g0, g1]) })
    }
}
