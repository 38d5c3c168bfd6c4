//! A certificate chain with its key, as one value that fits together.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::{
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    sign::CertifiedKey,
};
use x509_parser::{extensions::GeneralName, prelude::FromDer, prelude::X509Certificate};

/// Certificates a chain may hold. Real ones hold two to four.
const CHAIN: usize = 16;

/// Why PEM text is not a certificate to serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The certificate's text is not PEM.
    #[error("the certificate is not PEM: {0}")]
    Chain(pem::Error),
    /// The text holds no certificate.
    #[error("there is no certificate in it")]
    Empty,
    /// The text holds more certificates than a chain has.
    #[error("{0} certificates are more than a chain has")]
    TooMany(usize),
    /// The key's text holds no private key in PEM.
    #[error("the private key is not PEM: {0}")]
    Key(pem::Error),
    /// The key is of a kind that cannot sign, or does not belong to the certificate.
    #[error("certificate and key do not serve together: {0}")]
    Pair(#[from] rustls::Error),
    /// The first certificate does not parse as X.509.
    #[error("the certificate is not X.509: {0}")]
    X509(String),
}

/// A chain with its key, ready to be served, and what its first certificate says.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// What rustls serves.
    pub key: Arc<CertifiedKey>,
    /// What it says about itself.
    pub facts: Facts,
}

/// What a certificate says about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    /// DNS names and addresses of its subject alternative name, in its order.
    pub names: Vec<String>,
    /// Valid from.
    pub not_before: SystemTime,
    /// Valid until.
    pub not_after: SystemTime,
}

impl Certificate {
    /// Parses a PEM chain, the station's certificate first, and its PEM key (PKCS#8, PKCS#1 or SEC1).
    pub fn parse(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(CertificateError::Chain)?;
        let first = match chain.first() {
            None => return Err(CertificateError::Empty),
            Some(_) if chain.len() > CHAIN => return Err(CertificateError::TooMany(chain.len())),
            Some(first) => first,
        };
        let facts = Facts::parse(first)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(CertificateError::Key)?;
        let key = CertifiedKey::from_der(chain, key, &super::provider())?;
        Ok(Self { key: Arc::new(key), facts })
    }
}

impl Facts {
    /// Reads them from DER.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let (_, x509) =
            X509Certificate::from_der(der).map_err(|error| CertificateError::X509(error.to_string()))?;
        let alternative =
            x509.subject_alternative_name().map_err(|error| CertificateError::X509(error.to_string()))?;
        let names = alternative.map_or_else(Vec::new, |extension| {
            extension.value.general_names.iter().filter_map(name).collect()
        });
        let validity = x509.validity();
        Ok(Self {
            names,
            not_before: instant(validity.not_before.timestamp()),
            not_after: instant(validity.not_after.timestamp()),
        })
    }

    /// Whether it is valid at `now`.
    pub fn holds_at(&self, now: SystemTime) -> bool {
        self.not_before <= now && now < self.not_after
    }

    /// Whether `host` is among its names; `*.example.org` covers one label (RFC 6125, 6.4.3).
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.names.iter().any(|name| {
            name.eq_ignore_ascii_case(host)
                || name.strip_prefix("*.").is_some_and(|parent| {
                    host.split_once('.')
                        .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent))
                })
        })
    }

    /// When to ask for the next one: a third of its life before its end, as authorities advise.
    pub fn renew_at(&self) -> SystemTime {
        let life = self.not_after.duration_since(self.not_before).unwrap_or(Duration::ZERO);
        self.not_after.checked_sub(life / 3).unwrap_or(self.not_before)
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|four| std::net::Ipv4Addr::from(four).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|all| std::net::Ipv6Addr::from(all).to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn instant(seconds: i64) -> SystemTime {
    let epoch = SystemTime::UNIX_EPOCH;
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let instant = if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
    instant.unwrap_or(epoch)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let Made { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn a_certificate_tells_its_names_and_its_life() {
        let (chain, key) = made(&["radio.example", "*.live.example", "127.0.0.1"]);
        let facts = Certificate::parse(chain.as_bytes(), key.as_bytes()).unwrap().facts;
        assert_eq!(facts.names, ["radio.example", "*.live.example", "127.0.0.1"]);
        assert!(facts.holds_at(SystemTime::now()));
        assert!(!facts.holds_at(facts.not_after));
        assert!(facts.not_before < facts.renew_at() && facts.renew_at() < facts.not_after);
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        let (chain, key) = made(&["radio.example", "*.live.example"]);
        let facts = Certificate::parse(chain.as_bytes(), key.as_bytes()).unwrap().facts;
        assert!(facts.covers("Radio.Example") && facts.covers("a.live.example"));
        assert!(
            !facts.covers("live.example")
                && !facts.covers("a.b.live.example")
                && !facts.covers(".live.example")
        );
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (chain, _) = made(&["radio.example"]);
        let (_, key) = made(&["radio.example"]);
        let error = Certificate::parse(chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert!(matches!(error, CertificateError::Pair(_)), "{error}");
    }

    #[test]
    fn text_that_is_no_certificate_says_so() {
        let (chain, key) = made(&["radio.example"]);
        let parse =
            |chain: &str, key: &str| Certificate::parse(chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert!(matches!(parse("", &key), CertificateError::Empty));
        assert!(matches!(parse(&key, &key), CertificateError::Empty));
        assert!(matches!(parse(&chain, &chain), CertificateError::Key(_)));
        assert!(matches!(parse(&chain.repeat(17), &key), CertificateError::TooMany(17)));
    }
}
