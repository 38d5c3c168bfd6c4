//! A relay that keeps what it gets: SMTP (RFC 5321) with STARTTLS (RFC 3207), TLS from the start and AUTH (RFC 4954).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::*;
use crate::testing::{acceptor, certificate, notice};

/// A letter as it came.
#[derive(Debug)]
struct Received {
    encrypted: bool,
    credentials: Option<(String, String)>,
    from: String,
    to: String,
    data: String,
}

impl Received {
    /// A header's value on one line.
    fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.data.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ");
        let prefix = format!("{}:", name.to_lowercase());
        let line = unfolded.lines().find(|line| line.to_lowercase().starts_with(&prefix))?;
        Some(line[prefix.len()..].trim().to_owned())
    }
}

/// How the relay behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Port {
    Plain,
    WithStartTls,
    Implicit,
}

/// What it answers to commands instead of taking them: `RCPT` → `550 no such user`.
type Refusals = Arc<Mutex<HashMap<&'static str, &'static str>>>;

struct Server {
    port: u16,
    trust: Trust,
    refusals: Refusals,
    received: mpsc::UnboundedReceiver<Received>,
    _serving: JoinSet<()>,
}

#[derive(Clone)]
struct Desk {
    kind: Port,
    tls: TlsAcceptor,
    refusals: Refusals,
    came: mpsc::UnboundedSender<Received>,
}

impl Server {
    async fn open(kind: Port) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (certificate, key) = certificate();
        let tls = TlsAcceptor::from(Arc::new(acceptor(&certificate, key)));
        let refusals = Refusals::default();
        let (came, received) = mpsc::unbounded_channel();
        let desk = Desk { kind, tls, refusals: refusals.clone(), came };
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(desk.clone().serve(stream));
            }
        });
        Self { port, trust: Trust::Only(vec![certificate]), refusals, received, _serving: serving }
    }

    fn refuse(&self, command: &'static str, answer: &'static str) {
        *self.refusals.lock().unwrap() = HashMap::from([(command, answer)]);
    }

    fn email(&self, scheme: &str, credentials: &str, query: &str) -> Email {
        let relay = format!("{scheme}://{credentials}localhost:{}{query}", self.port);
        let sender = Sender::parse("Radio Ada <radio@radio.example>").unwrap();
        Email::new(&Relay::parse(&relay).unwrap(), sender, &self.trust).unwrap()
    }

    async fn next(&mut self) -> Received {
        let came = timeout(Duration::from_secs(60), self.received.recv()).await;
        came.expect("a letter comes, also on a busy machine").unwrap()
    }

    fn is_quiet(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

impl Desk {
    async fn serve(self, stream: TcpStream) {
        if self.kind == Port::Implicit {
            let Ok(stream) = self.tls.accept(stream).await else { return };
            let _ = self.speak(stream, true, true).await;
            return;
        }
        if let Ok(Some(stream)) = self.speak(stream, false, true).await {
            let Ok(stream) = self.tls.accept(stream).await else { return };
            let _ = self.speak(stream, true, false).await;
        }
    }

    /// One conversation; the stream itself where it is to become TLS.
    async fn speak<T: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: T,
        encrypted: bool,
        greets: bool,
    ) -> std::io::Result<Option<T>> {
        let mut stream = BufReader::new(stream);
        if greets {
            stream.write_all(b"220 localhost ESMTP\r\n").await?;
        }
        let (mut credentials, mut from, mut to) = (None, String::new(), String::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            let (command, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            let command = command.to_uppercase();
            let refused = self.refusals.lock().unwrap().get(command.as_str()).copied();
            if let Some(refused) = refused {
                stream.write_all(format!("{refused}\r\n").as_bytes()).await?;
                continue;
            }
            let answer = match command.as_str() {
                "EHLO" => {
                    let starttls = self.kind == Port::WithStartTls && !encrypted;
                    let starttls = if starttls { "250-STARTTLS\r\n" } else { "" };
                    format!("250-localhost\r\n{starttls}250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
                }
                "STARTTLS" => {
                    stream.write_all(b"220 go on\r\n").await?;
                    return Ok(Some(stream.into_inner()));
                }
                "AUTH" => {
                    let shown = rest.strip_prefix("PLAIN ").unwrap();
                    let shown = String::from_utf8(STANDARD.decode(shown).unwrap()).unwrap();
                    let parts: Vec<_> = shown.split('\0').collect();
                    credentials = Some((parts[1].to_owned(), parts[2].to_owned()));
                    "235 welcome".to_owned()
                }
                "MAIL" => {
                    from = rest.to_owned();
                    "250 ok".to_owned()
                }
                "RCPT" => {
                    to = rest.to_owned();
                    "250 ok".to_owned()
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let mut data = String::new();
                    while !data.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut data).await?;
                    }
                    let data = data.replace("\r\n..", "\r\n.");
                    let (credentials, from, to) = (credentials.clone(), from.clone(), to.clone());
                    let _ = self.came.send(Received { encrypted, credentials, from, to, data });
                    "250 taken".to_owned()
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(None);
                }
                _ => "250 ok".to_owned(),
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}

fn letter<'a>(notice: &'a crate::Notice, unsubscribe: &'a Url) -> Letter<'a> {
    Letter { to: "bob@people.example", notice, unsubscribe: Some(unsubscribe) }
}

fn unsubscribe() -> Url {
    "https://radio.example/unsubscribe/abc.def?a=1&b=2".parse().unwrap()
}

#[tokio::test]
async fn a_letter_arrives_by_starttls_and_by_tls_from_the_start() {
    for (kind, scheme) in [(Port::WithStartTls, "smtp"), (Port::Implicit, "smtps")] {
        let mut server = Server::open(kind).await;
        let email = server.email(scheme, "me:p%40ss@", "");
        email.reach().await.unwrap();
        let (notice, unsubscribe) = (notice(), unsubscribe());
        assert_eq!(email.send(&letter(&notice, &unsubscribe)).await, Outcome::Sent);
        let received = server.next().await;
        assert!(received.encrypted, "{scheme}");
        assert_eq!(received.credentials, Some(("me".to_owned(), "p@ss".to_owned())));
        assert!(received.from.starts_with("FROM:<radio@radio.example>"), "{}", received.from);
        assert_eq!(received.to, "TO:<bob@people.example>");
    }
}

#[tokio::test]
async fn a_letter_is_for_people_and_for_their_programs() {
    let mut server = Server::open(Port::Implicit).await;
    let email = server.email("smtps", "", "");
    let (mut notice, unsubscribe) = (notice(), unsubscribe());
    notice.title = "Q & A with Zoë".to_owned();
    notice.body = "From <b>Ada</b>".to_owned();
    for _ in 0..2 {
        assert_eq!(email.send(&letter(&notice, &unsubscribe)).await, Outcome::Sent);
    }
    let received = server.next().await;
    let header = |name| received.header(name).unwrap();
    assert_eq!(header("From"), "\"Radio Ada\" <radio@radio.example>");
    assert_eq!(header("To"), "bob@people.example");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("List-Unsubscribe"), format!("<{unsubscribe}>"));
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_eq!(header("Message-ID"), format!("<{}@radio.example>", notice.id));
    assert!(header("Content-Type").starts_with("multipart/alternative"));
    // RFC 2047, in UTF-8.
    assert!(header("Subject").contains("=?utf-8?"), "{}", header("Subject"));
    let again = server.next().await;
    for name in ["Message-ID", "Date", "Subject"] {
        assert_eq!(again.header(name), received.header(name), "a second copy is the same letter");
    }
    let (text, html) = received.data.split_once("text/html").unwrap();
    let text = text.replace("=\r\n", "").replace("=3D", "=");
    let html = html.replace("=\r\n", "").replace("=3D", "=");
    assert!(text.contains("https://radio.example/listen/evening"), "{text}");
    assert!(text.contains("From <b>Ada</b>") && text.contains(unsubscribe.as_str()), "{text}");
    assert!(html.contains("From &lt;b&gt;Ada&lt;/b&gt;"), "{html}");
    assert!(html.contains("<a href=\"https://radio.example/listen/evening\">"), "{html}");
    assert!(html.contains("/unsubscribe/abc.def?a=1&amp;b=2"), "{html}");
}

#[tokio::test]
async fn nothing_is_said_where_tls_is_not_to_be_had() {
    let mut server = Server::open(Port::Plain).await;
    let email = server.email("smtp", "me:pass@", "");
    let (notice, unsubscribe) = (notice(), unsubscribe());
    let Outcome::Later { .. } = email.send(&letter(&notice, &unsubscribe)).await else { panic!("it waits") };
    assert!(email.reach().await.is_err());
    assert!(server.is_quiet());
    // Without a password a relay on the same machine may do without.
    let email = server.email("smtp", "", "?tls=none");
    assert_eq!(email.send(&letter(&notice, &unsubscribe)).await, Outcome::Sent);
    assert!(!server.next().await.encrypted);
}

#[tokio::test]
async fn a_relay_with_a_strangers_certificate_gets_nothing() {
    let mut server = Server::open(Port::Implicit).await;
    server.trust = Trust::Only(vec![certificate().0]);
    let email = server.email("smtps", "me:pass@", "");
    let (notice, unsubscribe) = (notice(), unsubscribe());
    let Outcome::Later { .. } = email.send(&letter(&notice, &unsubscribe)).await else { panic!("it waits") };
    assert!(server.is_quiet());
}

#[tokio::test]
async fn what_the_relay_answers_is_understood() {
    let server = Server::open(Port::Implicit).await;
    let (notice, unsubscribe) = (notice(), unsubscribe());
    let kind = |outcome: &Outcome| match outcome {
        Outcome::Sent => "sent",
        Outcome::Later { .. } => "later",
        Outcome::Gone { .. } => "gone",
        Outcome::Refused { .. } => "refused",
    };
    for (command, answer, expected) in [
        ("RCPT", "550 5.1.1 no such user", "gone"),
        ("RCPT", "553 that is no mailbox", "gone"),
        ("RCPT", "450 4.2.0 greylisted, come again", "later"),
        ("RCPT", "452 4.2.2 the mailbox is full", "later"),
        ("MAIL", "554 5.7.1 we do not like you", "refused"),
        ("AUTH", "535 5.7.8 wrong password", "later"),
    ] {
        server.refuse(command, answer);
        let email = server.email("smtps", "me:pass@", "");
        let outcome = email.send(&letter(&notice, &unsubscribe)).await;
        assert_eq!(kind(&outcome), expected, "{command} {answer}: {outcome:?}");
    }
    let email = server.email("smtps", "", "");
    let nobody = Letter { to: "nobody at all", notice: &notice, unsubscribe: None };
    assert_eq!(kind(&email.send(&nobody).await), "gone");
}
