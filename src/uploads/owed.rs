//! What is owed to the store and belongs to no run: an empty file each, in a folder of its own, from before the thing
//! is promised until the store has done it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cdn::ObjectKey;

/// Something owed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Debt {
    /// To store a file below the data directory.
    File(ObjectKey),
    /// To delete what is stored of a broadcast.
    Removal(String),
}

impl Debt {
    /// No key has a `+`, so that it stands for a slash.
    fn name(&self) -> String {
        match self {
            Self::File(key) => format!("file+{}", key.as_str().replace('/', "+")),
            Self::Removal(broadcast) => format!("removal+{broadcast}"),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        match name.split_once('+')? {
            ("file", key) => ObjectKey::parse(&key.replace('+', "/")).map(Self::File),
            ("removal", broadcast) => Some(Self::Removal(broadcast.to_owned())),
            _ => None,
        }
    }
}

/// The folder.
#[derive(Debug)]
pub(super) struct Owed(PathBuf);

impl Owed {
    /// Makes the folder in `data_dir`, and tells what is in it.
    pub(super) fn open(data_dir: &Path) -> io::Result<(Self, Vec<Debt>)> {
        let folder = data_dir.join("owed");
        fs::create_dir_all(&folder)?;
        let mut debts = Vec::new();
        for entry in fs::read_dir(&folder)? {
            debts.extend(entry?.file_name().to_str().and_then(Debt::parse));
        }
        Ok((Self(folder), debts))
    }

    /// Notes it.
    pub(super) fn add(&self, debt: &Debt) -> io::Result<()> {
        fs::write(self.0.join(debt.name()), [])
    }

    /// It is done.
    pub(super) fn settle(&self, debt: &Debt) -> io::Result<()> {
        match fs::remove_file(self.0.join(debt.name())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let debts =
            [Debt::File(ObjectKey::parse("covers/00ff.jpg").unwrap()), Debt::Removal("0198-a_b".to_owned())];
        let (owed, none) = Owed::open(folder.path()).unwrap();
        assert!(none.is_empty());
        for debt in &debts {
            owed.add(debt).unwrap();
        }
        let (owed, found) = Owed::open(folder.path()).unwrap();
        assert!(found.len() == 2 && debts.iter().all(|debt| found.contains(debt)), "{found:?}");
        for debt in debts.iter().chain(&debts) {
            owed.settle(debt).unwrap();
        }
        assert!(Owed::open(folder.path()).unwrap().1.is_empty());
    }
}
