//! One source's access units become [`Pcm`].

mod aac_config;
#[cfg(feature = "he-aac")]
mod he_aac;
mod opus;
mod opus_packet;
mod symphonia;

use media::{AccessUnit, Channels, Codec, Pcm, TrackInfo};

use aac_config::AacConfig;

/// The largest access unit that is looked at. An AAC unit of two channels ends at 1,536 bytes, an MP3
/// frame at 2,881 and an Opus packet of 120 ms at some 7,700.
const UNIT_BYTES_MAX: usize = 16 * 1024;

/// Samples beyond this are no sound but the outcome of damage (+18 dB over full scale). Honest coding
/// overshoots full scale by a few dB at most.
const LEVEL_MAX: f32 = 8.0;

/// Frames at 48 kHz of one piece of a pause: 10 ms, the shortest that libopus conceals in every mode.
const REST_FRAMES: usize = 480;

/// Why a track or an access unit was not decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No decoder for such a track; the publisher has to send something else.
    #[error("this {} track cannot be decoded: {why}", codec.name())]
    Unsupported {
        /// The track's codec.
        codec: Codec,
        /// What about it.
        why: String,
    },
    /// This access unit is damaged; [`Decoder::conceal`] fills its place and the next one may be whole.
    #[error("damaged {} access unit: {why}", codec.name())]
    Corrupt {
        /// The track's codec.
        codec: Codec,
        /// What the decoder found.
        why: String,
    },
}

impl DecodeError {
    fn unsupported(codec: Codec, why: &impl ToString) -> Self {
        Self::Unsupported { codec, why: why.to_string() }
    }

    fn corrupt(codec: Codec, why: &impl ToString) -> Self {
        Self::Corrupt { codec, why: why.to_string() }
    }
}

/// The decoder of one track.
///
/// AAC-LC and MP3 go to symphonia, Opus to libopus; HE-AAC, and AAC-LC that may hide band replication
/// (a core rate of 24 kHz or less), to fdk-aac's decoder where the feature `he-aac` is on.
pub struct Decoder {
    codec: Codec,
    engine: Engine,
    /// The newest decoded or concealed sound.
    pcm: Pcm,
}

enum Engine {
    Symphonia(symphonia::Engine),
    Opus(opus::Engine),
    #[cfg(feature = "he-aac")]
    HeAac(he_aac::Engine),
}

impl Decoder {
    /// A decoder for such a track; what the bitstream says outranks the announced rate and channels.
    pub fn new(track: &TrackInfo) -> Result<Self, DecodeError> {
        let engine = match track.codec {
            Codec::Mp3 => Engine::Symphonia(symphonia::Engine::mp3()?),
            Codec::Opus => Engine::Opus(opus::Engine::new(track)?),
            Codec::AacLc | Codec::HeAac => Self::aac(track)?,
        };
        // What stands in for a first unit that is damaged; nothing is known about its length yet.
        let pcm = Pcm::silence(track.sample_rate, track.channels, 0);
        Ok(Self { codec: track.codec, engine, pcm })
    }

    fn aac(track: &TrackInfo) -> Result<Engine, DecodeError> {
        let config =
            AacConfig::parse(&track.config).map_err(|error| DecodeError::unsupported(track.codec, &error))?;
        if config.may_replicate_bands() {
            #[cfg(feature = "he-aac")]
            return Ok(Engine::HeAac(he_aac::Engine::new(track)?));
            #[cfg(not(feature = "he-aac"))]
            return Err(DecodeError::unsupported(
                track.codec,
                &"this build decodes no HE-AAC (feature he-aac)",
            ));
        }
        symphonia::Engine::aac(track).map(Engine::Symphonia)
    }

    /// Decodes one access unit.
    ///
    /// The sound's rate and channels may change from one unit to the next. After
    /// [`DecodeError::Corrupt`] the decoder goes on with the next unit.
    pub fn decode(&mut self, unit: &AccessUnit) -> Result<&Pcm, DecodeError> {
        let data: &[u8] = &unit.data;
        if data.is_empty() || data.len() > UNIT_BYTES_MAX {
            return Err(DecodeError::corrupt(self.codec, &format_args!("{} bytes long", data.len())));
        }
        let decoded = match &mut self.engine {
            Engine::Symphonia(engine) => engine.decode(data, &mut self.pcm),
            Engine::Opus(engine) => engine.decode(data, &mut self.pcm),
            #[cfg(feature = "he-aac")]
            Engine::HeAac(engine) => engine.decode(data, &mut self.pcm),
        };
        decoded.map_err(|why| DecodeError::Corrupt { codec: self.codec, why })?;
        if beyond_any_level(&self.pcm) {
            self.pcm.samples.fill(0.0);
            return Err(DecodeError::corrupt(self.codec, &"its sound is beyond any level"));
        }
        Ok(&self.pcm)
    }

    /// The access unit before `next`, which is missing, from what `next` carries of it (RFC 6716 section
    /// 2.1.7); as long as the newest one was. `None` where it carries nothing: then [`Self::conceal`] fills
    /// the place. `next` itself is decoded after this.
    pub fn recover(&mut self, next: &AccessUnit) -> Option<&Pcm> {
        let Engine::Opus(engine) = &mut self.engine else { return None };
        if next.data.len() > UNIT_BYTES_MAX || !engine.recover(&next.data, &mut self.pcm) {
            return None;
        }
        if beyond_any_level(&self.pcm) {
            self.pcm.samples.fill(0.0);
        }
        Some(&self.pcm)
    }

    /// Sound in place of one missing or damaged access unit, as long as the newest one was; empty before
    /// the first.
    ///
    /// Opus conceals by its own means (RFC 6716 section 4.4). For the others the newest sound is mirrored
    /// at its end and faded out, so that it goes on without a step.
    pub fn conceal(&mut self) -> &Pcm {
        match &mut self.engine {
            Engine::Opus(engine) => engine.conceal(engine.newest_frames(), &mut self.pcm),
            _ => mirror_and_fade(&mut self.pcm),
        }
        // Opus extrapolates what damaged units left in its memory.
        if beyond_any_level(&self.pcm) {
            self.pcm.samples.fill(0.0);
        }
        &self.pcm
    }

    /// 10 ms of the background in a publisher's pause ([`announces_pause`]); `None` for a codec that has none.
    pub fn rest(&mut self) -> Option<&Pcm> {
        let Engine::Opus(engine) = &mut self.engine else { return None };
        engine.conceal(REST_FRAMES, &mut self.pcm);
        if beyond_any_level(&self.pcm) {
            self.pcm.samples.fill(0.0);
        }
        Some(&self.pcm)
    }
}

/// Whether an access unit says that nothing follows for a while but the background (discontinuous transmission,
/// RFC 6716 section 2.1.9): a table of contents and no sound.
pub fn announces_pause(codec: Codec, unit: &AccessUnit) -> bool {
    codec == Codec::Opus && opus_packet::is_silent(&unit.data)
}

fn beyond_any_level(pcm: &Pcm) -> bool {
    // A NaN fails every comparison, so this asks for what is within.
    !pcm.samples.iter().all(|sample| sample.abs() <= LEVEL_MAX)
}

/// Turns the sound round and fades it to silence over its length.
fn mirror_and_fade(pcm: &mut Pcm) {
    pcm.samples.reverse();
    if pcm.channels == Channels::Stereo {
        for frame in pcm.samples.as_chunks_mut::<2>().0 {
            frame.swap(0, 1);
        }
    }
    let frames = pcm.frames();
    for (i, frame) in pcm.samples.chunks_exact_mut(pcm.channels.count()).enumerate() {
        let gain = 1.0 - (i + 1) as f32 / frames as f32;
        for sample in frame {
            *sample *= gain;
        }
    }
}

#[cfg(test)]
mod tests;
