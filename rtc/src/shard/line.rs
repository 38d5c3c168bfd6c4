//! The way to tell a shard something.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use mio::{Registry, Token, Waker};

use super::Command;

/// Commands that may wait: a second of fifty programmes, and a crowd that joins.
const WAITING_MAX: usize = 4_096;

/// Wakes a shard. Rung once however much it is told before it looks.
#[derive(Debug)]
pub(crate) struct Bell {
    waker: Waker,
    rung: AtomicBool,
}

impl Bell {
    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // It fails where the shard is gone, which whoever sends learns from its channel.
            self.waker.wake().ok();
        }
    }

    /// What is told from now on rings again.
    pub(crate) fn silence(&self) {
        self.rung.store(false, Ordering::Release);
    }
}

/// The way to one shard; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    commands: SyncSender<Command>,
    bell: Arc<Bell>,
}

impl Line {
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<(Self, Arc<Bell>, Receiver<Command>)> {
        let (commands, heard) = sync_channel(WAITING_MAX);
        let bell = Arc::new(Bell { waker: Waker::new(registry, token)?, rung: AtomicBool::new(false) });
        Ok((Self { commands, bell: bell.clone() }, bell, heard))
    }

    /// Never waits. `false` where the shard is gone, or so far behind that it is not told.
    pub(crate) fn tell(&self, command: Command) -> bool {
        let told = match self.commands.try_send(command) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        };
        self.bell.ring();
        told
    }

    /// Waits while the shard is behind: for what must not be lost, on threads that may wait. A shard that is
    /// gone is told nothing.
    pub(crate) fn tell_surely(&self, command: Command) {
        self.commands.send(command).ok();
        self.bell.ring();
    }
}
