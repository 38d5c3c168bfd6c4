//! A session on a socket of its own.
//!
//! Servers tell listeners apart by their address, so each needs a socket; what they share is the epoll.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use webrtc::rtp;

use super::session::{Session, Stack, Stage};
use crate::limits;

/// Longer than any datagram of one audio frame with its redundancy, and than DTLS flights.
pub(super) const DATAGRAM: usize = 2048;
/// Between two looks at a session that hears. The stack asks for five a second; reports and consent are
/// due every one and two.
const CALM: Duration = Duration::from_millis(500);

/// What a link is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Hears, with redundancy where the server has it.
    Listen { red: bool },
    /// Speaks.
    Publish,
}

/// Session and socket.
pub(super) struct Link {
    socket: UdpSocket,
    session: Session,
    /// When the loop has been told to wake it.
    armed: Option<Instant>,
}

impl Link {
    /// Opens a socket towards `server` as `token`. Gives the offer as well.
    pub(super) fn open(
        stack: &Stack,
        purpose: Purpose,
        (server, registry, token): (SocketAddr, &Registry, Token),
        now: Instant,
    ) -> anyhow::Result<(Self, String)> {
        let ip = match limits::source(token.0, server) {
            Some(source) => source.ip(),
            None => towards(server)?,
        };
        let mut socket = UdpSocket::bind(SocketAddr::new(ip, 0)).context("no UDP socket")?;
        let local = socket.local_addr().context("a socket without an address")?;
        registry.register(&mut socket, token, Interest::READABLE).context("epoll takes no more")?;
        let (session, offer) = match purpose {
            Purpose::Listen { red } => stack.listener(local, red, now)?,
            Purpose::Publish => stack.publisher(local, now)?,
        };
        Ok((Self { socket, session, armed: None }, offer))
    }

    /// Takes the server's answer.
    pub(super) fn answer(&mut self, sdp: String, now: Instant) -> bool {
        let taken = self.session.answer(sdp, now).is_ok();
        self.flush(now);
        taken
    }

    /// Reads all that came. Media goes to `packet`.
    pub(super) fn read(&mut self, buffer: &mut [u8], mut packet: impl FnMut(rtp::Packet, Instant)) {
        // Any error is the end of what can be read now; a port that is closed over there shows in ICE.
        while let Ok((length, from)) = self.socket.recv_from(buffer) {
            let now = Instant::now();
            if self.session.datagram(from, &buffer[..length], now) {
                while let Some(media) = self.session.packet() {
                    packet(media, now);
                }
            } else {
                self.flush(now);
            }
        }
    }

    /// Time has passed. False: the loop was told to wake it later than now, or not at all.
    pub(super) fn wake(&mut self, now: Instant) -> bool {
        if self.armed.is_none_or(|armed| armed > now) {
            return false;
        }
        self.armed = None;
        self.session.wake(now);
        self.flush(now);
        true
    }

    /// When to wake it, unless the loop knows that already.
    pub(super) fn arm(&mut self, now: Instant) -> Option<Instant> {
        let mut deadline = self.session.deadline()?;
        if self.session.stage() == Stage::Connected {
            deadline = deadline.max(now + CALM);
        }
        if self.armed.is_some_and(|armed| armed <= deadline) {
            return None;
        }
        self.armed = Some(deadline);
        Some(deadline)
    }

    /// Sends what the session has to send.
    pub(super) fn flush(&mut self, now: Instant) {
        while let Some((to, datagram)) = self.session.transmit(now) {
            // A full socket loses it, as a network may.
            let _ = self.socket.send_to(&datagram, to);
        }
    }

    /// Speaks: one frame.
    pub(super) fn send(&mut self, header: rtp::Header, payload: Vec<u8>, now: Instant) -> anyhow::Result<()> {
        self.session.send(header, payload, now)?;
        self.flush(now);
        Ok(())
    }

    pub(super) fn stage(&self) -> Stage {
        self.session.stage()
    }

    /// The last stage before it failed or closed.
    pub(super) fn furthest(&self) -> Stage {
        self.session.furthest()
    }

    pub(super) fn round_trip(&mut self) -> Option<Duration> {
        self.session.round_trip()
    }

    /// Says goodbye and lets the socket go.
    pub(super) fn close(mut self, registry: &Registry) {
        self.session.close();
        self.flush(Instant::now());
        // The socket leaves epoll with its file at the latest.
        let _ = registry.deregister(&mut self.socket);
    }
}

/// The address from which this machine reaches `server`.
fn towards(server: SocketAddr) -> anyhow::Result<IpAddr> {
    let any: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
    let socket = std::net::UdpSocket::bind(any).context("no UDP socket")?;
    socket.connect(server).with_context(|| format!("no way to {server}"))?;
    Ok(socket.local_addr().context("a socket without an address")?.ip())
}
