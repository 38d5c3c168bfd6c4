//! A receiver of webhooks: a small HTTP server of the tests' own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// Longest that a request is waited for.
const PATIENCE: Duration = Duration::from_secs(40);

/// What came.
pub(crate) struct Received {
    /// `t=…,v1=…`
    pub(crate) signature: String,
    pub(crate) body: serde_json::Value,
}

/// The server. Its thread ends with the process.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    status: Arc<AtomicU16>,
    received: mpsc::Receiver<Received>,
}

impl Receiver {
    /// One that answers with `status`.
    pub(crate) fn open(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(status));
        let (came, received) = mpsc::channel();
        let answers = status.clone();
        std::thread::spawn(move || {
            for line in listener.incoming().map_while(Result::ok) {
                // Whoever breaks off sends it again; a test that is over takes nothing more.
                if take(&line, &answers).is_ok_and(|it| came.send(it).is_err()) {
                    return;
                }
            }
        });
        Self { address, status, received }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Waits for the next request.
    pub(crate) fn next(&self) -> Received {
        self.received.recv_timeout(PATIENCE).expect("a request comes")
    }
}

fn take(line: &TcpStream, status: &AtomicU16) -> std::io::Result<Received> {
    let mut reader = BufReader::new(line);
    let (mut length, mut signature) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "x-onair-signature" => value.trim().clone_into(&mut signature),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut line = line;
    let status = status.load(Ordering::SeqCst);
    write!(line, "HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok(Received { signature, body: serde_json::from_slice(&body)? })
}
