//! The files of a run that are to be stored.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use cdn::{Caching, Object};
use media::RungId;
use packager::playlist::{init_name, segment_name};
use packager::{Msn, fragment};

use super::piece::RunName;

/// A slot on disk.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct SlotFiles {
    /// The bytes of all its rungs.
    pub(super) bytes: u64,
    /// How long ago the last of them was written.
    pub(super) age: Duration,
}

/// The slots that are on disk in some rung.
pub(super) fn slots(folder: &Path) -> io::Result<BTreeMap<Msn, SlotFiles>> {
    let mut slots: BTreeMap<Msn, SlotFiles> = BTreeMap::new();
    for rung in RungId::ALL {
        for entry in fs::read_dir(folder.join(rung.name()))? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(msn) = name.to_str().and_then(|name| name.strip_suffix(".m4s")?.parse().ok()) else {
                continue;
            };
            let metadata = entry.metadata()?;
            let slot = slots.entry(Msn(msn)).or_default();
            slot.bytes += metadata.len();
            // A clock that was set back makes a file of the future; it is new.
            slot.age = slot.age.max(metadata.modified()?.elapsed().unwrap_or_default());
        }
    }
    Ok(slots)
}

/// The init sections of a run, ready to be stored.
pub(super) fn inits(media_dir: &Path, run: &RunName) -> io::Result<Vec<Object>> {
    RungId::ALL.into_iter().map(|rung| object(media_dir, run, &init_name(rung))).collect()
}

/// A slot in all its rungs, ready to be stored, and how many parts it holds; `NotFound` where one is missing.
pub(super) fn slot(media_dir: &Path, run: &RunName, msn: Msn) -> io::Result<(Vec<Object>, u16)> {
    let objects: Vec<_> = RungId::ALL
        .into_iter()
        .map(|rung| object(media_dir, run, &segment_name(rung, msn)))
        .collect::<Result<_, _>>()?;
    let parts = objects.iter().map(|object| fragment::split_parts(&object.bytes).len()).min();
    Ok((objects, parts.and_then(|parts| u16::try_from(parts).ok()).unwrap_or_default()))
}

fn object(media_dir: &Path, run: &RunName, name: &str) -> io::Result<Object> {
    let key = run
        .key(name)
        .ok_or_else(|| io::Error::other(format!("{name} of {run:?} is no name of an object")))?;
    let bytes = Bytes::from(fs::read(run.folder(media_dir).join(name))?);
    Ok(Object { key, bytes, caching: Caching::Immutable })
}
