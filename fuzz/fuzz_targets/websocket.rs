//! A room's connection after its handshake: frames, in any pieces.
//!
//! The first byte says how long the pieces are, in which the rest is told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::websocket::{Incoming, Reader, Violation, close_into, pong_into, text_into};

/// Messages of the room are bounded by this.
const MAX: usize = 4_096;

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, bytes)) = bytes.split_first() else { return };
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(read(bytes, usize::from(size % 32) + 1), whole);

    for incoming in whole.0 {
        answer(incoming);
    }
});

/// What a reader makes of these bytes, `size` of them at a time.
fn read(bytes: &[u8], size: usize) -> (Vec<Incoming>, Option<Violation>) {
    let mut reader = Reader::new(MAX);
    let mut read = Vec::new();
    for piece in bytes.chunks(size) {
        reader.push(piece);
        loop {
            match reader.poll() {
                Ok(Some(incoming)) => read.push(incoming),
                Ok(None) => break,
                Err(violation) => {
                    assert_eq!(reader.poll(), Err(violation));
                    return (read, Some(violation));
                }
            }
        }
    }
    (read, None)
}

/// What is read stays within its bounds, and can be said again.
fn answer(incoming: Incoming) {
    let mut out = bytes::BytesMut::new();
    match incoming {
        Incoming::Text(text) => {
            assert!(text.len() <= MAX);
            text_into(&mut out, &text);
        }
        Incoming::Ping(payload) => {
            assert!(payload.len() <= 125);
            pong_into(&mut out, &payload);
            assert_eq!(&out[2..], payload);
        }
        Incoming::Pong => {}
        Incoming::Close { code, reason } => {
            assert!(reason.len() <= 123);
            if let Some(code) = code {
                close_into(&mut out, code, &reason);
                assert_eq!(&out[4..], reason.as_bytes());
            }
        }
    }
}
