//! Media on its way into the object store: what is stored, in which order, and what becomes of it while the store is
//! away.
//!
//! The files of a run *are* the spool: the releaser tells of each slot that is whole on disk, and a task of its own
//! brings it. On air nobody waits for the store. What is stored is noted beside the media, so that after a crash the
//! upload goes on where it was. Rules are in the crate `cdn`; here are the files, the tasks and the metrics.

mod attic;
mod courier;
mod desk;
mod errands;
mod heard_lists;
mod owed;
mod piece;
mod recording_lists;
mod run_files;
mod run_upload;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cdn::{Bounds, Notes, ObjectKey};
use origin::{Origin, RunDir, RunRecord};
use packager::RunId;
use tokio::sync::Notify;
use tracing::{error, warn};

use crate::metrics::Metrics;
use crate::metrics::labels::NoLabel;
pub use attic::{Heeded, StoreAttic};
pub use courier::Courier;
use desk::Desk;
use errands::Errand;
use owed::{Debt, Owed};
use piece::RunName;
pub use run_upload::RunUpload;

/// Runs, covers and the like brought at a time; a slot is three objects. Four keep up with a hundred broadcasts where a
/// PUT takes 100 ms, and a backlog of ten minutes is gone in seconds.
const AT_ONCE: usize = 4;

/// What is to be stored. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Uploads(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    media_dir: PathBuf,
    origin: Arc<Origin>,
    desk: Mutex<Desk>,
    owed: Owed,
    /// Something is to be done.
    news: Notify,
}

impl Uploads {
    /// What waits in `data_dir`, with its runs in `media_dir`, where `origin` serves them, at most `spool_max` bytes of
    /// it. Runs are found by [`adopt`](Self::adopt); what else an earlier process still owed to the store is found here.
    pub fn open(data_dir: &Path, media_dir: &Path, origin: Arc<Origin>, spool_max: u64) -> io::Result<Self> {
        let (owed, debts) = Owed::open(data_dir)?;
        let mut desk = Desk::new(Bounds { bytes: spool_max, at_once: AT_ONCE });
        let now = Instant::now();
        for debt in debts {
            desk.owe(debt, now);
        }
        Ok(Self(Arc::new(Inner {
            data_dir: data_dir.to_owned(),
            media_dir: media_dir.to_owned(),
            origin,
            desk: Mutex::new(desk),
            owed,
            news: Notify::new(),
        })))
    }

    /// Takes up the runs that are over and not stored whole. What cannot be read is told of and left as it is.
    pub fn adopt(&self) {
        let broadcasts = match std::fs::read_dir(&self.0.media_dir) {
            Ok(broadcasts) => broadcasts,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return,
            Err(cause) => {
                error!("runs that are not stored yet cannot be looked for: {cause}");
                return;
            }
        };
        for broadcast in broadcasts.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
            if let Err(cause) = self.adopt_runs_of(&broadcast) {
                warn!(broadcast.id = %broadcast, "the runs of {broadcast} cannot be read, and are not stored: {cause}");
            }
        }
    }

    fn adopt_runs_of(&self, broadcast: &str) -> io::Result<()> {
        let runs = RunDir::runs(&self.0.media_dir, broadcast)?;
        let newest = runs.last().cloned();
        for run in runs {
            let name = RunName::new(broadcast, &run);
            let folder = name.folder(&self.0.media_dir);
            if self.desk().knows(&name) || Notes::are_whole(&folder)? {
                continue;
            }
            // Cuts what a crash left half written, before any of it is stored.
            let found = RunDir::find(&self.0.media_dir, broadcast, &run)?;
            if found.dir.record().ended || newest.as_ref() != Some(&run) {
                self.take_up(&name, &folder, found.dir.record())?;
                self.0.ended(&name);
                self.tidy(broadcast, &run);
            }
        }
        Ok(())
    }

    /// A run goes on air, or goes on. Where its notes cannot be kept it is not stored before the next start: sound
    /// goes on.
    pub fn on_air(&self, record: &RunRecord) -> Option<RunUpload> {
        let name = RunName::new(&record.broadcast, &record.run);
        match self.take_up(&name, &name.folder(&self.0.media_dir), record) {
            Ok(()) => Some(RunUpload::new(self.clone(), name, record.ladder().grid())),
            Err(cause) => {
                let broadcast = &record.broadcast;
                error!(broadcast.id = %broadcast, "run {} is not stored: its notes cannot be kept: {cause}", record.run);
                None
            }
        }
    }

    /// Every slot on disk is whole, or as whole as it will ever be.
    fn take_up(&self, name: &RunName, folder: &Path, record: &RunRecord) -> io::Result<()> {
        let slots = run_files::slots(folder)?;
        let noted = Notes::open(folder, slots.keys().copied())?;
        self.desk().open(name, record, noted, &slots, Instant::now());
        self.0.news.notify_one();
        Ok(())
    }

    /// Whether the files of a run must stay for now. They are removed when all of it is stored.
    pub fn keeps(&self, broadcast: &str, run: &RunId) -> bool {
        self.desk().remove_when_stored(&RunName::new(broadcast, run))
    }

    /// Whether all of a run that is over is stored. Where that cannot be read it is not.
    pub fn have_stored(&self, broadcast: &str, run: &RunId) -> bool {
        Notes::are_whole(&RunName::new(broadcast, run).folder(&self.0.media_dir)).unwrap_or(false)
    }

    /// The recordings of a run are about to change: their playlists in the store will, when
    /// [`lists_changed`](Self::lists_changed) says so, and after a crash in any case.
    pub fn owe_lists(&self, broadcast: &str, run: &RunId) -> io::Result<()> {
        self.0.owed.add(&Debt::Errand(RunName::new(broadcast, run), Errand::Lists))
    }

    /// The recordings of a run have changed.
    pub fn lists_changed(&self, broadcast: &str, run: &RunId) {
        self.ask(&RunName::new(broadcast, run), Errand::Lists);
    }

    /// The same, of a run that is over, and something of it will be kept no more: [`tidy`](Self::tidy) says when.
    pub fn owe_tidy(&self, broadcast: &str, run: &RunId) -> io::Result<()> {
        self.0.owed.add(&Debt::Errand(RunName::new(broadcast, run), Errand::Tidy))
    }

    /// A run is over, and what no recording of it keeps goes from the store, as soon as all of it is there.
    pub fn tidy(&self, broadcast: &str, run: &RunId) {
        if let Err(cause) = self.owe_tidy(broadcast, run) {
            error!(broadcast.id = %broadcast, "what nobody needs of run {run} may stay in the store if the station stops now: {cause}");
        }
        self.ask(&RunName::new(broadcast, run), Errand::Tidy);
    }

    fn ask(&self, run: &RunName, errand: Errand) {
        self.desk().ask(run, errand);
        self.0.news.notify_one();
    }

    /// A broadcast is deleted, and so is what is stored of it, whenever the store can be reached.
    pub fn forget(&self, broadcast: &str) {
        let debt = Debt::Removal(broadcast.to_owned());
        if let Err(cause) = self.0.owed.add(&debt) {
            error!(broadcast.id = %broadcast, "what is stored of {broadcast} may stay if the station stops now: {cause}");
        }
        self.desk().forget(broadcast, Instant::now());
        self.0.news.notify_one();
    }

    /// A file below the data directory is to be stored under its name there. Call it before the file is there, so
    /// that no crash loses it, and [`hurry`](Self::hurry) when it is.
    pub fn owe_file(&self, key: &ObjectKey) -> io::Result<()> {
        self.0.owed.add(&Debt::File(key.clone()))
    }

    /// A file that is owed is there.
    pub fn hurry(&self, key: ObjectKey) {
        self.desk().owe(Debt::File(key), Instant::now());
        self.0.news.notify_one();
    }

    /// Is nothing waiting?
    pub fn are_done(&self) -> bool {
        self.desk().is_empty()
    }

    /// Copies what waits into the metrics.
    pub fn observe(&self, metrics: &Metrics) {
        let desk = self.desk();
        let age = desk.oldest().map_or(0, |since| since.elapsed().as_secs());
        metrics.uploads.waiting.set(NoLabel::One, desk.waiting() as u64);
        metrics.uploads.spool.set(NoLabel::One, desk.bytes());
        metrics.uploads.oldest.set(NoLabel::One, age);
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk()
    }
}

impl Inner {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self, name: &RunName) {
        self.desk().ended(name);
        self.news.notify_one();
    }
}
