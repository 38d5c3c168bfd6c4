//! One connection: a socket around a [`Session`].
#![expect(clippy::disallowed_methods, reason = "the shell around the core looks at the clock")]

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::admission::Admission;
use crate::publication::{Sink, Word};
use crate::publish_request::{Answer, Publisher};
use crate::rtmp::alarm::Alarm;
use crate::rtmp::counters::Open;
use crate::rtmp::ending::Ending;
use crate::rtmp::session::{Output, Session, SessionLimits};
use crate::{CloseReason, Protocol, PublishRequest, Refusal};

/// Bytes read at a time; with it the outputs of one read are bounded too.
const READ: usize = 8 * 1024;
/// What a publisher may still send while it reads why it was sent away. Without reading on, the kernel would
/// answer that with a reset, which takes our last words back.
const LINGER_BYTES: u64 = 512 * 1024;

/// A connection before its first byte.
pub(super) struct Connection<S> {
    pub(super) stream: S,
    pub(super) peer: SocketAddr,
    pub(super) protocol: Protocol,
    pub(super) admission: Admission,
    pub(super) requests: mpsc::Sender<PublishRequest>,
    pub(super) limits: SessionLimits,
    /// How long one answer may take to be taken by the peer's socket.
    pub(super) write: Duration,
    /// How long bytes wait for a station that reads in step and does not come.
    pub(super) rest: Duration,
    /// How long we read on after our last words.
    pub(super) linger: Duration,
    pub(super) open: Open,
}

/// How a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Gone {
    #[error(transparent)]
    Ending(#[from] Ending),
    #[error("the peer closed the connection")]
    Eof,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Runs until the connection is over, and logs how it ended.
    pub(super) async fn run(mut self, nonce: [u8; 32], shutdown: CancellationToken) {
        let mut broadcast = None;
        let gone = self.serve(nonce, shutdown, &mut broadcast).await;
        self.open.ended(&gone);
        let protocol = self.protocol.name();
        if let Some(id) = broadcast {
            info!(broadcast.id = %id, ingest.protocol = protocol, "publisher of {id} left: {gone}");
        } else {
            debug!(ingest.protocol = protocol, "connection ended: {gone}");
        }
        if matches!(&gone, Gone::Ending(ending) if ending.was_told()) {
            self.linger().await;
        }
    }

    async fn serve(
        &mut self,
        nonce: [u8; 32],
        shutdown: CancellationToken,
        broadcast: &mut Option<String>,
    ) -> Gone {
        let opened = Instant::now();
        let mut session = Session::new(opened, self.limits.clone(), nonce);
        let mut alarm = Alarm::new(opened);
        let mut stopping = pin!(shutdown.cancelled());
        let mut answer = None;
        let mut sink: Option<Sink> = None;
        let mut buffer = [0; READ];
        // Until when nothing is read, unless the station asks for it.
        let mut rest: Option<Instant> = None;
        loop {
            while let Some(output) = session.poll_output() {
                match output {
                    Output::Transmit(bytes) => {
                        if let Err(error) = self.send(&bytes).await {
                            return error.into();
                        }
                    }
                    Output::PublishRequested { name, software } => {
                        let publisher = Publisher {
                            broadcast: name.broadcast.clone(),
                            key: name.key,
                            protocol: self.protocol,
                            peer: self.peer,
                            software,
                            account: None,
                        };
                        let (request, answered) = PublishRequest::new(Instant::now(), publisher);
                        match self.requests.try_send(request) {
                            Ok(()) => {
                                *broadcast = Some(name.broadcast);
                                answer = Some(answered);
                            }
                            Err(_) => session.reject(Refusal::Unavailable),
                        }
                    }
                    Output::Media(media) => {
                        if let Some(sink) = &mut sink {
                            sink.push(Instant::now(), media);
                        }
                    }
                    Output::Closed(ending) => return ending.into(),
                }
            }
            // Most wakes bring bytes and nothing else, so they are looked at first. Somebody who sends without
            // a pause does not hold up the others: the runtime's budget ends his turn.
            tokio::select! {
                biased;
                read = self.stream.read(&mut buffer), if rest.is_none() => match read {
                    Ok(0) => return Gone::Eof,
                    Ok(count) => {
                        let now = Instant::now();
                        session.handle_input(now, &buffer[..count]);
                        // A full buffer is not the end of what has come.
                        if count < READ && sink.as_ref().is_some_and(Sink::is_in_step) {
                            rest = Some(now + self.rest);
                        }
                    }
                    Err(error) => return error.into(),
                },
                () = alarm.ring_at(rest.into_iter().chain(session.poll_timeout()).min()) => {
                    let now = Instant::now();
                    rest = rest.filter(|until| now < *until);
                    session.handle_timeout(now);
                }
                answered = answered(&mut answer) => {
                    answer = None;
                    match answered {
                        Answer::Accepted(accepted) => {
                            self.admission.settle();
                            sink = Some(accepted);
                            session.accept(Instant::now());
                        }
                        Answer::Rejected(refusal) => session.reject(refusal),
                    }
                },
                word = word(&mut sink) => match word {
                    Word::Asked => rest = None,
                    Word::Closed(reason) => session.close(reason),
                },
                () = &mut stopping => session.close(CloseReason::ServerStopping),
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout(self.write, sent).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Closes our side and reads on for a moment, so that the peer gets to read why.
    async fn linger(&mut self) {
        let last_words = async {
            self.stream.shutdown().await?;
            tokio::io::copy(&mut (&mut self.stream).take(LINGER_BYTES), &mut tokio::io::sink()).await
        };
        if let Ok(Err(error)) = timeout(self.linger, last_words).await {
            debug!("the peer did not wait for the end: {error}");
        }
    }
}

/// The station's answer; for a dropped request, that it can't.
async fn answered(answer: &mut Option<oneshot::Receiver<Answer>>) -> Answer {
    match answer {
        Some(answer) => answer.await.unwrap_or(Answer::Rejected(Refusal::Unavailable)),
        None => pending().await,
    }
}

async fn word(sink: &mut Option<Sink>) -> Word {
    match sink {
        Some(sink) => sink.word().await,
        None => pending().await,
    }
}
