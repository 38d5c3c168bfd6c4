//! The speakers of a run, each by themselves: a folder beside its segments, with a file for each stretch and a list.
//!
//! The list is a line for each file when it begins, and one when it ends. What a crash cuts is a line without an end;
//! the file plays as far as it goes.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use media::{MediaDuration, MediaTime};
use origin::RunDir;
use packager::{RunId, Span};
use recording::speaker_track::Form;
use serde::{Deserialize, Serialize};

use super::file_answer::WholeFile;

/// The folder of a run's speakers, beside its segments.
const FOLDER: &str = "tracks";

const LIST: &str = "tracks.jsonl";

/// Bytes that are read at a time.
const CHUNK: u64 = 64 * 1024;

/// A stretch of one speaker's sound.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spoken {
    /// Names it in its run, from 1.
    pub number: u32,
    /// The account that is heard.
    pub person: String,
    /// By which door it came.
    pub protocol: String,
    /// What its file is.
    pub form: Form,
    /// Where it begins on the run's timeline.
    pub from: MediaTime,
    /// How long it is; none while it is being written, and where the station died meanwhile.
    pub length: Option<MediaDuration>,
    /// What the file takes.
    pub bytes: u64,
}

/// The speakers of one run.
#[derive(Clone, Debug)]
pub struct SpeakerTracks {
    folder: PathBuf,
}

/// A line of the list.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Line {
    Begin { number: u32, person: String, protocol: String, form: String, from: u64 },
    End { number: u32, frames: u64 },
}

impl Spoken {
    /// Whether some of it is heard in what is kept of the run.
    fn is_in(&self, span: Span) -> bool {
        let begins = span.to.is_none_or(|to| self.from < to);
        begins && self.length.is_none_or(|length| self.from + length > span.from)
    }

    fn name(&self) -> String {
        format!("{}.{}", self.number, self.form.ending())
    }
}

impl SpeakerTracks {
    /// Those of a run below `media_dir`, whether there are any or not.
    pub fn of(media_dir: &Path, broadcast: &str, run: &RunId) -> Self {
        Self { folder: RunDir::files_of(media_dir, broadcast, run).beside(FOLDER) }
    }

    /// Those in the folder of `files`.
    pub fn beside(files: &origin::disk::RunFiles) -> Self {
        Self { folder: files.beside(FOLDER) }
    }

    /// All whose files are there, in the order in which they began. Blocks.
    pub fn list(&self) -> io::Result<Vec<Spoken>> {
        let mut all = BTreeMap::new();
        // A line that a crash cut, and what another version wrote, is passed over.
        for line in self.read()?.split(|&byte| byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(Line::Begin { number, person, protocol, form, from }) => {
                    let Some(form) = form_of(&form) else { continue };
                    let from = MediaTime::from_ticks(from);
                    let spoken = Spoken { number, person, protocol, form, from, length: None, bytes: 0 };
                    all.insert(number, spoken);
                }
                Ok(Line::End { number, frames }) => {
                    if let Some(spoken) = all.get_mut(&number) {
                        spoken.length = Some(MediaDuration::from_ticks(frames));
                    }
                }
                Err(_) => {}
            }
        }
        let mut here = Vec::new();
        for mut spoken in all.into_values() {
            match fs::metadata(self.folder.join(spoken.name())) {
                Ok(file) => spoken.bytes = file.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            here.push(spoken);
        }
        here.sort_by_key(|spoken| (spoken.from, spoken.number));
        Ok(here)
    }

    /// Those of which some is heard in `span`. Blocks.
    pub fn within(&self, span: Span) -> io::Result<Vec<Spoken>> {
        let mut all = self.list()?;
        all.retain(|spoken| spoken.is_in(span));
        Ok(all)
    }

    /// One of them as a file to be read.
    pub fn open(&self, spoken: &Spoken) -> SpokenFile {
        SpokenFile {
            path: self.folder.join(spoken.name()),
            form: spoken.form,
            size: spoken.bytes,
            etag: format!("\"{}-{}\"", spoken.number, spoken.bytes),
        }
    }

    /// Begins one more; its number is one that none had before. Blocks.
    pub fn begin(&self, spoken: &Spoken) -> io::Result<File> {
        fs::create_dir_all(&self.folder)?;
        self.note(&Line::Begin {
            number: spoken.number,
            person: spoken.person.clone(),
            protocol: spoken.protocol.clone(),
            form: spoken.form.ending().to_owned(),
            from: spoken.from.ticks(),
        })?;
        OpenOptions::new().write(true).create_new(true).open(self.folder.join(spoken.name()))
    }

    /// Notes how long one has become. Blocks.
    pub fn end(&self, number: u32, length: MediaDuration) -> io::Result<()> {
        self.note(&Line::End { number, frames: length.ticks() })
    }

    /// The highest number that was given, and the bytes of all that are there. Blocks.
    pub fn taken(&self) -> io::Result<(u32, u64)> {
        let lines = self.read()?;
        let lines = lines.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let number = |line| match line {
            Line::Begin { number, .. } | Line::End { number, .. } => number,
        };
        let highest = lines.map(number).max().unwrap_or(0);
        Ok((highest, self.list()?.iter().map(|spoken| spoken.bytes).sum()))
    }

    /// Removes those of which nothing is heard in any of `kept`; how many there were. Blocks.
    pub fn sweep(&self, kept: &[Span]) -> io::Result<usize> {
        let mut removed = 0;
        for spoken in self.list()? {
            if !kept.iter().any(|span| spoken.is_in(*span)) {
                fs::remove_file(self.folder.join(spoken.name()))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        match fs::read(self.folder.join(LIST)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// A line that follows one which a crash cut begins anew.
    fn note(&self, line: &Line) -> io::Result<()> {
        let path = self.folder.join(LIST);
        let mut list = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let mut text = Vec::new();
        if list.seek(SeekFrom::End(0))? > 0 {
            list.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            list.read_exact(&mut last)?;
            if last != *b"\n" {
                text.push(b'\n');
            }
        }
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
        list.write_all(&text)
    }
}

fn form_of(ending: &str) -> Option<Form> {
    [Form::Opus, Form::Aac, Form::Mp3].into_iter().find(|form| form.ending() == ending)
}

/// The file of a stretch, as far as it went when it was asked for.
#[derive(Debug)]
pub struct SpokenFile {
    path: PathBuf,
    form: Form,
    size: u64,
    etag: String,
}

impl WholeFile for SpokenFile {
    fn size(&self) -> u64 {
        self.size
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
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        file.take((range.end - range.start).min(CHUNK)).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(number: u32, from: u64) -> Spoken {
        Spoken {
            number,
            person: "ada".into(),
            protocol: "whip".into(),
            form: Form::Opus,
            from: MediaTime::from_ticks(from),
            length: None,
            bytes: 3,
        }
    }

    fn span(from: u64, to: u64) -> Span {
        Span { from: MediaTime::from_ticks(from), to: Some(MediaTime::from_ticks(to)) }
    }

    #[test]
    fn what_was_written_is_listed_also_after_a_crash() {
        let run = tempfile::tempdir().unwrap();
        let tracks = SpeakerTracks { folder: run.path().join(FOLDER) };
        assert_eq!((tracks.list().unwrap(), tracks.taken().unwrap()), (Vec::new(), (0, 0)));
        for one in [spoken(1, 100), spoken(2, 50)] {
            tracks.begin(&one).unwrap().write_all(b"abc").unwrap();
        }
        tracks.end(1, MediaDuration::from_ticks(10)).unwrap();
        let ended = Spoken { length: Some(MediaDuration::from_ticks(10)), ..spoken(1, 100) };
        assert_eq!(tracks.list().unwrap(), [spoken(2, 50), ended.clone()]);
        // The end of a line is missing, and the next one is whole all the same.
        let list = tracks.folder.join(LIST);
        let cut = fs::metadata(&list).unwrap().len() - 5;
        OpenOptions::new().write(true).open(&list).unwrap().set_len(cut).unwrap();
        tracks.end(2, MediaDuration::from_ticks(60)).unwrap();
        let all = [(2, Some(60)), (1, None)];
        let lengths = |it: Vec<Spoken>| -> Vec<_> {
            it.iter().map(|one| (one.number, one.length.map(MediaDuration::ticks))).collect()
        };
        assert_eq!(lengths(tracks.list().unwrap()), all);
        assert_eq!(tracks.taken().unwrap(), (2, 6));
        assert_eq!(tracks.open(&ended).read(1..9).unwrap(), "bc");
    }

    #[test]
    fn what_no_recording_has_is_removed() {
        let run = tempfile::tempdir().unwrap();
        let tracks = SpeakerTracks { folder: run.path().join(FOLDER) };
        for one in [spoken(1, 100), spoken(2, 200), spoken(3, 300)] {
            tracks.begin(&one).unwrap().write_all(b"abc").unwrap();
            tracks.end(one.number, MediaDuration::from_ticks(50)).unwrap();
        }
        let numbers =
            |it: io::Result<Vec<Spoken>>| -> Vec<_> { it.unwrap().iter().map(|one| one.number).collect() };
        assert_eq!(numbers(tracks.within(span(149, 201))), [1, 2]);
        assert!(numbers(tracks.within(span(150, 200))).is_empty());
        assert_eq!(tracks.sweep(&[span(0, 101), span(340, 400)]).unwrap(), 1);
        assert_eq!(numbers(tracks.list()), [1, 3]);
        assert_eq!(tracks.sweep(&[]).unwrap(), 2);
        assert_eq!(
            (numbers(tracks.list()), tracks.taken().unwrap()),
            (vec![], (3, 0)),
            "no number comes twice"
        );
    }
}
