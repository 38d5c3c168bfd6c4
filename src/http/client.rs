//! A small HTTP client: one request, one connection, bounded in time and size.
//!
//! It serves what the station asks of others now and then (a certificate authority, its own public
//! address, a webhook), where a pool of connections has nothing to hold.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, Version, header::HOST, uri::Scheme};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{reach::Reach, server::ALPN_H2};

/// What a client waits for a whole answer unless it is told otherwise.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What a client takes of a body unless it is told otherwise: a media segment is under 200 kB.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is not an absolute `http` or `https` one.
    #[error("{0} is not an absolute http or https address")]
    Address(Uri),
    /// The name does not resolve, or nobody listens there.
    #[error("cannot connect to {authority}: {source}")]
    Connect {
        /// Host and port.
        authority: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The TLS handshake failed; the text says whether the certificate is the reason.
    #[error("TLS with {authority}: {source}")]
    Tls {
        /// Host and port.
        authority: String,
        /// The reason of rustls.
        source: io::Error,
    },
    /// The other side broke off or does not speak HTTP.
    #[error("HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// The body is longer than the client takes.
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    /// The body broke off.
    #[error("the body broke off: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// No whole answer in time.
    #[error("no whole answer within {0:?}")]
    Slow(Duration),
}

/// Which version a client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speaks {
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only: by prior knowledge in clear, by ALPN over TLS.
    Http2,
    /// Over TLS what the server prefers, in clear HTTP/1.1.
    Either,
}

/// A client with its trust and its bounds. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    tls: Arc<ClientConfig>,
    timeout: Duration,
    body_limit: usize,
    speaks: Speaks,
    reach: Reach,
}

impl Client {
    /// A client that trusts `roots` and nobody else.
    pub fn new(roots: RootCertStore) -> Self {
        Self {
            tls: Arc::new(tls(roots, Speaks::Either)),
            timeout: TIMEOUT,
            body_limit: BODY_LIMIT,
            speaks: Speaks::Either,
            reach: Reach::Anywhere,
        }
    }

    /// The same client, kept from machines beyond `reach`.
    #[must_use]
    pub fn reaching(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// The same client with another bound on a body, in bytes.
    #[must_use]
    pub fn with_body_limit(mut self, body_limit: usize) -> Self {
        self.body_limit = body_limit;
        self
    }

    /// The same client with another bound on the whole answer.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same client, held to one version of HTTP.
    #[must_use]
    pub fn speaking(mut self, speaks: Speaks) -> Self {
        let mut tls = ClientConfig::clone(&self.tls);
        tls.alpn_protocols = alpn(speaks);
        self.tls = Arc::new(tls);
        self.speaks = speaks;
        self
    }

    /// Sends `request`, whose address is absolute, and returns the whole answer.
    ///
    /// Redirects and content codings are left to the caller.
    pub async fn fetch(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, FetchError> {
        match timeout(self.timeout, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::Slow(self.timeout)),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, FetchError> {
        let target = Target::of(request.uri())?;
        let connect = |source| FetchError::Connect { authority: target.authority(), source };
        let stream = self.reach.connect(&target.host, target.port).await.map_err(connect)?;
        stream.set_nodelay(true).map_err(connect)?;
        if !target.secure {
            return self.speak(stream, request, self.speaks == Speaks::Http2, &target).await;
        }
        let refused = |source| FetchError::Tls { authority: target.authority(), source };
        let name = ServerName::try_from(target.host.clone())
            .map_err(|error| refused(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let stream =
            TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await.map_err(refused)?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_H2);
        self.speak(stream, request, http2, &target).await
    }

    async fn speak<T>(
        &self,
        stream: T,
        mut request: Request<Full<Bytes>>,
        http2: bool,
        target: &Target,
    ) -> Result<Response<Bytes>, FetchError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let io = TokioIo::new(stream);
        if http2 {
            *request.version_mut() = Version::HTTP_2;
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            return beside(connection, async { self.collect(sender.send_request(request).await?).await })
                .await;
        }
        let (mut sender, connection) = http1::handshake(io).await?;
        if !request.headers().contains_key(HOST) {
            let host = HeaderValue::try_from(target.host_header())
                .map_err(|_| FetchError::Address(request.uri().clone()))?;
            request.headers_mut().insert(HOST, host);
        }
        if let Some(path) = request.uri().path_and_query().cloned() {
            *request.uri_mut() = Uri::from(path);
        }
        beside(connection, async { self.collect(sender.send_request(request).await?).await }).await
    }

    async fn collect(
        &self,
        response: Response<hyper::body::Incoming>,
    ) -> Result<Response<Bytes>, FetchError> {
        let (head, body) = response.into_parts();
        match Limited::new(body, self.body_limit).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLong(self.body_limit)),
            Err(error) => Err(FetchError::Body(error)),
        }
    }
}

/// Drives a connection for as long as the exchange over it lasts.
async fn beside<T>(
    connection: impl Future<Output = hyper::Result<()>>,
    exchange: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        answer = exchange.as_mut() => answer,
        // The exchange learns of the end, and of its reason, through its own channel.
        _ = connection.as_mut() => exchange.await,
    }
}

fn tls(roots: RootCertStore, speaks: Speaks) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs has suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn(speaks);
    config
}

fn alpn(speaks: Speaks) -> Vec<Vec<u8>> {
    match speaks {
        Speaks::Http1 => vec![b"http/1.1".to_vec()],
        Speaks::Http2 => vec![ALPN_H2.to_vec()],
        Speaks::Either => vec![ALPN_H2.to_vec(), b"http/1.1".to_vec()],
    }
}

/// The authorities this machine trusts, as its administrator set them (`SSL_CERT_FILE` included).
///
/// Empty where the machine has none; the handshake then says that the issuer is unknown.
pub fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!("a system certificate store was passed over: {error}");
    }
    roots.add_parsable_certificates(found.certs);
    roots
}

/// Where a request goes.
struct Target {
    host: String,
    port: u16,
    explicit_port: bool,
    secure: bool,
}

impl Target {
    fn of(uri: &Uri) -> Result<Self, FetchError> {
        let wrong = || FetchError::Address(uri.clone());
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(wrong()),
        };
        let host = uri.host().ok_or_else(wrong)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Self {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            explicit_port: uri.port_u16().is_some(),
            secure,
        })
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    fn host_header(&self) -> String {
        if self.explicit_port { self.authority() } else { self.bracketed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_scheme_is_refused() {
        assert!(matches!(Target::of(&Uri::from_static("/live")), Err(FetchError::Address(_))));
        assert!(matches!(Target::of(&Uri::from_static("ftp://a/")), Err(FetchError::Address(_))));
    }

    #[test]
    fn a_target_keeps_the_port_it_was_given_and_finds_the_usual_one() {
        let target = Target::of(&Uri::from_static("https://[::1]/x")).unwrap();
        assert_eq!((target.authority(), target.host_header()), ("[::1]:443".into(), "[::1]".into()));
        let target = Target::of(&Uri::from_static("http://radio.example:8080/x")).unwrap();
        assert_eq!(target.host_header(), "radio.example:8080");
    }
}
