//! One connection to a room.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Instant;

use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use super::frame::{self, Frame, Kind};
use crate::limits;

/// The head of an answer to a handshake is a few hundred bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Why a connection is no more, or never was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum End {
    #[error("no connection: {0}")]
    Unreachable(String),
    #[error("the handshake was answered with {0:?}")]
    Refused(String),
    #[error("closed with {0} {1:?}")]
    Closed(u16, String),
    #[error("cut")]
    Cut,
    #[error("{0}")]
    Malformed(#[from] frame::Malformed),
}

/// How far a connection is.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Stage {
    /// The answer to the handshake, with this key in it, has to come. Nothing may be sent before it (RFC 6455,
    /// 4.1); then it is this.
    Handshake {
        key: String,
        join: String,
    },
    Open,
}

/// A connection from its first byte to its last.
pub(super) struct Link {
    stream: mio::net::TcpStream,
    stage: Stage,
    /// What is sent when the connection stands, or when the socket takes more.
    unsent: Vec<u8>,
    is_connected: bool,
    /// The beginning of a frame whose end has not come. Empty nearly always.
    held: Vec<u8>,
    pub(super) began: Instant,
    /// The server has let it in.
    pub(super) has_joined: bool,
}

/// What is read into, shared by all connections.
pub(super) struct Scratch(Vec<u8>);

impl Scratch {
    /// 64 KB a read.
    const READ: usize = 64 * 1024;

    pub(super) fn new() -> Self {
        Self(vec![0; 2 * Self::READ])
    }

    /// Room for a read after what was held.
    fn after(&mut self, held: &[u8]) -> &mut [u8] {
        if self.0.len() < held.len() + Self::READ {
            self.0.resize(held.len() + Self::READ, 0);
        }
        self.0[..held.len()].copy_from_slice(held);
        &mut self.0[held.len()..]
    }
}

impl Link {
    /// Begins to connect. The join follows the handshake.
    pub(super) fn open(
        index: usize,
        (to, authority, path): (SocketAddr, &str, &str),
        pass: &str,
        registry: &Registry,
    ) -> io::Result<Self> {
        let began = Instant::now();
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = limits::source(index, to) {
            socket.bind(&source.into())?;
        }
        match socket.connect(&to.into()) {
            Err(error) if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                return Err(error);
            }
            _ => {}
        }
        let mut stream = mio::net::TcpStream::from_std(socket.into());
        registry.register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
        let key = generate_key();
        let unsent = format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: onair-load\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        )
        .into_bytes();
        let join = serde_json::json!({ "type": "join", "ticket": pass }).to_string();
        let (stage, held) = (Stage::Handshake { key, join }, Vec::new());
        Ok(Self { stream, stage, unsent, is_connected: false, held, began, has_joined: false })
    }

    /// The socket takes bytes.
    pub(super) fn writable(&mut self) -> Result<(), End> {
        if !self.is_connected {
            if let Some(error) = self.stream.take_error().unwrap_or_else(Some) {
                return Err(End::Unreachable(error.kind().to_string()));
            }
            if self.stream.peer_addr().is_err() {
                return Ok(());
            }
            self.is_connected = true;
        }
        self.flush()
    }

    /// Sends a text.
    pub(super) fn say(&mut self, text: &str) -> Result<(), End> {
        frame::text_into(&mut self.unsent, text);
        self.flush()
    }

    /// Says that all is said; what the server has sent before its own farewell still comes.
    pub(super) fn say_farewell(&mut self) -> Result<(), End> {
        frame::close_into(&mut self.unsent);
        self.flush()
    }

    fn flush(&mut self) -> Result<(), End> {
        while self.is_connected && !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(End::Cut),
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(End::Cut),
            }
        }
        Ok(())
    }

    /// Reads what has come, and hands every text to `heard`.
    ///
    /// A short read empties the socket, which saves a call for nearly every event; `to_the_end` reads on until the
    /// socket says so, since after the server's last byte no event comes any more.
    pub(super) fn readable(
        &mut self,
        scratch: &mut Scratch,
        to_the_end: bool,
        mut heard: impl FnMut(&mut Self, &[u8]),
    ) -> Result<(), End> {
        loop {
            let held = std::mem::take(&mut self.held);
            let room = scratch.after(&held);
            let size = room.len();
            let read = match self.stream.read(room) {
                Ok(0) => return Err(End::Cut),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    self.held = held;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.held = held;
                    return Ok(());
                }
                Err(error) if !self.is_connected => return Err(End::Unreachable(error.kind().to_string())),
                Err(_) => return Err(End::Cut),
            };
            let bytes = &scratch.0[..held.len() + read];
            let used = self.frames(bytes, &mut heard)?;
            self.held = bytes[used..].to_vec();
            if read < size && !to_the_end {
                return Ok(());
            }
        }
    }

    /// Answers how many bytes were used.
    fn frames(&mut self, bytes: &[u8], heard: &mut impl FnMut(&mut Self, &[u8])) -> Result<usize, End> {
        let mut used = 0;
        if let Stage::Handshake { key, join } = &self.stage {
            let Some(head) = accepted(bytes, key)? else { return Ok(0) };
            frame::text_into(&mut self.unsent, join);
            (used, self.stage) = (head, Stage::Open);
            self.flush()?;
        }
        while let Some(Frame { kind, payload, length }) = frame::first(&bytes[used..])? {
            used += length;
            match kind {
                Kind::Text => heard(self, payload),
                Kind::Pong => {}
                Kind::Ping => {
                    frame::pong_into(&mut self.unsent, payload);
                    self.flush()?;
                }
                Kind::Close => {
                    let (code, reason) = match payload {
                        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
                        // No code was sent (RFC 6455, 7.1.5).
                        _ => (1005, &[][..]),
                    };
                    return Err(End::Closed(code, String::from_utf8_lossy(reason).into_owned()));
                }
            }
        }
        Ok(used)
    }
}

/// The length of the head that lets a client with this key in; `None` while it is not whole.
fn accepted(bytes: &[u8], key: &str) -> Result<Option<usize>, End> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        let too_long = bytes.len() > LONGEST_HEAD;
        return if too_long { Err(End::Refused("an endless head".to_owned())) } else { Ok(None) };
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let accept = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("sec-websocket-accept").then(|| value.trim().to_owned())
    });
    if !status.starts_with("HTTP/1.1 101") {
        return Err(End::Refused(status.to_owned()));
    }
    if accept != Some(derive_accept_key(key.as_bytes())) {
        return Err(End::Refused("a key that is not ours".to_owned()));
    }
    Ok(Some(end + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_over_with_the_right_key_alone() {
        // RFC 6455, 1.3.
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let head = |status: &str, accept: &str| {
            format!("HTTP/1.1 {status}\r\nUpgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n\x01")
        };
        let right = head("101 Switching Protocols", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(accepted(right.as_bytes(), key), Ok(Some(right.len() - 1)));
        assert_eq!(accepted(&right.as_bytes()[..right.len() - 3], key), Ok(None));
        assert!(accepted(head("101 x", "AAAA").as_bytes(), key).is_err());
        let refused = accepted(head("429 Too Many Requests", "").as_bytes(), key);
        assert_eq!(refused, Err(End::Refused("HTTP/1.1 429 Too Many Requests".to_owned())));
    }
}
