//! What one connection is doing, told by its service and its socket and judged by a watch.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use hyper::{
    Request,
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
    service::Service,
};

/// Bytes that a connection may send within one look without counting as alive.
///
/// HTTP/2 pings and settings travel in frames of 9 to 17 bytes on a connection that nobody uses; any
/// response is longer than a handful of them.
const CHATTER: u64 = 128;

/// Counts of one connection: requests begun, requests waiting for their response, bytes sent.
///
/// Bytes received do not count: a head that arrives one byte a second keeps nothing alive.
#[derive(Debug, Default)]
pub struct Activity {
    begun: AtomicU32,
    waiting: AtomicU32,
    sent: AtomicU64,
}

/// The counts at an earlier look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Mark {
    begun: u32,
    sent: u64,
}

/// What happened since the last look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Since {
    /// A request began, a response is awaited, or bytes left: the connection lives.
    Busy,
    /// Nothing: a head that never ends, an unused connection, or a reader that has stopped.
    Idle,
}

impl Activity {
    /// Judges the time since `mark`, and moves `mark` to now.
    pub fn since(&self, mark: &mut Mark) -> Since {
        let now = Mark { begun: self.begun.load(Relaxed), sent: self.sent.load(Relaxed) };
        let before = std::mem::replace(mark, now);
        let sent = now.sent.wrapping_sub(before.sent);
        if now.begun != before.begun || sent > CHATTER || self.waiting.load(Relaxed) > 0 {
            Since::Busy
        } else {
            Since::Idle
        }
    }

    /// True until the first request begins.
    pub fn is_new(&self) -> bool {
        self.begun.load(Relaxed) == 0
    }

    fn begin(self: &Arc<Self>) -> Waiting {
        self.begun.fetch_add(1, Relaxed);
        self.waiting.fetch_add(1, Relaxed);
        Waiting(Arc::clone(self))
    }
}

/// One request that has no response yet; dropping it says that it has, or that nobody waits any more.
#[derive(Debug)]
struct Waiting(Arc<Activity>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

/// A service that tells [`Activity`] about its requests.
#[derive(Debug)]
pub struct Watched<S> {
    service: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    /// Watches `service`.
    pub fn new(service: S, activity: Arc<Activity>) -> Self {
        Self { service, activity }
    }
}

impl<S: Service<Request<Incoming>>> Service<Request<Incoming>> for Watched<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Response<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let waiting = self.activity.begin();
        Response { future: self.service.call(request), waiting: Some(waiting) }
    }
}

pin_project_lite::pin_project! {
    /// The future of a [`Watched`] service.
    #[derive(Debug)]
    pub struct Response<F> {
        #[pin]
        future: F,
        waiting: Option<Waiting>,
    }
}

impl<F: Future> Future for Response<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.future.poll(cx));
        this.waiting.take();
        Poll::Ready(output)
    }
}

/// A socket that tells [`Activity`] about the bytes it sends.
#[derive(Debug)]
pub struct Line<T> {
    io: T,
    activity: Arc<Activity>,
}

impl<T> Line<T> {
    /// Watches `io`.
    pub fn new(io: T, activity: Arc<Activity>) -> Self {
        Self { io, activity }
    }

    fn sent(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            self.activity.sent.fetch_add(*bytes as u64, Relaxed);
        }
    }
}

impl<T: Read + Unpin> Read for Line<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: Write + Unpin> Write for Line<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.sent(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.sent(&written);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_nobody_uses_is_idle() {
        let activity = Activity::default();
        let mut mark = Mark::default();
        assert_eq!(activity.since(&mut mark), Since::Idle);
    }

    #[test]
    fn pings_alone_keep_nothing_alive_and_a_response_does() {
        let activity = Activity::default();
        let mut mark = Mark::default();
        activity.sent.fetch_add(17 * 3, Relaxed);
        assert_eq!(activity.since(&mut mark), Since::Idle);
        activity.sent.fetch_add(5_000, Relaxed);
        assert_eq!(activity.since(&mut mark), Since::Busy);
        assert_eq!(activity.since(&mut mark), Since::Idle);
    }

    #[test]
    fn a_held_request_keeps_its_connection_for_as_long_as_it_is_held() {
        let activity = Arc::new(Activity::default());
        let mut mark = Mark::default();
        let held = activity.begin();
        assert_eq!(activity.since(&mut mark), Since::Busy);
        assert_eq!(activity.since(&mut mark), Since::Busy);
        drop(held);
        assert_eq!(activity.since(&mut mark), Since::Idle);
    }
}
