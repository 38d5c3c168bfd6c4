use bytes::{BufMut, Bytes, BytesMut};

use super::CloseCode;
use super::header::MAX_CONTROL;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// A header is at most this long without a mask.
const MAX_HEADER: usize = 10;

/// A text message in one frame, ready to be sent to any number of connections.
pub fn frame(text: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(MAX_HEADER + text.len());
    text_into(&mut out, text);
    out.freeze()
}

/// Appends a text message in one frame.
pub fn text_into(out: &mut BytesMut, text: &str) {
    put(out, TEXT, text.as_bytes());
}

/// Appends a Ping. Of `payload` at most the first 125 bytes are sent (section 5.5); the client's Pong repeats them.
pub fn ping_into(out: &mut BytesMut, payload: &[u8]) {
    put(out, PING, &payload[..payload.len().min(MAX_CONTROL)]);
}

/// Appends the Pong that answers a Ping with this payload, of which at most the first 125 bytes are sent.
pub fn pong_into(out: &mut BytesMut, payload: &[u8]) {
    put(out, PONG, &payload[..payload.len().min(MAX_CONTROL)]);
}

/// Appends a Close frame. Of `reason` as many whole characters are sent as fit 123 bytes (section 5.5.1).
///
/// Nothing may be sent after it. A client's Close is answered with one, once.
pub fn close_into(out: &mut BytesMut, code: CloseCode, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL - 2)];
    let mut payload = [0; MAX_CONTROL];
    payload[..2].copy_from_slice(&code.number().to_be_bytes());
    payload[2..2 + reason.len()].copy_from_slice(reason.as_bytes());
    put(out, CLOSE, &payload[..2 + reason.len()]);
}

fn put(out: &mut BytesMut, first: u8, payload: &[u8]) {
    out.reserve(MAX_HEADER + payload.len());
    out.put_u8(first);
    match payload.len() {
        short @ 0..=125 => out.put_u8(short as u8),
        medium @ 126..=0xffff => {
            out.put_u8(126);
            out.put_u16(medium as u16);
        }
        long => {
            out.put_u8(127);
            out.put_u64(long as u64);
        }
    }
    out.put_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut BytesMut)) -> Vec<u8> {
        let mut out = BytesMut::new();
        write(&mut out);
        out.to_vec()
    }

    #[test]
    fn texts_are_framed_as_in_section_5_7() {
        assert_eq!(frame("Hello"), &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f][..]);
        assert_eq!(frame(&"a".repeat(256))[..5], [0x81, 0x7e, 0x01, 0x00, b'a']);
        assert_eq!(frame(&"a".repeat(65_536))[..11], [0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, b'a']);
    }

    #[test]
    fn a_length_takes_the_shortest_form() {
        let header = |length: usize| frame(&"a".repeat(length)).len() - length;
        assert_eq!([0, 125, 126, 65_535, 65_536].map(header), [2, 2, 4, 4, 10]);
    }

    #[test]
    fn a_ping_is_answered_with_what_it_carried() {
        assert_eq!(written(|out| ping_into(out, b"Hello")), b"\x89\x05Hello");
        assert_eq!(written(|out| pong_into(out, b"Hello")), b"\x8a\x05Hello");
        assert_eq!(written(|out| pong_into(out, &[7; 200])).len(), 2 + 125);
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(written(|out| close_into(out, CloseCode::GOING_AWAY, "bye")), b"\x88\x05\x03\xe9bye");
        // 122 bytes, and one of two: it would end at 124.
        let long = format!("{}ö", "a".repeat(122));
        let close = written(|out| close_into(out, CloseCode::NORMAL, &long));
        assert_eq!((close[1], close.len()), (124, 126));
    }

    #[test]
    fn frames_follow_each_other_in_one_buffer() {
        let both = written(|out| {
            text_into(out, "a");
            text_into(out, "b");
        });
        assert_eq!(both, b"\x81\x01a\x81\x01b");
    }
}
