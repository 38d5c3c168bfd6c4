//! TLS as a client meets it: ALPN, a certificate that changes, a port that serves two protocols.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use onair::{
    http::{
        Limits, Peer, Server,
        client::{Client, FetchError, Speaks},
        server::{Counters, Scheme},
    },
    tls::{
        self, Files, Protocols,
        files::{Look, Seen},
    },
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// Two PEM files, and the trust in whatever was written last.
struct Pem {
    folder: TempDir,
}

impl Pem {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn chain(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Writes a new certificate for `name` and returns a store that trusts it.
    fn write(&self, name: &str) -> RootCertStore {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(self.chain(), cert.pem()).unwrap();
        std::fs::write(self.key(), signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        roots
    }
}

/// An HTTPS server over `files` that answers with the scheme its service was made for.
struct Station {
    address: SocketAddr,
    counters: Arc<Counters>,
    shutdown: CancellationToken,
    running: Vec<JoinHandle<()>>,
}

impl Station {
    fn open(files: Arc<Files>, limits: Limits) -> Self {
        let config = tls::server_config(Arc::clone(&files) as _, Protocols::Web);
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), Some(config)).unwrap();
        let (address, counters) = (server.local_addr(), server.counters());
        let shutdown = CancellationToken::new();
        let service = |peer: Peer| {
            service_fn(move |_: Request<Incoming>| async move {
                assert_eq!(peer.scheme, Scheme::Https);
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("secure"))))
            })
        };
        let reload = shutdown.clone();
        let running = vec![
            tokio::spawn(server.run(service, limits, shutdown.clone())),
            tokio::spawn(async move { files.run(Duration::from_millis(10), reload).await }),
        ];
        Self { address, counters, shutdown, running }
    }

    async fn ask(&self, roots: RootCertStore, speaks: Speaks) -> Result<Response<Bytes>, FetchError> {
        let uri = format!("https://localhost:{}/", self.address.port());
        let request = Request::get(uri).body(Full::default()).unwrap();
        Client::new(roots).speaking(speaks).fetch(request).await
    }

    async fn close(self) {
        self.shutdown.cancel();
        for task in self.running {
            task.await.unwrap();
        }
    }
}

/// Waits until `holds`; what comes comes at once, and a busy machine is given a minute.
async fn until(holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !holds().await {
        assert!(Instant::now() < deadline, "the condition never held");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn open(pem: &Pem) -> Arc<Files> {
    Files::open(&pem.chain(), &pem.key()).await.unwrap()
}

#[tokio::test]
async fn alpn_chooses_the_version() {
    let pem = Pem::new();
    let roots = pem.write("localhost");
    let station = Station::open(open(&pem).await, Limits::default());
    let versions = [
        (Speaks::Either, Version::HTTP_2),
        (Speaks::Http2, Version::HTTP_2),
        (Speaks::Http1, Version::HTTP_11),
    ];
    for (speaks, version) in versions {
        let answer = station.ask(roots.clone(), speaks).await.unwrap();
        assert_eq!((answer.version(), answer.body().as_ref()), (version, &b"secure"[..]));
    }
    station.close().await;
}

#[tokio::test]
async fn a_changed_certificate_is_served_without_a_restart() {
    let pem = Pem::new();
    let first = pem.write("localhost");
    let files = open(&pem).await;
    let station = Station::open(Arc::clone(&files), Limits::default());
    assert!(station.ask(first.clone(), Speaks::Either).await.is_ok());
    let second = pem.write("localhost");
    until(async || station.ask(second.clone(), Speaks::Either).await.is_ok()).await;
    assert!(matches!(station.ask(first, Speaks::Either).await, Err(FetchError::Tls { .. })));
    station.close().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_served_leaves_the_old_one_in_force() {
    let pem = Pem::new();
    let first = pem.write("localhost");
    let files = open(&pem).await;
    let station = Station::open(Arc::clone(&files), Limits::default());
    let mut seen = Seen::default();
    assert_eq!(files.look(&mut seen).await.unwrap(), Look::Same);
    for text in ["no PEM", ""] {
        std::fs::write(pem.chain(), text).unwrap();
        assert!(files.look(&mut seen).await.is_err());
        assert_eq!(files.look(&mut seen).await.unwrap(), Look::Same, "one text is one error");
        assert!(station.ask(first.clone(), Speaks::Either).await.is_ok());
    }
    std::fs::remove_file(pem.chain()).unwrap();
    assert!(files.look(&mut seen).await.is_err());
    assert!(station.ask(first, Speaks::Either).await.is_ok());
    // The watch still works: a good pair after the bad ones is taken.
    let last = pem.write("localhost");
    until(async || station.ask(last.clone(), Speaks::Either).await.is_ok()).await;
    station.close().await;
}

#[tokio::test]
async fn a_station_does_not_start_on_files_that_are_wrong() {
    let pem = Pem::new();
    pem.write("localhost");
    let missing = Files::open(Path::new("/nowhere/chain.pem"), &pem.key()).await.unwrap_err();
    assert!(missing.to_string().contains("/nowhere/chain.pem"), "{missing}");
    let swapped = Files::open(&pem.key(), &pem.chain()).await.unwrap_err();
    assert!(swapped.to_string().contains("no certificate"), "{swapped}");
}

#[tokio::test]
async fn a_client_in_clear_and_one_that_says_nothing_end_with_the_handshake() {
    let pem = Pem::new();
    pem.write("localhost");
    let limits = Limits { handshake: Duration::from_millis(80), ..Limits::default() };
    let station = Station::open(open(&pem).await, limits);
    let silent = TcpStream::connect(station.address).await.unwrap();
    let clear = Request::get(format!("http://{}/", station.address)).body(Full::default()).unwrap();
    assert!(Client::new(RootCertStore::empty()).fetch(clear).await.is_err());
    until(async || station.counters.handshakes_failed.load(Relaxed) == 2).await;
    until(async || station.counters.open.load(Relaxed) == 0).await;
    drop(silent);
    station.close().await;
}

#[tokio::test]
async fn rtmps_shares_the_certificate_and_names_no_protocol() -> io::Result<()> {
    let pem = Pem::new();
    let roots = pem.write("localhost");
    let files = open(&pem).await;
    let config = tls::server_config(files, Protocols::Unnamed);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let door = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let stream = tokio_rustls::TlsAcceptor::from(config).accept(stream).await?;
        io::Result::Ok(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
    });
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
    assert_eq!(door.await.unwrap()?, None);
    Ok(())
}
