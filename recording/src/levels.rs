//! How loud a recording is, and how it looks.

use std::io;

use bytes::Bytes;
use media::{AccessUnit, Channels, MediaDuration, MediaTime, Pcm};
use transcode::meter::Meter;
use transcode::{DecodeError, Decoder};

use crate::{Peaks, Source, Units, track};

/// Why a recording cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// Its files cannot be read, or have changed since they were planned.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// No decoder takes it.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The waveform.
    pub peaks: Peaks,
    /// Gated loudness (EBU R128) in LUFS; `None` for silence.
    pub integrated: Option<f64>,
    /// The loudness range (EBU Tech 3342) in LU; `None` for silence, and for less than 3 s.
    pub range: Option<f64>,
    /// The highest true peak of either channel (ITU-R BS.1770-4) in dBTP; `None` for silence.
    pub true_peak: Option<f64>,
    /// The highest sample of either channel, 1.0 for full scale.
    pub sample_peak: f32,
    /// Its length in frames at 48 kHz.
    pub frames: u64,
    /// Access units that could not be decoded. They count as silence.
    pub damaged: u64,
}

/// Decodes what was recorded and measures it, a segment at a time.
pub struct Levels {
    units: Units,
    decoder: Decoder,
    meter: Ears,
    peaks: Peaks,
    /// The stretch that is heard next.
    next: usize,
    /// Frames that are still to be decoded and not heard.
    lead: u64,
    sample_peak: f32,
    frames: u64,
    damaged: u64,
}

enum Ears {
    Mono(Box<Meter<1>>),
    Stereo(Box<Meter<2>>),
}

impl Levels {
    /// Is to hear `units`; `samples_per_pixel` frames become one pixel of the waveform.
    pub fn new(source: &dyn Source, units: Units, samples_per_pixel: u32) -> Result<Self, MeasureError> {
        let rung = *units.rung();
        let decoder = Decoder::new(&track::of(&rung, &source.init(rung.id)?)?)?;
        let meter = match rung.channels {
            Channels::Mono => Ears::Mono(Box::default()),
            Channels::Stereo => Ears::Stereo(Box::default()),
        };
        let lead = units.lead();
        let peaks = Peaks::new(samples_per_pixel);
        Ok(Self { units, decoder, meter, peaks, next: 0, lead, sample_peak: 0.0, frames: 0, damaged: 0 })
    }

    /// Hears the next segment, 3.84 s at the most; `false` when there is none.
    pub fn step(&mut self, source: &dyn Source) -> Result<bool, MeasureError> {
        let Some(stretch) = self.units.stretches().get(self.next) else { return Ok(false) };
        let units = self.units.read(source, stretch)?;
        self.next += 1;
        for data in units {
            self.hear(data);
        }
        Ok(true)
    }

    fn hear(&mut self, data: Bytes) {
        let rung = self.units.rung();
        let duration = MediaDuration::from_ticks(rung.unit_frames());
        let (unit_frames, channels) = (rung.unit_frames() as usize, rung.channels);
        let unit = AccessUnit { time: MediaTime::default(), duration, data };
        let damaged;
        let pcm = match self.decoder.decode(&unit) {
            Ok(pcm) if pcm.channels == channels && pcm.frames() == unit_frames => pcm,
            _ => {
                self.damaged += 1;
                damaged = Pcm::silence(Peaks::SAMPLE_RATE, channels, unit_frames);
                &damaged
            }
        };
        let skip = self.lead.min(unit_frames as u64);
        self.lead -= skip;
        let left = self.units.frames() - self.frames;
        let heard = (unit_frames as u64 - skip).min(left);
        self.frames += heard;
        let count = channels.count();
        let samples = &pcm.samples[skip as usize * count..(skip + heard) as usize * count];
        self.sample_peak = samples.iter().fold(self.sample_peak, |peak, sample| peak.max(sample.abs()));
        self.peaks.push(channels, samples);
        match &mut self.meter {
            Ears::Mono(meter) => meter.push(samples.as_chunks().0),
            Ears::Stereo(meter) => meter.push(samples.as_chunks().0),
        }
    }

    /// What was measured so far.
    pub fn finish(mut self) -> Analysis {
        self.peaks.finish();
        let loudness = match &self.meter {
            Ears::Mono(meter) => meter.loudness(),
            Ears::Stereo(meter) => meter.loudness(),
        };
        Analysis {
            peaks: self.peaks,
            integrated: loudness.integrated,
            range: loudness.range,
            true_peak: loudness.true_peak,
            sample_peak: self.sample_peak,
            frames: self.frames,
            damaged: self.damaged,
        }
    }
}
