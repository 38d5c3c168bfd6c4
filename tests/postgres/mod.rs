//! A PostgreSQL server of the tests' own: Debian's package, a folder and a socket of its own, ended when the test
//! binary ends, in whatever way it does. Included by path where a test needs one.

#![allow(dead_code, reason = "included by path, and each test uses a part of it")]

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A server, running or not.
pub(crate) struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    owner: Option<Owner>,
    running: Mutex<Option<Child>>,
}

/// Who runs it where the tests run as root, whom PostgreSQL refuses.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl Postgres {
    /// The server that all tests of this binary share. It ends with the binary.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start_new)
    }

    /// A server for one test, which may stop it and start it again.
    pub(crate) fn start_new() -> Self {
        let owner = is_root().then(owner);
        let folder = make_folder(owner);
        let server = Self { folder, programs: programs(), owner, running: Mutex::new(None) };
        let data = server.folder.join("data");
        let initdb = server
            .command("initdb")
            .args(["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"])
            .args(["--no-sync", "--pgdata"])
            .arg(data)
            .output()
            .expect("initdb runs");
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
        server.start();
        server
    }

    /// Starts it again after [`Postgres::stop`], with everything that was committed; returns when it answers.
    pub(crate) fn start(&self) {
        // The shell ends the server when its standard input is closed: by `stop`, or by the end of this process.
        let script = r#"
            "$@" </dev/null >>"$folder/log" 2>&1 &
            server=$!
            read -r word || word=
            kill -QUIT $server
            wait $server
            [ "$word" = keep ] || rm -rf "$folder"
        "#;
        let mut shell = self.unprivileged("sh");
        shell.args(["-c", script, "sh"]).arg(self.programs.join("postgres"));
        shell.arg("-D").arg(self.folder.join("data"));
        shell.arg("-k").arg(&self.folder);
        for setting in SETTINGS {
            shell.args(["-c", setting]);
        }
        let child = shell
            .env("folder", &self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell runs");
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let give_up = Instant::now() + Duration::from_secs(120);
        while !self.answers() {
            assert!(Instant::now() < give_up, "PostgreSQL does not start:\n{}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, as a crash does: connections break, and only what was committed is there again.
    pub(crate) fn stop(&self) {
        let Some(mut child) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(b"keep\n").expect("the shell reads");
        drop(input);
        child.wait().expect("the shell ends");
    }

    /// A new, empty database; its address.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let created = self
            .command("createdb")
            .arg("--host")
            .arg(&self.folder)
            .args(["--username", USER, &name])
            .output()
            .expect("createdb runs");
        assert!(created.status.success(), "createdb: {}", String::from_utf8_lossy(&created.stderr));
        format!("postgres://{USER}@localhost/{name}?host={}", self.folder.display())
    }

    fn answers(&self) -> bool {
        let asked = self
            .command("pg_isready")
            .arg("--quiet")
            .arg("--host")
            .arg(&self.folder)
            .args(["--username", USER])
            .status();
        asked.expect("pg_isready runs").success()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn command(&self, program: &str) -> Command {
        self.unprivileged(self.programs.join(program))
    }

    fn unprivileged(&self, program: impl AsRef<Path>) -> Command {
        let mut command = match self.owner {
            None => Command::new(program.as_ref()),
            Some(Owner { user, group }) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
                command.arg(program.as_ref());
                command
            }
        };
        command.current_dir(&self.folder).env("LC_ALL", "C.UTF-8");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let child = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = child {
            drop(child.stdin.take());
            // Nobody is left to tell.
            child.wait().ok();
        }
    }
}

/// The folder of the newest version of Debian's package, or wherever the programs are found.
fn programs() -> PathBuf {
    let mut found: Vec<_> = match fs::read_dir("/usr/lib/postgresql") {
        Ok(versions) => versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("/usr/lib/postgresql: {error}"),
    };
    found.retain(|folder| folder.join("postgres").exists());
    found.sort_by_key(|folder| folder.parent().and_then(|v| v.file_name()?.to_str()?.parse::<u32>().ok()));
    if let Some(newest) = found.pop() {
        return newest;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = std::env::split_paths(&path).find(|folder| folder.join("postgres").exists());
    folder.expect("PostgreSQL is installed; scripts/deps.sh test installs it")
}

fn is_root() -> bool {
    id(&["-u"]) == 0
}

/// The user that Debian's package makes.
fn owner() -> Owner {
    Owner { user: id(&["-u", "postgres"]), group: id(&["-g", "postgres"]) }
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id runs");
    let text = String::from_utf8(output.stdout).expect("it prints a number");
    text.trim().parse().unwrap_or_else(|_| panic!("id {arguments:?} prints no number: {text:?}"))
}

fn make_folder(owner: Option<Owner>) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // A path of a socket has at most 107 bytes, so not below the target folder.
    let name = format!("onair-pg-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder).expect("the temporary folder takes one more");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("it is ours");
    if let Some(Owner { user, group }) = owner {
        chown(&folder, Some(user), Some(group)).expect("root may give it away");
    }
    folder
}

const USER: &str = "onair";

/// No network, and no waiting for a disk that is thrown away; what was committed still survives the server's end.
/// Each test has connections of its own, and a large machine runs many tests at a time.
const SETTINGS: [&str; 5] =
    ["listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=400"];
