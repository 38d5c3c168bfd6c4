//! A waveform, for drawing.

use media::{Channels, Timescale};

/// A waveform: the lowest and the highest sample of each pixel, of all channels together, in 8 bits. The numbers of
/// audiowaveform's data format, version 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Peaks {
    samples_per_pixel: u32,
    /// Lowest and highest in turn.
    data: Vec<i8>,
    /// The pixel that is being heard: lowest, highest, frames.
    open: (f32, f32, u32),
}

impl Peaks {
    /// Frames per second of what was measured.
    pub const SAMPLE_RATE: u32 = Timescale::PROGRAMME.hz();
    /// Bits of a value.
    pub const BITS: u32 = 8;

    /// A waveform with nothing in it; `samples_per_pixel` frames are one pixel, at least 1.
    pub(crate) const fn new(samples_per_pixel: u32) -> Self {
        let samples_per_pixel = if samples_per_pixel == 0 { 1 } else { samples_per_pixel };
        Self { samples_per_pixel, data: Vec::new(), open: SILENT }
    }

    /// Hears interleaved `samples`.
    pub(crate) fn push(&mut self, channels: Channels, mut samples: &[f32]) {
        let count = channels.count();
        while !samples.is_empty() {
            let room = (self.samples_per_pixel - self.open.2) as usize * count;
            let (now, later) = samples.split_at(samples.len().min(room));
            for &sample in now {
                self.open.0 = self.open.0.min(sample);
                self.open.1 = self.open.1.max(sample);
            }
            self.open.2 += (now.len() / count) as u32;
            if self.open.2 == self.samples_per_pixel {
                self.close_pixel();
            }
            samples = later;
        }
    }

    /// Closes a pixel that is less than full.
    pub(crate) fn finish(&mut self) {
        if self.open.2 > 0 {
            self.close_pixel();
        }
    }

    fn close_pixel(&mut self) {
        let (lowest, highest, _) = std::mem::replace(&mut self.open, SILENT);
        self.data.extend([lowest, highest].map(in_8_bits));
    }

    /// Frames of one pixel.
    pub const fn samples_per_pixel(&self) -> u32 {
        self.samples_per_pixel
    }

    /// Pixels.
    pub const fn length(&self) -> usize {
        self.data.len() / 2
    }

    /// The lowest and the highest value of each pixel in turn, -128 to 127.
    pub fn data(&self) -> &[i8] {
        &self.data
    }
}

/// A pixel of which nothing was heard. What was heard lies around it.
const SILENT: (f32, f32, u32) = (0.0, 0.0, 0);

/// The nearest value; what is beyond full scale is full scale.
fn in_8_bits(sample: f32) -> i8 {
    (sample * 128.0).round().clamp(-128.0, 127.0) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_lowest_and_the_highest_of_both_channels() {
        let mut peaks = Peaks::new(2);
        peaks.push(Channels::Stereo, &[0.5, -0.25, 0.0, 0.25]);
        peaks.push(Channels::Stereo, &[1.0, 2.0]);
        peaks.push(Channels::Stereo, &[-2.0, 0.0, 0.25, 0.25]);
        peaks.finish();
        assert_eq!(peaks.data(), [-32, 64, -128, 127, 0, 32]);
        assert_eq!(peaks.length(), 3);
    }

    #[test]
    fn nothing_heard_is_nothing_drawn() {
        let mut peaks = Peaks::new(256);
        peaks.finish();
        assert_eq!(peaks.length(), 0);
    }
}
