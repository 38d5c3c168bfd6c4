//! Ways out of a shard: its sockets, and the connections that clients opened.

use std::io;
use std::net::SocketAddr;

use mio::net::UdpSocket;
use nix::sys::socket::SockaddrStorage;

use crate::batch::{Batch, Tally, storage};
use crate::connections::{ConnectionId, Connections};

/// The way to a client: from which of our ends to which of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    /// By this socket to this address.
    Udp(usize, SockaddrStorage, SocketAddr),
    /// By a connection that it opened.
    Tcp(ConnectionId),
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Udp(socket, _, to), Self::Udp(other, _, other_to)) => socket == other && to == other_to,
            (Self::Tcp(connection), Self::Tcp(other)) => connection == other,
            _ => false,
        }
    }
}

impl Route {
    pub(crate) fn udp(socket: usize, to: SocketAddr) -> Self {
        Self::Udp(socket, storage(to), to)
    }
}

/// One bound address, and what waits to leave by it.
struct Socket {
    udp: UdpSocket,
    address: SocketAddr,
    batch: Batch,
}

/// Everything that a shard sends by.
pub(crate) struct Outlet {
    sockets: Vec<Socket>,
    pub(crate) connections: Connections,
}

impl Outlet {
    pub(crate) fn new(sockets: Vec<(UdpSocket, SocketAddr)>, connections: Connections) -> Self {
        let sockets =
            sockets.into_iter().map(|(udp, address)| Socket { udp, address, batch: Batch::default() });
        Self { sockets: sockets.collect(), connections }
    }

    /// How many sockets there are.
    pub(crate) fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// The address of a socket.
    pub(crate) fn address(&self, socket: usize) -> SocketAddr {
        self.sockets[socket].address
    }

    /// The next datagram that came by a socket: its length and its sender.
    pub(crate) fn receive(&self, socket: usize, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.sockets[socket].udp.recv_from(buffer)
    }

    /// The socket of one of our addresses.
    pub(crate) fn socket_of(&self, address: SocketAddr) -> Option<usize> {
        self.sockets.iter().position(|socket| socket.address == address)
    }

    /// Has a datagram written and sends it with the next flush. `write` is given room for
    /// [`DATAGRAM`](crate::batch::DATAGRAM) bytes and says how many it took.
    #[inline]
    pub(crate) fn send(&mut self, route: &Route, write: impl FnOnce(&mut [u8]) -> usize) {
        match route {
            Route::Udp(socket, to, _) => {
                let Socket { udp, batch, .. } = &mut self.sockets[*socket];
                batch.push(udp, to, write);
            }
            Route::Tcp(connection) => self.connections.send(*connection, write),
        }
    }

    /// Sends everything that waits.
    pub(crate) fn flush(&mut self) {
        for Socket { udp, batch, .. } in &mut self.sockets {
            batch.flush(udp);
        }
        self.connections.flush();
    }

    /// What became of all datagrams since this was asked the last time.
    pub(crate) fn take_tally(&mut self) -> Tally {
        let mut sum = self.connections.take_tally();
        for Socket { batch, .. } in &mut self.sockets {
            let tally = batch.take_tally();
            sum.sent += tally.sent;
            sum.bytes += tally.bytes;
            sum.dropped += tally.dropped;
        }
        sum
    }
}
