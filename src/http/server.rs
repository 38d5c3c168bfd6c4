//! The accept loop: one port that speaks HTTP/1.1 and HTTP/2, in clear or over TLS.
//!
//! A listener of a live broadcast is a connection that waits most of its life, so a waiting HTTP/1.1
//! connection is one task with hyper's connection in it and nothing around it. HTTP/2 and TLS, which
//! are larger, live in boxes of their own.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use hyper::{
    Request, Response,
    body::{Body, Incoming},
    rt::{Read, Write},
    server::conn::{http1, http2},
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

use super::activity::{Activity, Line, Mark, Since, Watched};

/// Connections the kernel may keep for us between two accepts. A popular broadcast that starts brings
/// thousands within a second; Linux lowers this to `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

/// How long accepting rests when the process is out of file descriptors: long enough to close a few.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// How often a connection that began with a piece of the HTTP/2 preface is looked at again.
const PREFACE_REST: Duration = Duration::from_millis(20);

/// What is enough of the HTTP/2 preface (RFC 9113, 3.4) to know it: no HTTP/1.1 method begins so.
const PREFACE: &[u8; 4] = b"PRI ";

/// The ALPN name of HTTP/2 (RFC 9113, 3.2).
pub const ALPN_H2: &[u8] = b"h2";

/// The ALPN name of a TLS-ALPN-01 validation (RFC 8737, 6.2): it ends with the handshake.
pub const ALPN_ACME: &[u8] = b"acme-tls/1";

/// Bounds of everything a stranger can make the server hold.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once; the newest beyond is closed and counted.
    pub connections: usize,
    /// From accept to the end of the TLS handshake.
    pub handshake: Duration,
    /// From accept (or the handshake's end) to the first whole request head.
    pub first_request: Duration,
    /// How long a connection may go without a request, a response in the making, or bytes it takes.
    /// Looked at once per this time, so what is idle ends after one to two of them.
    pub idle: Duration,
    /// What requests in flight get after a shutdown began.
    pub drain: Duration,
    /// Bytes of an HTTP/1.1 request head, at least 8,192; also the header list of HTTP/2. The number of
    /// headers is bounded by hyper: 100, answered with 431 beyond.
    pub head_bytes: usize,
    /// Requests at once on one HTTP/2 connection. A player has two or three.
    pub streams: u32,
    /// Streams that an HTTP/2 client may reset before we begin them (CVE-2023-44487); the connection is
    /// told to go away beyond.
    pub resets: usize,
    /// Time between the pings of an HTTP/2 connection, and what its answer may take.
    pub ping: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            handshake: Duration::from_secs(10),
            first_request: Duration::from_secs(15),
            idle: Duration::from_mins(1),
            drain: Duration::from_secs(5),
            head_bytes: 16 * 1024,
            streams: 64,
            resets: 32,
            ping: Duration::from_secs(20),
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// The address as the kernel tells it; behind a proxy it is the proxy's.
    pub address: SocketAddr,
    /// Whether the connection is over TLS.
    pub scheme: Scheme,
}

/// How a connection is carried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Over TLS.
    Https,
}

/// What a server counted since it was bound.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections open now.
    pub open: AtomicU64,
    /// Connections accepted and served.
    pub accepted: AtomicU64,
    /// Connections closed at once because [`Limits::connections`] were open.
    pub refused: AtomicU64,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: AtomicU64,
    /// Connections closed before their first request ended its head.
    pub silent: AtomicU64,
    /// Connections closed because they were idle, or took nothing of what was sent.
    pub idle: AtomicU64,
    /// Connections cut at the end of a drain with a request still in flight.
    pub cut: AtomicU64,
}

/// A bound port, not yet served.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    counters: Arc<Counters>,
}

impl Server {
    /// Binds `address`; port 0 takes a free one. With `tls` every connection begins with a handshake.
    ///
    /// # Errors
    /// The kernel's, with the address in its text. Must be called within a tokio runtime.
    pub fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
        let listener = listen(address).map_err(named)?;
        let address = listener.local_addr().map_err(named)?;
        Ok(Self { listener, address, tls: tls.map(TlsAcceptor::from), counters: Arc::default() })
    }

    /// The address in force, with the port that was found.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The counts, to be read at any time, also after [`Self::run`] began.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Accepts and serves until `shutdown`, then lets requests in flight finish within
    /// [`Limits::drain`], and returns when the last connection is closed.
    ///
    /// `service` is called once per connection with its peer.
    pub async fn run<F, S, B>(self, service: F, limits: Limits, shutdown: CancellationToken)
    where
        F: Fn(Peer) -> S + Send + Sync + 'static,
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let tasks = TaskTracker::new();
        let house =
            Arc::new(House::new(service, limits, self.tls, Arc::clone(&self.counters), tasks.clone()));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shutdown.cancelled() => break,
            };
            match accepted {
                Ok((stream, address)) => house.admit(stream, address),
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    warn!("cannot accept a connection on {}: {error}", self.address);
                    sleep(ACCEPT_REST).await;
                }
            }
        }
        drop(self.listener);
        house.drain.begin();
        tasks.close();
        tasks.wait().await;
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A client that left between the kernel's accept and ours says nothing about the port.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// The end of the server, as connections see it.
///
/// A token alone would do, but it locks a list shared by all connections whenever it is asked; the flag
/// is asked at every wake, the token once in a connection's life.
#[derive(Debug, Default)]
struct Drain {
    begun: AtomicBool,
    token: CancellationToken,
}

impl Drain {
    fn begin(&self) {
        self.begun.store(true, std::sync::atomic::Ordering::SeqCst);
        self.token.cancel();
    }

    fn has_begun(&self) -> bool {
        self.begun.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// What all connections of one server share.
struct House<F> {
    service: F,
    limits: Limits,
    tls: Option<TlsAcceptor>,
    counters: Arc<Counters>,
    drain: Drain,
    http1: http1::Builder,
    http2: http2::Builder<Tracked>,
    tasks: TaskTracker,
}

impl<F> House<F> {
    fn new(
        service: F,
        limits: Limits,
        tls: Option<TlsAcceptor>,
        counters: Arc<Counters>,
        tasks: TaskTracker,
    ) -> Self {
        // The watch bounds heads and idle connections by one timer a connection; hyper's own would
        // allocate and arm one a request.
        let mut http1 = http1::Builder::new();
        http1.header_read_timeout(None).max_buf_size(limits.head_bytes.max(8192));
        let mut http2 = http2::Builder::new(Tracked(tasks.clone()));
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(limits.resets)
            .max_local_error_reset_streams(limits.resets)
            .max_send_buf_size(64 * 1024)
            .initial_stream_window_size(64 * 1024)
            .initial_connection_window_size(256 * 1024)
            .keep_alive_interval(limits.ping)
            .keep_alive_timeout(limits.ping);
        Self { service, limits, tls, counters, drain: Drain::default(), http1, http2, tasks }
    }
}

impl<F, S, B> House<F>
where
    F: Fn(Peer) -> S + Send + Sync + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn admit(self: &Arc<Self>, stream: TcpStream, address: SocketAddr) {
        if self.counters.open.load(Relaxed) >= self.limits.connections as u64 {
            self.counters.refused.fetch_add(1, Relaxed);
            return;
        }
        self.counters.accepted.fetch_add(1, Relaxed);
        let open = Open::new(Arc::clone(&self.counters));
        if let Err(error) = stream.set_nodelay(true) {
            debug!("a connection ended before it began: {error}");
            return;
        }
        let house = Arc::clone(self);
        if self.tls.is_some() {
            self.tasks.spawn(Box::pin(async move {
                house.over_tls(stream, address).await;
                drop(open);
            }));
        } else {
            self.tasks.spawn(async move {
                house.in_clear(stream, address).await;
                drop(open);
            });
        }
    }

    async fn in_clear(&self, stream: TcpStream, address: SocketAddr) {
        let peer = Peer { address, scheme: Scheme::Http };
        let protocol = tokio::select! {
            protocol = timeout(self.limits.first_request, sniff(&stream)) => protocol,
            () = self.drain.token.cancelled() => return,
        };
        match protocol {
            Ok(Ok(Protocol::Http1)) => self.http1(stream, peer).await,
            Ok(Ok(Protocol::Http2)) => Box::pin(self.http2(stream, peer)).await,
            Ok(Err(error)) => debug!("a connection ended before its first request: {error}"),
            Err(_) => {
                self.counters.silent.fetch_add(1, Relaxed);
            }
        }
    }

    async fn over_tls(&self, stream: TcpStream, address: SocketAddr) {
        let Some(acceptor) = &self.tls else { return };
        let peer = Peer { address, scheme: Scheme::Https };
        let handshake = tokio::select! {
            handshake = timeout(self.limits.handshake, acceptor.accept(stream)) => handshake,
            () = self.drain.token.cancelled() => return,
        };
        match handshake {
            Ok(Ok(stream)) => match stream.get_ref().1.alpn_protocol() {
                Some(ALPN_H2) => self.http2(stream, peer).await,
                Some(ALPN_ACME) => close(stream).await,
                _ => self.http1(stream, peer).await,
            },
            Ok(Err(error)) => {
                self.counters.handshakes_failed.fetch_add(1, Relaxed);
                debug!("a TLS handshake failed: {error}");
            }
            Err(_) => {
                self.counters.handshakes_failed.fetch_add(1, Relaxed);
            }
        }
    }

    async fn http1<T>(&self, stream: T, peer: Peer)
    where
        TokioIo<T>: Read + Write + Unpin + Send + 'static,
    {
        let activity = Arc::new(Activity::default());
        let service = Watched::new((self.service)(peer), Arc::clone(&activity));
        let line = Line::new(TokioIo::new(stream), Arc::clone(&activity));
        let connection = self.http1.serve_connection(line, service).with_upgrades();
        self.drive(connection, http1::UpgradeableConnection::graceful_shutdown, &activity).await;
    }

    async fn http2<T>(&self, stream: T, peer: Peer)
    where
        TokioIo<T>: Read + Write + Unpin,
    {
        let activity = Arc::new(Activity::default());
        let service = Watched::new((self.service)(peer), Arc::clone(&activity));
        let line = Line::new(TokioIo::new(stream), Arc::clone(&activity));
        let connection = self.http2.serve_connection(line, service);
        self.drive(connection, http2::Connection::graceful_shutdown, &activity).await;
    }

    /// Polls a connection to its end: its own, an idle one, or the drain's.
    async fn drive<C>(&self, connection: C, finish: fn(Pin<&mut C>), activity: &Activity)
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let mut connection = pin!(connection);
        let mut look = pin!(sleep(self.limits.first_request));
        let mut cancelled = pin!(self.drain.token.cancelled());
        let mut mark = Mark::default();
        let mut draining = false;
        let mut listening = false;
        poll_fn(|cx| {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                if let Err(error) = ended {
                    debug!("a connection ended early: {error}");
                }
                return Poll::Ready(());
            }
            if !draining && (self.drain.has_begun() || !std::mem::replace(&mut listening, true)) {
                // Registers this task once; the flag was set before the token wakes it.
                if cancelled.as_mut().poll(cx).is_ready() {
                    draining = true;
                    finish(connection.as_mut());
                    look.as_mut().reset(Instant::now() + self.limits.drain);
                    cx.waker().wake_by_ref();
                }
            }
            while look.as_mut().poll(cx).is_ready() {
                if draining {
                    self.counters.cut.fetch_add(1, Relaxed);
                    return Poll::Ready(());
                }
                match activity.since(&mut mark) {
                    Since::Busy => look.as_mut().reset(Instant::now() + self.limits.idle),
                    Since::Idle => {
                        let counter =
                            if activity.is_new() { &self.counters.silent } else { &self.counters.idle };
                        counter.fetch_add(1, Relaxed);
                        return Poll::Ready(());
                    }
                }
            }
            Poll::Pending
        })
        .await;
    }
}

/// What a connection in clear turned out to speak.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Protocol {
    Http1,
    Http2,
}

/// Looks at the first bytes without taking them. An end of stream passes as HTTP/1.1, which ends it.
async fn sniff(stream: &TcpStream) -> io::Result<Protocol> {
    let mut first = [0; PREFACE.len()];
    loop {
        let seen = stream.peek(&mut first).await?;
        if seen == PREFACE.len() && first == *PREFACE {
            return Ok(Protocol::Http2);
        }
        if seen == 0 || !PREFACE.starts_with(&first[..seen]) {
            return Ok(Protocol::Http1);
        }
        // The same bytes would be readable at once again; nothing tells of more but time.
        sleep_until(Instant::now() + PREFACE_REST).await;
    }
}

/// Ends a validation connection politely; RFC 8737 asks nothing of us after the handshake.
async fn close(mut stream: TlsStream<TcpStream>) {
    if let Err(error) = tokio::io::AsyncWriteExt::shutdown(&mut stream).await {
        debug!("a validation connection ended early: {error}");
    }
}

/// Runs HTTP/2's streams as tasks the server waits for.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<T> hyper::rt::Executor<T> for Tracked
where
    T: Future + Send + 'static,
    T::Output: Send,
{
    fn execute(&self, future: T) {
        self.0.spawn(future);
    }
}

/// One open connection in the counts.
struct Open(Arc<Counters>);

impl Open {
    fn new(counters: Arc<Counters>) -> Self {
        counters.open.fetch_add(1, Relaxed);
        Self(counters)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
