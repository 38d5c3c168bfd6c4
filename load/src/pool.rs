//! All connections of a generator behind one epoll.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context;
use mio::{Events, Poll};

use crate::connection::{Connection, Event};
use crate::fault::Fault;
use crate::limits;
use crate::response::Keep;

/// Sockets told of in one wait.
const BATCH: usize = 1024;
/// More than any playlist and most parts, so that one read empties a socket.
const BUFFER: usize = 256 << 10;

#[derive(Clone, Copy, Debug)]
struct Ready {
    index: usize,
    writable: bool,
    readable: bool,
}

/// Connections to one server, each known by its number.
#[derive(Debug)]
pub(crate) struct Pool<J> {
    to: SocketAddr,
    poll: Poll,
    events: Events,
    ready: Vec<Ready>,
    connections: Vec<Connection<J>>,
    buffer: Vec<u8>,
}

impl<J> Pool<J> {
    /// A pool of `count` connections, none of them open yet.
    pub(crate) fn new(count: usize, to: SocketAddr) -> anyhow::Result<Self> {
        limits::allow(count)?;
        let now = Instant::now();
        Ok(Self {
            to,
            poll: Poll::new().context("no epoll")?,
            events: Events::with_capacity(BATCH),
            ready: Vec::with_capacity(BATCH),
            connections: (0..count).map(|index| Connection::new(index, now)).collect(),
            buffer: vec![0; BUFFER],
        })
    }

    pub(crate) fn is_idle(&self, index: usize) -> bool {
        self.connections[index].is_idle()
    }

    /// Sends `request` on connection `index`, which must be idle.
    pub(crate) fn ask(
        &mut self,
        index: usize,
        (job, request, keep): (J, &[u8], Keep),
        now: Instant,
    ) -> Result<(), (J, Fault)> {
        self.connections[index].ask((job, request, keep), self.to, self.poll.registry(), now)
    }

    /// Waits for the network, at most `timeout`. What came is fetched with [`Self::next`].
    pub(crate) fn wait(&mut self, timeout: Duration) -> anyhow::Result<()> {
        if let Err(error) = self.poll.poll(&mut self.events, Some(timeout))
            && error.kind() != std::io::ErrorKind::Interrupted
        {
            return Err(error).context("epoll failed");
        }
        self.ready.extend(self.events.iter().map(|event| Ready {
            index: event.token().0,
            writable: event.is_writable() || event.is_error(),
            readable: event.is_readable() || event.is_read_closed() || event.is_error(),
        }));
        // Taken from the end: the first socket told of is the first served.
        self.ready.reverse();
        Ok(())
    }

    /// The next event of this wait; none when all are done.
    pub(crate) fn next(&mut self) -> Option<(usize, Event<J>)> {
        loop {
            let ready = self.ready.last_mut()?;
            let index = ready.index;
            let connection = &mut self.connections[index];
            let (event, more) = if std::mem::take(&mut ready.writable) {
                (connection.writable(), ready.readable)
            } else if ready.readable {
                connection.readable(&mut self.buffer)
            } else {
                (Event::Nothing, false)
            };
            if !more {
                self.ready.pop();
            }
            if !matches!(event, Event::Nothing) {
                return Some((index, event));
            }
        }
    }

    /// Gives up requests that are under way since before `limit`.
    pub(crate) fn overdue(&mut self, limit: Instant) -> Vec<(usize, Event<J>)> {
        let late = self.connections.iter_mut().enumerate();
        let late = late.filter(|(_, connection)| connection.asked().is_some_and(|asked| asked < limit));
        late.map(|(index, connection)| (index, connection.fail(Fault::Overdue))).collect()
    }

    /// Connections opened again after their first time.
    pub(crate) fn reopened(&self) -> u64 {
        self.connections.iter().map(|connection| u64::from(connection.reopened())).sum()
    }
}
