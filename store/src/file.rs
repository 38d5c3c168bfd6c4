//! The files of a SQLite database.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tracing::warn;

/// Sees to it that nobody but its owner reads the database in `file`: it holds password hashes, stream keys and
/// secrets. `make` says whether it may be made where it is missing.
///
/// SQLite gives the files beside it (`-wal`, `-shm`) the permissions that the database has. Those of an earlier
/// version are mended. What cannot be done is told, and is no reason to stay away: somebody else's file may be shared
/// on purpose.
pub(crate) fn keep_private(file: &Path, make: bool) {
    if make
        && let Err(error) = OpenOptions::new().append(true).create(true).mode(PRIVATE).open(file)
        // Whoever connects is told what is wrong with the path.
        && error.kind() != io::ErrorKind::NotFound
    {
        warn!("{} cannot be made its owner's alone: {error}", file.display());
        return;
    }
    for beside in ["", "-wal", "-shm", "-journal"] {
        let mut path = file.as_os_str().to_owned();
        path.push(beside);
        match tighten(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!("others may read {}: {error}", path.display());
            }
            _ => {}
        }
    }
}

/// Takes from a file what its group and others may do with it.
fn tighten(path: &OsStr) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & OTHERS == 0 {
        Ok(())
    } else {
        fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))
    }
}

/// The path in an address, where `%` and two hexadecimal digits stand for a byte.
pub(crate) fn unescape(path: &str) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'%');
        let byte = escaped.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    OsString::from_vec(bytes).into()
}

/// Read and written by its owner.
const PRIVATE: u32 = 0o600;
/// Everything that the group and others may do.
const OTHERS: u32 = 0o077;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_was_escaped() {
        for (escaped, path) in
            [("/var/on%20air%3F.db", "/var/on air?.db"), ("a%2", "a%2"), ("%zz%41", "%zzA"), ("a", "a")]
        {
            assert_eq!(unescape(escaped), Path::new(path));
        }
    }
}
