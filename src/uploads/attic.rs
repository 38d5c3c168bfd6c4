//! Runs that this disk has lost and the object store has: brought back when somebody wants to hear them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cdn::{Notes, ObjectKey, ObjectStore};
use media::RungId;
use origin::attic::{Attic, note_slots};
use origin::{Recorded, RunDir};
use packager::playlist::init_name;
use packager::{Msn, RunId};
use tokio::runtime::Handle;

use super::piece::RunName;

/// What a run is brought back from, besides its segments and init sections; the first is the last that is written.
pub(super) const PAPERS: [&str; 3] = ["run.json", "uploaded.jsonl", "ranges.jsonl"];

/// Runs that are known and not here, at the most; of more nothing is brought back.
const KNOWN_MAX: usize = 100_000;

/// How long a run that was not in the store is not looked for again.
const MISSED: Duration = Duration::from_secs(60);

/// A run that is not here, as the control plane knows it.
#[derive(Debug)]
struct Known {
    recordings: Vec<Recorded>,
    /// When the store had nothing of it.
    missed: Option<Instant>,
}

/// What became of a telling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heeded {
    /// It is known from now on, as it was known before.
    Noted,
    /// It was known otherwise, and is until the run is back.
    Changed,
}

/// The store, as the origin asks it for what is not here. Only runs that the control plane knows of are looked for, so
/// that no stranger's guess asks the store.
#[derive(Debug)]
pub struct StoreAttic {
    store: ObjectStore,
    media_dir: PathBuf,
    /// Where the store is waited for.
    runtime: Handle,
    known: Mutex<BTreeMap<RunName, Known>>,
}

impl StoreAttic {
    /// Of runs below `media_dir`. Within a runtime, which its calls wait for: they are made on other threads.
    pub fn new(store: ObjectStore, media_dir: PathBuf) -> Self {
        Self { store, media_dir, runtime: Handle::current(), known: Mutex::default() }
    }

    /// What is recorded of a run that is not here.
    pub fn tell(&self, broadcast: &str, run: &RunId, recordings: Vec<Recorded>) -> Heeded {
        let mut known = self.known();
        let name = RunName::new(broadcast, run);
        match known.get(&name) {
            Some(there) if there.recordings != recordings => return Heeded::Changed,
            None if known.len() < KNOWN_MAX => {
                known.insert(name, Known { recordings, missed: None });
            }
            _ => {}
        }
        Heeded::Noted
    }

    /// A run is not in the store, or no longer of interest.
    pub fn forget(&self, broadcast: &str, run: &RunId) {
        self.known().remove(&RunName::new(broadcast, run));
    }

    /// Whether the store has a run that is over. Blocks.
    pub fn has(&self, broadcast: &str, run: &RunId) -> io::Result<bool> {
        Ok(self.paper(&RunName::new(broadcast, run), PAPERS[0])?.is_some())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<RunName, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which run to look for, with what is recorded of it; not one that was looked for in vain just now.
    fn sought(&self, broadcast: &str, run: Option<&RunId>) -> Option<(RunName, Vec<Recorded>)> {
        let known = self.known();
        let fits = |name: &RunName| name.broadcast() == broadcast && run.is_none_or(|run| run == name.run());
        let (name, found) = match run {
            Some(run) => known.get_key_value(&RunName::new(broadcast, run))?,
            // Runs are named by when they began.
            None => known.iter().rfind(|(name, _)| fits(name))?,
        };
        let missed = found.missed.is_some_and(|at| at.elapsed() < MISSED);
        (!missed).then(|| (name.clone(), found.recordings.clone()))
    }

    fn paper(&self, run: &RunName, name: &str) -> io::Result<Option<Bytes>> {
        run.key(name).map_or(Ok(None), |key| self.get(&key))
    }

    fn get(&self, key: &ObjectKey) -> io::Result<Option<Bytes>> {
        self.runtime.block_on(self.store.get(key)).map_err(io::Error::other)
    }

    /// Makes the folder of a run; what names it a run comes last.
    fn unpack(&self, run: &RunName, recordings: &[Recorded], record: &[u8]) -> io::Result<()> {
        let folder = run.folder(&self.media_dir);
        for rung in RungId::ALL {
            fs::create_dir_all(folder.join(rung.name()))?;
            let name = init_name(rung);
            let init = self.paper(run, &name)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            fs::write(folder.join(name), init)?;
        }
        for name in &PAPERS[1..] {
            if let Some(bytes) = self.paper(run, name)? {
                fs::write(folder.join(name), bytes)?;
            }
        }
        let stored = Notes::read(&folder)?.progress;
        let slots = stored.settled(Msn(0)..=Msn(u64::MAX));
        let kept = slots.filter(|(msn, _)| recordings.iter().any(|recorded| recorded.keeps(*msn)));
        note_slots(&folder, &kept.filter_map(|(msn, parts)| Some((msn, parts?))).collect())?;
        RunDir::files_of(&self.media_dir, run.broadcast(), run.run()).write_recordings(recordings)?;
        let beside = folder.join("run.json.new");
        fs::write(&beside, record)?;
        fs::rename(beside, folder.join(PAPERS[0]))
    }
}

impl Attic for StoreAttic {
    fn read(&self, name: &str) -> io::Result<Bytes> {
        let key = ObjectKey::parse(&format!("live/{name}")).ok_or(io::ErrorKind::NotFound)?;
        self.get(&key)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn restore(&self, broadcast: &str, run: Option<&RunId>) -> io::Result<bool> {
        let Some((run, recordings)) = self.sought(broadcast, run) else { return Ok(false) };
        if is_here(&run.folder(&self.media_dir)) {
            return Ok(false);
        }
        let Some(record) = self.paper(&run, PAPERS[0])? else {
            if let Some(known) = self.known().get_mut(&run) {
                known.missed = Some(Instant::now());
            }
            return Ok(false);
        };
        self.unpack(&run, &recordings, &record)?;
        self.known().remove(&run);
        tracing::info!(broadcast.id = %run.broadcast(), "run {} is brought back from the store", run.run());
        Ok(true)
    }
}

fn is_here(folder: &Path) -> bool {
    folder.join(PAPERS[0]).is_file()
}
