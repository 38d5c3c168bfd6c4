//! A small RTMP client that shares no code with the server: it writes its bytes by hand.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const AUDIO: u8 = 8;
pub(crate) const VIDEO: u8 = 9;
pub(crate) const COMMAND: u8 = 20;

pub(crate) const AAC_HEADER: &[u8] = &[0xaf, 0, 0x12, 0x10];
pub(crate) const AAC_UNIT: &[u8] = &[0xaf, 1, 0x21, 0x10, 0x05];

pub(crate) struct Client<S> {
    stream: S,
    chunk_size: usize,
}

impl Client<TcpStream> {
    /// Connected, nothing said.
    pub(crate) async fn dial(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    /// As far as `publish`.
    pub(crate) async fn publish(address: SocketAddr, name: &str) -> Self {
        let mut client = Self::dial(address).await;
        client.shake().await;
        client.ask(name).await;
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, chunk_size: 128 }
    }

    pub(crate) async fn shake(&mut self) {
        self.send(&[&[3][..], &[0; 1_536]].concat()).await;
        let mut answer = vec![0; 1 + 2 * 1_536];
        self.stream.read_exact(&mut answer).await.unwrap();
        self.send(&answer[1..=1_536]).await;
    }

    /// `connect` and `publish`.
    pub(crate) async fn ask(&mut self, name: &str) {
        self.message(3, 0, COMMAND, 0, &connect()).await;
        let publish = [&text("publish")[..], &number(5.0), &[5], &text(name), &text("live")].concat();
        self.message(3, 0, COMMAND, 1, &publish).await;
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// As [`Self::send`]; the server may have hung up.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    pub(crate) async fn set_chunk_size(&mut self, size: u32) {
        self.message(2, 0, 1, 0, &size.to_be_bytes()).await;
        self.chunk_size = size as usize;
    }

    pub(crate) async fn audio(&mut self, time: u32, payload: &[u8]) {
        self.message(4, time, AUDIO, 1, payload).await;
    }

    /// A header and a unit.
    pub(crate) async fn sound(&mut self) {
        self.audio(0, AAC_HEADER).await;
        self.audio(23, AAC_UNIT).await;
    }

    /// A message with a full header and type 3 headers behind it.
    pub(crate) async fn message(&mut self, stream: u8, time: u32, kind: u8, stream_id: u8, payload: &[u8]) {
        let mut bytes = full(stream, time, payload.len() as u32, kind, stream_id);
        for (index, piece) in payload.chunks(self.chunk_size).enumerate() {
            if index > 0 {
                bytes.push(0xc0 | stream);
                if time >= 0xff_ffff {
                    bytes.extend(time.to_be_bytes());
                }
            }
            bytes.extend(piece);
        }
        self.send(&bytes).await;
    }

    /// Everything the server says until it hangs up, as text where it is text.
    pub(crate) async fn hear_out(mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is a way of hanging up too.
        let _: std::io::Result<usize> = self.stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A full chunk header.
pub(crate) fn full(stream: u8, time: u32, length: u32, kind: u8, stream_id: u8) -> Vec<u8> {
    let mut header = vec![stream];
    header.extend(&time.min(0xff_ffff).to_be_bytes()[1..]);
    header.extend(&length.to_be_bytes()[1..]);
    header.extend([kind, stream_id, 0, 0, 0]);
    if time >= 0xff_ffff {
        header.extend(time.to_be_bytes());
    }
    header
}

pub(crate) fn connect() -> Vec<u8> {
    let object = [b"\x03\x00\x03app".as_slice(), &text("live"), b"\x00\x00\x09"].concat();
    [text("connect"), number(1.0), object].concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&[2, 0, text.len() as u8], text.as_bytes()].concat()
}

pub(crate) fn number(number: f64) -> Vec<u8> {
    [&[0], &number.to_be_bytes()[..]].concat()
}
