//! Files that hold a secret: read and written by their owner alone.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The text of a secret's file. One that others could read, after a copy or an unpacked archive, is its owner's alone
/// again.
pub fn read(path: &Path) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))?;
    }
    Ok(text)
}

/// Makes the file with one line in it; an error where there is one.
pub fn make(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path)?;
    writeln!(file, "{line}")?;
    file.sync_all()
}

/// Puts one line in the place of what the file holds; after a crash it is the old one or the new one.
pub fn replace(path: &Path, line: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    make(&beside, line)?;
    fs::rename(&beside, path)
}

/// Read and written by its owner.
const PRIVATE: u32 = 0o600;
/// Everything that the group and others may do.
const OTHERS: u32 = 0o077;

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_its_owners_alone_from_the_first_moment_and_after_every_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.secret");
        make(&path, "one").unwrap();
        assert_eq!((read(&path).unwrap().as_str(), mode(&path)), ("one\n", 0o600));
        assert_eq!(make(&path, "two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::write(path.with_extension("new"), "left by a crash").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!((read(&path).unwrap().as_str(), mode(&path)), ("two\n", 0o600));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing stays beside it");
    }

    #[test]
    fn a_secret_that_others_could_read_is_taken_from_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.secret");
        fs::write(&path, "unpacked\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        assert_eq!((read(&path).unwrap().as_str(), mode(&path)), ("unpacked\n", 0o600));
    }
}
