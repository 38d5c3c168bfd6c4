//! The real binary on free ports with a folder of its own, real publishers, and a small HTTP client that
//! shares nothing with the server.

#![allow(dead_code, reason = "each test that starts a station uses some of it")]
#![allow(unreachable_pub, reason = "shared by test targets")]
#![allow(clippy::unwrap_used, reason = "a helper of tests: what fails here fails the test")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longest that anything here is waited for. What comes comes within a second or two; a busy machine is
/// given the rest.
const PATIENCE: Duration = Duration::from_secs(40);

/// Looks again and again until there is something to see.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A running station. It is killed when the test is over.
pub struct Station {
    process: Child,
    folder: Arc<TempDir>,
    arguments: Vec<String>,
    /// `127.0.0.1:PORT` of the web.
    pub web: String,
    /// `127.0.0.1:PORT` of RTMP.
    pub rtmp: String,
    /// `studio?token=…`.
    pub key: String,
}

impl Station {
    /// Starts one with `arguments` after `serve`.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::open(folder, arguments.iter().map(|&argument| argument.to_owned()).collect())
    }

    fn open(folder: Arc<TempDir>, arguments: Vec<String>) -> Self {
        let banner = folder.path().join("banner");
        let mut command = Command::new(env!("CARGO_BIN_EXE_onair"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ONAIR_") {
                command.env_remove(name);
            }
        }
        command.args([
            "serve",
            "--http",
            "127.0.0.1:0",
            "--rtmp",
            "127.0.0.1:0",
            "--rtc",
            "127.0.0.1:0",
            "--data-dir",
            "data",
        ]);
        command.args(&arguments).current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(File::create(&banner).unwrap());
        command.stderr(File::options().create(true).append(true).open(folder.path().join("log")).unwrap());
        let mut process = command.spawn().unwrap();
        let text = until("the banner", || {
            if let Some(status) = process.try_wait().unwrap() {
                panic!("the station stopped with {status}: {}", read(&folder.path().join("log")));
            }
            Some(read(&banner)).filter(|text| text.contains("Listen at") && text.ends_with('\n'))
        });
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
        };
        let address = |url: String| url.split('/').nth(2).unwrap().to_owned();
        let (web, rtmp, key) = (address(field("Web")), address(field("RTMP")), field("Stream key"));
        Self { process, folder, arguments, web, rtmp, key }
    }

    /// Ends it as a power cut would, and starts it again on what it left.
    pub fn killed_and_started_again(self) -> Self {
        self.killed().started_again()
    }

    /// Ends it as a power cut would.
    pub fn killed(mut self) -> Self {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self
    }

    /// Starts it again on what it left.
    pub fn started_again(self) -> Self {
        Self::open(self.folder.clone(), self.arguments.clone())
    }

    /// Stops it as an operator does, and starts it on what it left with these arguments too.
    pub fn stopped_and_started_with(mut self, arguments: &[&str]) -> Self {
        assert!(self.terminate().success(), "{}", self.log());
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self.started_again()
    }

    /// Asks it to stop, and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        signal(self.process.id(), "TERM");
        until("the station stops", || self.process.try_wait().unwrap())
    }

    /// Its folder; `data` in it is the data directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        read(&self.folder.path().join("log"))
    }

    /// Where `studio` is published with its key.
    pub fn ingest(&self) -> String {
        format!("rtmp://{}/live/{}", self.rtmp, self.key)
    }

    /// One GET.
    pub fn get(&self, path: &str) -> Reply {
        fetch(&self.web, path).unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.log()))
    }

    /// One GET that must be answered with 200.
    pub fn text(&self, path: &str) -> String {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
        String::from_utf8(reply.body).unwrap()
    }

    /// One GET that must be answered with JSON.
    pub fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(path)).unwrap()
    }

    /// One request with an access token and JSON.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&serde_json::Value>,
    ) -> Reply {
        let reply = exchange(&self.web, method, path, token, body);
        reply.unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }

    /// Makes an account that may broadcast.
    pub fn register(&self, name: &str) -> Person<'_> {
        let body = serde_json::json!({
            "email": format!("{name}@example.org"),
            "username": name,
            "password": "a long enough secret",
            "displayName": name,
        });
        let reply = self.send("POST", "/api/auth/register", None, Some(&body));
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        let answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        self.signed_in(answer["accessToken"].as_str().unwrap().to_owned())
    }

    /// Signs in to an account that is there.
    pub fn sign_in(&self, email: &str, password: &str) -> Person<'_> {
        let body = serde_json::json!({"email": email, "password": password});
        let reply = self.send("POST", "/api/auth/login", None, Some(&body));
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        self.signed_in(answer["accessToken"].as_str().unwrap().to_owned())
    }

    /// Somebody who signed in before.
    pub fn signed_in(&self, token: String) -> Person<'_> {
        Person { station: self, token }
    }

    /// `/health/media` of one broadcast.
    pub fn health(&self, id: &str) -> serde_json::Value {
        let all = self.json("/health/media")["broadcasts"].as_array().unwrap().clone();
        all.into_iter().find(|broadcast| broadcast["id"] == id).unwrap()
    }

    /// The value of a metric, named with its labels.
    pub fn metric(&self, series: &str) -> f64 {
        let text = self.text("/metrics");
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
    }

    /// ffmpeg publishes what `source` (an input of lavfi) sounds like, coded by `coding`, to `url`.
    pub fn publish_to(&self, url: &str, source: &str, coding: &[&str]) -> Publisher {
        Publisher::start(self.folder.path(), url, source, coding)
    }

    /// ffmpeg publishes a tone to `studio`.
    pub fn publish_tone(&self, hz: u32) -> Publisher {
        let source = format!("sine=frequency={hz}:sample_rate=48000,volume=4,aformat=channel_layouts=stereo");
        self.publish_to(&self.ingest(), &source, AAC)
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        self.process.kill().ok();
        self.process.wait().ok();
        if thread::panicking() {
            eprintln!("--- log of the station\n{}", self.log());
        }
    }
}

/// What an OBS sends by default.
pub const AAC: &[&str] = &["-c:a", "aac", "-b:a", "160k"];

/// ffmpeg as a publisher. It is killed when it is dropped.
pub struct Publisher {
    process: Child,
    log: PathBuf,
    _log: TempDir,
}

impl Publisher {
    fn start(folder: &Path, url: &str, source: &str, coding: &[&str]) -> Self {
        let own = tempfile::tempdir_in(folder).unwrap();
        let log = own.path().join("log");
        let process = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-loglevel", "verbose", "-re", "-f", "lavfi", "-i", source])
            .args(coding)
            .args(["-f", "flv", url])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { process, log, _log: own }
    }

    /// What it says on standard error.
    pub fn words(&self) -> String {
        read(&self.log)
    }

    /// Waits until it has given up, and answers with what it said.
    pub fn refusal(mut self) -> String {
        let status = until("ffmpeg gives up", || self.process.try_wait().unwrap());
        assert!(!status.success(), "it was refused: {}", self.words());
        self.words()
    }

    /// Whether it has stopped by itself.
    pub fn has_stopped(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Waits until it has stopped by itself.
    pub fn stopped(&mut self) -> ExitStatus {
        until("ffmpeg stops", || self.process.try_wait().unwrap())
    }

    /// Freezes it: its connection stays, and nothing comes by it.
    pub fn freeze(&self) {
        signal(self.process.id(), "STOP");
    }

    /// Cuts it off.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        self.process.kill().ok();
        self.process.wait().ok();
        if thread::panicking() {
            eprintln!("--- log of ffmpeg\n{}", self.words());
        }
    }
}

/// Somebody with an account at a station.
pub struct Person<'a> {
    station: &'a Station,
    pub token: String,
}

impl Person<'_> {
    /// One request of theirs.
    pub fn send(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Reply {
        self.station.send(method, path, Some(&self.token), body)
    }

    /// An SDP offer.
    pub fn send_sdp(&self, path: &str, offer: &str) -> Reply {
        exchange_typed(&self.station.web, "POST", path, Some(&self.token), "application/sdp", offer)
            .unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.station.log()))
    }

    /// One that must succeed, and its answer.
    pub fn done(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> serde_json::Value {
        let reply = self.send(method, path, body);
        let text = String::from_utf8_lossy(&reply.body);
        assert!((200..300).contains(&reply.status), "{method} {path}: {} {text}", reply.status);
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// One GET that must succeed.
    pub fn get(&self, path: &str) -> serde_json::Value {
        self.done("GET", path, None)
    }

    /// Makes a broadcast.
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!`")]
    pub fn create(&self, fields: serde_json::Value) -> serde_json::Value {
        self.done("POST", "/api/broadcasts", Some(&fields))
    }
}

/// An HTTP reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// One GET over a connection of its own, HTTP/1.1.
pub fn fetch(web: &str, path: &str) -> std::io::Result<Reply> {
    exchange(web, "GET", path, None, None)
}

/// One request over a connection of its own, with an access token and JSON.
fn exchange(
    web: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&serde_json::Value>,
) -> std::io::Result<Reply> {
    let body = body.map(ToString::to_string).unwrap_or_default();
    exchange_typed(web, method, path, token, "application/json", &body)
}

/// One request with a body of this type.
fn exchange_typed(
    web: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    kind: &str,
    body: &str,
) -> std::io::Result<Reply> {
    let mut line = TcpStream::connect(web)?;
    line.set_read_timeout(Some(PATIENCE))?;
    write!(line, "{method} {path} HTTP/1.1\r\nHost: {web}\r\nConnection: close\r\n")?;
    if let Some(token) = token {
        write!(line, "Authorization: Bearer {token}\r\n")?;
    }
    if !body.is_empty() {
        write!(line, "Content-Type: {kind}\r\n")?;
    }
    write!(line, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    let mut bytes = Vec::new();
    line.read_to_end(&mut bytes)?;
    let invalid = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| invalid("no head"))?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(|| invalid("no status"))?;
    let reply = Reply { status, head, body: bytes.split_off(end + 4) };
    let length: Option<usize> = reply.header("content-length").and_then(|length| length.parse().ok());
    match length {
        Some(length) if reply.body.len() != length => Err(invalid("the body is cut")),
        _ => Ok(reply),
    }
}

/// Sends a signal to one process, by the shell's own `kill`.
fn signal(process: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    assert!(status.success(), "kill -{name} {process}");
}

fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
