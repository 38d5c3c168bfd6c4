//! AAC-LC and MP3 by symphonia.

use media::{Channels, Codec, Pcm, TrackInfo};
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP3};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::{AacDecoder, MpaDecoder};

use super::DecodeError;

pub(super) struct Engine {
    decoder: Box<dyn AudioDecoder>,
    parameters: AudioCodecParameters,
    /// AAC: the newest unit was damaged. The decoder keeps the element layout of the first unit that it saw
    /// and refuses every other, so one damaged unit could silence a source for good: it begins afresh.
    spoilt: bool,
    /// MP3: what the newest frame's header says of rate and channels.
    mp3_shape: Option<Mp3Shape>,
}

impl Engine {
    pub(super) fn aac(track: &TrackInfo) -> Result<Self, DecodeError> {
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_AAC).with_extra_data(track.config.to_vec().into_boxed_slice());
        Self::new(parameters).map_err(|error| DecodeError::unsupported(track.codec, &error))
    }

    pub(super) fn mp3() -> Result<Self, DecodeError> {
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_MP3);
        Self::new(parameters).map_err(|error| DecodeError::unsupported(Codec::Mp3, &error))
    }

    fn new(parameters: AudioCodecParameters) -> Result<Self, Error> {
        let decoder = open(&parameters)?;
        Ok(Self { decoder, parameters, spoilt: false, mp3_shape: None })
    }

    pub(super) fn decode(&mut self, unit: &[u8], pcm: &mut Pcm) -> Result<(), String> {
        if self.parameters.codec == CODEC_ID_MP3 {
            // The decoder holds on to the rate and channels of its first frame, so a publisher that
            // switches gets a new one.
            let shape = Mp3Shape::of(unit).ok_or("no MPEG audio header")?;
            if self.mp3_shape.replace(shape).is_some_and(|old| old != shape) {
                self.decoder = open(&self.parameters).map_err(|error| error.to_string())?;
            }
        } else if self.spoilt {
            self.decoder = open(&self.parameters).map_err(|error| error.to_string())?;
        }
        let packet = PacketRef::new(0, Timestamp::new(0), Duration::new(0), unit);
        let decoded = self.decoder.decode_ref(&packet);
        self.spoilt = decoded.is_err();
        let decoded = decoded.map_err(|error| error.to_string())?;
        let spec = decoded.spec();
        let channels = Channels::from_count(spec.channels().count())
            .ok_or_else(|| format!("{} channels", spec.channels().count()))?;
        if decoded.frames() == 0 {
            return Err("no sound in it".to_owned());
        }
        pcm.rate = spec.rate();
        pcm.channels = channels;
        decoded.copy_to_vec_interleaved(&mut pcm.samples);
        Ok(())
    }
}

fn open(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Error> {
    let options = AudioDecoderOptions::default();
    Ok(match parameters.codec {
        CODEC_ID_MP3 => Box::new(MpaDecoder::try_new(parameters, &options)?),
        _ => Box::new(AacDecoder::try_new(parameters, &options)?),
    })
}

/// Version, sampling rate and channels of an MPEG audio frame (ISO 11172-3 section 2.4.1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Mp3Shape {
    version: u8,
    rate: u8,
    mono: bool,
}

impl Mp3Shape {
    fn of(frame: &[u8]) -> Option<Self> {
        match *frame {
            [0xff, b, c, d, ..] if b & 0xe0 == 0xe0 => {
                Some(Self { version: b >> 3 & 3, rate: c >> 2 & 3, mono: d >> 6 == 3 })
            }
            _ => None,
        }
    }
}
