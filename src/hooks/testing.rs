//! A receiver of hooks for tests: a real HTTP server that answers as it is told to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::courier::Courier;

/// What a receiver does with a request, once it has it whole.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// Answers with this status.
    Answers(u16),
    /// Never answers.
    Hangs,
}

/// What came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Whether the request is signed with `secret`, perhaps among others, by its own time.
    pub(crate) fn is_signed(&self, secret: &str) -> bool {
        let mut parts = self.header(super::signature::HEADER).split(',');
        let at = parts.next().unwrap().strip_prefix("t=").unwrap().parse().unwrap();
        let expected = super::signature::sign([secret.as_bytes()], at, &self.body);
        parts.any(|part| expected.ends_with(&format!(",{part}")))
    }
}

/// The server; it ends with the test.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    received: mpsc::UnboundedReceiver<Received>,
    _serving: JoinSet<()>,
}

impl Receiver {
    pub(crate) async fn open(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let manner = Arc::new(Mutex::new(manner));
        let (came, received) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        let shared = manner.clone();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (came, manner) = (came.clone(), shared.clone());
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let (came, manner) = (came.clone(), manner.clone());
                    async move { Ok::<_, Infallible>(answer(request, &came, &manner).await) }
                });
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, manner, received, _serving: serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Whether no request has come that was not looked at.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.received.try_recv().is_err()
    }

    /// Waits for the next request.
    pub(crate) async fn next(&mut self) -> Received {
        let came = timeout(Duration::from_secs(60), self.received.recv()).await;
        came.expect("a request comes, also on a busy machine").unwrap()
    }
}

async fn answer(
    request: http::Request<Incoming>,
    came: &mpsc::UnboundedSender<Received>,
    manner: &Mutex<Manner>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let manner = *manner.lock().unwrap();
    came.send(Received { headers: head.headers, body }).unwrap();
    match manner {
        Manner::Answers(status) => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        }
        Manner::Hangs => std::future::pending().await,
    }
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

/// A courier that waits longer than any machine is busy.
pub(crate) fn patient() -> Courier {
    Courier::new(RootCertStore::empty(), Duration::from_secs(60))
}

/// A courier that waits no time to speak of.
pub(crate) fn hasty() -> Courier {
    Courier::new(RootCertStore::empty(), Duration::from_millis(50))
}
