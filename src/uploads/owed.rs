//! What is owed to the store beside segments: an empty file each, in a folder of its own, from before the thing
//! is promised until the store has done it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cdn::ObjectKey;
use packager::RunId;

use super::errands::Errand;
use super::piece::RunName;

/// Something owed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Debt {
    /// To store a file below the data directory.
    File(ObjectKey),
    /// To delete what is stored of a broadcast.
    Removal(String),
    /// To make what is stored of a run what its recordings say.
    Errand(RunName, Errand),
}

impl Debt {
    /// No key has a `+`, so that it stands for a slash.
    fn name(&self) -> String {
        match self {
            Self::File(key) => format!("file+{}", key.as_str().replace('/', "+")),
            Self::Removal(broadcast) => format!("removal+{broadcast}"),
            Self::Errand(run, errand) => format!("{}+{}+{}", errand.name(), run.broadcast(), run.run()),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        match name.split_once('+')? {
            ("file", key) => ObjectKey::parse(&key.replace('+', "/")).map(Self::File),
            ("removal", broadcast) => Some(Self::Removal(broadcast.to_owned())),
            (errand, run) => {
                let (broadcast, run) = run.split_once('+')?;
                let errand = Errand::ALL.into_iter().find(|known| known.name() == errand)?;
                Some(Self::Errand(RunName::new(broadcast, &RunId::parse(run)?), errand))
            }
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
        let run = RunName::new("0198-a_b", &RunId::parse("r1").unwrap());
        let debts = [
            Debt::File(ObjectKey::parse("covers/00ff.jpg").unwrap()),
            Debt::Removal("0198-a_b".to_owned()),
            Debt::Errand(run.clone(), Errand::Lists),
            Debt::Errand(run, Errand::Tidy),
        ];
        let (owed, none) = Owed::open(folder.path()).unwrap();
        assert!(none.is_empty());
        for debt in &debts {
            owed.add(debt).unwrap();
        }
        let (owed, found) = Owed::open(folder.path()).unwrap();
        assert!(found.len() == 4 && debts.iter().all(|debt| found.contains(debt)), "{found:?}");
        for debt in debts.iter().chain(&debts) {
            owed.settle(debt).unwrap();
        }
        assert!(Owed::open(folder.path()).unwrap().1.is_empty());
    }
}
