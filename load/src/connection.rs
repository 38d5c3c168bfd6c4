//! One keep-alive connection: at most one request under way.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};

use crate::fault::Fault;
use crate::limits;
use crate::response::{Keep, Response, ResponseReader};

/// A connection and the request of type `J` on it.
#[derive(Debug)]
pub(crate) struct Connection<J> {
    index: usize,
    stream: Option<mio::net::TcpStream>,
    /// The stream is connected and writes go through.
    ready: bool,
    reader: ResponseReader,
    job: Option<J>,
    asked: Instant,
    /// Request bytes the kernel has not taken. Empty nearly always.
    unsent: Vec<u8>,
    opened: u32,
}

/// What reading brought.
#[derive(Debug)]
pub(crate) enum Event<J> {
    /// Nothing whole.
    Nothing,
    /// The answer to a request.
    Answer(J, Response),
    /// The request failed, and the connection with it.
    Failed(J, Fault),
    /// The connection misbehaved without a request.
    Broken(Fault),
}

impl<J> Connection<J> {
    pub(crate) fn new(index: usize, now: Instant) -> Self {
        let (reader, unsent) = (ResponseReader::new(), Vec::new());
        Self { index, stream: None, ready: false, reader, job: None, asked: now, unsent, opened: 0 }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.job.is_none()
    }

    /// Since when a request is under way.
    pub(crate) fn asked(&self) -> Option<Instant> {
        self.job.is_some().then_some(self.asked)
    }

    /// Connections opened after the first.
    pub(crate) fn reopened(&self) -> u32 {
        self.opened.saturating_sub(1)
    }

    /// Sends `request`, connecting first where need be. The job comes back with a fault if that fails at once.
    pub(crate) fn ask(
        &mut self,
        (job, request, keep): (J, &[u8], Keep),
        to: SocketAddr,
        registry: &Registry,
        now: Instant,
    ) -> Result<(), (J, Fault)> {
        if self.stream.is_none() {
            match self.open(to, registry) {
                Ok(stream) => self.stream = Some(stream),
                Err(_) => return Err((job, Fault::Connect)),
            }
        }
        self.reader.expect(keep);
        self.unsent.clear();
        let mut rest = request;
        if self.ready
            && let Err(fault) = self.write(&mut rest)
        {
            self.close();
            return Err((job, fault));
        }
        self.unsent.extend_from_slice(rest);
        (self.job, self.asked) = (Some(job), now);
        Ok(())
    }

    fn open(&mut self, to: SocketAddr, registry: &Registry) -> io::Result<mio::net::TcpStream> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = limits::source(self.index, to) {
            socket.bind(&source.into())?;
        }
        match socket.connect(&to.into()) {
            Err(error) if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                return Err(error);
            }
            _ => {}
        }
        let mut stream = mio::net::TcpStream::from_std(TcpStream::from(socket));
        registry.register(&mut stream, Token(self.index), Interest::READABLE | Interest::WRITABLE)?;
        self.reader = ResponseReader::new();
        (self.ready, self.opened) = (false, self.opened + 1);
        Ok(stream)
    }

    /// The kernel says that writes go through: connected, or room again.
    pub(crate) fn writable(&mut self) -> Event<J> {
        let Some(stream) = &self.stream else { return Event::Nothing };
        if !self.ready {
            match (stream.take_error(), stream.peer_addr()) {
                (Ok(None), Ok(_)) => self.ready = true,
                (Ok(None), Err(error)) if error.kind() == io::ErrorKind::NotConnected => {
                    return Event::Nothing;
                }
                _ => return self.fail(Fault::Connect),
            }
        }
        if self.unsent.is_empty() {
            return Event::Nothing;
        }
        let unsent = std::mem::take(&mut self.unsent);
        let mut rest = &unsent[..];
        match self.write(&mut rest) {
            Ok(()) => {
                self.unsent.extend_from_slice(rest);
                Event::Nothing
            }
            Err(fault) => self.fail(fault),
        }
    }

    fn write(&mut self, rest: &mut &[u8]) -> Result<(), Fault> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        while !rest.is_empty() {
            match stream.write(rest) {
                Ok(written) => *rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Fault::Closed),
            }
        }
        Ok(())
    }

    /// Reads once into `buffer`. The second value says whether more may be waiting.
    pub(crate) fn readable(&mut self, buffer: &mut [u8]) -> (Event<J>, bool) {
        let Some(stream) = &mut self.stream else { return (Event::Nothing, false) };
        match stream.read(buffer) {
            Ok(0) => (self.ended(), false),
            // A short read has emptied the socket (epoll(7)): the next edge tells of more.
            Ok(count) => (self.took(&buffer[..count]), count == buffer.len()),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected => (Event::Nothing, false),
                io::ErrorKind::Interrupted => (Event::Nothing, true),
                _ if !self.ready => (self.fail(Fault::Connect), false),
                _ => (self.fail(Fault::Closed), false),
            },
        }
    }

    fn took(&mut self, bytes: &[u8]) -> Event<J> {
        if self.job.is_none() {
            return self.fail(Fault::Malformed);
        }
        match self.reader.read(bytes) {
            Ok((_, None)) => Event::Nothing,
            Ok((used, Some(response))) if used == bytes.len() => self.answered(response),
            // Bytes after the answer belong to no request of ours.
            Ok((_, Some(_))) | Err(_) => self.fail(Fault::Malformed),
        }
    }

    fn ended(&mut self) -> Event<J> {
        match self.reader.end() {
            Ok(Some(response)) => self.answered(response),
            Ok(None) | Err(_) => self.fail(Fault::Closed),
        }
    }

    fn answered(&mut self, response: Response) -> Event<J> {
        if response.close {
            self.close();
        }
        self.job.take().map_or(Event::Nothing, |job| Event::Answer(job, response))
    }

    /// Gives the connection up. A close without a request is in order and no fault.
    pub(crate) fn fail(&mut self, fault: Fault) -> Event<J> {
        self.close();
        match self.job.take() {
            Some(job) => Event::Failed(job, fault),
            None if fault == Fault::Closed => Event::Nothing,
            None => Event::Broken(fault),
        }
    }

    fn close(&mut self) {
        // Dropping a socket takes it out of epoll.
        self.stream = None;
        self.ready = false;
        self.unsent.clear();
    }
}
