//! WHIP and WHEP over HTTP, one request after the other (RFC 9725, draft-ietf-wish-whep).

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::response::{Keep, Response, ResponseReader};
use crate::target::{Target, resolve};

/// A request with its answer. A server that sets a session up takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of an error's detail that are kept.
const DETAIL: usize = 200;

/// An endpoint, and what opens it.
#[derive(Debug)]
pub struct Door {
    target: Target,
    token: Option<Token>,
}

/// A stream key or a playback token. It prints as nothing.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// What an `Authorization` header can carry.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fits = !text.is_empty() && text.len() <= 4096 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("a token is visible ASCII without spaces".to_owned())
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token")
    }
}

/// Why a server did not let somebody in or out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// No connection, or none that lasted until the answer.
    Unreachable,
    /// Not the status that it should be; with the `detail` of the problem, where there is one.
    Status(u16, String),
    /// A session without an answer or an address.
    Incomplete,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => write!(f, "the server does not answer"),
            Self::Status(status, detail) if detail.is_empty() => write!(f, "status {status}"),
            Self::Status(status, detail) => write!(f, "status {status}, {detail}"),
            Self::Incomplete => write!(f, "a session without an answer or a Location"),
        }
    }
}

/// A session that the server made.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    /// The SDP answer.
    pub(super) answer: String,
    /// The path of the session.
    pub(super) session: String,
}

impl Door {
    /// The door of `kind` («whep», «whip») of a broadcast, in the house at `url`.
    pub fn new(url: &str, kind: &str, broadcast: &str, token: Option<Token>) -> anyhow::Result<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if broadcast.is_empty() || broadcast.len() > 200 || !broadcast.bytes().all(plain) {
            bail!("{broadcast:?} is no broadcast: an id has letters, digits, hyphens and dots");
        }
        let mut target = Target::parse(url).with_context(|| format!("{url} is no address of a server"))?;
        let base = target.path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        target.path = format!("{base}/{kind}/{broadcast}");
        Ok(Self { target, token })
    }

    /// Where the server is.
    pub fn address(&self) -> SocketAddr {
        self.target.address
    }

    /// The path of the endpoint.
    pub fn path(&self) -> &str {
        &self.target.path
    }
}

/// One connection to a door, opened when it is needed and kept.
pub(super) struct Caller {
    door: Arc<Door>,
    stream: Option<TcpStream>,
}

impl Caller {
    pub(super) fn new(door: Arc<Door>) -> Self {
        Self { door, stream: None }
    }

    /// Asks for a session.
    pub(super) fn post(&mut self, offer: &str) -> Result<Admission, Refusal> {
        let path = self.door.target.path.clone();
        let response = self.exchange("POST", &path, offer)?;
        if response.status != 201 {
            return Err(refused(&response));
        }
        let answer = String::from_utf8(response.body).map_err(|_| Refusal::Incomplete)?;
        let session = response.location.ok_or(Refusal::Incomplete)?;
        if answer.is_empty() || !session.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::Incomplete);
        }
        Ok(Admission { answer, session: resolve(&path, &session) })
    }

    /// Ends a session. One that the server has ended before is as good.
    pub(super) fn delete(&mut self, session: &str) -> Result<(), Refusal> {
        let response = self.exchange("DELETE", session, "")?;
        if matches!(response.status, 200 | 204 | 404) { Ok(()) } else { Err(refused(&response)) }
    }

    fn exchange(&mut self, method: &str, path: &str, body: &str) -> Result<Response, Refusal> {
        let (authority, length) = (&self.door.target.authority, body.len());
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let token = match &self.door.token {
            Some(Token(token)) => format!("Authorization: Bearer {token}\r\n"),
            None => String::new(),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: onair-load\r\n\
             {kind}{token}Content-Length: {length}\r\n\r\n{body}"
        );
        let deadline = Instant::now() + PATIENCE;
        // A connection that was kept may have been closed meanwhile: then the request was not seen.
        if let Some(stream) = self.stream.take()
            && let Ok(response) = self.ask(stream, &request, deadline)
        {
            return Ok(response);
        }
        let stream = TcpStream::connect_timeout(&self.door.target.address, PATIENCE);
        let stream = stream.map_err(|_| Refusal::Unreachable)?;
        self.ask(stream, &request, deadline)
    }

    fn ask(&mut self, mut stream: TcpStream, request: &str, deadline: Instant) -> Result<Response, Refusal> {
        let gone = |_| Refusal::Unreachable;
        stream.set_nodelay(true).map_err(gone)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(gone)?;
        stream.write_all(request.as_bytes()).map_err(gone)?;
        let mut reader = ResponseReader::new();
        reader.expect(Keep::Any);
        let mut buffer = [0; 4096];
        let response = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Refusal::Unreachable);
            }
            stream.set_read_timeout(Some(left)).map_err(gone)?;
            let read = stream.read(&mut buffer).map_err(gone)?;
            let (_, whole) = reader.read(&buffer[..read]).map_err(|_| Refusal::Incomplete)?;
            match whole {
                Some(response) => break response,
                None if read == 0 => {
                    break reader.end().map_err(|_| Refusal::Unreachable)?.ok_or(Refusal::Unreachable)?;
                }
                None => {}
            }
        };
        if !response.close {
            self.stream = Some(stream);
        }
        Ok(response)
    }
}

/// A status with what the problem document says of it (RFC 9457).
fn refused(response: &Response) -> Refusal {
    let problem: Option<serde_json::Value> = serde_json::from_slice(&response.body).ok();
    let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str()).unwrap_or_default();
    Refusal::Status(response.status, detail.chars().filter(|char| !char.is_control()).take(DETAIL).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_stands_below_the_address_of_the_house() {
        for (url, path) in [
            ("http://127.0.0.1:8080", "/whep/demo"),
            ("http://127.0.0.1:8080/", "/whep/demo"),
            ("http://127.0.0.1:8080/radio/?x=1", "/radio/whep/demo"),
        ] {
            assert_eq!(Door::new(url, "whep", "demo", None).unwrap().path(), path);
        }
    }

    #[test]
    fn a_broadcast_that_would_change_the_request_is_refused() {
        for broadcast in ["", "a b", "a/b", "a\r\nX: y", "?"] {
            assert!(Door::new("http://127.0.0.1", "whep", broadcast, None).is_err(), "{broadcast:?}");
        }
        assert!(Token::parse("a\r\nX: y").is_err());
        assert!(Token::parse("").is_err());
    }

    #[test]
    fn a_token_does_not_print() {
        let door =
            Door::new("http://127.0.0.1", "whip", "demo", Some(Token::parse("sekret").unwrap())).unwrap();
        assert!(!format!("{door:?}").contains("sekret"));
    }
}
