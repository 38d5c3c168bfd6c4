//! The station gets its certificate from a real ACME authority: Pebble, Let's Encrypt's own for tests.
//!
//! Pebble validates for real: it asks its DNS server for the domain, connects to the HTTPS port with ALPN
//! `acme-tls/1` and compares the certificate it finds there. Debian's package `pebble` holds both.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use onair::{
    http::{Client, Limits, Peer, Server},
    tls::{self, Acme, AcmeSettings, Protocols, certificate::Facts},
};
use rcgen::{CertificateParams, CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

const DOMAIN: &str = "radio.onair.test";

/// A running authority; ends with the test.
struct Pebble {
    directory: String,
    manages: String,
    roots: RootCertStore,
    processes: Vec<Child>,
    _folder: TempDir,
}

impl Pebble {
    /// Starts one that validates on `tls_port`, and waits until it answers.
    async fn start(tls_port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let file = |name: &str, text: &str| -> PathBuf {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let [listens, manages, names, orders] = free_ports();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{listens}"),
            "managementListenAddress": format!("127.0.0.1:{manages}"),
            "certificate": file("cert.pem", &cert.pem()),
            "privateKey": file("key.pem", &signing_key.serialize_pem()),
            "httpPort": 1,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        let config = file("pebble.json", &config.to_string());
        let processes = vec![
            spawn(Command::new("pebble-challtestsrv").args([
                "-dns01",
                &format!("127.0.0.1:{names}"),
                "-management",
                &format!("127.0.0.1:{orders}"),
                "-defaultIPv4",
                "127.0.0.1",
                "-defaultIPv6",
                "",
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
            ])),
            spawn(
                Command::new("pebble")
                    .args(["-dnsserver", &format!("127.0.0.1:{names}"), "-config"])
                    .arg(config)
                    .env("PEBBLE_VA_NOSLEEP", "1"),
            ),
        ];
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let directory = format!("https://localhost:{listens}/dir");
        let manages = format!("https://localhost:{manages}");
        let pebble = Self { directory, manages, roots, processes, _folder: folder };
        until(async || pebble.get(&pebble.directory).await.is_some()).await;
        pebble
    }

    fn client(&self) -> Client {
        Client::new(self.roots.clone())
    }

    async fn get(&self, address: &str) -> Option<Bytes> {
        let request = Request::get(address).body(Full::default()).unwrap();
        let answer = self.client().fetch(request).await.ok()?;
        (answer.status() == 200).then(|| answer.into_body())
    }

    /// A store that trusts what this authority issues.
    async fn issues(&self) -> RootCertStore {
        let pem = self.get(&format!("{}/roots/0", self.manages)).await.unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        roots
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the tests need Debian's package `pebble` (`make deps` installs it)")
}

/// Ports that nobody listens on now.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: Vec<_> = (0..N).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    std::array::from_fn(|index| held[index].local_addr().unwrap().port())
}

/// A station that serves HTTPS with what ACME gives it.
struct Station {
    address: SocketAddr,
    acme: Arc<Acme>,
    shutdown: CancellationToken,
    running: Vec<JoinHandle<()>>,
}

impl Station {
    async fn open(server: Bound, pebble: &Pebble, cache: &Path) -> Self {
        let settings = AcmeSettings {
            domains: vec![DOMAIN.to_owned()],
            directory: pebble.directory.clone(),
            contact: Some("mailto:host@onair.test".to_owned()),
            cache: cache.to_owned(),
        };
        let acme = Acme::open(settings, pebble.client()).await.unwrap();
        let config = tls::server_config(Arc::clone(&acme) as _, Protocols::WebAndAcme);
        let server = Server::bind(server.0, Some(config)).unwrap();
        let address = server.local_addr();
        let shutdown = CancellationToken::new();
        let service = |_: Peer| {
            service_fn(|_: Request<Incoming>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"on air"))))
            })
        };
        let running = vec![tokio::spawn(server.run(service, Limits::default(), shutdown.clone()))];
        Self { address, acme, shutdown, running }
    }

    fn run(&mut self) {
        let (acme, shutdown) = (Arc::clone(&self.acme), self.shutdown.clone());
        self.running.push(tokio::spawn(async move { acme.run(shutdown).await }));
    }

    /// What a client that trusts `roots` is shown.
    async fn shows(&self, roots: &RootCertStore) -> Option<Facts> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from(DOMAIN).unwrap();
        let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.ok()?;
        Some(Facts::parse(&stream.get_ref().1.peer_certificates()?[0]).unwrap())
    }

    async fn close(self) {
        self.shutdown.cancel();
        for task in self.running {
            task.await.unwrap();
        }
    }
}

/// An address that was free a moment ago, since the authority is told the port before it is served.
struct Bound(SocketAddr);

impl Bound {
    fn new() -> Self {
        let [port] = free_ports();
        Self(([127, 0, 0, 1], port).into())
    }
}

/// Waits until `holds`, at most a minute: an order takes a few seconds.
async fn until(holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !holds().await {
        assert!(Instant::now() < deadline, "the condition never held");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_station_gets_its_certificate_and_keeps_it_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let bound = Bound::new();
    let pebble = Pebble::start(bound.0.port()).await;
    let trust = pebble.issues().await;

    let mut station = Station::open(bound, &pebble, folder.path()).await;
    assert!(station.acme.facts().is_none());
    assert!(station.shows(&trust).await.is_none(), "there is nothing to serve yet");
    station.run();
    until(async || station.shows(&trust).await.is_some()).await;
    let issued = station.shows(&trust).await.unwrap();
    assert_eq!(issued.names, [DOMAIN]);
    station.close().await;

    // Nobody runs this one: what it serves comes from the directory.
    let again = Station::open(Bound::new(), &pebble, folder.path()).await;
    assert_eq!(again.shows(&trust).await, Some(issued));
    again.close().await;
}

#[tokio::test]
async fn a_certificate_near_its_end_is_served_until_the_next_one_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let bound = Bound::new();
    let pebble = Pebble::start(bound.0.port()).await;
    let trust = pebble.issues().await;

    let (old, pem) = near_its_end();
    let kept = folder.path().join("localhost").join(format!("{DOMAIN}.pem"));
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    std::fs::write(&kept, pem).unwrap();
    let mut station = Station::open(bound, &pebble, folder.path()).await;
    let mut trusts_old = RootCertStore::empty();
    trusts_old.add(old).unwrap();
    let before = station.shows(&trusts_old).await.unwrap();
    assert!(before.renew_at() < SystemTime::now());
    station.run();
    until(async || station.shows(&trust).await.is_some()).await;
    assert!(station.shows(&trust).await.unwrap().not_after > before.not_after);
    assert!(std::fs::read_to_string(kept).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    station.close().await;
}

#[tokio::test]
async fn a_station_that_cannot_be_reached_gets_no_certificate_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let [elsewhere] = free_ports();
    let pebble = Pebble::start(elsewhere).await;
    let trust = pebble.issues().await;
    let mut station = Station::open(Bound::new(), &pebble, folder.path()).await;
    station.run();
    until(async || station.acme.failure().is_some()).await;
    let failure = station.acme.failure().unwrap();
    assert!(failure.contains(DOMAIN) && failure.contains("Failed to connect"), "{failure}");
    assert!(station.shows(&trust).await.is_none());
    assert!(!folder.path().join(format!("localhost/{DOMAIN}.pem")).exists());
    station.close().await;
}

/// A self-signed certificate with an hour left of a year, and its PEM with the key first.
fn near_its_end() -> (CertificateDer<'static>, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([DOMAIN.to_owned()]).unwrap();
    let now = SystemTime::now();
    params.not_before = (now - Duration::from_hours(365 * 24)).into();
    params.not_after = (now + Duration::from_hours(1)).into();
    let certificate = params.self_signed(&key).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), certificate.pem());
    (certificate.der().clone(), pem)
}
