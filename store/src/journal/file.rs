//! The journal on disk: lines of JSON. The first says which journal it is and after which number it begins; each of
//! the others is an entry with its number.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::entry::Numbered;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    journal: String,
    after: u64,
}

/// The file, open for appending.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    /// Which journal it is; stays the same when the file is cut.
    id: String,
    /// Where the next line goes.
    length: u64,
    /// The number of the last entry.
    last: u64,
    /// The number after which it begins.
    after: u64,
}

impl JournalFile {
    /// The journal at `path`; made where there is none. What was cut off by a crash is dropped with a warning.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(path, &Header { journal: crate::id(), after: 0 }, &[])?;
            }
            Err(error) => return Err(error),
        }
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut lines = Lines::new(&file, 0)?;
        let Some(Ok(header)) = lines.next_line()?.map(|line| serde_json::from_slice::<Header>(&line)) else {
            let what = format!("{} is no journal; move it away to begin a new one", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        };
        let mut last = header.after;
        while let Some(line) = lines.next_line()? {
            if let Ok(Numbered { sequence, .. }) = serde_json::from_slice(&line) {
                last = last.max(sequence);
            }
        }
        let length = lines.position;
        if file.metadata()?.len() > length {
            warn!("{}: the last line was cut off and is dropped", path.display());
            file.set_len(length)?;
        }
        let Header { journal: id, after } = header;
        Ok(Self { path: path.to_owned(), file, id, length, last, after })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// The number of the last entry.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// The number after which the file begins.
    pub(super) const fn after(&self) -> u64 {
        self.after
    }

    /// Appends `lines`, of which the last has the number `last`, and waits for the disk. All or nothing: after an
    /// error the file is as long as before.
    pub(super) fn append(&mut self, lines: &[u8], last: u64) -> io::Result<()> {
        let written = self
            .file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| self.file.write_all(lines))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += lines.len() as u64;
        self.last = last;
        Ok(())
    }

    /// Drops everything before `offset`, up to which all is applied; `applied` is the last number there.
    pub(super) fn cut(&mut self, offset: u64, applied: u64) -> io::Result<()> {
        let mut rest = Vec::new();
        self.file.seek(SeekFrom::Start(offset))?;
        (&self.file).take(self.length - offset).read_to_end(&mut rest)?;
        let header = Header { journal: self.id.clone(), after: applied };
        make(&self.path, &header, &rest)?;
        self.file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        self.length = self.file.metadata()?.len();
        self.after = applied;
        Ok(())
    }
}

/// Writes a journal in the place of whatever is there, so that a crash leaves the one or the other.
fn make(path: &Path, header: &Header, lines: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut text = serde_json::to_vec(header)?;
    text.push(b'\n');
    text.extend_from_slice(lines);
    // Audit entries hold addresses of people.
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Whole lines of a journal, from somewhere on.
pub(super) struct Lines<'a> {
    reader: BufReader<&'a File>,
    /// Where the next line begins.
    pub(super) position: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(mut file: &'a File, position: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(position))?;
        Ok(Self { reader: BufReader::new(file), position })
    }

    /// The next line without its end; `None` where there is no whole one.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        self.position += read as u64;
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sequence: u64) -> Vec<u8> {
        let entry = super::super::Entry::PeakListeners { broadcast_id: "b".to_owned(), listeners: 1 };
        let mut line = serde_json::to_vec(&Numbered { sequence, entry }).unwrap();
        line.push(b'\n');
        line
    }

    #[test]
    fn a_journal_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = JournalFile::open(&path).unwrap();
        assert_eq!(journal.last(), 0);
        journal.append(&line(1), 1).unwrap();
        journal.append(&line(2), 2).unwrap();
        let again = JournalFile::open(&path).unwrap();
        assert_eq!((again.last(), again.length(), again.id()), (2, journal.length(), journal.id()));
    }

    #[test]
    fn what_was_cut_off_by_a_crash_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = JournalFile::open(&path).unwrap();
        journal.append(&line(1), 1).unwrap();
        let whole = journal.length();
        let half = &line(2)[..9];
        OpenOptions::new().append(true).open(&path).unwrap().write_all(half).unwrap();
        let mut again = JournalFile::open(&path).unwrap();
        assert_eq!((again.last(), again.length()), (1, whole));
        again.append(&line(2), 2).unwrap();
        assert_eq!(JournalFile::open(&path).unwrap().last(), 2);
    }

    #[test]
    fn a_journal_that_was_cut_keeps_its_name_and_its_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = JournalFile::open(&path).unwrap();
        journal.append(&line(1), 1).unwrap();
        let applied = journal.length();
        journal.append(&line(2), 2).unwrap();
        journal.cut(applied, 1).unwrap();
        assert!(journal.length() < applied + line(2).len() as u64);
        journal.append(&line(3), 3).unwrap();
        let again = JournalFile::open(&path).unwrap();
        assert_eq!((again.last(), again.after(), again.id()), (3, 1, journal.id()));
        let end = journal.length();
        journal.cut(end, 3).unwrap();
        assert_eq!(JournalFile::open(&path).unwrap().last(), 3, "an empty journal still counts on");
    }

    #[test]
    fn what_is_no_journal_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        fs::write(&path, "something else\n").unwrap();
        let told = JournalFile::open(&path).unwrap_err().to_string();
        assert!(told.contains("is no journal"), "{told}");
        assert_eq!(fs::read(&path).unwrap(), b"something else\n");
    }
}
