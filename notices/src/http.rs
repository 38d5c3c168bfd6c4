//! Requests to push services, over connections that are kept.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::{Request, Response, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::lookup_host;
use tokio::time::timeout;
use tower_service::Service;

/// How long a service may take for a whole answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection is kept that nobody uses. Apple asks for connections to be kept.
const IDLE: Duration = Duration::from_mins(10);

/// Idle connections to one service.
const IDLE_MAX: usize = 4;

/// What is read of an answer: services say in a few hundred bytes what is wrong.
const ANSWER_MAX: usize = 64 * 1024;

/// Which machines may be connected to.
pub type Reaches = fn(IpAddr) -> bool;

/// Why there is no answer. Each of them passes.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The address is a machine that must not be reached.
    #[error("{0} must not be reached")]
    Beyond(IpAddr),
    /// No connection, or it broke.
    #[error("no answer: {0}")]
    Broken(String),
    /// No whole answer in time.
    #[error("no whole answer within {} s", PATIENCE.as_secs())]
    Slow,
}

/// Asks by HTTPS, and by nothing else. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    connections: legacy::Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    reaches: Reaches,
}

impl Client {
    /// A client that trusts `roots`, and connects to machines that `reaches` lets it. A name is resolved once for each
    /// connection, and the connection goes to an address that was looked at.
    pub fn new(roots: RootCertStore, reaches: Reaches) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver { reaches });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(PATIENCE));
        let https = HttpsConnectorBuilder::new().with_tls_config(tls(roots)).https_only();
        let https = https.enable_all_versions().wrap_connector(tcp);
        let connections = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .build(https);
        Self { connections, reaches }
    }

    /// The whole answer to `request`. Redirects are the caller's.
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Lost> {
        if let Some(address) = number(request.uri())
            && !(self.reaches)(address)
        {
            return Err(Lost::Beyond(address));
        }
        timeout(PATIENCE, self.exchange(request)).await.unwrap_or(Err(Lost::Slow))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Lost> {
        let response =
            self.connections.request(request).await.map_err(|error| Lost::Broken(chain(&error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await;
        let body = body.map_err(|error| Lost::Broken(error.to_string()))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

fn tls(roots: RootCertStore) -> ClientConfig {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs has suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The address that a URL names by number, which nobody resolves.
fn number(uri: &Uri) -> Option<IpAddr> {
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.parse().ok()
}

/// What an error says, and what is behind it.
fn chain(error: &legacy::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(told, ": {cause}");
        source = cause.source();
    }
    told
}

/// Finds the addresses of a name, but those that must not be reached.
#[derive(Clone, Debug)]
struct Resolver {
    reaches: Reaches,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reaches = self.reaches;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let found: Vec<_> = found.filter(|address| reaches(address.ip())).collect();
            if found.is_empty() {
                let why = "none of its addresses may be reached";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
            }
            Ok(found.into_iter())
        })
    }
}
