//! The stream key of `studio`: made once, kept in the data directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use ingest::StreamKey;

const NAME: &str = "studio.key";

/// Letters that nobody mistakes for another when a key is read aloud or typed off a screen.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters in a key: 32 of five bits each are 160 bits.
const LENGTH: usize = 32;

/// The key in `data_dir`; made where there is none. Readable by its owner alone.
pub fn load_or_make(data_dir: &Path) -> anyhow::Result<StreamKey> {
    let path = data_dir.join(NAME);
    match fs::read_to_string(&path) {
        Ok(text) => match StreamKey::parse(text.trim()) {
            Ok(key) => Ok(key),
            Err(_) => bail!("{} holds no stream key; delete it to have a new one made", path.display()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = make()?;
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .with_context(|| format!("making {}", path.display()))?;
            writeln!(file, "{}", key.expose()).with_context(|| format!("writing {}", path.display()))?;
            Ok(key)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
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
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let made = load_or_make(dir.path()).unwrap();
        let again = load_or_make(dir.path()).unwrap();
        assert_eq!(made.expose(), again.expose());
        assert_eq!(made.expose().len(), LENGTH);
        let mode = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn two_stations_have_two_keys() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (one, other) = (load_or_make(one.path()).unwrap(), load_or_make(other.path()).unwrap());
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn a_file_that_is_no_key_is_not_replaced_silently() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), "not a key!\n").unwrap();
        let error = load_or_make(dir.path()).unwrap_err().to_string();
        assert!(error.contains("delete it"), "{error}");
    }
}
