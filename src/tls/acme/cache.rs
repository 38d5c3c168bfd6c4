//! Account and certificate on disk, so that a restart asks nobody.
//!
//! `{cache}/{authority}/account.json` and `{cache}/{authority}/{domain}.pem`, the key first. Both hold
//! private keys: only the owner may read them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use http::Uri;
use instant_acme::AccountCredentials;

use super::{AcmeError, AcmeSettings};

/// The two files of one authority and one certificate.
#[derive(Debug)]
pub(super) struct Cache {
    account: PathBuf,
    certificate: PathBuf,
}

impl Cache {
    pub(super) fn new(settings: &AcmeSettings) -> Result<Self, AcmeError> {
        let wrong = || AcmeError::Directory(settings.directory.clone());
        let directory: Uri = settings.directory.parse().map_err(|_| wrong())?;
        // A host name has no separators; the colon of an address in brackets is none on Linux.
        let folder = settings.cache.join(directory.host().ok_or_else(wrong)?);
        let domain = settings.domains.first().ok_or_else(|| AcmeError::Domain(String::new()))?;
        Ok(Self { account: folder.join("account.json"), certificate: folder.join(format!("{domain}.pem")) })
    }

    /// The kept account; one that does not parse is as good as none.
    pub(super) async fn account(&self) -> Result<Option<AccountCredentials>, AcmeError> {
        let Some(bytes) = load(&self.account).await? else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(credentials) => Ok(Some(credentials)),
            Err(error) => {
                tracing::warn!("the kept ACME account is passed over: {error}");
                Ok(None)
            }
        }
    }

    pub(super) async fn keep_account(&self, credentials: &AccountCredentials) -> Result<(), AcmeError> {
        let bytes = serde_json::to_vec(credentials).map_err(instant_acme::Error::from)?;
        store(&self.account, bytes).await
    }

    pub(super) async fn forget_account(&self) -> Result<(), AcmeError> {
        match tokio::fs::remove_file(&self.account).await {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(AcmeError::Cache { path: self.account.clone(), source })
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn certificate(&self) -> Result<Option<Vec<u8>>, AcmeError> {
        load(&self.certificate).await
    }

    pub(super) async fn keep_certificate(&self, pem: Vec<u8>) -> Result<(), AcmeError> {
        store(&self.certificate, pem).await
    }
}

async fn load(path: &Path) -> Result<Option<Vec<u8>>, AcmeError> {
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AcmeError::Cache { path: path.to_owned(), source }),
    }
}

async fn store(path: &Path, bytes: Vec<u8>) -> Result<(), AcmeError> {
    let wrong = |source| AcmeError::Cache { path: path.to_owned(), source };
    let whole = path.to_owned();
    let written = tokio::task::spawn_blocking(move || replace(&whole, &bytes)).await;
    written.map_err(|error| wrong(io::Error::other(error)))?.map_err(wrong)
}

/// Writes a file beside `path` and renames it, so that a crash leaves the old or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_read_again_and_only_by_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let settings = AcmeSettings {
            domains: vec!["radio.example".into()],
            directory: "https://acme.example:14000/dir".into(),
            contact: None,
            cache: folder.path().to_owned(),
        };
        let cache = Cache::new(&settings).unwrap();
        assert!(cache.certificate().await.unwrap().is_none());
        cache.keep_certificate(b"pem".to_vec()).await.unwrap();
        cache.keep_certificate(b"newer".to_vec()).await.unwrap();
        assert_eq!(cache.certificate().await.unwrap().unwrap(), b"newer");
        let path = folder.path().join("acme.example/radio.example.pem");
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777,
            0o600
        );
        cache.forget_account().await.unwrap();
    }

    #[tokio::test]
    async fn a_kept_account_that_does_not_parse_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { account: folder.path().join("account.json"), certificate: PathBuf::new() };
        fs::write(&cache.account, b"{").unwrap();
        assert!(cache.account().await.unwrap().is_none());
    }
}
