//! A certificate from two PEM files that somebody else writes and renews.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::{Certificate, CertificateError, certificate::Facts, shelf::Shelf};

/// How often the files are looked at. Both are a few kilobytes from the page cache, so they are read and
/// compared whole: no clock, file system or symlink swap can hide a change.
pub const LOOK: Duration = Duration::from_secs(5);

/// The size of a PEM file we read. A chain of four is under 10 kB.
const FILE_LIMIT: u64 = 1024 * 1024;

/// Why the files give no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// What they hold cannot be served.
    #[error("{path}: {source}", path = path.display())]
    Content {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong.
        source: CertificateError,
    },
}

/// The certificate of two PEM files (`ONAIR_TLS_CERT`, `ONAIR_TLS_KEY`).
#[derive(Debug)]
pub struct Files {
    chain: PathBuf,
    key: PathBuf,
    shelf: Shelf,
}

/// What the last look saw.
#[derive(Debug, Default)]
pub struct Seen(Option<Texts>);

/// What a look found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Look {
    /// The certificate in force.
    Same,
    /// Another one, which is in force now.
    Changed,
}

/// The bytes of both files at one look.
#[derive(Debug, Eq, PartialEq)]
struct Texts {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    /// Reads both files. A station without a usable certificate does not start, so this one is strict.
    pub async fn open(chain: &Path, key: &Path) -> Result<Arc<Self>, FilesError> {
        let files = Self { chain: chain.to_owned(), key: key.to_owned(), shelf: Shelf::default() };
        let texts = files.read().await?;
        files.shelf.put(files.parse(&texts)?);
        Ok(Arc::new(files))
    }

    /// What the certificate in force says about itself.
    pub fn facts(&self) -> Option<Facts> {
        self.shelf.get().map(|certificate| certificate.facts.clone())
    }

    /// Looks at the files every `every` ([`LOOK`]) and puts what changed in force, until `shutdown`.
    pub async fn run(&self, every: Duration, shutdown: CancellationToken) {
        let mut seen = Seen::default();
        let mut reported = None;
        while shutdown.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            match self.look(&mut seen).await {
                Ok(Look::Same) => {}
                Ok(Look::Changed) => {
                    info!("the TLS certificate of {} is in force", self.chain.display());
                    reported = None;
                }
                Err(wrong) => {
                    let text = wrong.to_string();
                    if reported.as_ref() != Some(&text) {
                        error!(
                            "the TLS certificate in force stays, since the new one cannot be used: {text}"
                        );
                        reported = Some(text);
                    }
                }
            }
        }
    }

    /// Looks at the files once, and puts them in force where they changed since `seen`.
    ///
    /// A pair that cannot be served, also one caught half written, is an error and leaves the old one in
    /// force; the same text is not tried again.
    pub async fn look(&self, seen: &mut Seen) -> Result<Look, FilesError> {
        let texts = self.read().await.inspect_err(|_| seen.0 = None)?;
        if seen.0.as_ref() == Some(&texts) {
            return Ok(Look::Same);
        }
        let parsed = self.parse(&texts);
        seen.0 = Some(texts);
        let certificate = parsed?;
        let same = self.shelf.get().is_some_and(|old| old.key.cert == certificate.key.cert);
        self.shelf.put(certificate);
        Ok(if same { Look::Same } else { Look::Changed })
    }

    fn parse(&self, texts: &Texts) -> Result<Certificate, FilesError> {
        Certificate::parse(&texts.chain, &texts.key)
            .map_err(|source| FilesError::Content { path: self.chain.clone(), source })
    }

    async fn read(&self) -> Result<Texts, FilesError> {
        Ok(Texts { chain: read(&self.chain).await?, key: read(&self.key).await? })
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.shelf.get().map(|certificate| Arc::clone(&certificate.key))
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, FilesError> {
    let wrong = |source| FilesError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(wrong)?;
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).await.map_err(wrong)?;
    if bytes.len() as u64 > FILE_LIMIT {
        let text = format!("it is longer than {FILE_LIMIT} bytes");
        return Err(wrong(io::Error::new(io::ErrorKind::InvalidData, text)));
    }
    Ok(bytes)
}
