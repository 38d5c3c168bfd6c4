//! Reads an edge's log while it is written, and says how many it serves.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::entry::{Columns, Line};
use super::{Entry, Estimate};

/// How often the log is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Looks in a turn of the estimate: half a minute. Who listens asks more often than that in every mode.
const LOOKS: u32 = 15;

/// Most that is read at one look. What an edge writes faster than 4 MB a second is passed over.
const READ_MAX: u64 = 8 << 20;

/// Longest line that is kept until its end comes.
const LINE_MAX: usize = 64 * 1024;

/// About how many the edge serves now, by broadcast; `None` until the log was read.
#[derive(Clone, Debug, Default)]
pub struct EdgeListeners(Arc<ArcSwap<Option<BTreeMap<String, u64>>>>);

impl EdgeListeners {
    /// Those of one broadcast.
    pub fn of(&self, broadcast: &str) -> Option<u64> {
        let all = self.0.load();
        Some(all.as_ref().as_ref()?.get(broadcast).copied().unwrap_or(0))
    }

    /// Those of all broadcasts together.
    pub fn total(&self) -> u64 {
        self.0.load().as_ref().as_ref().map_or(0, |all| all.values().sum())
    }

    fn tell(&self, all: BTreeMap<String, u64>) {
        self.0.store(Arc::new(Some(all)));
    }
}

/// Follows `path` until `shutdown`. A log that is not there yet is waited for.
pub async fn run(path: PathBuf, listeners: EdgeListeners, shutdown: CancellationToken) {
    let shown = path.display().to_string();
    let mut log = Follower::new(path);
    let (mut estimate, mut looks, mut amiss) = (Estimate::default(), 0, false);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.cancelled() => return,
        }
        let look = tokio::task::spawn_blocking(move || {
            let read = log.read(|entry| estimate.see(&entry));
            (log, estimate, read)
        });
        let Ok((back, seen, read)) = look.await else { return };
        (log, estimate) = (back, seen);
        match &read {
            Ok(()) if amiss => info!("the edge's log {shown} is read again"),
            Err(error) if !amiss => warn!(%error, "the edge's log {shown} cannot be read"),
            _ => {}
        }
        amiss = read.is_err();
        looks += 1;
        if looks % LOOKS == 0 {
            estimate.turn();
        }
        if !amiss {
            listeners.tell(estimate.listeners());
        }
    }
}

/// A place in a log that grows, and that may be another file under the same name.
#[derive(Debug)]
struct Follower {
    path: PathBuf,
    open: Option<Open>,
    /// The first file is read from its end on: what was served before the station began is nobody now.
    begun: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Device and number: another file has others.
    identity: (u64, u64),
    at: u64,
    columns: Option<Columns>,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
}

impl Follower {
    const fn new(path: PathBuf) -> Self {
        Self { path, open: None, begun: false }
    }

    /// Tells `each` what was written since the last time.
    fn read(&mut self, mut each: impl FnMut(Entry)) -> io::Result<()> {
        let now = std::fs::metadata(&self.path)?;
        let identity = (now.dev(), now.ino());
        let same = self.open.as_ref().is_some_and(|open| open.identity == identity && open.at <= now.len());
        if !same {
            // What was still written to the file that was put away.
            if let Some(open) = self.open.as_mut().filter(|open| open.identity != identity) {
                open.read(&mut each)?;
            }
            let mut file = File::open(&self.path)?;
            let at = if self.begun { 0 } else { file.seek(SeekFrom::End(0))? };
            self.open = Some(Open { file, identity, at, columns: None, rest: Vec::new() });
            self.begun = true;
        }
        self.open.as_mut().map_or(Ok(()), |open| open.read(&mut each))
    }
}

impl Open {
    fn read(&mut self, each: &mut impl FnMut(Entry)) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length.saturating_sub(self.at) > READ_MAX {
            self.at = length - READ_MAX;
            self.rest.clear();
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        let read = self.file.by_ref().take(READ_MAX).read_to_end(&mut self.rest)?;
        self.at += read as u64;
        let Some(end) = self.rest.iter().rposition(|&byte| byte == b'\n') else {
            if self.rest.len() > LINE_MAX {
                self.rest.clear();
            }
            return Ok(());
        };
        let later = self.rest.split_off(end + 1);
        for line in self.rest.split(|&byte| byte == b'\n').filter_map(|line| str::from_utf8(line).ok()) {
            if line.starts_with('#') {
                self.columns = Columns::parse(line).or(self.columns.take());
            } else if let Line::Media(entry) = Line::parse(line, self.columns.as_ref()) {
                each(entry);
            }
        }
        self.rest = later;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn line(listener: &str) -> String {
        format!("1\t{listener}\tGET\t/live/evening/r1/main/8.m4s\t200\t5\tHIT\tx\n")
    }

    fn read(log: &mut Follower) -> Vec<String> {
        let mut seen = Vec::new();
        log.read(|entry| seen.push(entry.listener.trim_end_matches("\tx").to_owned())).unwrap();
        seen
    }

    #[test]
    fn what_is_written_from_now_on_is_read_once_and_by_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Follower::new(path.clone());
        assert!(log.read(|_| ()).is_err(), "it is not there yet");
        fs::write(&path, line("before")).unwrap();
        assert!(read(&mut log).is_empty());
        let mut edge = File::options().append(true).open(&path).unwrap();
        let (half, other) = (&line("b")[..9], &line("b")[9..]);
        write!(edge, "{}{half}", line("a")).unwrap();
        assert_eq!(read(&mut log), ["a"]);
        write!(edge, "{other}no line of ours\n{}", line("c")).unwrap();
        assert_eq!(read(&mut log), ["b", "c"]);
        assert!(read(&mut log).is_empty());
    }

    #[test]
    fn a_log_that_was_put_away_or_cut_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "").unwrap();
        let mut log = Follower::new(path.clone());
        read(&mut log);
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        let mut old = File::options().append(true).open(folder.path().join("log.1")).unwrap();
        write!(old, "{}", line("late")).unwrap();
        fs::write(&path, line("a")).unwrap();
        assert_eq!(read(&mut log), ["late", "a"]);
        fs::write(&path, "").unwrap();
        read(&mut log);
        fs::write(&path, line("b")).unwrap();
        assert_eq!(read(&mut log), ["b"]);
    }

    #[test]
    fn a_line_without_end_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "").unwrap();
        let mut log = Follower::new(path.clone());
        read(&mut log);
        fs::write(&path, "x".repeat(2 * LINE_MAX)).unwrap();
        assert!(read(&mut log).is_empty());
        assert!(log.open.unwrap().rest.is_empty());
    }
}
