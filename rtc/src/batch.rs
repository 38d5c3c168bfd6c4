//! Datagrams on their way out, handed to the kernel many at a time.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg};

/// Datagrams that one call takes.
const SIZE: usize = 64;

/// The longest datagram that we send: an Ethernet frame less the headers.
pub(crate) const DATAGRAM: usize = 1_472;

/// Datagrams from one socket. Those that it does not take at once are lost, as they would be on a network.
pub(crate) struct Batch {
    buffers: Box<[[u8; DATAGRAM]]>,
    lengths: [usize; SIZE],
    addresses: Vec<Option<SockaddrStorage>>,
    headers: MultiHeaders<SockaddrStorage>,
    /// What became of everything so far.
    tally: Tally,
}

/// What became of datagrams.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    pub(crate) sent: u64,
    pub(crate) bytes: u64,
    /// Not taken by the kernel: its buffer was full, or the address cannot be reached.
    pub(crate) dropped: u64,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            buffers: vec![[0; DATAGRAM]; SIZE].into(),
            lengths: [0; SIZE],
            addresses: Vec::with_capacity(SIZE),
            headers: MultiHeaders::preallocate(SIZE, None),
            tally: Tally::default(),
        }
    }
}

impl Batch {
    /// Has a datagram written by `write`, which says how long it is.
    pub(crate) fn push(
        &mut self,
        socket: &UdpSocket,
        to: &SockaddrStorage,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) {
        let place = self.addresses.len();
        self.lengths[place] = write(&mut self.buffers[place]);
        self.addresses.push(Some(*to));
        if self.addresses.len() == SIZE {
            self.flush(socket);
        }
    }

    /// Sends what waits.
    pub(crate) fn flush(&mut self, socket: &UdpSocket) {
        let count = self.addresses.len();
        let (buffers, lengths) = (&self.buffers, &self.lengths);
        let slices: Vec<[IoSlice<'_>; 1]> = buffers
            .iter()
            .zip(lengths)
            .take(count)
            .map(|(buffer, length)| [IoSlice::new(&buffer[..*length])])
            .collect();
        let mut done = 0;
        while done < count {
            let sent = sendmmsg(
                socket.as_raw_fd(),
                &mut self.headers,
                &slices[done..],
                &self.addresses[done..],
                [],
                MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
            );
            match sent.map(Iterator::count) {
                Ok(taken) if taken > 0 => {
                    self.tally.sent += taken as u64;
                    self.tally.bytes +=
                        lengths[done..done + taken].iter().map(|length| *length as u64).sum::<u64>();
                    done += taken;
                }
                Err(Errno::EINTR) => {}
                // A full buffer takes none of the rest either; an address out of reach is its own trouble.
                Err(Errno::EAGAIN | Errno::ENOBUFS) => {
                    self.tally.dropped += (count - done) as u64;
                    done = count;
                }
                _ => {
                    self.tally.dropped += 1;
                    done += 1;
                }
            }
        }
        self.addresses.clear();
    }

    /// What became of everything since the last time this was asked.
    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }
}

/// An address as the kernel takes it.
pub(crate) fn storage(address: SocketAddr) -> SockaddrStorage {
    address.into()
}
