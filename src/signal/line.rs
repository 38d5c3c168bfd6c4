//! A WebSocket, as messages in and frames out.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use wire::websocket::{CloseCode, Incoming, Reader, Violation, close_into, ping_into, pong_into};

/// Longest message of a client in bytes: 200 characters, each written as `\ud83d\ude00`, with all that stands around.
const MESSAGE: usize = 4 * 1024;

/// Bytes that are read at once; a chat message has a hundred.
const READ: usize = 512;

/// How long a client may take nothing of what is written before it is let go.
const STUCK: Duration = Duration::from_secs(10);

/// A WebSocket.
pub(super) struct Line<T> {
    io: T,
    reader: Reader,
}

/// Why nothing more comes.
#[derive(Debug)]
pub(super) enum Over {
    /// The client closed, or went.
    Gone,
    /// It does not keep to the protocol.
    Violated(Violation),
    /// It takes nothing of what is written.
    Stuck,
    /// The socket failed.
    Failed(io::Error),
}

impl<T: AsyncRead + AsyncWrite + Unpin> Line<T> {
    pub(super) const fn new(io: T) -> Self {
        Self { io, reader: Reader::new(MESSAGE) }
    }

    /// The next message; `None` where the client gave another sign of life. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<String>, Over> {
        loop {
            match self.reader.poll().map_err(Over::Violated)? {
                Some(Incoming::Text(text)) => return Ok(Some(text)),
                Some(Incoming::Pong) => return Ok(None),
                Some(Incoming::Ping(payload)) => {
                    let mut pong = BytesMut::new();
                    pong_into(&mut pong, &payload);
                    self.write(&pong).await?;
                    return Ok(None);
                }
                Some(Incoming::Close { code, .. }) => {
                    self.close(code.unwrap_or(CloseCode::NORMAL), "").await;
                    return Err(Over::Gone);
                }
                None => {}
            }
            let mut bytes = [0; READ];
            match self.io.read(&mut bytes).await {
                Ok(0) => return Err(Over::Gone),
                Ok(read) => self.reader.push(&bytes[..read]),
                Err(error) => return Err(Over::Failed(error)),
            }
        }
    }

    /// Writes whole frames.
    pub(super) async fn write(&mut self, frames: &[u8]) -> Result<(), Over> {
        let written = async {
            self.io.write_all(frames).await?;
            self.io.flush().await
        };
        match timeout(STUCK, written).await {
            Ok(written) => written.map_err(Over::Failed),
            Err(_) => Err(Over::Stuck),
        }
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&mut self) -> Result<(), Over> {
        let mut ping = BytesMut::new();
        ping_into(&mut ping, b"");
        self.write(&ping).await
    }

    /// Says why it is over, and ends it. A client that is gone already has no more use for it.
    pub(super) async fn close(&mut self, code: CloseCode, reason: &str) {
        let mut close = BytesMut::new();
        close_into(&mut close, code, reason);
        if self.write(&close).await.is_ok() {
            timeout(STUCK, self.io.shutdown()).await.ok();
        }
    }
}
