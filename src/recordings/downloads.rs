//! Files that people take home. Each is planned when it is first asked for, and the plan kept for a while: players and
//! download managers ask for a file in many ranges.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use media::{MediaTime, RungId};
use origin::disk::RunFiles;
use origin::{Attic, RunDir};
use packager::{Msn, RunId};
use recording::{Chapters, Download, Gaps, PlanError, Source, Span, Tags};
use tokio::sync::Semaphore;

use super::file_answer::WholeFile;
use super::speaker_tracks::SpeakerTracks;

/// Bytes of plans that are kept: some sixty hours of recordings.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// Plans made at a time: each reads all segments of a recording once.
const PLANNERS: usize = 2;

/// Which file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// AAC in MP4, of the best rung.
    M4a,
    /// Ogg Opus.
    Opus,
}

impl Form {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::M4a => "audio/mp4",
            Self::Opus => "audio/ogg; codecs=opus",
        }
    }

    /// How the names of such files end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::M4a => "m4a",
            Self::Opus => "opus",
        }
    }
}

/// A stretch of a run as a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The broadcast's id.
    pub broadcast: String,
    /// Which run of it.
    pub run: RunId,
    /// Its first frame on the run's timeline.
    pub from: MediaTime,
    /// The frame after its last.
    pub to: MediaTime,
    /// Which file.
    pub form: Form,
    /// What it says about itself.
    pub tags: Tags,
    /// Its chapters, by where they begin in what plays.
    pub chapters: Chapters,
}

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The run is not kept here, or nothing of it in this stretch.
    #[error("nothing is kept of it here")]
    Gone,
    /// It is longer than a file may be.
    #[error("it is too long for one file; a part of it is not")]
    TooLong,
    /// The disk, or what lies on it, fails.
    #[error("it cannot be read: {0}")]
    Failed(String),
}

/// A file that is ready to be read.
#[derive(Debug)]
pub struct Planned {
    download: Download,
    files: Files,
    etag: String,
    form: Form,
}

/// Plans files, and keeps the plans. Cheap to share.
#[derive(Debug)]
pub struct Downloads {
    media_dir: PathBuf,
    attic: Option<Arc<dyn Attic>>,
    /// The one that was asked for last is last.
    kept: Mutex<VecDeque<(Wanted, Arc<Planned>)>>,
    turns: Semaphore,
}

impl Downloads {
    /// Of the runs below `media_dir`; `attic` has segments that do not lie there.
    pub const fn new(media_dir: PathBuf, attic: Option<Arc<dyn Attic>>) -> Self {
        Self { media_dir, attic, kept: Mutex::new(VecDeque::new()), turns: Semaphore::const_new(PLANNERS) }
    }

    /// The file, ready to be read. One that nobody asked for lately reads all of its segments once.
    pub async fn plan(&self, wanted: Wanted) -> Result<Arc<Planned>, DownloadError> {
        if let Some(known) = self.known(&wanted) {
            return Ok(known);
        }
        let _turn = self.turns.acquire().await.map_err(|closed| DownloadError::Failed(closed.to_string()))?;
        // Whoever had the turn before may have wanted the same.
        if let Some(known) = self.known(&wanted) {
            return Ok(known);
        }
        let mut files = RunDir::files_of(&self.media_dir, &wanted.broadcast, &wanted.run);
        if let Some(attic) = &self.attic {
            files = files.behind(Arc::clone(attic), &wanted.broadcast, &wanted.run);
        }
        let planned = tokio::task::spawn_blocking(move || {
            let planned = plan(Files(files), &wanted);
            planned.map(|planned| (wanted, Arc::new(planned)))
        });
        let planned = planned.await.map_err(|stopping| DownloadError::Failed(stopping.to_string()))?;
        let (wanted, planned) = planned?;
        self.keep(wanted, &planned);
        Ok(planned)
    }

    /// What each speaker of a run said by themselves.
    pub fn speakers(&self, broadcast: &str, run: &RunId) -> SpeakerTracks {
        SpeakerTracks::of(&self.media_dir, broadcast, run)
    }

    fn known(&self, wanted: &Wanted) -> Option<Arc<Planned>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == wanted)?;
        let found = kept.remove(place)?;
        let planned = Arc::clone(&found.1);
        kept.push_back(found);
        Some(planned)
    }

    fn keep(&self, wanted: Wanted, planned: &Arc<Planned>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((wanted, Arc::clone(planned)));
        let mut bytes: usize = kept.iter().map(|(_, planned)| planned.footprint()).sum();
        while bytes > KEPT_BYTES
            && kept.len() > 1
            && let Some((_, oldest)) = kept.pop_front()
        {
            bytes -= oldest.footprint();
        }
    }
}

/// Plans one file. Blocks.
fn plan(files: Files, wanted: &Wanted) -> Result<Planned, DownloadError> {
    let record = files.0.read_record()?;
    let span = Span::new(wanted.from, wanted.to).ok_or(DownloadError::TooLong)?;
    let [main, _, opus] = record.profile.rungs();
    let (tags, chapters) = (&wanted.tags, &wanted.chapters);
    // A recording's playlists and positions leave out what nobody heard.
    let gaps = Gaps::LeftOut;
    let download = match wanted.form {
        Form::M4a => Download::m4a(&files, &main, span, gaps, tags, chapters),
        Form::Opus => Download::ogg(&files, &opus, span, gaps, tags, chapters, serial(wanted)),
    }?;
    // The head tells the sizes of all that follows, so another cut, another title or another run has another.
    let hash = digest(&SHA256, download.head());
    let etag =
        hash.as_ref()[..16].iter().fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
    Ok(Planned { download, files, etag, form: wanted.form })
}

/// A name for the logical stream that is the same every time.
fn serial(wanted: &Wanted) -> u32 {
    let hash = digest(&SHA256, format!("{} {}", wanted.run, wanted.from.ticks()).as_bytes());
    hash.as_ref()[..4].iter().fold(0, |serial, &byte| (serial << 8) | u32::from(byte))
}

impl WholeFile for Planned {
    fn size(&self) -> u64 {
        self.download.size()
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn media_type(&self) -> &'static str {
        self.form.media_type()
    }

    fn ending(&self) -> &'static str {
        self.form.ending()
    }

    fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        self.download.read(&self.files, range)
    }
}

impl Planned {
    /// What keeping it takes in memory, about: its head, and the sizes of its units beside it.
    fn footprint(&self) -> usize {
        self.download.head().len() + 2 * self.download.units().sizes().len()
    }
}

/// The files of a run, as a plan reads them.
#[derive(Debug)]
pub(super) struct Files(pub(super) RunFiles);

impl Source for Files {
    fn init(&self, rung: RungId) -> io::Result<Bytes> {
        self.0.read_init(rung)
    }

    fn segment(&self, rung: RungId, msn: Msn) -> io::Result<Bytes> {
        self.0.read_segment(rung, msn)
    }
}

impl From<io::Error> for DownloadError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::Gone } else { Self::Failed(error.to_string()) }
    }
}

impl From<PlanError> for DownloadError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Read(error) => error.into(),
            PlanError::NoSound => Self::Gone,
            PlanError::TooLarge => Self::TooLong,
            other => Self::Failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use media::MediaDuration;

    use super::super::on_disk::{FRAMES, START, record};
    use super::*;

    fn wanted(form: Form, title: &str) -> Wanted {
        Wanted {
            broadcast: "b1".into(),
            run: RunId::parse("r1").unwrap(),
            from: START,
            to: START + MediaDuration::from_ticks(FRAMES),
            form,
            tags: Tags { title: title.into(), ..Tags::default() },
            chapters: Chapters::default(),
        }
    }

    #[tokio::test]
    async fn a_file_is_planned_once_and_its_tag_follows_from_what_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        record(root.path(), "b1");
        let downloads = Downloads::new(root.path().to_owned(), None);
        for (form, magic) in [(Form::M4a, &b"\0\0\0\x1cftypM4A "[..]), (Form::Opus, b"OggS")] {
            let file = downloads.plan(wanted(form, "A")).await.unwrap();
            assert!(Arc::ptr_eq(&file, &downloads.plan(wanted(form, "A")).await.unwrap()));
            assert!(file.read(0..u64::MAX).unwrap().starts_with(magic));
            let renamed = downloads.plan(wanted(form, "B")).await.unwrap();
            assert_ne!(file.etag(), renamed.etag());
            let again = Downloads::new(root.path().to_owned(), None).plan(wanted(form, "A")).await.unwrap();
            assert_eq!((file.etag(), file.size()), (again.etag(), again.size()), "after a restart too");
        }
    }

    #[tokio::test]
    async fn what_is_not_kept_is_gone() {
        let root = tempfile::tempdir().unwrap();
        record(root.path(), "b1");
        let downloads = Downloads::new(root.path().to_owned(), None);
        let elsewhere = Wanted { run: RunId::parse("r2").unwrap(), ..wanted(Form::M4a, "A") };
        assert!(matches!(downloads.plan(elsewhere).await, Err(DownloadError::Gone)));
        let later = START + MediaDuration::from_ticks(2 * FRAMES);
        let silent =
            Wanted { from: later, to: later + MediaDuration::from_ticks(48_000), ..wanted(Form::M4a, "A") };
        assert!(matches!(downloads.plan(silent).await, Err(DownloadError::Gone)));
    }
}
