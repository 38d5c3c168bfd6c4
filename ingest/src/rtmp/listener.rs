//! The socket that encoders connect to.
#![expect(clippy::disallowed_methods, reason = "the shell around the core waits and rolls dice")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::admission::{Admission, Bounds, Doorman};
use crate::rtmp::connection::Connection;
use crate::rtmp::counters::Counters;
use crate::rtmp::session::SessionLimits;
use crate::{Protocol, PublishRequest};

/// What the door puts up with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Connections at once. Each holds under 512 KiB (unfinished messages, held sound, buffers), and a publisher
    /// whose queue is full another 1 MiB.
    pub connections: usize,
    /// Connections among them that publish nothing yet.
    pub pending: usize,
    /// Connections from one IPv4 address or one IPv6 /64.
    pub per_address: usize,
    /// What one session waits for. The TLS handshake has the RTMP handshake's time once more.
    pub session: SessionLimits,
    /// How long one answer may take to be taken by the peer's socket.
    pub write: Duration,
    /// How long bytes wait for a station that reads in step and does not come.
    pub rest: Duration,
    /// How long we read on after our last words, so that the peer gets to read them.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_000,
            pending: 200,
            per_address: 32,
            session: SessionLimits::default(),
            write: Duration::from_secs(5),
            rest: Duration::from_millis(200),
            linger: Duration::from_secs(1),
        }
    }
}

/// After an accept that failed for want of file descriptors or memory: long enough for something to close.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);
/// Silence on the wire after which the kernel asks whether the peer still lives.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Accepts encoders on one address, by RTMP or by RTMPS.
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
    tls: Option<TlsAcceptor>,
    counters: Arc<Counters>,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one. With `tls` it speaks RTMPS only; a config whose certificate
    /// resolver reloads gives new connections new certificates.
    pub async fn bind(
        address: SocketAddr,
        limits: Limits,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { socket, limits, tls: tls.map(TlsAcceptor::from), counters: Arc::default() })
    }

    /// Its counts, to be read at any time, also after [`Self::run`] began.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until `shutdown`; then tells every publisher, and returns when all connections are closed (at
    /// most [`Limits::write`] + [`Limits::linger`] later). A request that finds `requests` full is refused as
    /// unavailable.
    pub async fn run(self, requests: mpsc::Sender<PublishRequest>, shutdown: CancellationToken) {
        let bounds = Bounds {
            connections: self.limits.connections,
            pending: self.limits.pending,
            per_address: self.limits.per_address,
        };
        let doorman = Doorman::new(bounds);
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = shutdown.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => match doorman.admit(peer.ip()) {
                    Ok(admission) => {
                        let connection = self.connection(stream, peer, admission, requests.clone());
                        connections.spawn(run(connection, self.tls.clone(), shutdown.clone()));
                    }
                    Err(full) => {
                        self.counters.refused();
                        debug!("connection closed unheard: {full}");
                    }
                },
                Err(error) => {
                    warn!("cannot accept RTMP connections: {error}");
                    tokio::select! {
                        () = sleep(ACCEPT_BACKOFF) => {},
                        () = shutdown.cancelled() => break,
                    }
                }
            }
        }
        drop(self.socket);
        connections.close();
        connections.wait().await;
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        admission: Admission,
        requests: mpsc::Sender<PublishRequest>,
    ) -> Connection<TcpStream> {
        Connection {
            stream,
            peer,
            protocol: if self.tls.is_some() { Protocol::Rtmps } else { Protocol::Rtmp },
            admission,
            requests,
            limits: self.limits.session.clone(),
            write: self.limits.write,
            rest: self.limits.rest,
            linger: self.limits.linger,
            open: self.counters.enter(),
        }
    }
}

async fn run(connection: Connection<TcpStream>, tls: Option<TlsAcceptor>, shutdown: CancellationToken) {
    if let Err(error) = tune(&connection.stream) {
        debug!("cannot set socket options: {error}");
    }
    let mut nonce = [0; 32];
    if aws_lc_rs::rand::fill(&mut nonce).is_err() {
        return warn!("no randomness for a handshake");
    }
    let Some(tls) = tls else { return connection.run(nonce, shutdown).await };
    let Connection { stream, peer, protocol, admission, requests, limits, write, rest, linger, open } =
        connection;
    let accepted = tokio::select! {
        accepted = timeout(limits.handshake, tls.accept(stream)) => accepted,
        () = shutdown.cancelled() => return,
    };
    match accepted {
        Ok(Ok(stream)) => {
            let connection =
                Connection { stream, peer, protocol, admission, requests, limits, write, rest, linger, open };
            connection.run(nonce, shutdown).await;
        }
        Ok(Err(error)) => debug!("no TLS: {error}"),
        Err(_) => debug!("no TLS handshake in time"),
    }
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream)
        .set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))
}
