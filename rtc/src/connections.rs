//! ICE over TCP for those whose network lets no datagrams through: frames with their length before them
//! (RFC 4571), on connections that clients open (RFC 6544).

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use crate::batch::{DATAGRAM, Tally};

/// Connections that a shard keeps; each is a client behind a strict firewall, and they are few.
const CONNECTIONS_MAX: usize = 1_000;

/// Connections that one address may have: a school's gateway, not a liar.
const PER_ADDRESS_MAX: usize = 100;

/// Bytes that wait for a connection that does not take them: 4 s of a programme. Beyond it frames are lost.
const WAITING_MAX: usize = 32 * 1_024;

/// A connection has this long to become a session's.
const PATIENCE: Duration = Duration::from_secs(10);

/// Names a connection among those of its shard, for ever.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct ConnectionId(usize);

struct Connection {
    id: ConnectionId,
    stream: TcpStream,
    from: SocketAddr,
    to: SocketAddr,
    came: Instant,
    /// Whether something on it belonged to a session.
    known: bool,
    read: Vec<u8>,
    waiting: Vec<u8>,
}

/// The connections of a shard.
pub(crate) struct Connections {
    registry: Registry,
    first: usize,
    next: usize,
    open: Vec<Connection>,
    tally: Tally,
}

/// A frame that came, and how.
pub(crate) struct Frame {
    pub(crate) connection: ConnectionId,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

impl Connections {
    /// None yet. Their tokens are `first` and above.
    pub(crate) fn new(registry: Registry, first: usize) -> Self {
        Self { registry, first, next: first, open: Vec::new(), tally: Tally::default() }
    }

    /// Takes everybody in who waits at `listener`.
    pub(crate) fn accept(&mut self, listener: &TcpListener, now: Instant) {
        loop {
            let (mut stream, from) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let behind = self.open.iter().filter(|open| open.from.ip() == from.ip()).count();
            if self.open.len() >= CONNECTIONS_MAX || behind >= PER_ADDRESS_MAX {
                continue;
            }
            let Ok(to) = stream.local_addr() else { continue };
            let id = ConnectionId(self.next);
            let interest = Interest::READABLE | Interest::WRITABLE;
            // Small frames that wait for an acknowledgement are late sound.
            if stream.set_nodelay(true).is_err()
                || self.registry.register(&mut stream, Token(id.0), interest).is_err()
            {
                continue;
            }
            self.next += 1;
            let (read, waiting) = (Vec::new(), Vec::new());
            self.open.push(Connection { id, stream, from, to, came: now, known: false, read, waiting });
        }
    }

    /// Everything that came on the connection of `token`, as far as it is whole.
    pub(crate) fn read(&mut self, token: Token) -> Vec<Frame> {
        let Some(place) = self.open.iter().position(|open| open.id.0 == token.0) else { return Vec::new() };
        let connection = &mut self.open[place];
        let mut frames = Vec::new();
        let alive = connection.fill(&mut frames);
        if !alive || connection.drain().is_err() {
            self.drop_at(place);
        }
        frames
    }

    /// Notes that something that came on it belongs to a session.
    pub(crate) fn vouch(&mut self, id: ConnectionId) {
        if let Some(connection) = self.open.iter_mut().find(|open| open.id == id) {
            connection.known = true;
        }
    }

    /// Writes a frame; lost where the connection is closed or does not take what came before.
    pub(crate) fn send(&mut self, id: ConnectionId, write: impl FnOnce(&mut [u8]) -> usize) {
        let Some(connection) = self.open.iter_mut().find(|open| open.id == id) else { return };
        let mut frame = [0; DATAGRAM];
        let length = write(&mut frame);
        if connection.waiting.len() + length + 2 > WAITING_MAX {
            self.tally.dropped += 1;
            return;
        }
        connection.waiting.extend_from_slice(&(length as u16).to_be_bytes());
        connection.waiting.extend_from_slice(&frame[..length]);
        self.tally.sent += 1;
        self.tally.bytes += length as u64;
    }

    /// Hands on what waits.
    pub(crate) fn flush(&mut self) {
        let mut place = 0;
        while place < self.open.len() {
            let connection = &mut self.open[place];
            if !connection.waiting.is_empty() && connection.drain().is_err() {
                self.drop_at(place);
            } else {
                place += 1;
            }
        }
    }

    /// Closes what has become no session's.
    pub(crate) fn sweep(&mut self, now: Instant) {
        let mut place = 0;
        while place < self.open.len() {
            let connection = &self.open[place];
            if !connection.known && now.saturating_duration_since(connection.came) > PATIENCE {
                self.drop_at(place);
            } else {
                place += 1;
            }
        }
    }

    /// Closes a connection.
    pub(crate) fn close(&mut self, id: ConnectionId) {
        if let Some(place) = self.open.iter().position(|open| open.id == id) {
            // What was said last is to arrive where it can.
            if self.open[place].drain().is_err() {
                self.tally.dropped += 1;
            }
            self.drop_at(place);
        }
    }

    /// The connection from an address.
    pub(crate) fn to(&self, address: SocketAddr) -> Option<ConnectionId> {
        self.open.iter().find(|open| open.from == address).map(|open| open.id)
    }

    /// Whether a token is a connection's.
    pub(crate) fn owns(&self, token: Token) -> bool {
        token.0 >= self.first
    }

    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn drop_at(&mut self, place: usize) {
        let mut gone = self.open.swap_remove(place);
        // Closing it takes it out of the registry as well.
        self.registry.deregister(&mut gone.stream).ok();
    }
}

impl Connection {
    /// `false` when it is over.
    fn fill(&mut self, frames: &mut Vec<Frame>) -> bool {
        let mut buffer = [0; 4_096];
        loop {
            let length = match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(length) => length,
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => return true,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return false,
            };
            self.read.extend_from_slice(&buffer[..length]);
            let mut rest = &self.read[..];
            while let Some((head, after)) = rest.split_first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes(*head));
                if length > DATAGRAM {
                    return false;
                }
                let Some((bytes, after)) = after.split_at_checked(length) else { break };
                let (connection, from, to) = (self.id, self.from, self.to);
                frames.push(Frame { connection, from, to, bytes: bytes.to_vec() });
                rest = after;
            }
            let whole = self.read.len() - rest.len();
            self.read.drain(..whole);
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match self.stream.write(&self.waiting) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(taken) => drop(self.waiting.drain(..taken)),
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }
}
