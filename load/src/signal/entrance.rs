//! What opens a room: a ticket for a guest, a token for somebody whom an API key names.

use std::collections::VecDeque;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::response::{Keep, Response, ResponseReader};
use crate::target::Target;

/// A server that gives a ticket takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// An API key with its secret. It prints as nothing.
#[derive(Clone)]
pub struct ApiKey {
    key: String,
    secret: String,
}

impl ApiKey {
    /// `None` where they cannot stand in a header.
    pub fn parse(key: &str, secret: &str) -> Option<Self> {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        (plain(key) && plain(secret)).then(|| Self { key: key.to_owned(), secret: secret.to_owned() })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

/// Where what opens the room comes from.
#[derive(Clone, Debug)]
pub enum Passes {
    /// Tickets for guests. Where guests may not chat, nobody can send.
    Guests,
    /// Tokens for listeners, each a person of their own.
    ApiKey(ApiKey),
    /// Tickets or tokens that somebody else got, those of the senders first.
    Given(Vec<String>),
}

/// Gets what opens the room, one after the other, over one connection.
#[derive(Debug)]
pub struct Entrance {
    target: Target,
    /// `/api/broadcasts/ID`, below wherever the server is.
    path: String,
    passes: Source,
    stream: Option<TcpStream>,
    /// In the names of those who enter, so that those of another run are others.
    run: u32,
}

#[derive(Debug)]
enum Source {
    Guests,
    ApiKey(ApiKey),
    Given(VecDeque<String>),
}

impl Entrance {
    /// The entrance to the room of `broadcast` at the server `target`.
    pub fn new(target: &Target, broadcast: &str, passes: Passes, run: u32) -> anyhow::Result<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if broadcast.is_empty() || broadcast.len() > 200 || !broadcast.bytes().all(plain) {
            bail!("{broadcast:?} is no broadcast: an id has letters, digits, hyphens and dots");
        }
        let base = target.path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let passes = match passes {
            Passes::Guests => Source::Guests,
            Passes::ApiKey(key) => Source::ApiKey(key),
            Passes::Given(passes) => Source::Given(passes.into()),
        };
        let path = format!("{base}/api/broadcasts/{broadcast}");
        Ok(Self { target: target.clone(), path, passes, stream: None, run })
    }

    /// What the connection with this number shows in its first message.
    pub fn pass(&mut self, index: usize) -> anyhow::Result<String> {
        let (path, headers, body, field) = match &mut self.passes {
            Source::Given(passes) => return passes.pop_front().context("there are too few tickets"),
            Source::Guests => (format!("{}/ticket", self.path), String::new(), String::new(), "ticket"),
            Source::ApiKey(ApiKey { key, secret }) => {
                let headers = format!(
                    "X-API-Key: {key}\r\nX-API-Secret: {secret}\r\nContent-Type: application/json\r\n"
                );
                let person = format!("load-{:08x}-{index}", self.run);
                let body = format!(r#"{{"subject":"{person}","name":"{person}","role":"listener"}}"#);
                (format!("{}/token", self.path), headers, body, "token")
            }
        };
        let authority = &self.target.authority;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: onair-load\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let response = self.exchange(&request).with_context(|| format!("POST {path}"))?;
        let answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if response.status != 200 {
            let detail = answer["detail"].as_str().unwrap_or_default();
            bail!("POST {path}: status {} {}", response.status, detail.escape_debug());
        }
        Ok(answer[field]
            .as_str()
            .with_context(|| format!("POST {path}: an answer without {field}"))?
            .to_owned())
    }

    fn exchange(&mut self, request: &str) -> anyhow::Result<Response> {
        // A connection that was kept may have been closed meanwhile: then the request was not seen.
        if let Some(stream) = self.stream.take()
            && let Ok(response) = self.ask(stream, request)
        {
            return Ok(response);
        }
        let stream = TcpStream::connect_timeout(&self.target.address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        self.ask(stream, request)
    }

    fn ask(&mut self, mut stream: TcpStream, request: &str) -> anyhow::Result<Response> {
        stream.write_all(request.as_bytes())?;
        let mut reader = ResponseReader::new();
        reader.expect(Keep::Any);
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer)?;
            let (_, whole) = reader.read(&buffer[..read])?;
            if let Some(response) = whole {
                if !response.close {
                    self.stream = Some(stream);
                }
                return Ok(response);
            }
            if read == 0 {
                bail!("the connection ended before the answer");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_print_and_cannot_end_a_header() {
        let key = ApiKey::parse("key", "sekret").unwrap();
        assert!(!format!("{:?}", Passes::ApiKey(key)).contains("sekret"));
        assert!(ApiKey::parse("key", "a\r\nX: y").is_none() && ApiKey::parse("", "a").is_none());
    }

    #[test]
    fn given_passes_are_handed_out_in_order_until_there_are_none() {
        let target = Target::parse("http://127.0.0.1:1").unwrap();
        let given = Passes::Given(vec!["one".to_owned(), "two".to_owned()]);
        let mut entrance = Entrance::new(&target, "demo", given, 0).unwrap();
        assert_eq!((entrance.pass(0).unwrap().as_str(), entrance.pass(1).unwrap().as_str()), ("one", "two"));
        assert!(entrance.pass(2).is_err());
        assert!(Entrance::new(&target, "a/b", Passes::Guests, 0).is_err());
    }
}
