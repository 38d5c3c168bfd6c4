//! A certificate that the station asks an ACME authority for, by itself (RFC 8555).
//!
//! The authority looks at the station from outside: it connects to the domain on port 443 with ALPN
//! `acme-tls/1` and finds a certificate that proves the order (TLS-ALPN-01, RFC 8737). So no second port
//! and no route is needed, only that port 443 reaches the HTTPS listener.

mod authority;
mod cache;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use instant_acme::LetsEncrypt;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::cache::Cache;
use super::{Certificate, CertificateError, certificate::Facts, shelf::Shelf};
use crate::http::{Client, server::ALPN_ACME};

/// How long one order may take. Authorities answer within seconds; a validation that they queue takes
/// up to a minute.
const ORDER: Duration = Duration::from_mins(3);

/// The wait after a first failure; each further one waits four times as long, up to [`RETRY_MOST`].
/// Let's Encrypt allows five failed validations an hour and name: this makes three in the first hour.
const RETRY: Duration = Duration::from_mins(1);

/// The longest wait between two tries. A certificate has a month left when the first one is made.
const RETRY_MOST: Duration = Duration::from_hours(6);

/// The longest sleep towards a renewal, so that a wall clock that is set does not move it far.
const NAP: Duration = Duration::from_hours(1);

/// Names one certificate may have. Let's Encrypt takes 100.
const NAMES: usize = 100;

/// Whom to ask for what.
#[derive(Clone, Debug)]
pub struct AcmeSettings {
    /// DNS names (`ONAIR_ACME_DOMAIN`), the first one names the cached file. No wildcards: they cannot be
    /// validated by TLS-ALPN-01.
    pub domains: Vec<String>,
    /// The authority's directory.
    pub directory: String,
    /// An address for its mails, as `mailto:…`.
    pub contact: Option<String>,
    /// The directory that keeps account and certificate, under the authority's host name.
    pub cache: PathBuf,
}

impl AcmeSettings {
    /// Let's Encrypt, for `domains`, kept under `cache`.
    pub fn lets_encrypt(domains: Vec<String>, cache: PathBuf) -> Self {
        Self { domains, directory: LetsEncrypt::Production.url().to_owned(), contact: None, cache }
    }
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcmeError {
    /// A name is no DNS name, a wildcard, or there are none or too many.
    #[error("`{0}` is not a domain an ACME authority can validate by TLS-ALPN-01")]
    Domain(String),
    /// The directory's address does not parse.
    #[error("`{0}` is not the address of an ACME directory")]
    Directory(String),
    /// Account or certificate cannot be kept or read.
    #[error("{path}: {source}", path = path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The authority refused or could not be reached.
    #[error("the authority: {0}")]
    Authority(#[from] instant_acme::Error),
    /// The authority could not validate a name; its words follow.
    #[error("the authority could not validate {0}")]
    Validation(String),
    /// The authority offers no TLS-ALPN-01.
    #[error("the authority offers no TLS-ALPN-01 for {0}")]
    Challenge(String),
    /// The certificate for the validation could not be made.
    #[error("cannot make a validation certificate: {0}")]
    Proof(#[from] rcgen::Error),
    /// What the authority issued cannot be served.
    #[error("the certificate that was issued cannot be served: {0}")]
    Issued(#[from] CertificateError),
    /// No end within three minutes.
    #[error("the order did not end within {ORDER:?}")]
    Slow,
}

/// The certificate of an ACME authority, with the validations in progress.
pub struct Acme {
    settings: AcmeSettings,
    client: Client,
    cache: Cache,
    shelf: Shelf,
    proofs: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    failure: ArcSwapOption<String>,
}

impl std::fmt::Debug for Acme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acme").field("domains", &self.settings.domains).finish_non_exhaustive()
    }
}

impl Acme {
    /// Takes the kept certificate into force where there is one that still holds; [`Self::run`] does the
    /// rest. `client` carries the trust towards the authority.
    pub async fn open(mut settings: AcmeSettings, client: Client) -> Result<Arc<Self>, AcmeError> {
        if settings.domains.is_empty() || settings.domains.len() > NAMES {
            return Err(AcmeError::Domain(settings.domains.join(",")));
        }
        for domain in &mut settings.domains {
            *domain = parse_domain(domain).ok_or_else(|| AcmeError::Domain(domain.clone()))?;
        }
        let cache = Cache::new(&settings)?;
        let acme = Self {
            settings,
            client,
            cache,
            shelf: Shelf::default(),
            proofs: Mutex::default(),
            failure: ArcSwapOption::empty(),
        };
        if let Some(pem) = acme.cache.certificate().await? {
            match Certificate::parse(&pem, &pem) {
                Ok(kept) if acme.serves(&kept.facts, SystemTime::now()) => acme.shelf.put(kept),
                Ok(_) => info!("the kept certificate has ended or lacks a name: a new one is asked for"),
                Err(wrong) => warn!("the kept certificate is passed over: {wrong}"),
            }
        }
        Ok(Arc::new(acme))
    }

    /// What the certificate in force says about itself; none before the first order succeeded.
    pub fn facts(&self) -> Option<Facts> {
        self.shelf.get().map(|certificate| certificate.facts.clone())
    }

    /// Why the last order failed; none when it did not.
    pub fn failure(&self) -> Option<Arc<String>> {
        self.failure.load_full()
    }

    /// Orders the certificate when there is none, renews it when a third of its life is left, until
    /// `shutdown`. The HTTPS port must be served meanwhile.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut failures = 0;
        loop {
            self.sleep_until_due(&shutdown).await;
            if shutdown.is_cancelled() {
                return;
            }
            let Some(outcome) = shutdown.run_until_cancelled(self.renew()).await else { return };
            match outcome {
                Ok(facts) => {
                    failures = 0;
                    self.failure.store(None);
                    info!(tls.names = ?facts.names, "a certificate of {} is in force", self.settings.directory);
                }
                Err(wrong) => {
                    let wait = retry_after(failures);
                    failures += 1;
                    self.failure.store(Some(Arc::new(wrong.to_string())));
                    error!(
                        "no certificate for {}: {wrong}; next try in {wait:?}",
                        self.settings.domains.join(", ")
                    );
                    shutdown.run_until_cancelled(tokio::time::sleep(wait)).await;
                }
            }
        }
    }

    async fn sleep_until_due(&self, shutdown: &CancellationToken) {
        while let Some(certificate) = self.shelf.get() {
            let Ok(left) = certificate.facts.renew_at().duration_since(SystemTime::now()) else { return };
            if left.is_zero()
                || shutdown.run_until_cancelled(tokio::time::sleep(left.min(NAP))).await.is_none()
            {
                return;
            }
        }
    }

    async fn renew(&self) -> Result<Facts, AcmeError> {
        let outcome = tokio::time::timeout(ORDER, self.order()).await;
        self.proofs().clear();
        let issued = outcome.map_err(|_| AcmeError::Slow)??;
        let certificate = Certificate::parse(issued.as_bytes(), issued.as_bytes())?;
        let facts = certificate.facts.clone();
        self.cache.keep_certificate(issued.into_bytes()).await?;
        self.shelf.put(certificate);
        Ok(facts)
    }

    fn serves(&self, facts: &Facts, now: SystemTime) -> bool {
        facts.holds_at(now) && self.settings.domains.iter().all(|domain| facts.covers(domain))
    }

    fn proofs(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<CertifiedKey>>> {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Acme {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let validates = hello.alpn().is_some_and(|mut names| names.any(|name| name == ALPN_ACME));
        if validates {
            return self.proofs().get(&hello.server_name()?.to_ascii_lowercase()).cloned();
        }
        self.shelf.get().map(|certificate| Arc::clone(&certificate.key))
    }
}

/// The certificate that proves an order for `domain` (RFC 8737, 3): self-signed, with the digest of the
/// key authorization in a critical extension.
fn proof(domain: &str, digest: &[u8]) -> Result<CertifiedKey, AcmeError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.custom_extensions.push(CustomExtension::new_acme_identifier(digest));
    let certificate = params.self_signed(&key)?;
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not `from_der`, which compares the two and refuses the critical extension it does not know.
    let key = super::provider().key_provider.load_private_key(der).map_err(CertificateError::from)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

fn retry_after(failures: u32) -> Duration {
    RETRY.saturating_mul(4_u32.saturating_pow(failures)).min(RETRY_MOST)
}

/// A DNS name of at least two labels in lower case (RFC 1123); it also names a file.
fn parse_domain(name: &str) -> Option<String> {
    let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (name.len() <= 253 && name.contains('.') && name.split('.').all(label)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_name_of_labels_and_never_a_path_or_a_wildcard() {
        assert_eq!(parse_domain(" Radio.Example. ").as_deref(), Some("radio.example"));
        for wrong in
            ["", "localhost", "*.radio.example", "../radio", "a..b", "-a.b", "a_b.c", "ra dio.example"]
        {
            assert_eq!(parse_domain(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn tries_grow_rare_and_stay_within_what_an_authority_allows() {
        let minutes: Vec<u64> = (0..6).map(|failures| retry_after(failures).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 4, 16, 64, 256, 360]);
        assert_eq!(retry_after(u32::MAX), RETRY_MOST);
    }

    #[test]
    fn a_proof_carries_the_digest_in_a_critical_extension() {
        let proof = proof("radio.example", &[7; 32]).unwrap();
        let (_, x509) = x509_parser::parse_x509_certificate(&proof.cert[0]).unwrap();
        let oid = x509_parser::oid_registry::asn1_rs::oid!(1.3.6.1.5.5.7.1.31);
        let extension = x509.get_extension_unique(&oid).unwrap().unwrap();
        assert!(extension.critical);
        // An OCTET STRING of 32 bytes within the extension's own.
        assert_eq!(extension.value, [&[0x04, 32][..], &[7; 32]].concat());
    }
}
