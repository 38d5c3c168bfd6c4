//! AAC-LC at a constant bit rate.

use media::{Rung, Timescale};

use crate::fdk::{AacEncoder, AacSettings, FRAME, FdkError, ObjectType};

pub(super) struct Engine {
    encoder: AacEncoder,
    /// One unit as the library wants it.
    samples: Vec<i16>,
}

impl Engine {
    pub(super) fn new(rung: Rung) -> Result<Self, FdkError> {
        let encoder = AacEncoder::new(AacSettings {
            object_type: ObjectType::Lc,
            rate: Timescale::PROGRAMME.hz(),
            channels: rung.channels,
            bit_rate: rung.bit_rate,
        })?;
        Ok(Self { encoder, samples: Vec::with_capacity(FRAME * rung.channels.count()) })
    }

    /// Frames that its output lags behind its input.
    pub(super) fn delay(&self) -> usize {
        self.encoder.delay()
    }

    pub(super) fn config(&self) -> &[u8] {
        self.encoder.config()
    }

    pub(super) fn encode(&mut self, unit: &[f32]) -> Result<&[u8], FdkError> {
        self.samples.clear();
        self.samples.extend(unit.iter().map(|&sample| to_i16(sample)));
        self.encoder.encode(&self.samples)
    }
}

/// The nearest 16-bit value; beyond full scale it clips.
///
/// Adding 1.5 * 2^23 leaves a float whose lowest mantissa bits are the rounded integer: without the library
/// call that `round` is on plain x86-64, so the loop above becomes vector code.
fn to_i16(sample: f32) -> i16 {
    const MAGIC: f32 = 12_582_912.0;
    let scaled = (sample * 32_768.0).clamp(-32_768.0, 32_767.0);
    (scaled + MAGIC).to_bits() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_the_nearest_16_bit_value_and_clip_beyond_full_scale() {
        let lsb = 1.0 / 32_768.0;
        for (sample, expected) in [
            (0.0, 0),
            (lsb, 1),
            (-lsb, -1),
            (0.4 * lsb, 0),
            (0.6 * lsb, 1),
            (-0.6 * lsb, -1),
            (0.5, 16_384),
            (1.0, 32_767),
            (-1.0, -32_768),
            (7.0, 32_767),
            (-7.0, -32_768),
        ] {
            assert_eq!(to_i16(sample), expected, "{sample}");
        }
    }
}
