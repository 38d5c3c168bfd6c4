//! The stream key of `studio` in the data directory, for people and scripts to read.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ingest::StreamKey;

use crate::private_file;

const NAME: &str = "studio.key";

/// Letters that nobody mistakes for another when a key is read aloud or typed off a screen.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters in a key: 32 of five bits each are 160 bits.
const LENGTH: usize = 32;

/// The file. It says what the database says; the first start makes the key here.
#[derive(Clone, Debug)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// The one in `data_dir`.
    pub fn new(data_dir: &Path) -> Self {
        Self(data_dir.join(NAME))
    }

    /// The key in it; made where there is none. Readable by its owner alone.
    pub fn load_or_make(&self) -> anyhow::Result<StreamKey> {
        let path = &self.0;
        match private_file::read(path) {
            Ok(text) => match StreamKey::parse(text.trim()) {
                Ok(key) => Ok(key),
                Err(_) => bail!("{} holds no stream key; delete it to have a new one made", path.display()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = make()?;
                private_file::make(path, key.expose())
                    .with_context(|| format!("making {}", path.display()))?;
                Ok(key)
            }
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Puts `key` into it.
    pub fn keep(&self, key: &StreamKey) -> anyhow::Result<()> {
        let path = &self.0;
        private_file::replace(path, key.expose()).with_context(|| format!("writing {}", path.display()))
    }
}

/// A key that nobody can guess: 160 random bits.
pub fn make() -> anyhow::Result<StreamKey> {
    let mut random = [0; LENGTH];
    getrandom::fill(&mut random).context("asking the system for random bytes")?;
    let text: String = random.iter().map(|byte| LETTERS[usize::from(byte % 32)] as char).collect();
    StreamKey::parse(&text).context("making a stream key")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let made = KeyFile::new(dir.path()).load_or_make().unwrap();
        let again = KeyFile::new(dir.path()).load_or_make().unwrap();
        assert_eq!(made.expose(), again.expose());
        KeyFile::new(dir.path()).keep(&make().unwrap()).unwrap();
        let kept = KeyFile::new(dir.path()).load_or_make().unwrap();
        assert_ne!(kept.expose(), made.expose());
        assert_eq!(made.expose().len(), LENGTH);
        let mode = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn two_stations_have_two_keys() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (one, other) = [one, other].map(|dir| KeyFile::new(dir.path()).load_or_make().unwrap()).into();
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn a_file_that_is_no_key_is_not_replaced_silently() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), "not a key!\n").unwrap();
        let error = KeyFile::new(dir.path()).load_or_make().unwrap_err().to_string();
        assert!(error.contains("delete it"), "{error}");
    }
}
