//! TLS for the station: where its certificate comes from, and the server's side of a handshake.
//!
//! A certificate comes from two PEM files that somebody else renews ([`Files`]), or from an ACME
//! authority that this module asks itself ([`Acme`]). Both are a
//! [`ResolvesServerCert`] that changes what it serves without a
//! restart; HTTPS and RTMPS share it.

pub mod acme;
pub mod certificate;
pub mod files;
mod shelf;

use std::sync::Arc;

use rustls::{ServerConfig, crypto::CryptoProvider, server::ResolvesServerCert};

pub use acme::{Acme, AcmeSettings};
pub use certificate::{Certificate, CertificateError};
pub use files::Files;

use crate::http::server::{ALPN_ACME, ALPN_H2};

/// What a port's connections may agree on by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocols {
    /// HTTP/2, then HTTP/1.1.
    Web,
    /// The same, and validations of an ACME authority (RFC 8737).
    WebAndAcme,
    /// None: RTMPS clients name nothing.
    Unnamed,
}

/// A TLS 1.2 and 1.3 server that takes its certificate from `resolver` at every handshake.
pub fn server_config(resolver: Arc<dyn ResolvesServerCert>, protocols: Protocols) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs has suites for TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    let web = [ALPN_H2, b"http/1.1", ALPN_ACME];
    let named = match protocols {
        Protocols::Web => &web[..2],
        Protocols::WebAndAcme => &web[..],
        Protocols::Unnamed => &[],
    };
    config.alpn_protocols = named.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

/// The one provider of cryptography, named so that no other crate's features can change it.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
