//! What of a run is stored, noted beside its files: a line for each thing, added after the store has answered.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use packager::Msn;
use serde::{Deserialize, Serialize};

use crate::progress::Progress;

/// The name of the file in a run's folder.
const NAME: &str = "uploaded.jsonl";

/// Something that is settled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Note {
    /// The init sections are stored.
    Inits,
    /// A slot is stored in all its rungs, with so many parts.
    Stored(Msn, u16),
    /// A slot was given up.
    Lost(Msn),
    /// The run is over, and all of it is settled.
    Whole,
}

/// [`Note`] as it lies on disk.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Inits,
    Slot(u64, u16),
    /// A slot, from before its parts were noted; nearly all are full.
    Stored(u64),
    Lost(u64),
    Whole,
}

impl From<Note> for Line {
    fn from(note: Note) -> Self {
        match note {
            Note::Inits => Self::Inits,
            Note::Stored(msn, parts) => Self::Slot(msn.0, parts),
            Note::Lost(msn) => Self::Lost(msn.0),
            Note::Whole => Self::Whole,
        }
    }
}

impl From<Line> for Note {
    fn from(line: Line) -> Self {
        match line {
            Line::Inits => Self::Inits,
            Line::Slot(msn, parts) => Self::Stored(Msn(msn), parts),
            Line::Stored(msn) => Self::Stored(Msn(msn), u16::MAX),
            Line::Lost(msn) => Self::Lost(Msn(msn)),
            Line::Whole => Self::Whole,
        }
    }
}

/// The notes of one run. A note that a crash swallowed costs a PUT of the same bytes under the same name.
#[derive(Debug)]
pub struct Notes {
    file: File,
}

/// What notes tell.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// Whether the init sections are stored.
    pub inits: bool,
    /// Which segments are.
    pub progress: Progress,
    /// Whether the run is over, and all of it is settled.
    pub whole: bool,
}

impl Notes {
    /// Opens the notes in a run's folder, which is there, and reads what they tell of it, where the slots in `filled`
    /// are on disk. A line that a crash tore is cut off; what follows one that cannot be read is not believed, so that
    /// it is stored again.
    pub fn open(folder: &Path, filled: impl IntoIterator<Item = Msn>) -> io::Result<(Self, Told)> {
        let path = folder.join(NAME);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let (mut told, mut read) = (Told::default(), 0);
        // Known before the notes are read: slots are stored side by side, so one may be noted before an earlier one.
        for msn in filled {
            told.progress.filled(msn);
        }
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let Some(note) =
                line.strip_suffix(b"\n").and_then(|line| serde_json::from_slice::<Line>(line).ok())
            else {
                break;
            };
            match note.into() {
                Note::Inits => told.inits = true,
                Note::Stored(msn, parts) => told.progress.stored(msn, parts),
                Note::Lost(msn) => told.progress.lost(msn),
                Note::Whole => told.whole = true,
            }
            read += line.len() as u64;
        }
        file.set_len(read)?;
        file.seek(SeekFrom::Start(read))?;
        Ok((Self { file }, told))
    }

    /// What is noted of the run in `folder`, where slots are no longer filled; nothing where it has no notes.
    pub fn read(folder: &Path) -> io::Result<Told> {
        if !folder.join(NAME).is_file() {
            return Ok(Told::default());
        }
        Self::open(folder, []).map(|(_, told)| told)
    }

    /// Whether everything of the run in `folder` is stored; `false` where it has no notes.
    pub fn are_whole(folder: &Path) -> io::Result<bool> {
        Self::read(folder).map(|told| told.whole)
    }

    /// Adds a note.
    pub fn add(&mut self, note: Note) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line::from(note))?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::ops::Range;

    use super::*;

    fn told(folder: &Path, filled: Range<u64>) -> Told {
        Notes::open(folder, filled.map(Msn)).unwrap().1
    }

    fn pending(folder: &Path, filled: Range<u64>) -> Vec<u64> {
        told(folder, filled).progress.pending().map(|msn| msn.0).collect()
    }

    #[test]
    fn what_was_noted_is_known_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let (mut notes, before) = Notes::open(folder.path(), []).unwrap();
        assert_eq!(before, Told::default());
        for note in [Note::Inits, Note::Stored(Msn(8), 6), Note::Lost(Msn(9))] {
            notes.add(note).unwrap();
        }
        let path = folder.path().join(NAME);
        let whole = fs::read(&path).unwrap();
        // The line that was being written when the process died.
        fs::write(&path, [&whole[..], b"{\"slot\":[1"].concat()).unwrap();
        let (mut notes, told) = Notes::open(folder.path(), []).unwrap();
        assert!(told.inits && told.progress.is_lost(Msn(9)) && !told.whole);
        notes.add(Note::Stored(Msn(10), 6)).unwrap();
        assert_eq!(pending(folder.path(), 8..12), [11]);
    }

    #[test]
    fn a_slot_that_was_overtaken_is_stored_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let (mut notes, _) = Notes::open(folder.path(), []).unwrap();
        for msn in [8, 10] {
            notes.add(Note::Stored(Msn(msn), 6)).unwrap();
        }
        assert_eq!(pending(folder.path(), 8..12), [9, 11]);
        assert_eq!(told(folder.path(), 8..12).progress.through(), Some(Msn(8)));
    }

    #[test]
    fn what_follows_a_line_that_cannot_be_read_is_stored_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "{\"slot\":[8,6]}\nnoise\n{\"slot\":[9,6]}\n").unwrap();
        assert_eq!(pending(folder.path(), 8..10), [9]);
    }

    #[test]
    fn a_run_is_whole_when_it_is_noted() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Notes::are_whole(folder.path()).unwrap());
        let (mut notes, _) = Notes::open(folder.path(), []).unwrap();
        notes.add(Note::Stored(Msn(8), 6)).unwrap();
        assert!(!Notes::are_whole(folder.path()).unwrap());
        notes.add(Note::Whole).unwrap();
        assert!(Notes::are_whole(folder.path()).unwrap());
    }
}
