//! WebSocket frames (RFC 6455): a server's as they lie in a buffer, and a client's as they are sent.

/// A server's frame where it lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: Kind,
    /// What it carries.
    pub payload: &'a [u8],
    /// Its bytes, header and payload.
    pub length: usize,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A text message in one frame.
    Text,
    /// To be answered with its payload.
    Ping,
    /// The answer to a ping, or a sign of life.
    Pong,
    /// The server closes.
    Close,
}

/// What a server of a room never sends: a mask, a reserved bit, binary, fragments, a control frame that is too
/// long, or a message of more than 16 MiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a frame that a server sends")]
pub struct Malformed;

/// The frame that `bytes` begin with; `None` while its end has not come.
pub fn first(bytes: &[u8]) -> Result<Option<Frame<'_>>, Malformed> {
    let [head, short, rest @ ..] = bytes else { return Ok(None) };
    let kind = match head {
        0x81 => Kind::Text,
        0x88 => Kind::Close,
        0x89 => Kind::Ping,
        0x8a => Kind::Pong,
        _ => return Err(Malformed),
    };
    let (header, length) = match (short, rest) {
        (0..=125, _) => (2, u64::from(*short)),
        (126, [a, b, ..]) => (4, u64::from(u16::from_be_bytes([*a, *b]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])),
        (126 | 127, _) => return Ok(None),
        // A mask.
        _ => return Err(Malformed),
    };
    if length > LONGEST || (kind != Kind::Text && length > 125) {
        return Err(Malformed);
    }
    let length = header + length as usize;
    Ok(bytes.get(header..length).map(|payload| Frame { kind, payload, length }))
}

/// A room of ten thousand people in one snapshot is less.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Appends a text message as a client sends it.
pub fn text_into(out: &mut Vec<u8>, text: &str) {
    put(out, 0x81, text.as_bytes());
}

/// Appends the answer to a ping.
pub fn pong_into(out: &mut Vec<u8>, payload: &[u8]) {
    put(out, 0x8a, payload);
}

/// Appends a Close frame: all is said.
pub fn close_into(out: &mut Vec<u8>) {
    put(out, 0x88, &1000u16.to_be_bytes());
}

/// The mask keeps proxies from taking a message for something else. Against a server that is loaded any will do.
const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0xc3];

fn put(out: &mut Vec<u8>, head: u8, payload: &[u8]) {
    out.push(head);
    match payload.len() {
        short @ 0..=125 => out.push(MASKED | short as u8),
        medium @ 126..=0xffff => {
            out.push(MASKED | 0x7e);
            out.extend((medium as u16).to_be_bytes());
        }
        long => {
            out.push(MASKED | 0x7f);
            out.extend((long as u64).to_be_bytes());
        }
    }
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

const MASKED: u8 = 0x80;

#[cfg(test)]
mod tests {
    use tungstenite::protocol::Role;
    use tungstenite::{Message, WebSocket};

    use super::*;

    #[test]
    fn frames_are_found_one_after_the_other_and_not_before_their_end() {
        let long = "a".repeat(70_000);
        let mut bytes = Vec::new();
        let mut server = WebSocket::from_raw_socket(std::io::Cursor::new(&mut bytes), Role::Server, None);
        for message in [Message::text("hello"), Message::Ping("x".into()), Message::text(long.clone())] {
            server.send(message).unwrap();
        }
        drop(server);

        let frame = first(&bytes).unwrap().unwrap();
        assert_eq!(frame, Frame { kind: Kind::Text, payload: b"hello", length: 7 });
        assert!((0..7).all(|end| first(&bytes[..end]) == Ok(None)));
        let rest = &bytes[frame.length..];
        let frame = first(rest).unwrap().unwrap();
        assert_eq!(frame, Frame { kind: Kind::Ping, payload: b"x", length: 3 });
        let rest = &rest[frame.length..];
        assert!(first(&rest[..70_009]).unwrap().is_none());
        let whole = Frame { kind: Kind::Text, payload: long.as_bytes(), length: rest.len() };
        assert_eq!(first(rest), Ok(Some(whole)));
    }

    #[test]
    fn what_no_server_sends_is_refused() {
        for wrong in [&[0x82, 0][..], &[0x01, 0], &[0xc1, 0], &[0x81, 0x80], &[0x89, 126, 0, 126]] {
            assert_eq!(first(wrong), Err(Malformed), "{wrong:x?}");
        }
        assert_eq!(first(&[0x81, 127, 0, 0, 0, 0, 0xff, 0, 0, 0]), Err(Malformed));
    }

    #[test]
    fn another_library_reads_what_a_client_sends() {
        let mut bytes = Vec::new();
        let long = "ö".repeat(100);
        text_into(&mut bytes, "hello");
        text_into(&mut bytes, &long);
        pong_into(&mut bytes, b"x");
        close_into(&mut bytes);
        let mut server = WebSocket::from_raw_socket(std::io::Cursor::new(bytes), Role::Server, None);
        assert_eq!(server.read().unwrap(), Message::text("hello"));
        assert_eq!(server.read().unwrap(), Message::text(long));
        assert_eq!(server.read().unwrap(), Message::Pong("x".into()));
        assert!(
            matches!(server.read().unwrap(), Message::Close(Some(frame)) if u16::from(frame.code) == 1000)
        );
    }
}
