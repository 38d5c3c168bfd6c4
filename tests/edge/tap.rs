//! A wire between an edge and a station, which sees what the edge asks for.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Forwards every connection to a station, and keeps the head of each request. Its threads end with their
/// connections; the one that accepts ends with the test's process.
pub(crate) struct Tap {
    /// `127.0.0.1:PORT` for the edge.
    pub(crate) address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Tap {
    pub(crate) fn before(station: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (station, seen) = (station.to_owned(), heads.clone());
        thread::spawn(move || {
            for edge in listener.incoming().map_while(Result::ok) {
                // A station that has gone is seen by the test as an edge's 502.
                let Ok(inside) = TcpStream::connect(&station) else { continue };
                let (back_from, back_to) = (inside.try_clone().unwrap(), edge.try_clone().unwrap());
                let seen = seen.clone();
                thread::spawn(move || pump(edge, inside, |bytes, kept| note(bytes, kept, &seen)));
                thread::spawn(move || pump(back_from, back_to, |_, _| ()));
            }
        });
        Self { address, heads }
    }

    /// Heads of the requests whose first line has `part`, in the order in which they came.
    pub(crate) fn asked(&self, part: &str) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        heads.iter().filter(|head| head.lines().next().unwrap().contains(part)).cloned().collect()
    }
}

/// Copies until one side closes, and tells `look` what it copied.
fn pump(mut from: TcpStream, mut to: TcpStream, look: impl Fn(&[u8], &mut Vec<u8>)) {
    let (mut buffer, mut kept) = ([0; 16 * 1024], Vec::new());
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        look(&buffer[..read], &mut kept);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // The other side may have closed it already.
    to.shutdown(Shutdown::Write).ok();
}

/// Cuts what came so far into heads; requests for media have no bodies.
fn note(bytes: &[u8], kept: &mut Vec<u8>, seen: &Mutex<Vec<String>>) {
    kept.extend_from_slice(bytes);
    while let Some(end) = kept.windows(4).position(|four| four == b"\r\n\r\n") {
        let head: Vec<u8> = kept.drain(..end + 4).collect();
        seen.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
    }
}
