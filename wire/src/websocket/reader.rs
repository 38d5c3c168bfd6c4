use bytes::Bytes;

use super::header::{Header, Opcode};
use super::{CloseCode, Violation};

#[cfg(test)]
mod tests;

/// How many bytes the key of a mask takes.
const KEY: usize = 4;

/// Reads what one client sends.
///
/// [`push`](Self::push) what came from the socket, then [`poll`](Self::poll) until it answers `None` or an error.
/// Between messages it holds no memory beyond itself. Inside one it holds what has come of it: at most twice the
/// message's bound (a text in fragments, and its last frame), and what was pushed and not yet polled.
#[derive(Debug)]
pub struct Reader {
    max_message: usize,
    /// What was pushed; frames begin at `read`.
    held: Vec<u8>,
    read: usize,
    /// The text that has come in fragments so far, without mask.
    text: Option<Vec<u8>>,
    end: Option<End>,
}

/// What a client sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Incoming {
    /// A whole text message, also where it came in fragments.
    Text(String),
    /// To be answered with a Pong that repeats the payload (at most 125 bytes).
    Ping(Bytes),
    /// The answer to a Ping, or a sign of life by itself.
    Pong,
    /// The client closes. Answered with a Close frame unless one was sent; what comes after it is not read.
    Close {
        /// Why, where the client says.
        code: Option<CloseCode>,
        /// The client's words, at most 123 bytes.
        reason: String,
    },
}

/// After what nothing more is read.
#[derive(Clone, Copy, Debug)]
enum End {
    Closed,
    Violated(Violation),
}

impl Reader {
    /// A reader for a connection whose handshake is over, that takes messages of up to `max_message` bytes.
    pub const fn new(max_message: usize) -> Self {
        Self { max_message, held: Vec::new(), read: 0, text: None, end: None }
    }

    /// Takes what came from the socket. After a Close frame or a violation it is thrown away.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.end.is_none() {
            self.held.extend_from_slice(bytes);
        }
    }

    /// The next of what the client sent; `None` until more is pushed.
    ///
    /// An error ends the connection: it is closed with [`Violation::code`], and every later call says the same.
    pub fn poll(&mut self) -> Result<Option<Incoming>, Violation> {
        match self.end {
            Some(End::Violated(violation)) => return Err(violation),
            Some(End::Closed) => return Ok(None),
            None => {}
        }
        let next = self.next();
        match &next {
            Err(violation) => self.finish(End::Violated(*violation)),
            Ok(Some(Incoming::Close { .. })) => self.finish(End::Closed),
            Ok(None) => self.keep_only_what_is_unread(),
            Ok(Some(_)) => {}
        }
        next
    }

    fn next(&mut self) -> Result<Option<Incoming>, Violation> {
        while let Some((header, payload)) = self.frame()? {
            let incoming = match header.opcode {
                Opcode::Text | Opcode::Continuation => match self.fragment(header, payload)? {
                    Some(text) => Incoming::Text(text),
                    None => continue,
                },
                Opcode::Ping => Incoming::Ping(payload.into()),
                Opcode::Pong => Incoming::Pong,
                Opcode::Close => close(&payload)?,
            };
            return Ok(Some(incoming));
        }
        Ok(None)
    }

    /// The next whole frame, and its payload without mask.
    fn frame(&mut self) -> Result<Option<(Header, Vec<u8>)>, Violation> {
        let unread = &self.held[self.read..];
        let Some(header) = Header::parse(unread)? else { return Ok(None) };
        let length = self.admit(header)?;

        let payload = header.size + KEY;
        let Some(frame) = unread.get(..payload + length) else { return Ok(None) };
        let key = [frame[payload - 4], frame[payload - 3], frame[payload - 2], frame[payload - 1]];
        let plain = unmasked(&frame[payload..], key);
        self.read += frame.len();
        Ok(Some((header, plain)))
    }

    /// Looks at a header before its payload is waited for. Answers how long the payload is.
    fn admit(&self, header: Header) -> Result<usize, Violation> {
        let before = match (header.opcode, &self.text) {
            (Opcode::Text, Some(_)) => return Err(Violation::Interleaved),
            (Opcode::Continuation, None) => return Err(Violation::Continuation),
            (Opcode::Continuation, Some(text)) => text.len(),
            (Opcode::Text, None) => 0,
            // Bounded by its kind.
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => return Ok(header.length as usize),
        };
        usize::try_from(header.length)
            .ok()
            .filter(|length| *length <= self.max_message - before)
            .ok_or(Violation::TooBig { max: self.max_message })
    }

    /// Takes a frame of a text; answers the text where it is the last.
    fn fragment(&mut self, header: Header, payload: Vec<u8>) -> Result<Option<String>, Violation> {
        let text = match self.text.take() {
            Some(mut text) => {
                text.extend_from_slice(&payload);
                text
            }
            None => payload,
        };
        if header.is_final {
            return String::from_utf8(text).map(Some).map_err(|_| Violation::Utf8);
        }
        self.text = Some(text);
        Ok(None)
    }

    /// Gives back what is read, so that a connection that says nothing holds nothing.
    fn keep_only_what_is_unread(&mut self) {
        if self.read > 0 {
            self.held = self.held[self.read..].to_vec();
            self.read = 0;
        }
    }

    fn finish(&mut self, end: End) {
        self.end = Some(end);
        self.held = Vec::new();
        self.read = 0;
        self.text = None;
    }
}

fn unmasked(masked: &[u8], key: [u8; KEY]) -> Vec<u8> {
    masked.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// A Close frame's payload: nothing, or a code and a reason (section 5.5.1).
fn close(payload: &[u8]) -> Result<Incoming, Violation> {
    let (code, reason) = match payload {
        [] => (None, String::new()),
        [high, low, reason @ ..] => {
            let code = CloseCode::new(u16::from_be_bytes([*high, *low])).ok_or(Violation::CloseCode)?;
            (Some(code), str::from_utf8(reason).map_err(|_| Violation::Utf8)?.to_owned())
        }
        [_] => return Err(Violation::CloseCode),
    };
    Ok(Incoming::Close { code, reason })
}
