//! The server over real sockets.

use std::{
    io::{Read, Write},
    net::TcpStream as Socket,
};

use bytes::Bytes;
use http::{Uri, Version};
use http_body_util::Full;
use hyper::service::service_fn;
use rustls::RootCertStore;
use tokio::{sync::Notify, task::JoinHandle};

use super::*;
use crate::http::client::{Client, Speaks};

/// A server on a free port that answers with the path it was asked.
struct Station {
    address: SocketAddr,
    counters: Arc<Counters>,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl Station {
    /// `/held` waits for `release`; all else is answered at once.
    fn open(limits: Limits, release: Arc<Notify>) -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).unwrap();
        let (address, counters) = (server.local_addr(), server.counters());
        let shutdown = CancellationToken::new();
        let service = move |peer: Peer| {
            let release = Arc::clone(&release);
            service_fn(move |request: Request<Incoming>| {
                let release = Arc::clone(&release);
                async move {
                    if request.uri().path() == "/held" {
                        release.notified().await;
                    }
                    let text = format!("{:?} {} {:?}", request.version(), request.uri().path(), peer.scheme);
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text))))
                }
            })
        };
        let running = tokio::spawn(server.run(service, limits, shutdown.clone()));
        Self { address, counters, shutdown, running }
    }

    fn uri(&self, path: &str) -> Uri {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    async fn ask(&self, path: &str, speaks: Speaks) -> Response<Bytes> {
        ask(self.uri(path), speaks).await
    }
}

async fn ask(uri: Uri, speaks: Speaks) -> Response<Bytes> {
    let client = Client::new(RootCertStore::empty()).speaking(speaks);
    client.fetch(Request::get(uri).body(Full::default()).unwrap()).await.unwrap()
}

/// Waits until `holds`, at most ten seconds.
async fn until(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "the condition never held");
        sleep(Duration::from_millis(2)).await;
    }
}

fn read_to_end(mut socket: Socket) -> JoinHandle<Vec<u8>> {
    tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        match socket.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the server did not close: {error}"),
        }
        bytes
    })
}

#[tokio::test]
async fn one_port_answers_http1_and_http2_by_prior_knowledge() {
    let station = Station::open(Limits::default(), Arc::default());
    let first = station.ask("/a", Speaks::Http1).await;
    assert_eq!((first.version(), first.body().as_ref()), (Version::HTTP_11, &b"HTTP/1.1 /a Http"[..]));
    let second = station.ask("/b", Speaks::Http2).await;
    assert_eq!((second.version(), second.body().as_ref()), (Version::HTTP_2, &b"HTTP/2.0 /b Http"[..]));
}

#[tokio::test]
async fn methods_that_begin_like_the_preface_are_http1() {
    let station = Station::open(Limits::default(), Arc::default());
    let mut socket = Socket::connect(station.address).unwrap();
    socket.write_all(b"P").unwrap();
    until(|| station.counters.open.load(Relaxed) == 1).await;
    socket.write_all(b"UT /put HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let answer = read_to_end(socket).await.unwrap();
    assert!(answer.ends_with(b"HTTP/1.1 /put Http"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_in_the_error() {
    let station = Station::open(Limits::default(), Arc::default());
    let Err(error) = Server::bind(station.address, None) else { panic!("the port was free") };
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&station.address.to_string()), "{error}");
}

#[tokio::test]
async fn the_newest_connection_beyond_the_limit_is_closed_and_counted() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let station = Station::open(limits, Arc::default());
    let held = [Socket::connect(station.address).unwrap(), Socket::connect(station.address).unwrap()];
    until(|| station.counters.open.load(Relaxed) == 2).await;
    let beyond = Socket::connect(station.address).unwrap();
    assert_eq!(read_to_end(beyond).await.unwrap(), b"");
    assert_eq!(station.counters.refused.load(Relaxed), 1);
    drop(held);
    until(|| station.counters.open.load(Relaxed) == 0).await;
    assert_eq!(station.ask("/again", Speaks::Http1).await.status(), 200);
}

#[tokio::test]
async fn a_head_that_never_ends_is_closed() {
    let limits = Limits { first_request: Duration::from_millis(80), ..Limits::default() };
    let station = Station::open(limits, Arc::default());
    let mut socket = Socket::connect(station.address).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").unwrap();
    assert_eq!(read_to_end(socket).await.unwrap(), b"");
    assert_eq!(station.counters.silent.load(Relaxed), 1);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let limits = Limits { first_request: Duration::from_millis(80), ..Limits::default() };
    let station = Station::open(limits, Arc::default());
    let socket = Socket::connect(station.address).unwrap();
    assert_eq!(read_to_end(socket).await.unwrap(), b"");
    until(|| station.counters.silent.load(Relaxed) == 1).await;
}

#[tokio::test]
async fn an_unused_keep_alive_connection_is_closed_and_a_held_one_is_not() {
    let release = Arc::new(Notify::new());
    let limits = Limits {
        first_request: Duration::from_millis(60),
        idle: Duration::from_millis(60),
        ..Limits::default()
    };
    let station = Station::open(limits, Arc::clone(&release));
    let held = tokio::spawn(ask(station.uri("/held"), Speaks::Http1));
    let mut unused = Socket::connect(station.address).unwrap();
    unused.write_all(b"GET /once HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let answer = read_to_end(unused).await.unwrap();
    assert!(answer.ends_with(b"/once Http"));
    // The held request began no later than the unused connection ended, and has outlived it.
    assert_eq!((station.counters.idle.load(Relaxed), held.is_finished()), (1, false));
    release.notify_waiters();
    assert_eq!(held.await.unwrap().body().as_ref(), b"HTTP/1.1 /held Http");
}

#[tokio::test]
async fn a_head_beyond_its_bound_is_refused() {
    let station = Station::open(Limits { head_bytes: 8192, ..Limits::default() }, Arc::default());
    let mut socket = Socket::connect(station.address).unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n", "a".repeat(20_000));
    // The server may answer and close before it took everything.
    let _ = socket.write_all(head.as_bytes());
    let answer = read_to_end(socket).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(station.ask("/after", Speaks::Http1).await.status(), 200);
}

#[tokio::test]
async fn a_shutdown_lets_requests_in_flight_finish_and_closes_the_rest() {
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let release = Arc::new(Notify::new());
        let station = Station::open(Limits::default(), Arc::clone(&release));
        let held = tokio::spawn(ask(station.uri("/held"), speaks));
        let unused = Socket::connect(station.address).unwrap();
        until(|| station.counters.open.load(Relaxed) == 2).await;
        until_held(&release, &held, &station).await;
        assert_eq!(read_to_end(unused).await.unwrap(), b"");
        assert!(!station.running.is_finished(), "a request is in flight");
        release.notify_one();
        assert!(held.await.unwrap().body().ends_with(b"/held Http"));
        station.running.await.unwrap();
        assert_eq!(station.counters.open.load(Relaxed), 0);
        assert_eq!(station.counters.cut.load(Relaxed), 0);
        assert!(Socket::connect(station.address).is_err(), "the port is closed");
    }
}

/// Begins the shutdown once the held request has reached the service.
async fn until_held(release: &Arc<Notify>, held: &JoinHandle<Response<Bytes>>, station: &Station) {
    // Only the closure in the service and this test hold `release`; a request in flight holds one more.
    until(|| Arc::strong_count(release) >= 4).await;
    assert!(!held.is_finished());
    station.shutdown.cancel();
}

#[tokio::test]
async fn a_drain_ends_although_a_request_never_does() {
    let release = Arc::new(Notify::new());
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let station = Station::open(limits, Arc::clone(&release));
    let mut socket = Socket::connect(station.address).unwrap();
    socket.write_all(b"GET /held HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    until(|| Arc::strong_count(&release) >= 4).await;
    station.shutdown.cancel();
    station.running.await.unwrap();
    assert_eq!(station.counters.cut.load(Relaxed), 1);
    assert_eq!(read_to_end(socket).await.unwrap(), b"");
}

#[tokio::test]
async fn a_flood_of_resets_ends_its_connection_and_no_other() {
    let station = Station::open(Limits::default(), Arc::default());
    let mut socket = Socket::connect(station.address).unwrap();
    let mut flood = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    flood.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    // HEADERS (GET / over http, authority x) and RST_STREAM(CANCEL), stream after stream.
    let head = [0x82, 0x84, 0x86, 0x01, 0x01, b'x'];
    for stream in (1_u32..4000).step_by(2) {
        flood.extend([0, 0, head.len() as u8, 1, 0x05]);
        flood.extend(stream.to_be_bytes());
        flood.extend(head);
        flood.extend([0, 0, 4, 3, 0]);
        flood.extend(stream.to_be_bytes());
        flood.extend(8_u32.to_be_bytes());
    }
    // The server goes away before it took everything.
    let _ = socket.write_all(&flood);
    let answer = read_to_end(socket).await.unwrap();
    until(|| station.counters.open.load(Relaxed) == 0).await;
    assert!(answer.len() < 100_000);
    assert_eq!(station.ask("/after", Speaks::Http2).await.status(), 200);
}
