//! The recordings of a run, beside its segments on disk: what of it may be played, and what has to stay.

use std::fs;
use std::io;
use std::path::Path;

use media::MediaTime;
use packager::{Msn, Span};
use serde::{Deserialize, Serialize};

const NAME: &str = "recordings.json";

/// Recordings and clips of one run; whoever makes more has to delete some.
pub const RECORDINGS_MAX: usize = 1_000;

/// One recording of a run, or a clip of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recorded {
    /// Its own.
    pub id: String,
    /// Its folder in URLs, of letters, digits and `-`: its id where everybody may play it, and else a name that is
    /// shown to its host alone.
    pub folder: String,
    /// What it plays.
    pub span: Span,
    /// What stays on disk for it: it may have been cut, and a cut can be undone.
    pub kept: Span,
    /// Whether the control plane knows of it. What it knows it can take away.
    pub known: bool,
}

impl Recorded {
    /// One that begins now; everybody may play it.
    pub fn open(id: String, from: MediaTime) -> Self {
        let span = Span { from, to: None };
        Self { folder: id.clone(), id, span, kept: span, known: false }
    }

    /// Whether everybody may play it who may hear the broadcast.
    pub fn is_published(&self) -> bool {
        self.folder == self.id
    }

    /// Whether it plays what was recorded from one end to the other.
    pub fn is_uncut(&self) -> bool {
        self.span == self.kept
    }

    /// Whether nothing will be added to it.
    pub const fn is_closed(&self) -> bool {
        self.span.to.is_some()
    }

    /// Whether the segment of that slot has to stay for it.
    pub fn keeps(&self, msn: Msn) -> bool {
        self.kept.touches(msn)
    }
}

/// One line of the file.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    id: String,
    folder: String,
    /// Frames at 48 kHz on the run's timeline.
    from: u64,
    to: Option<u64>,
    kept_from: u64,
    kept_to: Option<u64>,
    known: bool,
}

/// Reads the recordings of the run that lies in `run`; none where there is no such file.
pub(crate) fn load(run: &Path) -> io::Result<Vec<Recorded>> {
    let text = match fs::read(run.join(NAME)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let stored: Vec<Stored> = serde_json::from_slice(&text)?;
    Ok(stored.into_iter().map(Recorded::from).collect())
}

/// Notes them, the whole list at once: a crash leaves the old list or the new one.
pub(crate) fn store(run: &Path, recordings: &[Recorded]) -> io::Result<()> {
    let stored: Vec<Stored> = recordings.iter().map(Stored::from).collect();
    let beside = run.join("recordings.json.new");
    fs::write(&beside, serde_json::to_vec_pretty(&stored)?)?;
    fs::rename(beside, run.join(NAME))
}

impl From<Stored> for Recorded {
    fn from(stored: Stored) -> Self {
        let span = |from: u64, to: Option<u64>| Span {
            from: MediaTime::from_ticks(from),
            to: to.map(MediaTime::from_ticks),
        };
        Self {
            id: stored.id,
            folder: stored.folder,
            span: span(stored.from, stored.to),
            kept: span(stored.kept_from, stored.kept_to),
            known: stored.known,
        }
    }
}

impl From<&Recorded> for Stored {
    fn from(recorded: &Recorded) -> Self {
        let Recorded { id, folder, span, kept, known } = recorded;
        Self {
            id: id.clone(),
            folder: folder.clone(),
            from: span.from.ticks(),
            to: span.to.map(MediaTime::ticks),
            kept_from: kept.from.ticks(),
            kept_to: kept.to.map(MediaTime::ticks),
            known: *known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_found_again_as_they_stand() {
        let run = tempfile::tempdir().unwrap();
        assert_eq!(load(run.path()).unwrap(), []);
        let at = MediaTime::from_ticks;
        let kept = Span { from: at(5), to: Some(at(900)) };
        let cut = Span { from: at(10), to: Some(at(800)) };
        let recordings = [
            Recorded { id: "a".into(), folder: "k".into(), span: cut, kept, known: true },
            Recorded::open("b".into(), at(900)),
        ];
        store(run.path(), &recordings).unwrap();
        assert_eq!(load(run.path()).unwrap(), recordings);
        assert!(!recordings[0].is_uncut() && recordings[1].is_uncut());
        assert!(!recordings[0].is_published() && recordings[1].is_published());
    }

    #[test]
    fn a_file_that_is_not_ours_is_refused() {
        let run = tempfile::tempdir().unwrap();
        fs::write(run.path().join(NAME), b"[{}]").unwrap();
        assert!(load(run.path()).is_err());
    }
}
