//! HTTP/1.1 responses, read piece by piece without a copy where the body is not wanted (RFC 9112).

use memchr::memmem;

/// Bytes of status line and headers, trailers included. What servers send is below 1 KiB.
const HEAD_MAX: usize = 16 << 10;
/// Bytes of one body. A segment of the richest rung is below 100 KiB.
const BODY_MAX: u64 = 16 << 20;
/// A chunk-size line: sixteen hex digits and some extensions.
const CHUNK_LINE_MAX: usize = 256;
/// Interim (1xx) responses before the real one.
const INTERIM_MAX: u8 = 8;

/// Whether the body's bytes are wanted, or only how many there were.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// Hand the body out (of a 200; any other body is counted).
    Body,
    /// Hand the body out, whatever the status.
    Any,
    /// Count the body.
    Length,
}

/// A response that has arrived whole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// The status code, 200 to 599.
    pub status: u16,
    /// Bytes of the body as they came, before any decoding.
    pub length: u64,
    /// The body, where it was asked for.
    pub body: Vec<u8>,
    /// `Location`, as it stands.
    pub location: Option<String>,
    /// `Content-Encoding: gzip`.
    pub gzip: bool,
    /// The connection ends with this response.
    pub close: bool,
}

/// What makes a connection unusable.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are no HTTP/1 response.
    #[error("not an HTTP/1 response")]
    Malformed,
    /// Head, chunk line or body above its bound.
    #[error("a response beyond the reader's bounds")]
    TooLarge,
    /// The peer closed in the middle.
    #[error("the connection closed in the middle of a response")]
    Truncated,
    /// A content coding nobody asked for.
    #[error("a content or transfer coding that was not asked for")]
    Coding,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Head,
    Fixed { left: u64 },
    ChunkLine,
    ChunkData { left: u64 },
    ChunkEnd,
    Trailers,
    UntilClose,
}

/// Reads one response after the other from one connection.
#[derive(Debug)]
pub struct ResponseReader {
    state: State,
    keep: Keep,
    /// The beginning of a head or line whose end has not come yet. Empty nearly always.
    held: Vec<u8>,
    interim: u8,
    trailers: usize,
    response: Response,
}

impl ResponseReader {
    /// A reader at the start of a response.
    pub fn new() -> Self {
        let (held, response) = (Vec::new(), Response::default());
        Self { state: State::Head, keep: Keep::Length, held, interim: 0, trailers: 0, response }
    }

    /// Says what to do with the next response's body. Call before its first byte.
    pub fn expect(&mut self, keep: Keep) {
        self.keep = keep;
    }

    /// Takes bytes as they came; says how many it used and, when a response is whole, which.
    /// Call again with the rest while there is some.
    pub fn read(&mut self, input: &[u8]) -> Result<(usize, Option<Response>), ReadError> {
        let mut used = 0;
        while used < input.len() {
            let bytes = &input[used..];
            let (taken, whole) = match self.state {
                State::Head => self.read_head(bytes)?,
                State::Fixed { left } => {
                    let taken = left.min(bytes.len() as u64);
                    self.body(&bytes[..taken as usize])?;
                    self.state = State::Fixed { left: left - taken };
                    (taken as usize, left == taken)
                }
                State::ChunkLine => (self.read_chunk_line(bytes)?, false),
                State::ChunkData { left } => {
                    let taken = left.min(bytes.len() as u64);
                    self.body(&bytes[..taken as usize])?;
                    let left = left - taken;
                    self.state = if left == 0 { State::ChunkEnd } else { State::ChunkData { left } };
                    (taken as usize, false)
                }
                State::ChunkEnd => (self.read_chunk_end(bytes)?, false),
                State::Trailers => self.read_trailer(bytes)?,
                State::UntilClose => {
                    self.body(bytes)?;
                    (bytes.len(), false)
                }
            };
            used += taken;
            if whole {
                return Ok((used, Some(self.finish())));
            }
        }
        Ok((used, None))
    }

    /// The peer closed. A body without a length ends so (RFC 9112, 6.3); anything else begun is truncated.
    pub fn end(&mut self) -> Result<Option<Response>, ReadError> {
        match self.state {
            State::UntilClose => Ok(Some(self.finish())),
            State::Head if self.held.is_empty() => Ok(None),
            _ => Err(ReadError::Truncated),
        }
    }

    fn finish(&mut self) -> Response {
        self.state = State::Head;
        self.interim = 0;
        self.trailers = 0;
        std::mem::take(&mut self.response)
    }

    fn is_kept(&self) -> bool {
        match self.keep {
            Keep::Body => self.response.status == 200,
            Keep::Any => true,
            Keep::Length => false,
        }
    }

    fn body(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        self.response.length += bytes.len() as u64;
        if self.response.length > BODY_MAX {
            return Err(ReadError::TooLarge);
        }
        if self.is_kept() {
            self.response.body.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<(usize, bool), ReadError> {
        if self.held.is_empty() {
            // The usual case: the whole head lies in one read.
            if let Some(at) = memmem::find(bytes, b"\r\n\r\n") {
                let whole = self.parse_head(&bytes[..at + 2])?;
                return Ok((at + 4, whole));
            }
        }
        let before = self.held.len();
        let room = (HEAD_MAX + 4).saturating_sub(before).min(bytes.len());
        self.held.extend_from_slice(&bytes[..room]);
        let from = before.saturating_sub(3);
        match memmem::find(&self.held[from..], b"\r\n\r\n") {
            Some(at) => {
                let head = std::mem::take(&mut self.held);
                let whole = self.parse_head(&head[..from + at + 2])?;
                Ok((from + at + 4 - before, whole))
            }
            None if self.held.len() >= HEAD_MAX => Err(ReadError::TooLarge),
            None => Ok((room, false)),
        }
    }

    /// `head` ends with the last header's line end. True: the response has no body.
    fn parse_head(&mut self, head: &[u8]) -> Result<bool, ReadError> {
        let mut lines = Lines(head);
        let line = lines.next().ok_or(ReadError::Malformed)?;
        let keeps_alive = match line.get(..9) {
            Some(b"HTTP/1.1 ") => true,
            Some(b"HTTP/1.0 ") => false,
            _ => return Err(ReadError::Malformed),
        };
        let status = line.get(9..12).and_then(decimal).ok_or(ReadError::Malformed)? as u16;
        if !matches!(line.get(12), None | Some(b' ')) || !(100..600).contains(&status) {
            return Err(ReadError::Malformed);
        }
        let (mut length, mut chunked, mut close, mut gzip) = (None, false, !keeps_alive, false);
        let mut location = None;
        for line in lines {
            let colon = memchr::memchr(b':', line).ok_or(ReadError::Malformed)?;
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-length") {
                let said = decimal(value).ok_or(ReadError::Malformed)?;
                if length.is_some_and(|length| length != said) {
                    return Err(ReadError::Malformed);
                }
                length = Some(said);
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(ReadError::Coding);
                }
                chunked = true;
            } else if name.eq_ignore_ascii_case(b"content-encoding") {
                match value {
                    b"gzip" => gzip = true,
                    b"identity" => {}
                    _ => return Err(ReadError::Coding),
                }
            } else if name.eq_ignore_ascii_case(b"connection") {
                close |= value.eq_ignore_ascii_case(b"close");
            } else if name.eq_ignore_ascii_case(b"location") {
                location = Some(str::from_utf8(value).map_err(|_| ReadError::Malformed)?.to_owned());
            }
        }
        if status < 200 {
            self.interim += 1;
            return if self.interim > INTERIM_MAX { Err(ReadError::TooLarge) } else { Ok(false) };
        }
        self.response = Response { status, length: 0, body: Vec::new(), location, gzip, close };
        let bodiless = status == 204 || status == 304;
        match (chunked, length) {
            // Two lengths are how responses are smuggled (RFC 9112, 6.3).
            (true, Some(_)) => Err(ReadError::Malformed),
            _ if bodiless => Ok(true),
            (true, None) => {
                self.state = State::ChunkLine;
                Ok(false)
            }
            (false, Some(left)) if left > BODY_MAX => Err(ReadError::TooLarge),
            (false, Some(left)) => {
                if self.is_kept() {
                    self.response.body.reserve_exact(left as usize);
                }
                self.state = State::Fixed { left };
                Ok(left == 0)
            }
            (false, None) => {
                self.response.close = true;
                self.state = State::UntilClose;
                Ok(false)
            }
        }
    }

    /// A line of at most `limit` bytes without its end, once it is whole.
    fn line(&mut self, bytes: &[u8], limit: usize) -> Result<(usize, Option<Vec<u8>>), ReadError> {
        let (taken, whole) = match memchr::memchr(b'\n', bytes) {
            Some(at) => (at + 1, true),
            None => (bytes.len(), false),
        };
        if self.held.len() + taken > limit {
            return Err(ReadError::TooLarge);
        }
        self.held.extend_from_slice(&bytes[..taken]);
        if !whole {
            return Ok((taken, None));
        }
        let mut line = std::mem::take(&mut self.held);
        line.pop();
        if line.pop() != Some(b'\r') {
            return Err(ReadError::Malformed);
        }
        Ok((taken, Some(line)))
    }

    fn read_chunk_line(&mut self, bytes: &[u8]) -> Result<usize, ReadError> {
        let (taken, line) = self.line(bytes, CHUNK_LINE_MAX)?;
        if let Some(line) = line {
            let digits = line.split(|byte| *byte == b';').next().unwrap_or(&line).trim_ascii_end();
            let size = hexadecimal(digits).ok_or(ReadError::Malformed)?;
            self.state = if size == 0 { State::Trailers } else { State::ChunkData { left: size } };
        }
        Ok(taken)
    }

    fn read_chunk_end(&mut self, bytes: &[u8]) -> Result<usize, ReadError> {
        let (taken, line) = self.line(bytes, 2)?;
        match line {
            Some(line) if !line.is_empty() => return Err(ReadError::Malformed),
            Some(_) => self.state = State::ChunkLine,
            None => {}
        }
        Ok(taken)
    }

    fn read_trailer(&mut self, bytes: &[u8]) -> Result<(usize, bool), ReadError> {
        let (taken, line) = self.line(bytes, HEAD_MAX - self.trailers)?;
        self.trailers += line.as_ref().map_or(0, Vec::len);
        Ok((taken, line.is_some_and(|line| line.is_empty())))
    }
}

impl Default for ResponseReader {
    fn default() -> Self {
        Self::new()
    }
}

/// Lines that end in CRLF, the end left out.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let at = memchr::memchr(b'\r', self.0)?;
        let line = &self.0[..at];
        self.0 = self.0.get(at + 2..).unwrap_or_default();
        Some(line)
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |value: u64, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    digits.iter().try_fold(0, |value: u64, digit| {
        char::from(*digit).to_digit(16).map(|digit| value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests;
