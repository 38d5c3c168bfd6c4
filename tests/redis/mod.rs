//! A Redis server of the tests' own: a free port, a folder of its own, nothing kept, ended when the test binary
//! ends, in whatever way it does. Included by path where a test needs one.

#![allow(dead_code, reason = "included by path, and each test uses a part of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server, running or not, always on the same port.
pub(crate) struct Redis {
    folder: TempDir,
    port: u16,
    running: Mutex<Option<Child>>,
}

impl Redis {
    /// Starts one; returns when it answers.
    pub(crate) fn start_new() -> Self {
        for _ in 0..ATTEMPTS {
            // The port is free at this moment; whoever is quicker makes us try another.
            let port =
                TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
            let folder = TempDir::new().expect("the temporary folder takes one more");
            let server = Self { folder, port, running: Mutex::new(None) };
            if server.try_start() {
                return server;
            }
        }
        panic!("redis-server does not start; scripts/deps.sh test installs it");
    }

    /// Starts it again after [`Redis::stop`], empty.
    pub(crate) fn start(&self) {
        assert!(self.try_start(), "redis-server does not start again on port {}", self.port);
    }

    /// Ends it at once, as a crash does. What it held is gone.
    pub(crate) fn stop(&self) {
        if let Some(mut child) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(child.stdin.take());
            child.wait().expect("the shell ends");
        }
    }

    /// For `ONAIR_REDIS_URL`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Asks by an inline command; the first line of the answer.
    pub(crate) fn ask(&self, command: &str) -> String {
        self.try_ask(command).expect("the server answers")
    }

    /// How many clients are connected, the one that asks left out.
    pub(crate) fn clients(&self) -> usize {
        let stream = self.connect().expect("the server answers");
        let mut lines = BufReader::new(&stream).lines();
        (&stream).write_all(b"CLIENT LIST\r\nQUIT\r\n").expect("the server reads");
        lines.by_ref().map_while(Result::ok).filter(|line| line.starts_with("id=")).count() - 1
    }

    fn try_start(&self) -> bool {
        // The shell ends the server when its standard input is closed: by `stop`, or by the end of this process.
        let script = r#"
            "$@" </dev/null >"$folder/log" 2>&1 &
            server=$!
            read -r word || word=
            kill -KILL $server
            wait $server
        "#;
        let child = Command::new("sh")
            .args([
                "-c",
                script,
                "sh",
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .arg("--port")
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.folder.path())
            .env("folder", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell runs");
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let give_up = Instant::now() + Duration::from_secs(60);
        while Instant::now() < give_up {
            if self.try_ask("PING").is_some_and(|answer| answer == "+PONG") {
                return true;
            }
            sleep(Duration::from_millis(10));
        }
        false
    }

    fn try_ask(&self, command: &str) -> Option<String> {
        let stream = self.connect()?;
        (&stream).write_all(format!("{command}\r\n").as_bytes()).ok()?;
        BufReader::new(stream).lines().next()?.ok()
    }

    fn connect(&self) -> Option<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        Some(stream)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Somebody else may take the port first, and does not do so five times.
const ATTEMPTS: usize = 5;
