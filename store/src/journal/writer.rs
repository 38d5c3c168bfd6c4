//! The thread that writes the journal: it waits for the disk, so that nobody else has to.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info};

use super::entry::{Entry, Numbered};
use super::file::JournalFile;

/// What the thread is asked to do.
pub(super) enum Request {
    /// Append an entry; whoever waits is told when it is on disk.
    Append(Box<Entry>, Option<oneshot::Sender<()>>),
    /// Drop what is applied, and tell when that is done or has failed.
    Cut {
        /// Everything before this offset is.
        offset: u64,
        /// The last number there.
        applied: u64,
        done: oneshot::Sender<()>,
    },
    /// Take nothing more; what was asked for before is still done.
    Finish,
}

/// How far the file is written, or applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Extent {
    /// Grows whenever the file was cut; offsets of before mean nothing then.
    pub(super) generation: u64,
    /// All lines before this offset are.
    pub(super) length: u64,
    /// The number of the last entry there.
    pub(super) last: u64,
}

/// Runs until it is told to finish, or nobody is left who could ask, and everything that was asked for is done.
/// `leaving` says that a disk that refuses is not to be waited for.
pub(super) fn run(
    mut file: JournalFile,
    mut requests: mpsc::Receiver<Request>,
    extent: &watch::Sender<Extent>,
    leaving: &AtomicBool,
) {
    while let Some(first) = requests.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = requests.try_recv()
        {
            batch.push(next);
        }
        let mut cut = None;
        let mut lines = Vec::new();
        let mut waiting = Vec::new();
        let mut last = file.last();
        for request in batch {
            match request {
                Request::Append(entry, told) => {
                    last += 1;
                    push_line(&mut lines, &Numbered { sequence: last, entry: *entry });
                    waiting.extend(told);
                }
                Request::Finish => requests.close(),
                Request::Cut { offset, applied, done } => cut = Some((offset, applied, done)),
            }
        }
        if !lines.is_empty() && append(&mut file, &lines, last, leaving) {
            extent.send_modify(|extent| (extent.length, extent.last) = (file.length(), last));
            for told in waiting {
                // Who no longer waits need not be told.
                told.send(()).ok();
            }
        }
        if let Some((offset, applied, done)) = cut {
            match file.cut(offset, applied) {
                Ok(()) => extent.send_modify(|extent| {
                    extent.generation += 1;
                    extent.length = file.length();
                }),
                Err(error) => error!("cannot make the journal shorter: {error}"),
            }
            done.send(()).ok();
        }
    }
}

/// Appends, again and again while the disk refuses; entries queue up meanwhile. When the station stops on top of
/// that, what could not be written is lost, and told. Says whether it is on disk.
fn append(file: &mut JournalFile, lines: &[u8], last: u64, leaving: &AtomicBool) -> bool {
    let mut failed = false;
    loop {
        match file.append(lines, last) {
            Ok(()) if failed => {
                info!("the journal is written again");
                return true;
            }
            Ok(()) => return true,
            Err(error) => {
                tell(&error, &mut failed);
                if leaving.load(Ordering::Acquire) {
                    error!(
                        "{} entries of the journal are lost",
                        lines.split(|byte| *byte == b'\n').count() - 1
                    );
                    return false;
                }
                thread::sleep(AGAIN);
            }
        }
    }
}

fn tell(error: &io::Error, failed: &mut bool) {
    if !*failed {
        error!("cannot write the journal, trying again every {} s: {error}", AGAIN.as_secs());
        *failed = true;
    }
}

fn push_line(lines: &mut Vec<u8>, numbered: &Numbered) {
    serde_json::to_writer(&mut *lines, numbered)
        .expect("entries have string keys and no failing serialisers");
    lines.push(b'\n');
}

/// Entries that are brought to disk in one go.
const BATCH: usize = 1024;
/// Between two attempts at a disk that refuses.
const AGAIN: Duration = Duration::from_secs(1);
