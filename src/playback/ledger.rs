//! Whose each broadcast is, also after a restart and with the database away: written beside its media.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::error;

use super::gate::Gate;
use super::registry::Audience;

/// A file of this name beside a broadcast's runs says that they are everybody's. Without it they are not.
const EVERYBODYS: &str = "everybodys";

/// Keeps the [`Gate`] and the disk of one mind. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    gate: Arc<Gate>,
    media_dir: PathBuf,
}

impl Ledger {
    /// Tells `gate` of every broadcast with media below `media_dir`.
    pub fn open(gate: Arc<Gate>, media_dir: &Path) -> io::Result<Self> {
        let ledger = Self { gate, media_dir: media_dir.to_owned() };
        let folders = match fs::read_dir(media_dir) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ledger),
            Err(error) => return Err(error),
        };
        for folder in folders {
            let folder = folder?;
            if let Ok(broadcast) = folder.file_name().into_string()
                && folder.path().join(EVERYBODYS).is_file()
            {
                ledger.gate.tell(&broadcast, Audience::Everybody);
            }
        }
        Ok(ledger)
    }

    /// Notes whose `broadcast` is that goes on air. Where the disk does not take it, it holds until the
    /// process ends.
    pub fn note(&self, broadcast: &str, audience: Audience) {
        self.gate.tell(broadcast, audience);
        let folder = self.media_dir.join(broadcast);
        let written = match audience {
            Audience::Everybody => {
                fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(EVERYBODYS), []))
            }
            Audience::Members => match fs::remove_file(folder.join(EVERYBODYS)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        };
        if let Err(cause) = written {
            error!(broadcast.id = %broadcast, "whose {broadcast} is cannot be written to {}: {cause}", folder.display());
        }
    }

    /// Notes a change to a broadcast that may have no media.
    pub fn amend(&self, broadcast: &str, audience: Audience) {
        if self.media_dir.join(broadcast).is_dir() {
            self.note(broadcast, audience);
        }
    }

    /// Forgets a broadcast whose media is removed.
    pub fn forget(&self, broadcast: &str) {
        self.gate.tell(broadcast, Audience::Members);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use tempfile::TempDir;

    use super::*;
    use crate::auth::secrets::Secret;
    use crate::playback::Policy;
    use crate::playback::credential::Shown;

    fn open(folder: &TempDir) -> (Ledger, Arc<Gate>) {
        let gate = Gate::new(Policy::Private, &Secret::new("secret".to_owned()));
        (Ledger::open(gate.clone(), &folder.path().join("live")).unwrap(), gate)
    }

    fn is_open(gate: &Gate, broadcast: &str) -> bool {
        gate.admit(broadcast, Shown::Plain, &HeaderMap::new(), || 0).is_ok()
    }

    #[test]
    fn whose_a_broadcast_is_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, gate) = open(&folder);
        ledger.note("public", Audience::Everybody);
        ledger.note("private", Audience::Members);
        ledger.note("turned", Audience::Everybody);
        ledger.amend("turned", Audience::Members);
        ledger.amend("never-on-air", Audience::Everybody);
        let expected = [("public", true), ("private", false), ("turned", false), ("never-on-air", false)];
        for (broadcast, open) in expected {
            assert_eq!(is_open(&gate, broadcast), open, "{broadcast}");
        }
        let (_, gate) = open(&folder);
        for (broadcast, open) in expected {
            assert_eq!(is_open(&gate, broadcast), open, "{broadcast} after a restart");
        }
    }

    #[test]
    fn a_broadcast_that_is_removed_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, gate) = open(&folder);
        ledger.note("public", Audience::Everybody);
        ledger.forget("public");
        assert!(!is_open(&gate, "public"));
    }
}
