//! What is brought in one go.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cdn::ObjectKey;
use packager::{Msn, RunId};

/// Names a run of a broadcast. Cheap to clone.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct RunName(Arc<(String, RunId)>);

impl RunName {
    pub(super) fn new(broadcast: &str, run: &RunId) -> Self {
        Self(Arc::new((broadcast.to_owned(), run.clone())))
    }

    pub(super) fn broadcast(&self) -> &str {
        &self.0.0
    }

    pub(super) fn run(&self) -> &RunId {
        &self.0.1
    }

    /// Its folder below `media_dir`.
    pub(super) fn folder(&self, media_dir: &Path) -> PathBuf {
        media_dir.join(self.broadcast()).join(self.run().as_str())
    }

    /// The key of `name` below the run: the path of its URL.
    pub(super) fn key(&self, name: &str) -> Option<ObjectKey> {
        ObjectKey::parse(&format!("live/{}/{}/{name}", self.broadcast(), self.run()))
    }

    /// The key of everything below the run.
    pub(super) fn below(&self) -> Option<ObjectKey> {
        ObjectKey::parse(&format!("live/{}/{}", self.broadcast(), self.run()))
    }

    /// The key of the playlist at the address of its broadcast.
    pub(super) fn address(&self) -> Option<ObjectKey> {
        ObjectKey::parse(&format!("live/{}/index.m3u8", self.broadcast()))
    }
}

/// What is brought in one go, and noted as one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    /// The init sections of a run.
    Inits(RunName),
    /// A slot in all its rungs.
    Slot(RunName, Msn),
    /// The playlists of what is stored of a run.
    Heard(RunName),
    /// The playlists of the recordings of a run.
    Recordings(RunName),
    /// A file below the data directory.
    File(ObjectKey),
    /// Everything that is stored of a broadcast, to be deleted.
    Removal(String),
}

impl Piece {
    /// Whose it is, where it is of a run.
    pub(super) fn run(&self) -> Option<&RunName> {
        match self {
            Self::Inits(run) | Self::Slot(run, _) | Self::Heard(run) | Self::Recordings(run) => Some(run),
            Self::File(_) | Self::Removal(_) => None,
        }
    }

    /// Is it media of `broadcast`?
    pub(super) fn is_of(&self, broadcast: &str) -> bool {
        self.run().is_some_and(|run| run.broadcast() == broadcast)
    }
}
