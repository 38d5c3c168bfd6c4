//! Where the files of runs are that do not lie on this disk any more.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;
use packager::{Msn, RunId};

/// The name of the file in a run's folder that tells which of its slots lie in the attic.
const NAME: &str = "elsewhere.json";

/// Keeps what was heard when this disk does not. Its calls block: for an answer from far away, at the most.
pub trait Attic: fmt::Debug + Send + Sync {
    /// A file below the media directory, such as `studio/0abc/main/8.m4s`; [`io::ErrorKind::NotFound`] where there is
    /// none.
    fn read(&self, name: &str) -> io::Result<Bytes>;

    /// Brings the folder of a run back, all but its segments; of the newest that is known of `broadcast`, where none is
    /// named. `false` where there is no such run.
    fn restore(&self, broadcast: &str, run: Option<&RunId>) -> io::Result<bool>;
}

/// Notes in the folder of a run that is being brought back which slots the attic has, with how many parts each.
pub fn note_slots(run: &Path, slots: &BTreeMap<Msn, u16>) -> io::Result<()> {
    let slots: Vec<(u64, u16)> = slots.iter().map(|(msn, parts)| (msn.0, *parts)).collect();
    fs::write(run.join(NAME), serde_json::to_vec(&slots)?)
}

/// Those that were noted; none of a run that was always here.
pub(crate) fn noted_slots(run: &Path) -> io::Result<BTreeMap<Msn, u16>> {
    let text = match fs::read(run.join(NAME)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let slots: Vec<(u64, u16)> = serde_json::from_slice(&text)?;
    Ok(slots.into_iter().map(|(msn, parts)| (Msn(msn), parts)).collect())
}
