//! The edges of `deploy/`, as the files there set them up: only ports and folders are a test's own.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::station::{Reply, until};

/// What every edge and every station in these tests share.
pub(crate) const SECRET: &str = "between-the-edge-and-the-station";

/// Longer than anything is held.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A running edge. It is killed when the test is over.
pub(crate) struct Edge {
    processes: Vec<Child>,
    folder: TempDir,
    /// `127.0.0.1:PORT` for listeners.
    pub(crate) address: String,
    /// Where it writes what `onair edge-log` reads.
    pub(crate) log: PathBuf,
}

impl Edge {
    /// nginx with njs; `key` is what `onair edge-key` printed.
    pub(crate) fn nginx(station: &str, key: &str) -> Self {
        let folder = folder();
        let (at, port) = (folder.path().display().to_string(), free_port());
        let address = format!("127.0.0.1:{port}");
        for name in ["nginx/onair.js", "edge/playback.js"] {
            let to = folder.path().join(Path::new(name).file_name().unwrap());
            fs::write(to, deployed(name)).unwrap();
        }
        let secrets = deployed("nginx/secrets.conf.example");
        let secrets =
            with(&secrets, &[("change me: sixteen characters or more", SECRET), (&"0".repeat(43), key)]);
        fs::write(folder.path().join("secrets.conf"), secrets).unwrap();
        let edge = with(
            &deployed("nginx/onair.conf"),
            &[
                ("    ssl_certificate     /etc/nginx/onair/fullchain.pem;\n", ""),
                ("    ssl_certificate_key /etc/nginx/onair/privkey.pem;\n", ""),
                ("listen 443 ssl http2;", &format!("listen {address};")),
                ("server 127.0.0.1:8080;", &format!("server {station};")),
                ("/etc/nginx/onair", &at),
                ("/var/cache/nginx/onair", &format!("{at}/cache")),
                ("/var/log/nginx/onair.log", &format!("{at}/edge.log")),
            ],
        );
        fs::write(folder.path().join("onair.conf"), edge).unwrap();
        let own = format!(
            "load_module /usr/lib/nginx/modules/ngx_http_js_module.so;\nworker_processes 2; daemon off;\n\
             pid {at}/pid; error_log {at}/error.log;\nevents {{}}\nhttp {{\n\
             client_body_temp_path {at}/t1; proxy_temp_path {at}/t2; fastcgi_temp_path {at}/t3;\n\
             uwsgi_temp_path {at}/t4; scgi_temp_path {at}/t5;\ninclude {at}/onair.conf;\n}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), own).unwrap();
        let mut command = program("nginx");
        command.args(["-e", &format!("{at}/error.log"), "-c", &format!("{at}/nginx.conf")]);
        Self::start(folder, address, vec![command])
    }

    /// Varnish, and the program that writes its log.
    pub(crate) fn varnish(station: &str) -> Self {
        let folder = folder();
        let at = folder.path().display().to_string();
        let address = format!("127.0.0.1:{}", free_port());
        let (host, port) = station.split_once(':').unwrap();
        let secrets = with(
            &deployed("varnish/secrets.vcl.example"),
            &[("change me: sixteen characters or more", SECRET)],
        );
        fs::write(folder.path().join("secrets.vcl"), secrets).unwrap();
        let edge = with(
            &deployed("varnish/onair.vcl"),
            &[
                ("/etc/varnish/onair-secrets.vcl", &format!("{at}/secrets.vcl")),
                (".host = \"127.0.0.1\"", &format!(".host = \"{host}\"")),
                (".port = \"8080\"", &format!(".port = \"{port}\"")),
            ],
        );
        fs::write(folder.path().join("onair.vcl"), edge).unwrap();
        fs::write(folder.path().join("log-format"), deployed("varnish/log-format")).unwrap();
        let mut server = program("varnishd");
        server.args(["-F", "-j", "none", "-a", &address, "-n", &format!("{at}/work"), "-s", "malloc,64m"]);
        server.args(["-f", &format!("{at}/onair.vcl")]);
        let mut log = program("varnishncsa");
        log.args(["-n", &format!("{at}/work"), "-t", "40", "-f", &format!("{at}/log-format")]);
        log.args(["-w", &format!("{at}/edge.log")]);
        Self::start(folder, address, vec![server, log])
    }

    /// Caddy, without TLS.
    pub(crate) fn caddy(station: &str) -> Self {
        let folder = folder();
        let address = format!("127.0.0.1:{}", free_port());
        let own = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{}", deployed("caddy/Caddyfile"));
        let file = folder.path().join("Caddyfile");
        fs::write(&file, own).unwrap();
        let mut command = program("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        command.env("ONAIR_SITE", format!("http://{address}")).env("ONAIR_STATION", station);
        command.env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        Self::start(folder, address, vec![command])
    }

    fn start(folder: TempDir, address: String, commands: Vec<Command>) -> Self {
        let log = folder.path().join("edge.log");
        let mut edge = Self { processes: Vec::new(), folder, address, log };
        for mut command in commands {
            let output =
                fs::File::options().create(true).append(true).open(edge.folder.path().join("output"));
            let output = output.unwrap();
            command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
            edge.processes
                .push(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; make deps")));
            // What writes a log can begin when there is a server.
            until("the edge listens", || {
                for process in &mut edge.processes {
                    if let Some(status) = process.try_wait().unwrap() {
                        panic!("the edge stopped with {status}: {}", edge.words());
                    }
                }
                TcpStream::connect(&edge.address).ok()
            });
        }
        edge
    }

    fn words(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("output") + &read("error.log")
    }

    /// One GET.
    pub(crate) fn get(&self, path: &str) -> Reply {
        ask(&self.address, path, &[])
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            // Asked to stop, it stops its own children; it may have stopped already.
            Command::new("kill").args(["-TERM", &process.id().to_string()]).status().ok();
            process.wait().ok();
        }
        if std::thread::panicking() {
            eprintln!("--- words of the edge\n{}", self.words());
        }
    }
}

/// A folder that a server may read that was started by root and runs as somebody else.
fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A file of `deploy/`.
pub(crate) fn deployed(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// `text` with these replaced, each of which is there.
fn with(text: &str, replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in {text}");
        text.replace(from, to)
    })
}

/// A server of Debian; those lie where not everybody's path leads.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One GET with these headers, on a connection of its own.
pub(crate) fn ask(address: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut line = TcpStream::connect(address).unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    write!(line, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut bytes = Vec::new();
    line.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    let body = bytes.split_off(end + 4);
    let mut reply = Reply { status, head, body };
    if reply.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        reply.body = joined(&reply.body);
    }
    if let Some(length) = reply.header("content-length") {
        assert_eq!(length.parse(), Ok(reply.body.len()), "{path} is cut");
    }
    reply
}

/// Chunks as one (RFC 9112, 7.1).
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n").expect("a chunk has a size");
        let size = usize::from_str_radix(str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 2 + size + 2..];
    }
}
