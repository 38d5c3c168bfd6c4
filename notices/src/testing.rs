//! Services that tests send to: a real HTTPS server that answers as it is told to, with a certificate of its own.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::header::RETRY_AFTER;
use ::http::{HeaderMap, Request, Response, StatusCode, Version};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::http::{Client, Reaches};
use crate::notice::Notice;

/// What a service answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    retry_after: Option<&'static str>,
    body: String,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, retry_after: None, body: String::new() }
    }

    pub(crate) fn after(mut self, retry_after: &'static str) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    pub(crate) fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string();
        self
    }
}

/// What came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) version: Version,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A certificate for `localhost`, and its key.
pub(crate) fn certificate() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    (made.cert.der().clone(), key)
}

/// A server's side of TLS with this certificate.
pub(crate) fn acceptor(certificate: &CertificateDer<'static>, key: PrivateKeyDer<'static>) -> ServerConfig {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap()
}

type Behaviour = Box<dyn Fn(&str) -> Answer + Send>;

/// The server; it ends with the test.
pub(crate) struct Service {
    port: u16,
    certificate: CertificateDer<'static>,
    behaviour: Arc<Mutex<Behaviour>>,
    received: mpsc::UnboundedReceiver<Received>,
    connections: Arc<Mutex<usize>>,
    _serving: JoinSet<()>,
}

impl Service {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (certificate, key) = certificate();
        let mut config = acceptor(&certificate, key);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let nothing: Behaviour = Box::new(|_| Answer::status(500));
        let behaviour = Arc::new(Mutex::new(nothing));
        let (came, received) = mpsc::unbounded_channel();
        let connections = Arc::new(Mutex::new(0));
        let mut serving = JoinSet::new();
        let (shared, counted) = (behaviour.clone(), connections.clone());
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let (came, behaviour, acceptor) = (came.clone(), shared.clone(), acceptor.clone());
                open.spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| answer(request, came.clone(), behaviour.clone()));
                    let server = auto::Builder::new(TokioExecutor::new());
                    // How a connection ends is its client's business.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { port, certificate, behaviour, received, connections, _serving: serving }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        self.client_that_reaches(|_| true)
    }

    pub(crate) fn client_that_reaches(&self, reaches: Reaches) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        Client::new(roots, reaches)
    }

    /// Answers everything with this.
    pub(crate) fn answer(&self, answer: Answer) {
        self.behave(move |_| answer.clone());
    }

    /// Answers each path as `behaviour` says.
    pub(crate) fn behave(&self, behaviour: impl Fn(&str) -> Answer + Send + 'static) {
        *self.behaviour.lock().unwrap() = Box::new(behaviour);
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    pub(crate) fn is_quiet(&mut self) -> bool {
        self.received.try_recv().is_err()
    }

    pub(crate) async fn next(&mut self) -> Received {
        let came = timeout(Duration::from_secs(60), self.received.recv()).await;
        came.expect("a request comes, also on a busy machine").unwrap()
    }
}

async fn answer(
    request: Request<Incoming>,
    came: mpsc::UnboundedSender<Received>,
    behaviour: Arc<Mutex<Behaviour>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = head.uri.path().to_owned();
    let answer = behaviour.lock().unwrap()(&path);
    let (method, version) = (head.method.to_string(), head.version);
    // A test that has ended asks no more.
    let _ = came.send(Received { method, path, version, headers: head.headers, body });
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    if let Some(after) = answer.retry_after {
        response.headers_mut().insert(RETRY_AFTER, after.parse().unwrap());
    }
    Ok(response)
}

/// Something to be told.
pub(crate) fn notice() -> Notice {
    let id = Uuid::parse_str("0199f3c2-0000-7000-8000-000000000001").unwrap();
    let link = "https://radio.example/listen/evening".parse().unwrap();
    Notice::new(id, "Ada is on air", "Evening news", link).unwrap()
}
