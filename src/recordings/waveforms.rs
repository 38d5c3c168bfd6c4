//! What is measured of recordings: a waveform to draw, kept as a file beside the run, and how loud they are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use media::MediaTime;
use origin::RunDir;
use packager::RunId;
use recording::levels::MeasureError;
use recording::{Analysis, Gaps, Levels, Peaks, Span, Units};
use serde::{Deserialize, Serialize};

use super::downloads::{DownloadError, Files};

/// Pixels of a waveform, at the most: what a wide screen shows, twice.
const PIXELS_MAX: u64 = 4_096;

/// Frames of a pixel, at the least: what audiowaveform takes unless it is told otherwise.
const PIXEL_MIN: u64 = 256;

/// A stretch of a run that is one recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stretch {
    /// The recording's id: letters, digits and hyphens.
    pub recording: String,
    /// The broadcast's id.
    pub broadcast: String,
    /// Which run of it.
    pub run: RunId,
    /// Its first frame on the run's timeline.
    pub from: MediaTime,
    /// The frame after its last.
    pub to: MediaTime,
}

/// A recording, measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Integrated loudness (EBU R128) in LUFS; `None` for silence.
    pub loudness: Option<f64>,
    /// Loudness range (EBU Tech 3342) in LU; `None` for silence, and for less than 3 s.
    pub range: Option<f64>,
    /// How many frames it plays.
    pub frames: u64,
    /// Its waveform as JSON, in audiowaveform's data format, version 2.
    pub peaks: Bytes,
}

/// Where waveforms lie. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Waveforms {
    media_dir: PathBuf,
}

/// A file beside the run.
#[derive(Deserialize, Serialize)]
struct Stored {
    /// The stretch that was measured: it may have been cut since.
    from: u64,
    to: u64,
    loudness: Option<f64>,
    range: Option<f64>,
    frames: u64,
    waveform: Waveform,
}

/// audiowaveform's data format, version 2.
#[derive(Deserialize, Serialize)]
struct Waveform {
    version: u32,
    channels: u32,
    sample_rate: u32,
    samples_per_pixel: u32,
    bits: u32,
    length: usize,
    data: Vec<i8>,
}

impl Waveforms {
    /// Of the runs below `media_dir`.
    pub const fn new(media_dir: PathBuf) -> Self {
        Self { media_dir }
    }

    /// What was measured of a stretch; `None` where nothing was, or it has been cut since. Blocks.
    pub fn load(&self, stretch: &Stretch) -> io::Result<Option<Measured>> {
        let bytes = match fs::read(self.path(stretch)?) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // A file of another version is measured anew, as one that is not there.
        let Ok(stored) = serde_json::from_slice::<Stored>(&bytes) else { return Ok(None) };
        if (stored.from, stored.to) != (stretch.from.ticks(), stretch.to.ticks()) {
            return Ok(None);
        }
        let peaks = serde_json::to_vec(&stored.waveform)?.into();
        let Stored { loudness, range, frames, .. } = stored;
        Ok(Some(Measured { loudness, range, frames, peaks }))
    }

    /// Measures a stretch and keeps what was found, for [`Self::load`]. Blocks, for some seconds an hour;
    /// `go_on` is asked after each segment, and `None` is the answer where it said no.
    pub fn measure(
        &self,
        stretch: &Stretch,
        mut go_on: impl FnMut() -> bool,
    ) -> Result<Option<Measured>, DownloadError> {
        let files = Files(RunDir::files_of(&self.media_dir, &stretch.broadcast, &stretch.run));
        let [main, ..] = files.0.read_record()?.profile.rungs();
        let span = Span::new(stretch.from, stretch.to).ok_or(DownloadError::TooLong)?;
        let units = Units::plan(&files, &main, span, Gaps::LeftOut)?;
        let frames = units.frames();
        let pixel = frames.div_ceil(PIXELS_MAX).max(PIXEL_MIN);
        let mut levels = Levels::new(&files, units, u32::try_from(pixel).unwrap_or(u32::MAX))?;
        while levels.step(&files)? {
            if !go_on() {
                return Ok(None);
            }
        }
        let Analysis { peaks, integrated: loudness, range, .. } = levels.finish();
        let (from, to) = (stretch.from.ticks(), stretch.to.ticks());
        let stored = Stored { from, to, loudness, range, frames, waveform: waveform(&peaks) };
        store(&self.path(stretch)?, &stored)?;
        let peaks = serde_json::to_vec(&stored.waveform).map_err(io::Error::from)?.into();
        Ok(Some(Measured { loudness, range, frames, peaks }))
    }

    /// One file for each recording: a new cut takes the place of the last.
    fn path(&self, stretch: &Stretch) -> io::Result<PathBuf> {
        let plain = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if !plain(&stretch.recording) || !plain(&stretch.broadcast) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an id that is no file's name"));
        }
        let run = self.media_dir.join(&stretch.broadcast).join(stretch.run.as_str());
        Ok(run.join(format!("peaks-{}.json", stretch.recording)))
    }
}

fn waveform(peaks: &Peaks) -> Waveform {
    Waveform {
        version: 2,
        channels: 1,
        sample_rate: Peaks::SAMPLE_RATE,
        samples_per_pixel: peaks.samples_per_pixel(),
        bits: Peaks::BITS,
        length: peaks.length(),
        data: peaks.data().to_vec(),
    }
}

/// Written beside and moved into place: a crash leaves nothing, or what was there.
fn store(path: &Path, stored: &Stored) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    fs::write(&beside, serde_json::to_vec(stored)?)?;
    fs::rename(beside, path)
}

impl From<MeasureError> for DownloadError {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Read(error) => error.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use media::MediaDuration;
    use serde_json::Value;

    use super::super::on_disk::{FRAMES, START, record};
    use super::*;

    fn stretch(frames: u64) -> Stretch {
        Stretch {
            recording: "rec-1".into(),
            broadcast: "b1".into(),
            run: RunId::parse("r1").unwrap(),
            from: START,
            to: START + MediaDuration::from_ticks(frames),
        }
    }

    #[test]
    fn what_was_measured_is_kept_until_the_recording_is_cut() {
        let root = tempfile::tempdir().unwrap();
        record(root.path(), "b1");
        let waveforms = Waveforms::new(root.path().to_owned());
        assert_eq!(waveforms.load(&stretch(FRAMES)).unwrap(), None);
        let measured = waveforms.measure(&stretch(FRAMES), || true).unwrap().unwrap();
        assert_eq!(waveforms.load(&stretch(FRAMES)).unwrap().as_ref(), Some(&measured));
        // A sine of a quarter of full scale, in one channel that is heard from both sides.
        assert!((measured.loudness.unwrap() + 12.04).abs() < 0.3, "{:?}", measured.loudness);
        assert!(measured.range.unwrap() < 0.3, "{:?}: one tone has next to none", measured.range);
        assert_eq!(measured.frames, FRAMES);
        let drawn: Value = serde_json::from_slice(&measured.peaks).unwrap();
        assert_eq!(
            (&drawn["version"], &drawn["bits"], &drawn["sample_rate"]),
            (&2.into(), &8.into(), &48_000.into())
        );
        let length = drawn["length"].as_u64().unwrap();
        assert_eq!(length, FRAMES.div_ceil(drawn["samples_per_pixel"].as_u64().unwrap()));
        assert_eq!(drawn["data"].as_array().unwrap().len() as u64, 2 * length);
        assert!((30..=34).contains(&drawn["data"][201].as_i64().unwrap()), "{}", drawn["data"][201]);

        assert_eq!(waveforms.load(&stretch(FRAMES - 1)).unwrap(), None, "it was cut");
        fs::write(root.path().join("b1/r1/peaks-rec-1.json"), b"{}").unwrap();
        assert_eq!(waveforms.load(&stretch(FRAMES)).unwrap(), None, "another version's");
    }

    #[test]
    fn measuring_stops_when_it_is_told_to() {
        let root = tempfile::tempdir().unwrap();
        record(root.path(), "b1");
        let waveforms = Waveforms::new(root.path().to_owned());
        assert_eq!(waveforms.measure(&stretch(FRAMES), || false).unwrap(), None);
        assert_eq!(waveforms.load(&stretch(FRAMES)).unwrap(), None);
    }

    #[test]
    fn no_id_leads_out_of_the_folder() {
        let waveforms = Waveforms::new("/nowhere".into());
        for bad in ["../x", "a/b", "", "a.b"] {
            let stretch = Stretch { recording: bad.into(), ..stretch(FRAMES) };
            assert!(waveforms.load(&stretch).is_err(), "{bad:?}");
        }
    }
}
