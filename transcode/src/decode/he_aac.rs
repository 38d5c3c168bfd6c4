//! HE-AAC, announced or hidden in AAC-LC, by fdk-aac.

use media::{Pcm, TrackInfo};

use super::DecodeError;
use crate::fdk::AacDecoder;

pub(super) struct Engine {
    decoder: AacDecoder,
}

impl Engine {
    pub(super) fn new(track: &TrackInfo) -> Result<Self, DecodeError> {
        let decoder =
            AacDecoder::new(&track.config).map_err(|error| DecodeError::unsupported(track.codec, &error))?;
        Ok(Self { decoder })
    }

    pub(super) fn decode(&mut self, unit: &[u8], pcm: &mut Pcm) -> Result<(), String> {
        let decoded = self.decoder.decode(unit).map_err(|error| error.to_string())?;
        if !(7_350..=96_000).contains(&decoded.rate) || decoded.samples.is_empty() {
            return Err(format!("{} samples at {} Hz", decoded.samples.len(), decoded.rate));
        }
        pcm.rate = decoded.rate;
        pcm.channels = decoded.channels;
        pcm.samples.clear();
        pcm.samples.extend(decoded.samples.iter().map(|&sample| f32::from(sample) / 32_768.0));
        Ok(())
    }
}
